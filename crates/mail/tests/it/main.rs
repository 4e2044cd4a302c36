//! `LettreMailer` against a real SMTP listener on loopback.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod connections;
mod limits;
mod mime;
mod refusals;
mod sink;
mod templates;
mod tls;
mod wire;

use std::time::Duration;

use registrar_domain::model::id::ServerName;
use registrar_domain::model::threepid::EmailAddress;
use registrar_domain::ports::Mail;
use registrar_domain::ports::mailer::MailContent;
use registrar_mail::{LettreMailer, Options};

/// Options for a server on loopback that offers no encryption.
fn options(port: u16) -> Options {
    let server_name = ServerName::parse("example.org").unwrap();
    let mut options = Options::new(server_name, "%(app)s <noreply@example.org>");
    options.smtp.host = "127.0.0.1".to_owned();
    options.smtp.port = port;
    // Long enough for any machine: only the tests of hanging servers wait for a timeout.
    options.smtp.send_timeout = Duration::from_secs(60);
    options
}

fn mailer(options: Options) -> LettreMailer {
    LettreMailer::new(options).unwrap()
}

const LINK: &str = "https://hs.example.org/submit_token?token=T&client_secret=C%3D&sid=S";

fn validation_mail(to: &str) -> Mail {
    Mail {
        to: EmailAddress::parse(to).unwrap(),
        content: MailContent::ValidateRegistration {
            link: LINK.to_owned(),
        },
    }
}
