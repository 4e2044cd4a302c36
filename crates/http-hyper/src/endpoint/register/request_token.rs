//! `POST /_matrix/client/v3/register/email/requestToken` and
//! `POST /_matrix/client/v3/register/msisdn/requestToken`
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#post_matrixclientv3registeremailrequesttoken>

use registrar_domain::model::threepid::Purpose;

use crate::app::{App, Reply};
use crate::endpoint::request_token;
use crate::request::Request;

pub(crate) async fn email(app: &App, request: &Request) -> Reply {
    request_token::email(app, request, Purpose::Registration).await
}

pub(crate) async fn msisdn(app: &App, request: &Request) -> Reply {
    request_token::msisdn(app, request, Purpose::Registration).await
}
