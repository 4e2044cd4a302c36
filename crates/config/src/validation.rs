//! `registrar.validation`: what it takes to have a mail or a text message sent, and to confirm an
//! address.

use registrar_domain::model::policy::{ConfirmLinks, ValidationPolicy};
use registrar_domain::model::uia::Stage;

use super::captcha::Captcha;
use super::keys::keys;
use super::registration::Registration;
use super::types::{AllOrSome, Choice, Int, OneOf};

keys! {
    /// `registrar.validation`.
    pub(crate) struct ValidationKeys {
        /// What confirms an email address: opening the link in the mail, or pressing the button on the
        /// page behind it. Some mail providers open links to examine them, but press no
        /// buttons. A link for a new password always shows a button.
        confirm_links: OneOf<ConfirmLinks> = "open",
        /// Send a message to add an address to an account only to signed-in users
        /// (`/account/3pid/*/requestToken` with an access token). The Matrix specification asks for no
        /// token there.
        require_login: bool = "false",
        /// Send no message for a registration before these stages were passed: the registration token,
        /// the captcha. The request names its UIA session in the field `session` or `auth.session`, or
        /// in the argument `session_id` of `next_link`, as Element does. `true` means those of the two
        /// that the server asks for. Implies `require_login`.
        require_stages: AllOrSome<Early> = "false",
        /// The most mails with links that the whole deployment sends in an hour of the clock, counted in
        /// the database. Requests beyond get 429. Default: no cap.
        max_mails_per_hour: Option<MessageCap>,
        /// The same for text messages that are requested from `account_threepid_delegates.msisdn`.
        max_texts_per_hour: Option<MessageCap>,
    }
}

/// Caps up to what fits into a counter of the database many times.
type MessageCap = Int<u32, 0, 1_000_000_000>;

/// A stage that can be required before a message is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Early {
    Invitation,
    Captcha,
}

impl Choice for Early {
    const WORDS: &'static [&'static str] = &["invitation", "captcha"];
    const VALUES: &'static [Self] = &[Self::Invitation, Self::Captcha];
}

impl Choice for ConfirmLinks {
    const WORDS: &'static [&'static str] = &["open", "button"];
    const VALUES: &'static [Self] = &[Self::Open, Self::Button];
}

pub(crate) fn read(
    keys: &ValidationKeys,
    registration: &Registration,
    captcha: &Captcha,
) -> ValidationPolicy {
    ValidationPolicy {
        confirm_links: *keys.confirm_links,
        login_required: *keys.require_login,
        required_stages: read_stages(keys, registration, captcha),
        max_mails_per_hour: *keys.max_mails_per_hour,
        max_texts_per_hour: *keys.max_texts_per_hour,
    }
}

fn read_stages(
    keys: &ValidationKeys,
    registration: &Registration,
    captcha: &Captcha,
) -> Vec<Stage> {
    let wanted = &keys.require_stages;
    let mut stages = Vec::new();
    for early in &wanted.chosen {
        let (stage, is_asked_for, message) = match early {
            Early::Invitation => (
                Stage::RegistrationToken,
                registration.tokens_enabled,
                "`invitation` can never be passed without `registration_requires_token: true`",
            ),
            Early::Captcha => (
                Stage::Recaptcha,
                captcha.is_required,
                "`captcha` can never be passed without `enable_registration_captcha: true`",
            ),
        };
        if is_asked_for {
            stages.push(stage);
        } else if !wanted.all {
            wanted.at.mistake(message);
        }
    }
    if wanted.all && stages.is_empty() {
        wanted
            .at
            .warn("has no effect: registration asks for neither a token nor a captcha");
    }
    stages
}
