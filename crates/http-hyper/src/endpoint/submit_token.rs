//! `GET /_matrix/client/unstable/registration/email/submit_token` and its relatives: the link in a mail,
//! and the code of a text message
//!
//! None of these is in the specification; the links and `submit_url` lead here. What is wrong with a
//! link is told on a page; what a link of this server cannot be without, as JSON, and as a page where
//! only people come.

use http::{HeaderValue, StatusCode};
use registrar_domain::model::context::Effects;
use registrar_domain::model::given::Given;
use registrar_domain::model::policy::ConfirmLinks;
use registrar_domain::model::threepid::{Medium, NextLink, Purpose};
use registrar_domain::usecase::threepid::submit::{LinkState, SubmitError, Submitted};

use crate::app::{App, Reply};
use crate::error::{ErrCode, MatrixError};
use crate::pages::{Confirmation, Page};
use crate::request::Request;
use crate::response::{self, Response};

/// `GET /_matrix/client/unstable/registration/{medium}/submit_token`
pub(crate) async fn registration(app: &App, request: &Request) -> Reply {
    if Medium::parse(request.parameter("medium")) != Some(Medium::Email) {
        return Err(MatrixError::bad_request(
            ErrCode::Unknown,
            "links are for email addresses only",
        ));
    }
    follow(app, request, Purpose::Registration).await
}

/// `GET /_matrix/client/unstable/add_threepid/email/submit_token`
pub(crate) async fn addition(app: &App, request: &Request) -> Reply {
    follow(app, request, Purpose::Addition).await
}

/// `GET /_synapse/client/password_reset/email/submit_token`: a page that asks whether it is wanted.
///
/// Opening the link does nothing, because not only people open the links in mails.
pub(crate) async fn confirm_reset(app: &App, request: &Request) -> Reply {
    let (purpose, submitted) = (Purpose::PasswordReset, submitted(request));
    let link = match app.services.token_submission.link(purpose, &submitted) {
        Ok(link) => link,
        Err(error) => return Ok(app.pages.refuse(&error.into())),
    };
    if let Ok(LinkState::Confirmed(next)) = link.look().await {
        return conclude(app, purpose, Ok(next));
    }
    ask(app, purpose, &submitted)
}

/// `POST /_synapse/client/registration/email/submit_token`: the button behind a link.
pub(crate) async fn confirm_registration(app: &App, request: &Request) -> Reply {
    confirm(app, request, Purpose::Registration).await
}

/// `POST /_synapse/client/add_threepid/email/submit_token`: the button behind a link.
pub(crate) async fn confirm_addition(app: &App, request: &Request) -> Reply {
    confirm(app, request, Purpose::Addition).await
}

/// `POST /_synapse/client/password_reset/email/submit_token`: it is wanted.
pub(crate) async fn reset(app: &App, request: &Request) -> Reply {
    confirm(app, request, Purpose::PasswordReset).await
}

async fn confirm(app: &App, request: &Request, purpose: Purpose) -> Reply {
    let submitted = submitted(request);
    let outcome = match app.services.token_submission.link(purpose, &submitted) {
        Ok(link) => link.confirm().await,
        Err(error) => Err(error),
    };
    conclude(app, purpose, outcome).or_else(|refusal| Ok(app.pages.refuse(&refusal)))
}

/// `POST /_matrix/client/unstable/add_threepid/msisdn/submit_token`
pub(crate) async fn msisdn(app: &App, request: &Request) -> Reply {
    let codes = app.services.token_submission.msisdn_codes()?;
    let body = request.json()?;
    let submitted = Submitted {
        sid: body.text("sid"),
        client_secret: body.string("client_secret"),
        token: body.text("token"),
    };
    let reply = codes.submit(&submitted).await?;
    Ok(response::json_text(reply.answer.text().to_owned()))
}

/// What a link carries.
fn submitted(request: &Request) -> Submitted {
    Submitted {
        sid: request.argument("sid"),
        client_secret: request.argument("client_secret"),
        token: request.argument("token"),
    }
}

/// Somebody, or something, opens the link in a mail.
async fn follow(app: &App, request: &Request, purpose: Purpose) -> Reply {
    let submitted = submitted(request);
    let link = app.services.token_submission.link(purpose, &submitted)?;
    let mode = app.services.policy.threepids.validation.confirm_links;
    if mode == ConfirmLinks::Open && request.context().effects == Effects::Allowed {
        return conclude(app, purpose, link.confirm().await);
    }
    match (link.look().await, mode) {
        (Ok(LinkState::Unconfirmed(_)), ConfirmLinks::Button) => ask(app, purpose, &submitted),
        (Ok(LinkState::Unconfirmed(next) | LinkState::Confirmed(next)), _) => {
            conclude(app, purpose, Ok(next))
        }
        (Err(error), _) => conclude(app, purpose, Err(error)),
    }
}

/// The page with a button, which carries what the link does.
fn ask(app: &App, purpose: Purpose, link: &Submitted) -> Reply {
    let text = |given: &Given<String>| given.value().cloned().unwrap_or_default();
    let (sid, token, secret) = (
        text(&link.sid),
        text(&link.token),
        text(&link.client_secret),
    );
    let confirmation = Confirmation {
        sid: &sid,
        token: &token,
        client_secret: &secret,
    };
    let page = match purpose {
        Purpose::Registration => Page::RegistrationConfirmation(confirmation),
        Purpose::Addition => Page::AddThreepidConfirmation(confirmation),
        Purpose::PasswordReset => Page::PasswordResetConfirmation(confirmation),
    };
    app.pages.answer(StatusCode::OK, &page)
}

/// Sends the reader of a link on, or says how it went.
fn conclude(app: &App, purpose: Purpose, outcome: Result<Option<NextLink>, SubmitError>) -> Reply {
    match outcome {
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
