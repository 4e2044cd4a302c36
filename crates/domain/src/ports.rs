//! The middle floor: every door of the hexagon, what the use-cases need from the outside. One file a
//! port; time and randomness are doors too, and part of the [model](crate::model::clock), whose values
//! are made with them.
//!
//! The crate `registrar-testkit` has a fake for each, and the suite that every [`Store`] must pass.

pub mod background;
pub mod captcha;
pub mod identity_server;
pub mod mailer;
pub mod observer;
pub mod pacer;
pub mod password_hasher;
pub mod registration_hooks;
pub mod store;

use std::sync::Arc;

pub use background::Background;
pub use captcha::{CaptchaError, CaptchaVerdict, CaptchaVerifier};
pub use identity_server::{IdentityServer, IdentityServerError};
pub use mailer::{Mail, MailError, Mailer};
pub use observer::Observer;
pub use pacer::{Pacer, Turn};
pub use password_hasher::{HashError, PasswordHasher};
pub use registration_hooks::{HookError, RegistrationHooks, RegistrationVerdict};
pub use store::{Intent, Store, StoreError, UnitOfWork};

use crate::model::clock::Clock;
use crate::model::entropy::Entropy;

/// The outside world, as the use-cases see it.
#[derive(Clone)]
pub struct Ports {
    /// The database.
    pub store: Arc<dyn Store>,
    /// Where passwords are hashed.
    pub password_hasher: Arc<dyn PasswordHasher>,
    /// Who validates email addresses.
    pub email: EmailValidation,
    /// Who validates phone numbers.
    pub msisdn: Option<Arc<dyn IdentityServer>>,
    /// Who tells people from programs.
    pub captcha: Option<Arc<dyn CaptchaVerifier>>,
    /// The operator's own rules, if there are any.
    pub hooks: Option<Arc<dyn RegistrationHooks>>,
    /// Slows down questions about username availability.
    pub pacer: Arc<dyn Pacer>,
    /// Where work goes on that an answer does not wait for.
    pub background: Arc<dyn Background>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Counts what happens.
    pub observer: Arc<dyn Observer>,
}

/// Who validates email addresses.
#[derive(Clone)]
pub enum EmailValidation {
    /// Nobody.
    Off,
    /// This server, by a mail with a link.
    Local(Arc<dyn Mailer>),
    /// An identity server.
    Delegated(Arc<dyn IdentityServer>),
}
