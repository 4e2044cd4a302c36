//! Email addresses and phone numbers: who validates them, and which are allowed.

use registrar_domain::model::pattern::Pattern;
use registrar_domain::model::secret::Secret;
use registrar_domain::model::threepid::{AllowedThreepid, Medium};
use registrar_http_client::HttpUrl;
use registrar_identity_client::{Api, Options};

use super::keys::{Keys as _, keys};
use super::pattern_advice;
use super::proxies::Outgoing;
use super::section::{Entry, Section};
use super::types::{OneOf, values};

keys! {
    pub(crate) struct ThreepidKeys {
        /// Identity servers that validate addresses for this server.
        account_threepid_delegates: DelegateKeys,
        /// Which addresses may be used; without it, all.
        allowed_local_3pids: Option<Vec<AllowedKeys>>,
        /// Do not disclose whether an address belongs to an account.
        request_token_inhibit_3pid_errors: bool = "false",
        /// Accounts may add and remove their addresses.
        enable_3pid_changes: bool = "true",
        /// Hosts that a validation may lead on to; without it, all.
        next_link_domain_whitelist: Option<Vec<String>>,
    }
}

keys! {
    pub(crate) struct DelegateKeys {
        /// URL of the identity server that validates email addresses. Without it, this server sends the
        /// mails itself (see `email`).
        email: Option<HttpUrl>,
        /// URL of the identity server that validates phone numbers. Without it, phone numbers cannot be
        /// used.
        msisdn: Option<HttpUrl>,
    }
}

keys! {
    /// `registrar.identity_servers`.
    pub(crate) struct IdentityServerKeys {
        /// An access token for `account_threepid_delegates.email`. With it, that server is asked by
        /// version 2 of the API, without it by version 1, which knows no tokens.
        email_access_token: Option<Secret<String>>,
        /// The same for `account_threepid_delegates.msisdn`.
        msisdn_access_token: Option<Secret<String>>,
    }
}

keys! {
    pub(crate) struct AllowedKeys {
        /// What kind of address. Required.
        medium: Option<OneOf<Medium>>,
        /// A regular expression in Python's syntax that the beginning of the address must match; end it
        /// with `$` to match all of it. Phone numbers are compared as digits, without `+`. Required.
        pattern: Option<Pattern>,
    }
}

/// Email addresses and phone numbers.
pub(crate) struct Threepids {
    /// Who validates email addresses for this server.
    pub(crate) email_delegate: Option<Options>,
    /// Who validates phone numbers.
    pub(crate) msisdn_delegate: Option<Options>,
    /// Empty: all are allowed.
    pub(crate) allowed: Vec<AllowedThreepid>,
    pub(crate) inhibit_errors: bool,
    /// `None`: every host is allowed.
    pub(crate) next_link_hosts: Option<Vec<String>>,
    pub(crate) changes_allowed: bool,
}

impl Threepids {
    pub(crate) fn read(root: &Section<'_>, own: &IdentityServerKeys, outgoing: &Outgoing) -> Self {
        let keys = ThreepidKeys::read(root);
        let delegates = &keys.account_threepid_delegates;
        let hosts = keys.next_link_domain_whitelist.as_deref();
        Self {
            email_delegate: delegate(&delegates.email, &own.email_access_token, outgoing),
            msisdn_delegate: delegate(&delegates.msisdn, &own.msisdn_access_token, outgoing),
            allowed: read_allowed(&keys),
            inhibit_errors: *keys.request_token_inhibit_3pid_errors,
            next_link_hosts: hosts.map(values),
            changes_allowed: *keys.enable_3pid_changes,
        }
    }
}

fn delegate(
    url: &Entry<Option<HttpUrl>>,
    access_token: &Entry<Option<Secret<String>>>,
    outgoing: &Outgoing,
) -> Option<Options> {
    if access_token.is_some() && !url.is_given() {
        access_token.at.warn("has no effect without the delegate");
    }
    let url = url.cloned()?.without_slash();
    let access_token = access_token.cloned();
    Some(Options {
        base_url: url.as_str().to_owned(),
        api: access_token.map_or(Api::V1, |access_token| Api::V2 { access_token }),
        http: outgoing.to(url.as_str()),
    })
}

fn read_allowed(keys: &ThreepidKeys) -> Vec<AllowedThreepid> {
    let mut allowed = Vec::new();
    for keys in keys.allowed_local_3pids.iter().flatten() {
        keys.medium.require("is required: `email` or `msisdn`");
        keys.pattern.require("is required: a regular expression");
        if let (Some(medium), Some(pattern)) = (*keys.medium, keys.pattern.clone()) {
            advise(&keys.pattern, medium, pattern.as_str());
            allowed.push(AllowedThreepid { medium, pattern });
        }
    }
    allowed
}

/// Says what a pattern probably does not mean.
fn advise(entry: &Entry<Option<Pattern>>, medium: Medium, pattern: &str) {
    if medium == Medium::Msisdn && pattern_advice::begins_unlike_a_number(pattern) {
        entry.at.warn(
            "matches no phone number: they are compared as digits alone, country code first, \
             without `+` or `00`; write `49` for `+49`",
        );
    } else if pattern_advice::end_is_open(pattern) {
        entry.at.warn(
            "also matches longer addresses, such as `…@example.org.elsewhere.net` for \
             `@example\\.org`; end it with `$`, or with `.*` if that is meant",
        );
    }
}
