//! `GET /_matrix/client/v3/password_policy`
//!
//! Not in the specification; Synapse's clients ask for it before they show a password field.

use registrar_domain::model::password::strength::StrengthRules;
use serde::Serialize;

use crate::app::{App, Reply};
use crate::request::Request;
use crate::response;

#[derive(Default, Serialize)]
struct Body {
    #[serde(rename = "m.minimum_length", skip_serializing_if = "Option::is_none")]
    minimum_length: Option<usize>,
    #[serde(rename = "m.require_digit", skip_serializing_if = "Option::is_none")]
    require_digit: Option<bool>,
    #[serde(rename = "m.require_symbol", skip_serializing_if = "Option::is_none")]
    require_symbol: Option<bool>,
    #[serde(
        rename = "m.require_lowercase",
        skip_serializing_if = "Option::is_none"
    )]
    require_lowercase: Option<bool>,
    #[serde(
        rename = "m.require_uppercase",
        skip_serializing_if = "Option::is_none"
    )]
    require_uppercase: Option<bool>,
}

impl From<StrengthRules> for Body {
    fn from(rules: StrengthRules) -> Self {
        Self {
            minimum_length: rules.minimum_length,
            require_digit: rules.require_digit,
            require_symbol: rules.require_symbol,
            require_lowercase: rules.require_lowercase,
            require_uppercase: rules.require_uppercase,
        }
    }
}

pub(crate) async fn get(app: &App, _request: &Request) -> Reply {
    let rules = app.services.policy.password.strength;
    Ok(response::ok(&rules.map_or_else(Body::default, Body::from)))
}
