//! The captcha providers: their widgets' templates, form fields and hosts.

/// Who decides whether a client of the stage `m.login.recaptcha` is human.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CaptchaProvider {
    /// Google reCAPTCHA v2.
    #[default]
    Recaptcha,
    /// hCaptcha.
    Hcaptcha,
    /// Cloudflare Turnstile.
    Turnstile,
}

impl CaptchaProvider {
    /// The template with the widget.
    pub(super) const fn template(self) -> &'static str {
        match self {
            Self::Recaptcha => "recaptcha.html",
            Self::Hcaptcha => "hcaptcha.html",
            Self::Turnstile => "turnstile.html",
        }
    }

    /// The field that the widget adds to the form.
    pub(crate) const fn response_field(self) -> &'static str {
        match self {
            Self::Recaptcha => "g-recaptcha-response",
            Self::Hcaptcha => "h-captcha-response",
            Self::Turnstile => "cf-turnstile-response",
        }
    }

    /// Where scripts and frames of the widget come from, as sources of a content security policy.
    /// The script of reCAPTCHA loads more of itself from hosts other than its own.
    pub(super) const fn sources(self) -> &'static str {
        match self {
            Self::Recaptcha => {
                "https://www.recaptcha.net/recaptcha/ https://www.google.com/recaptcha/ \
                 https://recaptcha.google.com/recaptcha/ https://www.gstatic.com/recaptcha/ \
                 https://www.gstatic.cn/recaptcha/"
            }
            Self::Hcaptcha => "https://hcaptcha.com https://*.hcaptcha.com",
            Self::Turnstile => "https://challenges.cloudflare.com",
        }
    }
}
