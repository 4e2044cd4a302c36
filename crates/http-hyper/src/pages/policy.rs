//! What a browser may load and do on a page.
//!
//! Built-in templates get a policy that names the digests of their style and scripts, so that markup
//! which finds its way into a page does nothing. An operator's template has inline styles and scripts
//! that nobody here knows, written when pages had no such policy; it keeps them, and what protects
//! the page from other sites stays.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use registrar_templates::{TemplateError, Templates, context};
use sha2::{Digest as _, Sha256};

use super::Pages;
use super::page::{Forms, Page, Script};

/// The templates that others are built on.
const PARTS: [&str; 4] = ["_page.html", "_captcha.html", "_good.html", "_bad.html"];

/// The digests of inline styles and scripts, as sources of a content security policy.
#[derive(Debug, Default)]
pub(super) struct Policies {
    style: String,
    captcha: String,
    auth_success: String,
    /// An operator has replaced what all pages are built on.
    parts_overridden: bool,
}

impl Policies {
    pub(super) fn new(templates: &Templates) -> Result<Self, TemplateError> {
        // An operator's style or script has a digest as well: these three may be overridden.
        let digest = |name| -> Result<String, TemplateError> {
            let text = templates.render(name, context! {})?;
            let digest = STANDARD.encode(Sha256::digest(text.as_bytes()));
            Ok(format!("'sha256-{digest}'"))
        };
        Ok(Self {
            style: digest("_page.css")?,
            captcha: digest("_captcha.js")?,
            auth_success: digest("_auth_success.js")?,
            parts_overridden: PARTS.iter().any(|name| templates.is_overridden(name)),
        })
    }

    /// The policy of a page that comes from the template `name`.
    pub(super) fn of(
        &self,
        templates: &Templates,
        name: &str,
        page: &Page<'_>,
        pages: &Pages,
    ) -> HeaderValue {
        let forms = page.forms();
        let policy = if self.parts_overridden || templates.is_overridden(name) {
            foreign(forms)
        } else {
            let script = page.script(pages);
            self.built_in(forms, script)
        };
        HeaderValue::try_from(policy).expect("policies are made of printable ASCII")
    }

    fn built_in(&self, forms: Forms, script: Script) -> String {
        let own = match script {
            Script::None => format!("style-src {}", self.style),
            Script::AuthSuccess => {
                let Self {
                    style,
                    auth_success,
                    ..
                } = self;
                format!("style-src {style}; script-src {auth_success}")
            }
            // Widgets style what they add to the page, each time in another way.
            Script::Captcha(provider) => {
                let (captcha, hosts) = (&self.captcha, provider.sources());
                format!(
                    "style-src 'unsafe-inline' {hosts}; script-src {captcha} {hosts}; \
                     frame-src {hosts}; connect-src {hosts}"
                )
            }
        };
        let forms = forms.targets();
        format!(
            "default-src 'none'; {own}; img-src data:; form-action {forms}; base-uri 'none'; \
             frame-ancestors 'none'"
        )
    }
}

/// The policy of a page that comes from an operator's template.
pub(super) fn foreign(forms: Forms) -> String {
    let forms = match forms {
        // An operator's template may have a form where ours has none.
        Forms::None => Forms::ToThisServer,
        forms => forms,
    };
    let forms = forms.targets();
    format!("object-src 'none'; form-action {forms}; base-uri 'none'; frame-ancestors 'none'")
}
