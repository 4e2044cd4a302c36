//! `Webhook` against a real HTTP listener on loopback.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod answers;
mod guide;
mod questions;

use registrar_domain::model::id::ServerName;
use registrar_domain::model::secret::Secret;
use registrar_domain::model::threepid::{Medium, Threepid};
use registrar_domain::ports::HookError;
use registrar_domain::ports::registration_hooks::{
    ObservedClient, RegistrationFacts, RegistrationHooks as _, RegistrationVerdict, ThreepidPurpose,
};
use registrar_webhook::{Options, Webhook};

fn options(port: u16) -> Options {
    let server_name = ServerName::parse("example.org").unwrap();
    let url = format!("http://127.0.0.1:{port}/registrar");
    let mut options = Options::new(url, server_name);
    options.secret = Some(Secret::new("opensesame".to_owned()));
    options
}

fn webhook(options: &Options) -> Webhook {
    Webhook::new(options).unwrap()
}

fn facts() -> RegistrationFacts {
    let client = |ip: &str, user_agent: &str| ObservedClient {
        ip: ip.to_owned(),
        user_agent: user_agent.to_owned(),
    };
    RegistrationFacts {
        username: Some("alice".to_owned()),
        email: Some("alice@example.com".to_owned()),
        msisdn: None,
        clients: vec![client("192.0.2.1", "Element \"2\""), client("", "")],
    }
}

fn threepid() -> Threepid {
    Threepid::from_canonical(Medium::Msisdn, "447700900001".to_owned())
}

/// The answers to all four questions.
struct Answers {
    verdict: Result<RegistrationVerdict, HookError>,
    username: Result<Option<String>, HookError>,
    display_name: Result<Option<String>, HookError>,
    allowed: Result<bool, HookError>,
}

async fn ask(hook: &Webhook) -> Answers {
    Answers {
        verdict: hook.check_registration(&facts()).await,
        username: hook.choose_username(&facts()).await,
        display_name: hook.choose_display_name(&facts()).await,
        allowed: hook
            .is_threepid_allowed(&threepid(), ThreepidPurpose::Addition)
            .await,
    }
}

impl Answers {
    /// What they would be if nobody had been asked.
    fn are_indifferent(self) -> bool {
        matches!(self.verdict, Ok(RegistrationVerdict::Allow))
            && matches!(self.username, Ok(None))
            && matches!(self.display_name, Ok(None))
            && matches!(self.allowed, Ok(true))
    }

    fn errors(self) -> [HookError; 4] {
        [
            self.verdict.unwrap_err(),
            self.username.unwrap_err(),
            self.display_name.unwrap_err(),
            self.allowed.unwrap_err(),
        ]
    }
}
