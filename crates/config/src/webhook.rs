//! `registrar.webhook`: a service of the operator's that has a say in registrations.

use registrar_domain::model::id::ServerName;
use registrar_domain::model::secret::Secret;
use registrar_http_client::HttpUrl;
use registrar_webhook::{OnFailure, Options, Question};

use super::keys::keys;
use super::proxies::Outgoing;
use super::section::Entry;
use super::types::{Choice, OneOf, Positive, values, warn_if_guessable};

keys! {
    /// `registrar.webhook`.
    pub(crate) struct WebhookKeys {
        /// Where questions are posted. Required in this section.
        url: Option<HttpUrl>,
        /// The bearer token by which the service recognizes this server. Required in this section.
        secret: Option<Secret<String>>,
        /// How long the service may take to answer.
        timeout: Positive = "5s",
        /// Without an answer: fail the request, which can then be repeated, or continue as if the question
        /// had not been asked.
        on_failure: OneOf<OnFailure> = "deny",
        /// Which questions are asked. Default: all of them.
        questions: Option<Vec<OneOf<Question>>>,
    }
}

impl Choice for OnFailure {
    const WORDS: &'static [&'static str] = &["deny", "allow"];
    const VALUES: &'static [Self] = &[Self::Deny, Self::Allow];
}

impl Choice for Question {
    const WORDS: &'static [&'static str] = &[
        Self::CheckRegistration.name(),
        Self::ChooseUsername.name(),
        Self::ChooseDisplayName.name(),
        Self::IsThreepidAllowed.name(),
    ];
    const VALUES: &'static [Self] = &Self::ALL;
}

/// `None` without the section, or after a mistake.
pub(crate) fn read(
    section: &Entry<Option<WebhookKeys>>,
    server_name: Option<&ServerName>,
    outgoing: &Outgoing,
) -> Option<Options> {
    let keys = section.as_ref()?;
    keys.url.require("is required: where questions are posted");
    keys.secret
        .require("is required: the service must be able to tell this server from anybody else");
    warn_if_guessable(&keys.secret);
    let questions = read_questions(keys);
    let url = keys.url.as_ref()?.as_str();
    let defaults = Options::new(url, server_name?.clone());
    let http = registrar_http_client::Options {
        max_response_bytes: defaults.http.max_response_bytes,
        ..outgoing.to(url)
    };
    Some(Options {
        secret: Some(keys.secret.clone()?),
        questions,
        on_failure: *keys.on_failure,
        http: http.within(*keys.timeout),
        ..defaults
    })
}

fn read_questions(keys: &WebhookKeys) -> Vec<Question> {
    let Some(chosen) = &*keys.questions else {
        return Question::ALL.to_vec();
    };
    let mut questions = values(chosen);
    if chosen.is_empty() {
        keys.questions
            .at
            .mistake("is empty: remove it for all questions, or remove `webhook` for none");
    }
    questions.sort_by_key(|question| Question::ALL.iter().position(|it| it == question));
    questions.dedup();
    questions
}
