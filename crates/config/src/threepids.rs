//! Email addresses and phone numbers: who validates them, and which are allowed.

use registrar_domain::model::pattern::Pattern;
use registrar_domain::model::secret::Secret;
use registrar_domain::model::threepid::{AllowedThreepid, Medium};

use super::key::{Key, Kind};
use super::pattern_advice;
use super::section::Section;
use super::url::HttpUrl;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "account_threepid_delegates",
        Kind::Section(DELEGATES),
        "Identity servers that validate addresses for this server.",
    ),
    Key::new(
        "allowed_local_3pids",
        Kind::List(&Kind::Section(ALLOWED)),
        "Which addresses may be used; without it, all.",
    ),
    Key::new(
        "request_token_inhibit_3pid_errors",
        Kind::Flag,
        "Do not tell whether an address belongs to an account.",
    )
    .or("false"),
    Key::new(
        "enable_3pid_changes",
        Kind::Flag,
        "Accounts may add and remove their addresses.",
    )
    .or("true"),
    Key::new(
        "next_link_domain_whitelist",
        Kind::List(&Kind::Text),
        "Hosts that a validation may lead on to; without it, all.",
    ),
];

const DELEGATES: &[Key] = &[
    Key::new(
        "email",
        Kind::Text,
        "URL of the identity server that validates email addresses. Without it, this server \
         sends the mails itself (see `email`).",
    ),
    Key::new(
        "msisdn",
        Kind::Text,
        "URL of the identity server that validates phone numbers. Without it, phone numbers \
         cannot be used.",
    ),
];

/// The keys of `registrar.identity_servers`.
pub(super) const OWN_KEYS: &[Key] = &[
    Key::new(
        "email_access_token",
        Kind::Secret,
        "An access token for `account_threepid_delegates.email`. With it, that server is asked by \
         version 2 of the API, without it by version 1, which knows no tokens.",
    ),
    Key::new(
        "msisdn_access_token",
        Kind::Secret,
        "The same for `account_threepid_delegates.msisdn`.",
    ),
];

const ALLOWED: &[Key] = &[
    Key::new(
        "medium",
        Kind::Choice(&["email", "msisdn"]),
        "What kind of address. Required.",
    ),
    Key::new(
        "pattern",
        Kind::Text,
        "A regular expression in Python's syntax that the beginning of the address must match; end it with `$` to match \
         all of it. Phone numbers are compared as digits, without `+`. Required.",
    ),
];

/// Email addresses and phone numbers.
#[derive(Clone, Debug)]
pub struct Threepids {
    /// `account_threepid_delegates.email`.
    pub email_delegate: Option<Delegate>,
    /// `account_threepid_delegates.msisdn`.
    pub msisdn_delegate: Option<Delegate>,
    /// `allowed_local_3pids`; empty: all are allowed.
    pub allowed: Vec<AllowedThreepid>,
    /// `request_token_inhibit_3pid_errors`.
    pub inhibit_errors: bool,
    /// `next_link_domain_whitelist`; `None`: every host is allowed.
    pub next_link_hosts: Option<Vec<String>>,
    /// `enable_3pid_changes`.
    pub changes_allowed: bool,
}

/// An identity server that validates addresses for this server.
#[derive(Clone, Debug)]
pub struct Delegate {
    /// Its URL, without a slash at the end.
    pub url: HttpUrl,
    /// `registrar.identity_servers.…_access_token`.
    pub access_token: Option<Secret<String>>,
}

impl Threepids {
    /// Reads the keys of a homeserver, and the opened section `registrar.identity_servers`.
    pub(super) fn read(root: &Section<'_>, own: &Section<'_>) -> Self {
        let delegates = root.section("account_threepid_delegates");
        let delegate = |medium: &str, token: &str| {
            let access_token = own.secret(token);
            let Some(url) = delegates.text(medium) else {
                if access_token.is_some() {
                    own.warning(token, "has no effect without the delegate");
                }
                return None;
            };
            let url = delegates.accept(medium, HttpUrl::parse(&url))?;
            Some(Delegate {
                url: url.without_slash(),
                access_token,
            })
        };
        let hosts = root.texts("next_link_domain_whitelist");
        Self {
            email_delegate: delegate("email", "email_access_token"),
            msisdn_delegate: delegate("msisdn", "msisdn_access_token"),
            allowed: read_allowed(root),
            inhibit_errors: root.flag("request_token_inhibit_3pid_errors"),
            changes_allowed: root.flag("enable_3pid_changes"),
            next_link_hosts: root.is_given("next_link_domain_whitelist").then_some(hosts),
        }
    }
}

fn read_allowed(root: &Section<'_>) -> Vec<AllowedThreepid> {
    let mut allowed = Vec::new();
    for section in root.sections("allowed_local_3pids").unwrap_or_default() {
        section.require("medium", "is required: `email` or `msisdn`");
        section.require("pattern", "is required: a regular expression");
        let medium = section.choice("medium").as_deref().and_then(Medium::parse);
        let pattern = section.text("pattern");
        let (Some(medium), Some(pattern)) = (medium, pattern) else {
            continue;
        };
        let pattern = Pattern::parse(&pattern)
            .map_err(|error| format!("is not a regular expression: {error}"));
        let Some(pattern) = section.accept("pattern", pattern) else {
            continue;
        };
        advise(&section, medium, pattern.as_str());
        allowed.push(AllowedThreepid { medium, pattern });
    }
    allowed
}

/// Says what a pattern probably does not mean.
fn advise(section: &Section<'_>, medium: Medium, pattern: &str) {
    if medium == Medium::Msisdn && pattern_advice::begins_unlike_a_number(pattern) {
        section.warning(
            "pattern",
            "matches no phone number: they are compared as digits alone, country code first, \
             without `+` or `00`; write `49` for `+49`",
        );
    } else if pattern_advice::end_is_open(pattern) {
        section.warning(
            "pattern",
            "also matches longer addresses, such as `…@example.org.elsewhere.net` for \
             `@example\\.org`; end it with `$`, or with `.*` if that is meant",
        );
    }
}
