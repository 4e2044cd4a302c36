//! The web pages as the operator wants them.

use registrar_captcha::Provider;
use registrar_config::Config;
use registrar_http_hyper::pages::{CaptchaProvider, ConsentOptions, PageNames};
use registrar_http_hyper::{PageOptions, Pages};

/// Reads and tries all templates of pages.
///
/// # Errors
/// Every mistake in them, for people.
pub(super) fn load(config: &Config) -> Result<Pages, Vec<String>> {
    Pages::new(options(config)).map_err(|mistakes| {
        let mistakes = mistakes.into_iter();
        mistakes
            .map(|mistake| format!("{:#}", anyhow::Error::new(mistake)))
            .collect()
    })
}

fn options(config: &Config) -> PageOptions {
    let texts = config.email.as_ref().map(|email| &email.texts);
    let directories = [
        config.template_dir.clone(),
        texts.and_then(|texts| texts.template_dir.clone()),
    ];
    PageOptions {
        server_name: config.server.name.clone(),
        template_directories: directories.into_iter().flatten().collect(),
        names: texts.map_or_else(PageNames::default, |texts| texts.pages.clone()),
        captcha_provider: match config.captcha.provider {
            Provider::Recaptcha => CaptchaProvider::Recaptcha,
            Provider::Hcaptcha => CaptchaProvider::Hcaptcha,
            Provider::Turnstile => CaptchaProvider::Turnstile,
        },
        site_key: config.captcha.public_key.clone(),
        terms_url: config.terms_url(),
        consent: config.consent.as_ref().map(|consent| ConsentOptions {
            template_directory: consent.template_dir.clone(),
            version: consent.version.clone(),
        }),
    }
}
