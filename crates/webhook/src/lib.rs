#![doc = include_str!("../README.md")]
//!
//! # Files
//!
//! | file | what it decides |
//! |---|---|
//! | [`options`] | what an operator can configure |
//! | `question` | the body of a request |
//! | `answer` | what a response means |

mod answer;
pub mod options;
mod question;

use async_trait::async_trait;
use http::StatusCode;
use registrar_domain::model::id::ServerName;
use registrar_domain::model::threepid::Threepid;
use registrar_domain::ports::registration_hooks::{
    HookError, RegistrationFacts, RegistrationHooks, RegistrationVerdict, ThreepidPurpose,
};
use registrar_http_client::{Client, ExchangeError, SetupError};
use serde_json::{Map, Value};

pub use options::{OnFailure, Options, Question};

use crate::answer::{BadAnswer, Found};
use crate::question::{Body, Subject};

/// A service of the operator that is reached over HTTP.
#[derive(Debug)]
pub struct Webhook {
    client: Client,
    server_name: ServerName,
    questions: Vec<Question>,
    on_failure: OnFailure,
}

impl Webhook {
    /// Checks the options. Opens no connection, and needs no runtime.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn new(options: &Options) -> Result<Self, SetupError> {
        let client = Client::new(&options.url, &options.http)?;
        Ok(Self {
            client: match &options.secret {
                Some(secret) => client.with_bearer_token(secret)?,
                None => client,
            },
            server_name: options.server_name.clone(),
            questions: options.questions.clone(),
            on_failure: options.on_failure,
        })
    }

    /// Asks a question. The answer is `indifferent` if the question is switched off, or if the service
    /// fails and failures are allowed.
    async fn ask<T>(
        &self,
        question: Question,
        subject: Subject<'_>,
        read: fn(&Map<String, Value>) -> Found<T>,
        indifferent: T,
    ) -> Result<T, HookError> {
        if !self.questions.contains(&question) {
            return Ok(indifferent);
        }
        let body = Body {
            question: question.name(),
            server_name: self.server_name.as_str(),
            subject,
        };
        match (self.exchange(&body, read).await, self.on_failure) {
            // A client must not be able to skip the check by what it sends.
            (Err(error @ HookError::Unaskable(_)), _) => Err(error),
            (Err(error), OnFailure::Allow) => {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(
                    error,
                    hook.question = question.name(),
                    "registration hook failed, continued without it"
                );
                Ok(indifferent)
            }
            (outcome, _) => outcome,
        }
    }

    async fn exchange<T>(
        &self,
        body: &Body<'_>,
        read: fn(&Map<String, Value>) -> Found<T>,
    ) -> Result<T, HookError> {
        let answer = self.client.post_json("", body).await.map_err(no_answer)?;
        let status = answer.status();
        if is_about_the_question(status) {
            return Err(HookError::Unaskable(
                BadAnswer::Status(status.as_u16()).into(),
            ));
        }
        if !status.is_success() {
            return Err(BadAnswer::Status(status.as_u16()).into());
        }
        let (object, _) = answer.object().ok_or(BadAnswer::NotAnObject)?;
        Ok(read(&object)?)
    }
}

/// Is the refusal about the content of the question, most of which comes from the client? Other
/// refusals, for example of the secret or of the path, are for the operator to correct.
fn is_about_the_question(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::BAD_REQUEST
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::URI_TOO_LONG
            | StatusCode::UNPROCESSABLE_ENTITY
            | StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
    )
}

fn no_answer(error: ExchangeError) -> HookError {
    match error {
        ExchangeError::TimedOut => HookError::TimedOut,
        ExchangeError::Unsendable(cause) => HookError::Unaskable(cause),
        ExchangeError::TooLong(_) | ExchangeError::Failed(_) => HookError::Unusable(error.into()),
    }
}

#[async_trait]
impl RegistrationHooks for Webhook {
    #[tracing::instrument(name = "webhook.check_registration", skip_all)]
    async fn check_registration(
        &self,
        facts: &RegistrationFacts,
    ) -> Result<RegistrationVerdict, HookError> {
        let question = Question::CheckRegistration;
        let indifferent = RegistrationVerdict::Allow;
        self.ask(question, facts.into(), answer::verdict, indifferent)
            .await
    }

    #[tracing::instrument(name = "webhook.choose_username", skip_all)]
    async fn choose_username(
        &self,
        facts: &RegistrationFacts,
    ) -> Result<Option<String>, HookError> {
        let question = Question::ChooseUsername;
        self.ask(question, facts.into(), answer::username, None)
            .await
    }

    #[tracing::instrument(name = "webhook.choose_display_name", skip_all)]
    async fn choose_display_name(
        &self,
        facts: &RegistrationFacts,
    ) -> Result<Option<String>, HookError> {
        let question = Question::ChooseDisplayName;
        self.ask(question, facts.into(), answer::display_name, None)
            .await
    }

    #[tracing::instrument(name = "webhook.is_threepid_allowed", skip_all)]
    async fn is_threepid_allowed(
        &self,
        threepid: &Threepid,
        purpose: ThreepidPurpose,
    ) -> Result<bool, HookError> {
        let question = Question::IsThreepidAllowed;
        let subject = Subject::from((threepid, purpose));
        self.ask(question, subject, answer::allowed, true).await
    }
}
