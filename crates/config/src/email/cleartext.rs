//! Where the password for the mail server may go without encryption.

use std::net::IpAddr;

use registrar_mail::options::{CleartextLogin, Encryption, is_private};

use super::EmailKeys;
use crate::types::Choice;

impl Choice for CleartextLogin {
    const WORDS: &'static [&'static str] = &["nowhere", "in_private_networks", "everywhere"];
    const VALUES: &'static [Self] = &[Self::Nowhere, Self::InPrivateNetworks, Self::Everywhere];
}

/// Domains that only local networks know.
const LOCAL_DOMAINS: [&str; 5] = ["localhost", "local", "localdomain", "internal", "lan"];

/// Says what becomes of the password without TLS. The address behind a name decides, and is known
/// once there is a connection; here it is judged by what is written.
pub(super) fn warn(keys: &EmailKeys, encryption: Encryption, allowed: CleartextLogin) {
    let may_go_in_clear = match encryption {
        Encryption::Required | Encryption::Implicit => return,
        Encryption::Off => "is sent to the mail server without encryption",
        Encryption::IfOffered => {
            "is sent to the mail server without encryption if that offers no STARTTLS"
        }
    };
    const CURE: &str = "set `require_transport_security: true` (STARTTLS) or `force_tls: true`";
    let (password, off) = (&keys.smtp_pass.at, encryption == Encryption::Off);
    match (allowed, reach(&keys.smtp_host)) {
        (CleartextLogin::Everywhere, _) => password.warn(format!("{may_go_in_clear}: {CURE}")),
        (CleartextLogin::InPrivateNetworks, Reach::Private) => password.warn(format!(
            "{may_go_in_clear}; in a private network that is allowed. Else {CURE}"
        )),
        (CleartextLogin::InPrivateNetworks, Reach::Unknown) if off => password.warn(format!(
            "{may_go_in_clear} where its address is private, and else no mail is sent: {CURE}"
        )),
        (CleartextLogin::InPrivateNetworks, Reach::Public) | (CleartextLogin::Nowhere, _)
            if off =>
        {
            keys.enable_tls.at.warn(format!(
                "the password is not sent there without encryption, so no mail is sent: {CURE}, or \
                 see `registrar.email.cleartext_login`"
            ));
        }
        (CleartextLogin::InPrivateNetworks | CleartextLogin::Nowhere, _) => {}
    }
}

/// Where a mail server seems to be, judged by its name.
enum Reach {
    Private,
    Public,
    Unknown,
}

fn reach(host: &str) -> Reach {
    if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
        return if is_private(address) {
            Reach::Private
        } else {
            Reach::Public
        };
    }
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    let is_local = match name.rsplit_once('.') {
        Some((_, last)) => LOCAL_DOMAINS.contains(&last) || name.ends_with(".home.arpa"),
        // Names without a domain are those of a local network, such as those of containers.
        None => true,
    };
    if is_local {
        Reach::Private
    } else {
        Reach::Unknown
    }
}
