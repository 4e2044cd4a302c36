//! The captcha at registration.

use registrar_captcha::{Options, Provider};
use registrar_domain::model::secret::Secret;
use registrar_http_client::HttpUrl;

use super::keys::{Keys as _, keys};
use super::proxies::Outgoing;
use super::section::{Entry, Section};
use super::types::{Choice, OneOf};

keys! {
    pub(crate) struct CaptchaKeys {
        /// Registration requires a captcha. Needs both keys.
        enable_registration_captcha: bool = "false",
        /// The site key, which clients show.
        recaptcha_public_key: Option<Secret<String>>,
        /// The secret key, with which answers are verified.
        recaptcha_private_key: Option<Secret<String>>,
        /// Where answers are verified. Default: the URL of `registrar.captcha.provider`, for reCAPTCHA
        /// `https://www.recaptcha.net/recaptcha/api/siteverify`.
        recaptcha_siteverify_api: Option<HttpUrl>,
    }
}

keys! {
    /// `registrar.captcha`.
    pub(crate) struct OwnCaptchaKeys {
        /// The provider of the captcha. Its keys are set as `recaptcha_public_key` and
        /// `recaptcha_private_key`.
        provider: OneOf<Provider> = "recaptcha",
    }
}

impl Choice for Provider {
    const WORDS: &'static [&'static str] = &[
        Self::Recaptcha.name(),
        Self::Hcaptcha.name(),
        Self::Turnstile.name(),
    ];
    const VALUES: &'static [Self] = &[Self::Recaptcha, Self::Hcaptcha, Self::Turnstile];
}

/// The captcha at registration.
pub(crate) struct Captcha {
    pub(crate) provider: Provider,
    pub(crate) is_required: bool,
    pub(crate) public_key: Option<String>,
    /// How answers are verified; the stage can be passed only with a private key.
    pub(crate) verification: Option<Options>,
}

impl Captcha {
    pub(crate) fn read(
        root: &Section<'_>,
        own: &Entry<OwnCaptchaKeys>,
        outgoing: &Outgoing,
    ) -> Self {
        let keys = CaptchaKeys::read(root);
        if *keys.enable_registration_captcha {
            for key in [&keys.recaptcha_public_key, &keys.recaptcha_private_key] {
                key.require("is required by `enable_registration_captcha`");
            }
        }
        let url = keys.recaptcha_siteverify_api.as_ref();
        let url = url.map_or(own.provider.verify_url(), HttpUrl::as_str);
        let private_key = keys.recaptcha_private_key.clone();
        Self {
            provider: *own.provider,
            is_required: *keys.enable_registration_captcha,
            public_key: keys
                .recaptcha_public_key
                .as_ref()
                .map(|key| key.expose().clone()),
            verification: private_key.map(|secret_key| Options {
                verify_url: url.to_owned(),
                secret_key,
                http: outgoing.to(url),
            }),
        }
    }
}
