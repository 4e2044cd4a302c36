//! `GET` and `POST /_matrix/client/v3/auth/{auth_type}/fallback/web`
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#get_matrixclientv3authauthtypefallbackweb>

use http::StatusCode;
use registrar_domain::given::Given;
use registrar_domain::uia::Stage;
use registrar_domain::uia::auth::Submission;
use registrar_domain::uia::fallback::FallbackOutcome;

use crate::app::{App, Reply};
use crate::error::{ErrCode, MatrixError};
use crate::pages::{Page, StagePage};
use crate::request::Request;

/// The stages that have a page.
#[derive(Clone, Copy)]
enum PagedStage {
    Captcha,
    Terms,
    RegistrationToken,
}

impl PagedStage {
    fn of(request: &Request) -> Result<Self, MatrixError> {
        match Stage::parse(request.parameter("auth_type")) {
            Some(Stage::Recaptcha) => Ok(Self::Captcha),
            Some(Stage::Terms) => Ok(Self::Terms),
            Some(Stage::RegistrationToken) => Ok(Self::RegistrationToken),
            Some(Stage::Dummy | Stage::Email | Stage::Msisdn | Stage::Password) | None => {
                Err(MatrixError::new(
                    StatusCode::NOT_FOUND,
                    ErrCode::Unknown,
                    "this authentication type has no page",
                ))
            }
        }
    }

    const fn stage(self) -> Stage {
        match self {
            Self::Captcha => Stage::Recaptcha,
            Self::Terms => Stage::Terms,
            Self::RegistrationToken => Stage::RegistrationToken,
        }
    }

    fn page<'a>(self, session: &'a str, error: Option<&'a str>) -> Page<'a> {
        let page = StagePage { session, error };
        match self {
            Self::Captcha => Page::Captcha(page),
            Self::Terms => Page::Terms(page),
            Self::RegistrationToken => Page::RegistrationToken(page),
        }
    }

    /// Reads what the page's form submits.
    fn submission(self, app: &App, request: &Request) -> Result<Submission, MatrixError> {
        let mut submission = Submission::default();
        match self {
            Self::Captcha => {
                let field = app.pages.captcha_field();
                let response = argument(request, field)?;
                let response = response.filter(|it| !it.is_empty()).ok_or_else(|| {
                    MatrixError::bad_request(ErrCode::Unknown, "no captcha response was supplied")
                })?;
                submission.response = Given::Value(response);
            }
            Self::Terms => {}
            Self::RegistrationToken => {
                let token = argument(request, "token")?.ok_or_else(|| {
                    MatrixError::bad_request(ErrCode::MissingParam, "`token` is missing")
                })?;
                submission.token = Given::Value(token);
            }
        }
        Ok(submission)
    }
}

pub(crate) async fn get(app: &App, request: &Request) -> Reply {
    let session = session(request)?;
    let page = PagedStage::of(request)?.page(&session, None);
    app.pages.answer(StatusCode::OK, &page)
}

pub(crate) async fn post(app: &App, request: &Request) -> Reply {
    let session = session(request)?;
    let paged = PagedStage::of(request)?;
    let submission = paged.submission(app, request)?;
    let outcome = app
        .services
        .fallback
        .attempt(request.context(), &session, paged.stage(), &submission)
        .await?;
    let error = match outcome {
        FallbackOutcome::Passed => return app.pages.answer(StatusCode::OK, &Page::AuthSuccess),
        FallbackOutcome::Failed(failure) => failure.to_string(),
        FallbackOutcome::NotEnabled => format!("Unknown UIA stage type: {}", paged.stage()),
    };
    let page = paged.page(&session, Some(&error));
    app.pages.answer(StatusCode::OK, &page)
}

/// The session, which nobody looks for before something is to be recorded in it.
fn session(request: &Request) -> Result<String, MatrixError> {
    let session = argument(request, "session")?;
    session
        .filter(|session| !session.is_empty())
        .ok_or_else(|| MatrixError::bad_request(ErrCode::Unknown, "no session was supplied"))
}

fn argument(request: &Request, name: &str) -> Result<Option<String>, MatrixError> {
    match request.argument(name) {
        Given::Absent | Given::Null => Ok(None),
        Given::Value(text) => Ok(Some(text)),
        Given::Malformed => Err(MatrixError::bad_request(
            ErrCode::Unknown,
            format!("`{name}` must be ASCII"),
        )),
    }
}
