//! `GET /_synapse/admin/v1/whois/{userId}` and `/_matrix/client/v3/admin/whois/{userId}`
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#get_matrixclientv3adminwhoisuserid>

use std::collections::BTreeMap;

use registrar_domain::model::device::Device;
use registrar_domain::usecase::token::authenticate::Audience;
use serde::Serialize;

use crate::app::{App, Reply};
use crate::request::Request;
use crate::response;

#[derive(Serialize)]
struct Body {
    devices: BTreeMap<&'static str, Sessions>,
    user_id: String,
}

#[derive(Serialize)]
struct Sessions {
    sessions: [Session; 1],
}

#[derive(Serialize)]
struct Session {
    connections: Vec<Connection>,
}

#[derive(Serialize)]
struct Connection {
    ip: Option<String>,
    last_seen: i64,
    user_agent: Option<String>,
}

impl From<Device> for Connection {
    fn from(device: Device) -> Self {
        Self {
            ip: device.last_seen_ip,
            last_seen: device.last_seen.unix_ms(),
            user_agent: device.last_seen_user_agent,
        }
    }
}

pub(crate) async fn get(app: &App, request: &Request) -> Reply {
    let requester = app.requester(request, Audience::Users).await?;
    let user_id = request.parameter("user_id");
    let users = &app.services.user_admin;
    let (user_id, devices) = users.whois(&requester, user_id).await?;
    let connections = devices.into_iter().map(Connection::from).collect();
    // Synapse puts everything under one device without a name, and tools look for it there.
    let sessions = Sessions {
        sessions: [Session { connections }],
    };
    Ok(response::ok(&Body {
        devices: BTreeMap::from([("", sessions)]),
        user_id: user_id.to_string(),
    }))
}
