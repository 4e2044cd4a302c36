//! `GET` and `POST /_matrix/client/v3/auth/{auth_type}/fallback/web`
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#get_matrixclientv3authauthtypefallbackweb>

use http::StatusCode;
use registrar_domain::model::given::Given;
use registrar_domain::model::uia::Stage;
use registrar_domain::usecase::uia::auth::Submission;
use registrar_domain::usecase::uia::fallback::FallbackOutcome;
use registrar_domain::usecase::uia::gate::GateError;

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
                    "there is no page for this authentication type",
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

    /// Reads what the page's form submits, or says what it lacks.
    fn submission(
        self,
        app: &App,
        request: &Request,
    ) -> Result<Result<Submission, &'static str>, MatrixError> {
        let mut submission = Submission::default();
        match self {
            Self::Captcha => {
                let field = app.pages.captcha_field();
                let response = argument(request, field)?;
                let Some(response) = response.filter(|it| !it.is_empty()) else {
                    return Ok(Err("the check was not passed yet, please try it again"));
                };
                submission.response = Given::Value(response);
            }
            Self::Terms => {}
            Self::RegistrationToken => {
                let Some(token) = argument(request, "token")? else {
                    return Ok(Err("please enter your registration token"));
                };
                submission.token = Given::Value(token);
            }
        }
        Ok(Ok(submission))
    }
}

pub(crate) async fn get(app: &App, request: &Request) -> Reply {
    let session = session(request)?;
    let paged = PagedStage::of(request)?;
    if let Err(error) = app.services.fallback.check_session(&session).await {
        return refuse(app, error);
    }
    app.pages
        .answer(StatusCode::OK, &paged.page(&session, None))
}

pub(crate) async fn post(app: &App, request: &Request) -> Reply {
    let session = session(request)?;
    let paged = PagedStage::of(request)?;
    let submission = match paged.submission(app, request)? {
        Ok(submission) => submission,
        Err(complaint) => {
            // The form can be filled in again.
            let page = paged.page(&session, Some(complaint));
            return app.pages.answer(StatusCode::BAD_REQUEST, &page);
        }
    };
    let fallback = &app.services.fallback;
    let (ctx, stage) = (request.context(), paged.stage());
    let outcome = fallback.attempt(ctx, &session, stage, &submission).await;
    let error = match outcome {
        Err(error) => return refuse(app, error),
        Ok(FallbackOutcome::Passed) => {
            return app.pages.answer(StatusCode::OK, &Page::AuthSuccess);
        }
        Ok(FallbackOutcome::Failed(failure)) => failure.to_string(),
        Ok(FallbackOutcome::NotEnabled) => format!("Unknown UIA stage type: {stage}"),
    };
    let page = paged.page(&session, Some(&error));
    app.pages.answer(StatusCode::OK, &page)
}

/// A refusal after the form was read: only people come this far.
fn refuse(app: &App, error: GateError) -> Reply {
    let is_unknown = matches!(error, GateError::UnknownSession);
    let mut refusal = MatrixError::from(error);
    if is_unknown {
        refusal = refusal.with_message(
            "this page belongs to a registration that has expired or is not known here; please go \
             back to your app and start again",
        );
    }
    Ok(app.pages.refuse(&refusal))
}

/// The session that the page belongs to.
fn session(request: &Request) -> Result<String, MatrixError> {
    let session = argument(request, "session")?;
    session
        .filter(|session| !session.is_empty())
        .ok_or_else(|| {
            MatrixError::bad_request(
                ErrCode::Unknown,
                "the address of this page is incomplete: its `session` is missing; please go back to \
                 your app and try again",
            )
        })
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
