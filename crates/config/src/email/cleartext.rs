//! Where the password for the mail server may go without encryption.

use std::net::IpAddr;

use registrar_mail::options::{CleartextLogin, is_private};

use super::MailTls;
use crate::key::{Key, Kind};
use crate::section::Section;

pub(super) const KEY: Key = Key::new(
    "cleartext_login",
    Kind::Choice(&["nowhere", "in_private_networks", "everywhere"]),
    "Where `smtp_pass` may be sent to a mail server without encryption: to no address, to those of \
     this machine and of private networks, or to all. Decided by the address that the connection \
     leads to.",
)
.or("in_private_networks");

/// Domains that only local networks know.
const LOCAL_DOMAINS: [&str; 5] = ["localhost", "local", "localdomain", "internal", "lan"];

/// Reads the key.
pub(super) fn read(own: &Section<'_>) -> CleartextLogin {
    match own.choice(KEY.name).as_deref() {
        Some("nowhere") => CleartextLogin::Nowhere,
        Some("everywhere") => CleartextLogin::Everywhere,
        _ => CleartextLogin::InPrivateNetworks,
    }
}

/// Says what becomes of the password without TLS. The address behind a name decides, and is known
/// once there is a connection; here it is judged by what is written.
pub(super) fn warn(section: &Section<'_>, host: &str, tls: MailTls, allowed: CleartextLogin) {
    let may_go_in_clear = match tls {
        MailTls::Required | MailTls::Immediate => return,
        MailTls::Never => "is sent to the mail server without encryption",
        MailTls::Opportunistic => {
            "is sent to the mail server without encryption if that offers no STARTTLS"
        }
    };
    const CURE: &str = "set `require_transport_security: true` (STARTTLS) or `force_tls: true`";
    match (allowed, reach(host)) {
        (CleartextLogin::Everywhere, _) => {
            section.warning("smtp_pass", format!("{may_go_in_clear}: {CURE}"));
        }
        (CleartextLogin::InPrivateNetworks, Reach::Private) => section.warning(
            "smtp_pass",
            format!("{may_go_in_clear}; in a private network that is allowed. Else {CURE}"),
        ),
        (CleartextLogin::InPrivateNetworks, Reach::Unknown) if tls == MailTls::Never => section
            .warning(
                "smtp_pass",
                format!(
                    "{may_go_in_clear} where its address is private, and else no mail is sent: \
                     {CURE}"
                ),
            ),
        (CleartextLogin::InPrivateNetworks, Reach::Public) | (CleartextLogin::Nowhere, _)
            if tls == MailTls::Never =>
        {
            section.warning(
                "enable_tls",
                format!(
                    "the password is not sent there without encryption, so no mail is sent: {CURE}, \
                     or see `registrar.email.cleartext_login`"
                ),
            );
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
