//! `GET /_matrix/client/unstable/registration/email/submit_token` and its relatives: the link in a mail,
//! and the code of a text message
//!
//! None of these is in the specification; the links and `submit_url` lead here. What is wrong with a
//! link is told on a page; what a link of this server cannot be without, as JSON, and as a page where
//! only people come.

use http::{HeaderValue, StatusCode};
use registrar_domain::threepid::submit::{SubmitError, Submitted};
use registrar_domain::threepid::{Medium, NextLink, Purpose};

use crate::app::{App, Reply};
use crate::error::{ErrCode, MatrixError};
use crate::pages::Page;
use crate::request::Request;
use crate::response::{self, Response};

/// `GET /_matrix/client/unstable/registration/{medium}/submit_token`
pub(crate) async fn registration(app: &App, request: &Request) -> Reply {
    if Medium::parse(request.parameter("medium")) != Some(Medium::Email) {
        return Err(MatrixError::bad_request(
            ErrCode::Unknown,
            "there are no links for this kind of address",
        ));
    }
    open(app, Purpose::Registration, &link(request)).await
}

/// `GET /_matrix/client/unstable/add_threepid/email/submit_token`
pub(crate) async fn addition(app: &App, request: &Request) -> Reply {
    open(app, Purpose::Addition, &link(request)).await
}

/// `GET /_synapse/client/password_reset/email/submit_token`: a page that asks whether it is wanted.
///
/// Opening the link does nothing, because not only people open the links in mails.
pub(crate) async fn confirm_reset(app: &App, request: &Request) -> Reply {
    let link = link(request);
    if let Err(error) = app.services.token_submission.check_link(&link) {
        return Ok(app.pages.refuse(&error.into()));
    }
    let text = |field: &'static str| request.argument(field).value().cloned().unwrap_or_default();
    let (sid, token, client_secret) = (text("sid"), text("token"), text("client_secret"));
    let page = Page::PasswordResetConfirmation {
        sid: &sid,
        token: &token,
        client_secret: &client_secret,
    };
    app.pages.answer(StatusCode::OK, &page)
}

/// `POST /_synapse/client/password_reset/email/submit_token`: it is wanted.
pub(crate) async fn reset(app: &App, request: &Request) -> Reply {
    let reply = open(app, Purpose::PasswordReset, &link(request)).await;
    reply.or_else(|refusal| Ok(app.pages.refuse(&refusal)))
}

/// `POST /_matrix/client/unstable/add_threepid/msisdn/submit_token`
pub(crate) async fn msisdn(app: &App, request: &Request) -> Reply {
    let submission = &app.services.token_submission;
    submission.check_msisdn_supported()?;
    let body = request.json()?;
    let submitted = Submitted {
        sid: body.text("sid"),
        client_secret: body.string("client_secret"),
        token: body.text("token"),
    };
    let reply = submission.submit_msisdn(&submitted).await?;
    Ok(response::json_text(reply.body))
}

/// What a link carries.
fn link(request: &Request) -> Submitted {
    Submitted {
        sid: request.argument("sid"),
        client_secret: request.argument("client_secret"),
        token: request.argument("token"),
    }
}

/// Validates the address of a link, and sends its reader on or tells them how it went.
async fn open(app: &App, purpose: Purpose, link: &Submitted) -> Reply {
    let submission = &app.services.token_submission;
    match submission.submit_email(purpose, link).await {
        Ok(Some(next)) => Ok(send_on(&next)),
        Ok(None) => {
            let page = match purpose {
                Purpose::Registration => Page::RegistrationSuccess,
                Purpose::Addition => Page::AddThreepidSuccess,
                Purpose::PasswordReset => Page::PasswordResetSuccess,
            };
            app.pages.answer(StatusCode::OK, &page)
        }
        Err(SubmitError::Link(error)) => {
            let reason = &*error.to_string();
            let page = match purpose {
                Purpose::Registration => Page::RegistrationFailure { reason },
                Purpose::Addition => Page::AddThreepidFailure { reason },
                Purpose::PasswordReset => Page::PasswordResetFailure { reason },
            };
            app.pages.answer(StatusCode::BAD_REQUEST, &page)
        }
        Err(error) => Err(error.into()),
    }
}

fn send_on(next: &NextLink) -> Response {
    let location = HeaderValue::from_str(next.as_str());
    response::redirect(location.expect("such links are printable ASCII"))
}
