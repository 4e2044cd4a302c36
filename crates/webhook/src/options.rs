//! What an operator chooses about the webhook.

use std::time::Duration;

use registrar_domain::model::id::ServerName;
use registrar_domain::model::secret::Secret;

/// The longest answer that is read unless the options say otherwise, in bytes.
const MAX_RESPONSE_BYTES: usize = 16 * 1024;

/// Everything that [`Webhook`](crate::Webhook) needs to know.
#[derive(Clone, Debug)]
pub struct Options {
    /// The service, an `http` or `https` URL.
    pub url: String,
    /// The bearer token by which the service knows this server.
    pub secret: Option<Secret<String>>,
    /// The name of this server, which is told with every question.
    pub server_name: ServerName,
    /// What is asked. To every other question the answer is the one that changes nothing.
    pub questions: Vec<Question>,
    /// What happens without an answer.
    pub on_failure: OnFailure,
    /// How to get there.
    pub http: registrar_http_client::Options,
}

impl Options {
    /// How long the service has for an answer by default.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

    /// The defaults for the service at a URL: no secret, all questions, failures deny, 5 s for an
    /// answer of 16 KiB at most.
    pub fn new(url: impl Into<String>, server_name: ServerName) -> Self {
        let http = registrar_http_client::Options {
            max_response_bytes: MAX_RESPONSE_BYTES,
            ..registrar_http_client::Options::default()
        };
        Self {
            url: url.into(),
            secret: None,
            server_name,
            questions: Question::ALL.to_vec(),
            on_failure: OnFailure::Deny,
            http: http.within(Self::DEFAULT_TIMEOUT),
        }
    }
}

/// A question that can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// May this registration go ahead?
    CheckRegistration,
    /// Which localpart does the account get?
    ChooseUsername,
    /// Which display name does the account get?
    ChooseDisplayName,
    /// May this third-party identifier be used?
    IsThreepidAllowed,
}

impl Question {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::CheckRegistration,
        Self::ChooseUsername,
        Self::ChooseDisplayName,
        Self::IsThreepidAllowed,
    ];

    /// Its name, in the configuration and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CheckRegistration => "check_registration",
            Self::ChooseUsername => "choose_username",
            Self::ChooseDisplayName => "choose_display_name",
            Self::IsThreepidAllowed => "is_threepid_allowed",
        }
    }

    /// The question of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|question| question.name() == name)
    }
}

/// What happens when the service gives no answer: it cannot be reached, is too slow, refuses, or
/// makes no sense. A question that it cannot be asked because of what the client sent is refused in
/// either case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// The request fails with an internal error, and can be repeated when the service is back.
    Deny,
    /// As if the question had not been asked.
    Allow,
}
