//! The pages, and the variables of their templates.

use http::StatusCode;
use registrar_templates::{Value, context};

use super::Pages;
use super::captcha::CaptchaProvider;

/// Where the pages of the stages send their forms. The last one is odd, and what clients have seen for
/// years.
const CAPTCHA_URL: &str = "/_matrix/client/v3/auth/m.login.recaptcha/fallback/web";
const TERMS_URL: &str = "/_matrix/client/v3/auth/m.login.terms/fallback/web";
const REGISTRATION_TOKEN_URL: &str =
    "/_matrix/client/r0/auth/m.login.registration_token/fallback/web";

/// A page.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Page<'a> {
    /// The stage `m.login.recaptcha`.
    Captcha(StagePage<'a>),
    /// The stage `m.login.terms`.
    Terms(StagePage<'a>),
    /// The stage `m.login.registration_token`.
    RegistrationToken(StagePage<'a>),
    /// A stage was passed on one of these pages.
    AuthSuccess,
    /// The link to validate an address for a new account was opened: is it really wanted?
    RegistrationConfirmation(Confirmation<'a>),
    /// An address for a new account was validated.
    RegistrationSuccess,
    /// It was not.
    RegistrationFailure { reason: &'a str },
    /// The link to reset a password was opened: is it really wanted?
    PasswordResetConfirmation(Confirmation<'a>),
    /// It is.
    PasswordResetSuccess,
    /// It cannot be confirmed.
    PasswordResetFailure { reason: &'a str },
    /// The link to validate an address for an existing account was opened: is it really wanted?
    AddThreepidConfirmation(Confirmation<'a>),
    /// An address for an existing account was validated.
    AddThreepidSuccess,
    /// It was not.
    AddThreepidFailure { reason: &'a str },
    /// A refusal.
    Error {
        status: StatusCode,
        message: &'a str,
    },
}

/// The page of a stage.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StagePage<'a> {
    /// The UIA session.
    pub(crate) session: &'a str,
    /// Why the last attempt failed.
    pub(crate) error: Option<&'a str>,
}

/// What a link carries, for the form of a page that asks whether it is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Confirmation<'a> {
    /// The validation session.
    pub(crate) sid: &'a str,
    /// The validation token.
    pub(crate) token: &'a str,
    /// The client's secret.
    pub(crate) client_secret: &'a str,
}

/// Where the forms of a page may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forms {
    /// There is none.
    None,
    /// To this server, which answers with a page.
    ToThisServer,
    /// To this server, which may answer with a redirect to another one; browsers take that for the
    /// form's target.
    Onwards,
}

impl Forms {
    /// As sources of a content security policy.
    pub(super) const fn targets(self) -> &'static str {
        match self {
            Self::None => "'none'",
            Self::ToThisServer => "'self'",
            Self::Onwards => "'self' https: http:",
        }
    }
}

/// The script of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    None,
    /// Tells the client that the stage is passed.
    AuthSuccess,
    /// The widget of a provider.
    Captcha(CaptchaProvider),
}

impl Page<'_> {
    /// The name of the template.
    pub(super) fn template<'p>(&self, pages: &'p Pages) -> &'p str {
        let names = &pages.names;
        match self {
            Self::Captcha(_) => pages.captcha_provider.template(),
            Self::Terms(_) => "terms.html",
            Self::RegistrationToken(_) => "registration_token.html",
            Self::AuthSuccess => "auth_success.html",
            Self::RegistrationSuccess => &names.registration_success,
            Self::RegistrationFailure { .. } => &names.registration_failure,
            Self::RegistrationConfirmation(_) => "registration_confirmation.html",
            Self::AddThreepidConfirmation(_) => "add_threepid_confirmation.html",
            Self::PasswordResetConfirmation(_) => "password_reset_confirmation.html",
            Self::PasswordResetSuccess => &names.password_reset_success,
            Self::PasswordResetFailure { .. } => &names.password_reset_failure,
            Self::AddThreepidSuccess => &names.add_threepid_success,
            Self::AddThreepidFailure { .. } => &names.add_threepid_failure,
            Self::Error { .. } => "_error.html",
        }
    }

    /// The variables of the template, besides `server_name`. Those without a value are not defined.
    pub(super) fn variables(&self, pages: &Pages) -> Value {
        match *self {
            Self::Captcha(stage) => {
                let sitekey = pages.site_key.as_deref().unwrap_or_default();
                context! { sitekey, ..stage.variables(CAPTCHA_URL) }
            }
            Self::Terms(stage) => {
                context! { terms_url => &*pages.terms_url, ..stage.variables(TERMS_URL) }
            }
            Self::RegistrationToken(stage) => stage.variables(REGISTRATION_TOKEN_URL),
            Self::RegistrationFailure { reason }
            | Self::PasswordResetFailure { reason }
            | Self::AddThreepidFailure { reason } => context! { failure_reason => reason },
            Self::RegistrationConfirmation(confirmation)
            | Self::AddThreepidConfirmation(confirmation)
            | Self::PasswordResetConfirmation(confirmation) => {
                let Confirmation {
                    sid,
                    token,
                    client_secret,
                } = confirmation;
                context! { sid, token, client_secret }
            }
            Self::Error { status, message } => context! { status => status.as_u16(), message },
            Self::AuthSuccess
            | Self::RegistrationSuccess
            | Self::PasswordResetSuccess
            | Self::AddThreepidSuccess => context! {},
        }
    }

    pub(super) const fn forms(&self) -> Forms {
        match self {
            Self::Captcha(_) | Self::Terms(_) | Self::RegistrationToken(_) => Forms::ToThisServer,
            Self::RegistrationConfirmation(_)
            | Self::AddThreepidConfirmation(_)
            | Self::PasswordResetConfirmation(_) => Forms::Onwards,
            Self::AuthSuccess
            | Self::RegistrationSuccess
            | Self::RegistrationFailure { .. }
            | Self::PasswordResetSuccess
            | Self::PasswordResetFailure { .. }
            | Self::AddThreepidSuccess
            | Self::AddThreepidFailure { .. }
            | Self::Error { .. } => Forms::None,
        }
    }

    pub(super) const fn script(&self, pages: &Pages) -> Script {
        match self {
            Self::Captcha(_) => Script::Captcha(pages.captcha_provider),
            Self::AuthSuccess => Script::AuthSuccess,
            _ => Script::None,
        }
    }

    /// Every page, in all the ways in which the variables of its template can be there.
    pub(super) fn samples() -> Vec<Self> {
        let stages = [None, Some("the error")].map(|error| StagePage {
            session: "session",
            error,
        });
        let reason = "the reason";
        let confirmation = Confirmation {
            sid: "sid",
            token: "token",
            client_secret: "secret",
        };
        let mut samples = Vec::new();
        for stage in stages {
            samples.extend([
                Page::Captcha(stage),
                Page::Terms(stage),
                Page::RegistrationToken(stage),
            ]);
        }
        samples.extend([
            Page::AuthSuccess,
            Page::RegistrationSuccess,
            Page::RegistrationFailure { reason },
            Page::RegistrationConfirmation(confirmation),
            Page::AddThreepidConfirmation(confirmation),
            Page::PasswordResetConfirmation(confirmation),
            Page::PasswordResetSuccess,
            Page::PasswordResetFailure { reason },
            Page::AddThreepidSuccess,
            Page::AddThreepidFailure { reason },
            Page::Error {
                status: StatusCode::NOT_FOUND,
                message: "the message",
            },
        ]);
        samples
    }
}

impl StagePage<'_> {
    fn variables(self, url: &str) -> Value {
        let Self { session, error } = self;
        match error {
            Some(error) => context! { session, myurl => url, error },
            None => context! { session, myurl => url },
        }
    }
}
