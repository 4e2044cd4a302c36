//! `registrar.webhook`: a service of the operator's that has a say in registrations.

use std::time::Duration;

use registrar_domain::model::secret::Secret;
use registrar_webhook::{OnFailure, Question};

use super::key::{Key, Kind};
use super::secrets;
use super::section::Section;
use super::url::HttpUrl;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "url",
        Kind::Text,
        "Where questions are posted. Required in this section.",
    ),
    Key::new(
        "secret",
        Kind::Secret,
        "The bearer token by which the service knows this server. Required \
         in this section.",
    ),
    Key::new(
        "timeout",
        Kind::Duration,
        "How long the service has for an answer.",
    )
    .or("5s"),
    Key::new(
        "on_failure",
        Kind::Choice(&["deny", "allow"]),
        "Without an answer: fail the request, which can then be repeated, or go on as if nobody had \
         been asked.",
    )
    .or("deny"),
    Key::new(
        "questions",
        Kind::List(&Kind::Choice(QUESTIONS)),
        "Which questions are asked. Default: all of them.",
    ),
];

const QUESTIONS: &[&str] = &[
    Question::CheckRegistration.name(),
    Question::ChooseUsername.name(),
    Question::ChooseDisplayName.name(),
    Question::IsThreepidAllowed.name(),
];

/// A service that has a say in registrations.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// `url`.
    pub url: HttpUrl,
    /// `secret`.
    pub secret: Secret<String>,
    /// `timeout`.
    pub timeout: Duration,
    /// `on_failure`.
    pub on_failure: OnFailure,
    /// `questions`, never empty.
    pub questions: Vec<Question>,
}

impl Webhook {
    /// Reads the opened section `registrar.webhook`; `None` without it, or after a mistake.
    pub(super) fn read(section: &Section<'_>) -> Option<Self> {
        let (url, secret) = (section.text("url"), secrets::strong(section, "secret"));
        let timeout = section.positive_duration("timeout");
        let on_failure = match section.choice("on_failure").as_deref() {
            Some("allow") => OnFailure::Allow,
            _ => OnFailure::Deny,
        };
        let questions = read_questions(section);
        if !section.is_filled() {
            return None;
        }
        section.require("url", "is required: where questions are posted");
        section.require(
            "secret",
            "is required: the service must be able to tell this server from anybody else",
        );
        Some(Self {
            url: section.accept("url", HttpUrl::parse(&url?))?,
            secret: secret?,
            timeout,
            on_failure,
            questions,
        })
    }
}

fn read_questions(section: &Section<'_>) -> Vec<Question> {
    let Some(names) = section.choices("questions") else {
        return Question::ALL.to_vec();
    };
    if names.is_empty() {
        section.mistake(
            "questions",
            "is empty: leave it away for all questions, or leave `webhook` away for none",
        );
    }
    let questions = Question::ALL.into_iter();
    questions
        .filter(|question| names.iter().any(|name| name == question.name()))
        .collect()
}
