//! [`Pages`]: the web pages, from Jinja templates.
//!
//! | file | what it decides |
//! |---|---|
//! | `pages/page.rs` | which pages there are, and which variables their templates have |
//! | `pages/policy.rs` | what a browser may load and do on a page |
//! | `pages/captcha.rs` | the widgets of the captcha providers |
//! | `pages/consent.rs` | the operator's own pages about their policy |
//!
//! `docs/TEMPLATES.md` lists all templates for operators.

mod captcha;
mod consent;
mod page;
mod policy;

use std::path::PathBuf;

use http::StatusCode;
use registrar_domain::model::id::ServerName;
use registrar_templates::{BuiltIn, TemplateError, TemplateWarning, Templates, Trial};

use crate::app::Reply;
use crate::error::MatrixError;
use crate::response::{self, Response};

pub use captcha::CaptchaProvider;
pub use consent::ConsentOptions;

pub(crate) use consent::{ConsentPages, ConsentPerson, ConsentVariables};
pub(crate) use page::{Confirmation, Page, StagePage};

use policy::Policies;

macro_rules! built_in {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../templates/", $name)))),+]
    };
}

/// The built-in templates. Their names are those that operators know; those that begin with `_` are
/// parts of others.
const BUILT_IN: &[BuiltIn] = built_in![
    "_auth_success.js",
    "_bad.html",
    "_captcha.html",
    "_captcha.js",
    "_error.html",
    "_good.html",
    "_page.css",
    "_page.html",
    "add_threepid_confirmation.html",
    "add_threepid_failure.html",
    "add_threepid_success.html",
    "auth_success.html",
    "hcaptcha.html",
    "password_reset_confirmation.html",
    "password_reset_failure.html",
    "password_reset_success.html",
    "recaptcha.html",
    "registration_confirmation.html",
    "registration_failure.html",
    "registration_success.html",
    "registration_token.html",
    "terms.html",
    "turnstile.html",
];

/// The configuration of the pages.
#[derive(Clone, Debug)]
pub struct PageOptions {
    /// The homeserver's name, the variable `server_name` of every template.
    pub server_name: ServerName,
    /// Folders with the operator's templates, searched in this order, before the built-in ones:
    /// `templates.custom_template_directory` and the older `email.template_dir`.
    pub template_directories: Vec<PathBuf>,
    /// The file names of templates that the operator can rename.
    pub names: PageNames,
    /// The captcha provider of the stage `m.login.recaptcha`.
    pub captcha_provider: CaptchaProvider,
    /// `recaptcha_public_key`; without one the page has no widget.
    pub site_key: Option<String>,
    /// The URL of the policy of the stage `m.login.terms`.
    pub terms_url: String,
    /// `user_consent`: the operator's own pages about their policy.
    pub consent: Option<ConsentOptions>,
}

impl PageOptions {
    /// The built-in templates, without a captcha and without a policy, for a server of this name.
    pub fn new(server_name: ServerName, terms_url: impl Into<String>) -> Self {
        Self {
            server_name,
            template_directories: Vec::new(),
            names: PageNames::default(),
            captcha_provider: CaptchaProvider::default(),
            site_key: None,
            terms_url: terms_url.into(),
            consent: None,
        }
    }
}

/// File names of the templates of pages behind links in mails, relative to the template folders.
#[derive(Clone, Debug)]
pub struct PageNames {
    /// `email.registration_template_success_html`.
    pub registration_success: String,
    /// `email.registration_template_failure_html`.
    pub registration_failure: String,
    /// `email.password_reset_template_success_html`.
    pub password_reset_success: String,
    /// `email.password_reset_template_failure_html`.
    pub password_reset_failure: String,
    /// `email.add_threepid_template_success_html`.
    pub add_threepid_success: String,
    /// `email.add_threepid_template_failure_html`.
    pub add_threepid_failure: String,
}

impl Default for PageNames {
    fn default() -> Self {
        let named = str::to_owned;
        Self {
            registration_success: named("registration_success.html"),
            registration_failure: named("registration_failure.html"),
            password_reset_success: named("password_reset_success.html"),
            password_reset_failure: named("password_reset_failure.html"),
            add_threepid_success: named("add_threepid_success.html"),
            add_threepid_failure: named("add_threepid_failure.html"),
        }
    }
}

/// Renders pages.
#[derive(Debug)]
pub struct Pages {
    templates: Templates,
    policies: Policies,
    names: PageNames,
    captcha_provider: CaptchaProvider,
    site_key: Option<String>,
    terms_url: String,
    consent: Option<ConsentPages>,
    warnings: Vec<TemplateWarning>,
}

impl Pages {
    /// Reads all templates and renders them with samples.
    ///
    /// # Errors
    /// All errors in the templates, at least one.
    pub fn new(options: PageOptions) -> Result<Self, Vec<TemplateError>> {
        let PageOptions {
            server_name,
            template_directories,
            names,
            captcha_provider,
            site_key,
            terms_url,
            consent,
        } = options;
        let templates = Templates::new(template_directories, BUILT_IN)
            .with_global("server_name", server_name.as_str());
        let mut mistakes = Vec::new();
        let consent = consent.and_then(|consent| {
            ConsentPages::new(&consent, &server_name)
                .map_err(|found| mistakes.extend(found))
                .ok()
        });
        let policies = Policies::new(&templates).map_err(|mistake| mistakes.push(mistake));
        let mut pages = Self {
            templates,
            policies: policies.unwrap_or_default(),
            names,
            captcha_provider,
            site_key,
            terms_url,
            consent,
            warnings: Vec::new(),
        };
        let trial = pages.try_all();
        mistakes.extend(trial.mistakes);
        let of_consent = pages.consent.as_ref().map(ConsentPages::warnings);
        pages.warnings = [&*trial.warnings, of_consent.unwrap_or_default()].concat();
        if mistakes.is_empty() {
            Ok(pages)
        } else {
            Err(mistakes)
        }
    }

    /// Warnings about the operator's templates.
    pub fn warnings(&self) -> &[TemplateWarning] {
        &self.warnings
    }

    /// Responds with a page.
    ///
    /// # Errors
    /// 500 when the template cannot be rendered although it could at start.
    pub(crate) fn answer(&self, status: StatusCode, page: &Page<'_>) -> Reply {
        let name = page.template(self);
        let html = self.templates.render(name, page.variables(self));
        let html = html.map_err(|error| MatrixError::internal(&error))?;
        let policy = self.policies.of(&self.templates, name, page, self);
        Ok(response::html(status, html, policy))
    }

    /// Responds with an error, for paths that are opened in a browser.
    pub(crate) fn refuse(&self, refusal: &MatrixError) -> Response {
        let page = Page::Error {
            status: refusal.status(),
            message: refusal.message(),
        };
        match self.answer(refusal.status(), &page) {
            Ok(page) => refusal.dress(page),
            // A page that says little is better than none.
            Err(error) => error.into_response(),
        }
    }

    /// The field of the form in which the captcha's widget puts its response.
    pub(crate) const fn captcha_field(&self) -> &'static str {
        self.captcha_provider.response_field()
    }

    /// The operator's own pages about their policy.
    pub(crate) fn consent(&self) -> Option<&ConsentPages> {
        self.consent.as_ref()
    }

    /// Renders every page with samples of its variables.
    fn try_all(&self) -> Trial {
        let samples = Page::samples();
        let samples = samples
            .iter()
            .map(|page| (page.template(self), page.variables(self)));
        self.templates.try_with(samples)
    }
}

#[cfg(test)]
mod tests;
