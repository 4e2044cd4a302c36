//! The stages of user-interactive authentication.

use std::fmt;

/// A stage of user-interactive authentication that this server knows.
///
/// Spec: <https://spec.matrix.org/v1.16/client-server-api/#authentication-types>
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// `m.login.dummy`: nothing to prove.
    Dummy,
    /// `m.login.email.identity`: an email address.
    Email,
    /// `m.login.msisdn`: a phone number.
    Msisdn,
    /// `m.login.recaptcha`: being human.
    Recaptcha,
    /// `m.login.terms`: having agreed to the policies.
    Terms,
    /// `m.login.registration_token`: an invitation.
    RegistrationToken,
    /// `m.login.password`: the password of the signed-in account. Never part of registration.
    Password,
}

impl Stage {
    /// Every stage.
    pub const ALL: [Self; 7] = [
        Self::Dummy,
        Self::Email,
        Self::Msisdn,
        Self::Recaptcha,
        Self::Terms,
        Self::RegistrationToken,
        Self::Password,
    ];

    /// The stage's type on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dummy => "m.login.dummy",
            Self::Email => "m.login.email.identity",
            Self::Msisdn => "m.login.msisdn",
            Self::Recaptcha => "m.login.recaptcha",
            Self::Terms => "m.login.terms",
            Self::RegistrationToken => "m.login.registration_token",
            Self::Password => "m.login.password",
        }
    }

    /// Does it take a network or much computing to find out whether it was passed?
    pub(crate) const fn is_slow(self) -> bool {
        match self {
            Self::Email | Self::Msisdn | Self::Recaptcha | Self::Password => true,
            Self::Dummy | Self::Terms | Self::RegistrationToken => false,
        }
    }

    /// Does it take more than a declaration to pass?
    pub(crate) const fn proves_something(self) -> bool {
        match self {
            Self::Email
            | Self::Msisdn
            | Self::Recaptcha
            | Self::RegistrationToken
            | Self::Password => true,
            Self::Dummy | Self::Terms => false,
        }
    }

    /// The stage of a type on the wire; `None` for one that this server does not know.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == text)
    }
}

/// Why an attempted stage was not passed. The session stays open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StageFailure {
    /// No such account, or another password.
    #[error("the username or password is wrong")]
    WrongPassword,
    /// No `response`.
    #[error("`response` is missing: solve the captcha")]
    CaptchaMissing,
    /// The provider does not accept the response.
    #[error("the captcha was not solved")]
    CaptchaRejected,
    /// No `threepid_creds`.
    #[error("`threepid_creds` is missing")]
    CredentialsMissing,
    /// There is no such proof, or it was used already.
    #[error("the address has not been validated")]
    NotValidated,
    /// The proof is for an address of another kind.
    #[error("an address of another kind was validated")]
    WrongMedium,
    /// No `token`.
    #[error("`token` is missing")]
    TokenMissing,
    /// `token` is not a string.
    #[error("`token` must be a string")]
    TokenUnreadable,
    /// The stage cannot open a session.
    #[error("`session` is missing")]
    SessionMissing,
    /// The session has passed the stage with another token.
    #[error("the session has passed this stage with another registration token")]
    TokenChanged,
    /// The token is unknown, expired or used up.
    #[error("the registration token is not valid")]
    TokenInvalid,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
