//! `POST /_matrix/client/v3/refresh`
//!
//! Some clients still send the stale access token in `Authorization`; nobody looks at it.
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#post_matrixclientv3refresh>

use crate::app::{App, Reply};
use crate::endpoint::tokens::Tokens;
use crate::request::Request;
use crate::response;

pub(crate) async fn post(app: &App, request: &Request) -> Reply {
    let exchange = app.services.refresh.enabled()?;
    let token = request.json()?.string("refresh_token");
    let tokens = exchange.refresh(&token).await?;
    Ok(response::ok(&Tokens::from(&tokens)))
}
