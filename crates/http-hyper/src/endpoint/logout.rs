//! `POST /_matrix/client/v3/logout` and `/logout/all`
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#post_matrixclientv3logout>

use registrar_domain::usecase::token::authenticate::Audience;

use crate::app::{App, Reply};
use crate::request::Request;
use crate::response;

pub(crate) async fn one(app: &App, request: &Request) -> Reply {
    let requester = app.requester(request, Audience::Leaving).await?;
    app.services.logout.one(&requester).await?;
    Ok(response::nothing())
}

pub(crate) async fn all(app: &App, request: &Request) -> Reply {
    let requester = app.requester(request, Audience::Leaving).await?;
    app.services.logout.all(&requester).await?;
    Ok(response::nothing())
}
