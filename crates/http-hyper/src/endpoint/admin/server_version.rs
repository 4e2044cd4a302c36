//! `GET /_synapse/admin/v1/server_version`: which program this is. Operators ask it behind proxies,
//! and as in Synapse it takes no access token.

use serde::Serialize;

use crate::app::{App, Reply};
use crate::request::Request;
use crate::response;

#[derive(Serialize)]
struct Body {
    server_version: &'static str,
}

pub(crate) async fn get(_app: &App, _request: &Request) -> Reply {
    Ok(response::ok(&Body {
        server_version: concat!("registrar ", env!("CARGO_PKG_VERSION")),
    }))
}
