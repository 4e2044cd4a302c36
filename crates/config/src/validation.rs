//! `registrar.validation`: what it takes to have a mail or a text message sent, and to confirm an
//! address.

use registrar_domain::model::policy::{ConfirmLinks, ValidationPolicy};
use registrar_domain::model::uia::Stage;

use super::Captcha;
use super::key::{Key, Kind};
use super::registration::Registration;
use super::section::Section;

const INVITATION: &str = "invitation";
const CAPTCHA: &str = "captcha";
/// Caps up to what fits into a counter of the database many times.
const MAX_MESSAGES: i64 = 1_000_000_000;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "confirm_links",
        Kind::Choice(&["open", "button"]),
        "What confirms an email address: opening the link in the mail, or pressing the button on \
         the page behind it. Some mail providers open links themselves to examine them; they press no \
         buttons. A link for a new password always shows a button.",
    )
    .or("open"),
    Key::new(
        "require_login",
        Kind::Flag,
        "Send a message to add an address to an account only to signed-in users \
         (`/account/3pid/*/requestToken` with an access token). The Matrix specification asks for no \
         token there.",
    )
    .or("false"),
    Key::new(
        "require_stages",
        Kind::Some(&[INVITATION, CAPTCHA]),
        "Send no message for a registration before these stages were passed: the registration token, \
         the captcha. The request names its UIA session in the field `session` or `auth.session`, or \
         in the argument `session_id` of `next_link`, as Element does. `true` means those of the two \
         that the server asks for. Implies `require_login`.",
    )
    .or("false"),
    Key::new(
        "max_mails_per_hour",
        Kind::Integer(0, MAX_MESSAGES),
        "The most mails with links that the whole deployment sends in an hour of the clock, counted in \
         the database. Requests beyond get 429. Default: no cap.",
    ),
    Key::new(
        "max_texts_per_hour",
        Kind::Integer(0, MAX_MESSAGES),
        "The same for text messages that are requested from `account_threepid_delegates.msisdn`.",
    ),
];

/// Reads the opened section `registrar.validation`.
pub(super) fn read(
    section: &Section<'_>,
    registration: &Registration,
    captcha: &Captcha,
) -> ValidationPolicy {
    let all = section.wants_all("require_stages");
    let mut required_stages = Vec::new();
    for word in section.some_choices("require_stages") {
        let (stage, is_asked_for, option) = if word == INVITATION {
            (
                Stage::RegistrationToken,
                registration.tokens_enabled,
                "registration_requires_token",
            )
        } else {
            (
                Stage::Recaptcha,
                captcha.required_at_registration,
                "enable_registration_captcha",
            )
        };
        if is_asked_for {
            required_stages.push(stage);
        } else if !all {
            section.mistake(
                "require_stages",
                format!("`{word}` can never be passed without `{option}: true`"),
            );
        }
    }
    if all && required_stages.is_empty() {
        section.warning(
            "require_stages",
            "has no effect: registration asks for neither a token nor a captcha",
        );
    }
    ValidationPolicy {
        confirm_links: match section.choice("confirm_links").as_deref() {
            Some("button") => ConfirmLinks::Button,
            _ => ConfirmLinks::Open,
        },
        login_required: section.flag("require_login"),
        required_stages,
        max_mails_per_hour: section.integer_if_given("max_mails_per_hour"),
        max_texts_per_hour: section.integer_if_given("max_texts_per_hour"),
    }
}
