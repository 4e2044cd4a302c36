//! The questions to the service. Fields are in alphabetical order within each part, and those that do
//! not apply are `null`, so that a service can rely on every key.

use registrar_domain::model::threepid::Threepid;
use registrar_domain::ports::registration_hooks::{RegistrationFacts, ThreepidPurpose};
use serde::Serialize;

/// The body of a request.
#[derive(Serialize)]
pub(crate) struct Body<'a> {
    pub(crate) question: &'static str,
    pub(crate) server_name: &'a str,
    #[serde(flatten)]
    pub(crate) subject: Subject<'a>,
}

/// The subject of a question.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Subject<'a> {
    Registration {
        clients: Vec<Client<'a>>,
        email: Option<&'a str>,
        msisdn: Option<&'a str>,
        username: Option<&'a str>,
    },
    Threepid {
        address: &'a str,
        medium: &'static str,
        purpose: &'static str,
    },
}

#[derive(Serialize)]
pub(crate) struct Client<'a> {
    ip: Option<&'a str>,
    user_agent: Option<&'a str>,
}

impl<'a> From<&'a RegistrationFacts> for Subject<'a> {
    fn from(facts: &'a RegistrationFacts) -> Self {
        let known = |text: &'a String| Some(text.as_str()).filter(|text| !text.is_empty());
        Self::Registration {
            clients: facts
                .clients
                .iter()
                .map(|client| Client {
                    ip: known(&client.ip),
                    user_agent: known(&client.user_agent),
                })
                .collect(),
            email: facts.email.as_deref(),
            msisdn: facts.msisdn.as_deref(),
            username: facts.username.as_deref(),
        }
    }
}

impl<'a> From<(&'a Threepid, ThreepidPurpose)> for Subject<'a> {
    fn from((threepid, purpose): (&'a Threepid, ThreepidPurpose)) -> Self {
        Self::Threepid {
            address: threepid.address(),
            medium: threepid.medium().as_str(),
            purpose: match purpose {
                ThreepidPurpose::Registration => "registration",
                ThreepidPurpose::Addition => "addition",
            },
        }
    }
}
