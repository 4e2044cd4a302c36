//! Every door of the hexagon: what the use-cases need from the outside, one file a port.
//!
//! With the feature `fakes` each port has a `FakeX` beside it, and `store::contract` holds the
//! suite that every [`Store`] must pass.

pub mod background;
pub mod captcha;
pub mod clock;
pub mod entropy;
pub mod identity_server;
pub mod mailer;
pub mod observer;
pub mod pacer;
pub mod password_hasher;
pub mod registration_hooks;
pub mod store;

pub use background::Background;
pub use captcha::{CaptchaError, CaptchaVerdict, CaptchaVerifier};
pub use clock::Clock;
pub use entropy::Entropy;
pub use identity_server::{IdentityServer, IdentityServerError};
pub use mailer::{Mail, MailError, Mailer};
pub use observer::Observer;
pub use pacer::{Pacer, Turn};
pub use password_hasher::{HashError, HashTurn, PasswordHasher, Trust, Verification};
pub use registration_hooks::{HookError, RegistrationHooks, RegistrationVerdict};
pub use store::{Intent, Store, StoreError, UnitOfWork};
