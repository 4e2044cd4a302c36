//! The captcha at registration.

use registrar_captcha::Provider;
use registrar_domain::model::secret::Secret;

use super::key::{Key, Kind};
use super::section::Section;
use super::url::HttpUrl;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "enable_registration_captcha",
        Kind::Flag,
        "Everybody has to solve a captcha to register. Needs both keys.",
    )
    .or("false"),
    Key::new(
        "recaptcha_public_key",
        Kind::Secret,
        "The site key, which clients show.",
    ),
    Key::new(
        "recaptcha_private_key",
        Kind::Secret,
        "The secret key, with which answers are verified.",
    ),
    Key::new(
        "recaptcha_siteverify_api",
        Kind::Text,
        "Where answers are verified. Default: where `registrar.captcha.provider` does it, for \
         reCAPTCHA `https://www.recaptcha.net/recaptcha/api/siteverify`.",
    ),
];

/// The keys of `registrar.captcha`.
pub(super) const OWN_KEYS: &[Key] = &[Key::new(
    "provider",
    Kind::Choice(PROVIDERS),
    "Who sets the captcha. The keys are still called `recaptcha_public_key` and \
     `recaptcha_private_key`.",
)
.or(Provider::Recaptcha.name())];

const PROVIDERS: &[&str] = &[
    Provider::Recaptcha.name(),
    Provider::Hcaptcha.name(),
    Provider::Turnstile.name(),
];

/// The captcha at registration.
#[derive(Clone, Debug)]
pub struct Captcha {
    /// `registrar.captcha.provider`.
    pub provider: Provider,
    /// `enable_registration_captcha`.
    pub required_at_registration: bool,
    /// `recaptcha_public_key`.
    pub public_key: Option<String>,
    /// `recaptcha_private_key`; the stage can be passed only with one.
    pub private_key: Option<Secret<String>>,
    /// `recaptcha_siteverify_api`, else the provider's own; `None` only after a mistake.
    pub verify_url: Option<HttpUrl>,
}

impl Captcha {
    /// Reads the keys of a homeserver, and the opened section `registrar.captcha`.
    pub(super) fn read(root: &Section<'_>, own: &Section<'_>) -> Self {
        let provider = own.choice("provider");
        let provider = provider.as_deref().and_then(Provider::parse);
        let provider = provider.unwrap_or_default();
        let url = root.text("recaptcha_siteverify_api");
        let url = url.unwrap_or_else(|| provider.verify_url().to_owned());
        let captcha = Self {
            provider,
            required_at_registration: root.flag("enable_registration_captcha"),
            public_key: root
                .secret("recaptcha_public_key")
                .map(|key| key.expose().clone()),
            private_key: root.secret("recaptcha_private_key"),
            verify_url: root.accept("recaptcha_siteverify_api", HttpUrl::parse(&url)),
        };
        if captcha.required_at_registration {
            for (name, missing) in [
                ("recaptcha_public_key", captcha.public_key.is_none()),
                ("recaptcha_private_key", captcha.private_key.is_none()),
            ] {
                if missing {
                    root.require(name, "is required by `enable_registration_captcha`");
                }
            }
        }
        captcha
    }
}
