//! A [`Mailer`] of one's own: it writes mails into a list, where a real one would send them.
//!
//! ```sh
//! cargo run --package registrar-domain --example mailer
//! ```

use std::error::Error;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use registrar_domain::model::context::{Effects, RequestContext};
use registrar_domain::model::given::Given;
use registrar_domain::model::threepid::Purpose;
use registrar_domain::ports::mailer::MailContent;
use registrar_domain::ports::{EmailValidation, Mail, MailError, Mailer, Ports};
use registrar_domain::services::Services;
use registrar_domain::usecase::threepid::request::EmailParameters;
use registrar_testkit::{Fakes, permissive_policy};

/// Keeps a line for each mail.
#[derive(Default)]
struct Letters(Mutex<Vec<String>>);

#[async_trait]
impl Mailer for Letters {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let text = match &mail.content {
            MailContent::ValidateRegistration { link } => format!("To register, open {link}"),
            MailContent::ValidateAddition { link } => format!("To add this address, open {link}"),
            MailContent::ResetPassword { link } => format!("To reset your password, open {link}"),
            MailContent::AlreadyInUse => "You already have an account.".to_owned(),
        };
        let mut letters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        letters.push(format!("{}: {text}", mail.to.as_str()));
        Ok(())
    }
}

/// Requests a validation mail for an address; what was sent.
async fn request(address: &str) -> Result<Vec<String>, Box<dyn Error>> {
    let letters = Arc::new(Letters::default());
    let ports = Ports {
        email: EmailValidation::Local(letters.clone()),
        ..Fakes::seeded(1).ports()
    };
    let services = Services::new(ports, permissive_policy());
    let ctx = RequestContext {
        client_ip: None,
        user_agent: String::new(),
        effects: Effects::Allowed,
    };
    let requests = services.token_requests.for_email(Purpose::Registration)?;
    let parameters = EmailParameters {
        client_secret: Given::Value("secret".to_owned()),
        email: Given::Value(address.to_owned()),
        send_attempt: Given::Value(1),
        ..EmailParameters::default()
    };
    requests.request(&ctx, &parameters).await?;
    let mut sent = letters.0.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(std::mem::take(&mut *sent))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    for letter in request("alice@example.org").await? {
        writeln!(std::io::stdout(), "{letter}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_mailer_is_given_the_link() {
        let sent = request("alice@example.org").await.unwrap();
        let [letter] = &sent[..] else {
            panic!("{sent:?}")
        };
        assert!(letter.starts_with("alice@example.org: To register, open https://"));
    }
}
