//! `GET /_matrix/client/v3/capabilities`
//!
//! A server without rooms has no room versions to offer, and says no to what it does not serve, so
//! that clients hide the buttons.
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#capabilities-negotiation>

use registrar_domain::usecase::token::authenticate::Audience;
use serde::Serialize;

use crate::app::{App, Reply};
use crate::request::Request;
use crate::response;

#[derive(Serialize)]
struct Body {
    capabilities: Capabilities,
}

#[derive(Serialize)]
struct Capabilities {
    #[serde(rename = "m.change_password")]
    change_password: Switch,
    #[serde(rename = "m.set_displayname")]
    set_displayname: Switch,
    #[serde(rename = "m.set_avatar_url")]
    set_avatar_url: Switch,
    #[serde(rename = "m.3pid_changes")]
    threepid_changes: Switch,
    #[serde(rename = "m.get_login_token")]
    get_login_token: Switch,
}

#[derive(Clone, Copy, Serialize)]
struct Switch {
    enabled: bool,
}

pub(crate) async fn get(app: &App, request: &Request) -> Reply {
    app.requester(request, Audience::Everyone).await?;
    let policy = &app.services.policy;
    let no = Switch { enabled: false };
    Ok(response::ok(&Body {
        capabilities: Capabilities {
            change_password: Switch {
                enabled: policy.password.reauth_enabled,
            },
            set_displayname: no,
            set_avatar_url: no,
            threepid_changes: Switch {
                enabled: policy.threepids.changes_allowed,
            },
            get_login_token: no,
        },
    }))
}
