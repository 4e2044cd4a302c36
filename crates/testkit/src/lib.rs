#![doc = include_str!("../README.md")]

mod background;
mod captcha;
mod clock;
pub mod contract;
mod entropy;
mod fakes;
mod hooks;
mod identity_server;
mod mailer;
mod observer;
mod pacer;
mod password_hasher;
mod policy;
mod race;
mod store;

pub use background::FakeBackground;
pub use captcha::{CaptchaOutage, FakeCaptcha};
pub use clock::FakeClock;
pub use entropy::SeededEntropy;
pub use fakes::Fakes;
pub use hooks::{FakeHooks, HookQuestion};
pub use identity_server::FakeIdentityServer;
pub use mailer::FakeMailer;
pub use observer::FakeObserver;
pub use pacer::FakePacer;
pub use password_hasher::FakePasswordHasher;
pub use policy::permissive_policy;
pub use race::race;
pub use store::FakeStore;
