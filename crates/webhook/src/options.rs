//! The configuration of the webhook.

use std::time::Duration;

use registrar_domain::model::id::ServerName;
use registrar_domain::model::secret::Secret;

/// The default of the longest response that is read, in bytes.
const MAX_RESPONSE_BYTES: usize = 16 * 1024;

/// The configuration of a [`Webhook`](crate::Webhook).
#[derive(Clone, Debug)]
pub struct Options {
    /// The `http` or `https` URL of the service.
    pub url: String,
    /// The bearer token that this server sends.
    pub secret: Option<Secret<String>>,
    /// The server name, which is part of every question.
    pub server_name: ServerName,
    /// The questions that are asked. Those that are not have no effect.
    pub questions: Vec<Question>,
    /// What happens when the service fails.
    pub on_failure: OnFailure,
    /// Deadlines, limits, proxy and trusted certificates.
    pub http: registrar_http_client::Options,
}

impl Options {
    /// The default deadline of a response.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

    /// The service at a URL: no secret, all questions, failures deny, 5 s for a response of at most
    /// 16 KiB.
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
    /// All questions.
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

/// What happens when the service cannot be reached, is too slow, refuses, or sends an invalid response.
/// A question that cannot be asked because of what the client sent is refused in either case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// The request fails with an internal error, and can be repeated when the service works again.
    Deny,
    /// The request continues as if the question had not been asked.
    Allow,
}
