//! How this server introduces itself to the mail server.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::section::Entry;

/// The name that mail servers hear: many take mail only from full host names.
pub(super) fn read(written: &Entry<Option<String>>, public_host: &str) -> String {
    let Some(name) = &**written else {
        let uname = rustix::system::uname();
        return full_name(uname.nodename().to_str().ok(), public_host);
    };
    if !is_ehlo_name(name) {
        written.at.refuse(
            "expected a host name such as `matrix.example.org`, or an address such as `[192.0.2.1]`",
        );
    }
    name.clone()
}

/// A host name (RFC 1123), or an address literal (RFC 5321, section 4.1.3).
fn is_ehlo_name(name: &str) -> bool {
    if let Some(literal) = name.strip_prefix('[').and_then(|n| n.strip_suffix(']')) {
        return match literal.strip_prefix("IPv6:") {
            Some(v6) => v6.parse::<Ipv6Addr>().is_ok(),
            None => literal.parse::<Ipv4Addr>().is_ok(),
        };
    }
    is_host_name(name) && name.parse::<IpAddr>().is_err()
}

fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

/// The machine's name if it has a domain, else the name by which clients know the server.
fn full_name(machine: Option<&str>, public_host: &str) -> String {
    let has_domain =
        |name: &&str| is_host_name(name) && name.contains('.') && !name.starts_with("localhost.");
    if let Some(name) = machine.filter(has_domain) {
        return name.to_owned();
    }
    match public_host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(IpAddr::V4(v4)) => format!("[{v4}]"),
        Ok(IpAddr::V6(v6)) => format!("[IPv6:{v6}]"),
        Err(_) => public_host.trim_end_matches('.').to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_a_full_one() {
        let rows = [
            (
                Some("mx.example.org"),
                "matrix.example.org",
                "mx.example.org",
            ),
            (Some("debian"), "matrix.example.org", "matrix.example.org"),
            (
                Some("localhost.localdomain"),
                "m.example.org",
                "m.example.org",
            ),
            (
                Some("under_score.example.org"),
                "m.example.org",
                "m.example.org",
            ),
            (Some("a b.example.org"), "m.example.org", "m.example.org"),
            (None, "m.example.org.", "m.example.org"),
            (None, "192.0.2.1", "[192.0.2.1]"),
            (None, "[2001:db8::1]", "[IPv6:2001:db8::1]"),
        ];
        for (machine, public_host, expected) in rows {
            assert_eq!(full_name(machine, public_host), expected);
        }
    }

    #[test]
    fn names_that_mail_servers_understand() {
        let label = "l".repeat(64);
        let rows = [
            ("matrix.example.org", true),
            ("xn--bcher-kva.example", true),
            ("localhost", true),
            ("[192.0.2.1]", true),
            ("[IPv6:2001:db8::1]", true),
            ("192.0.2.1", false),
            ("[2001:db8::1]", false),
            ("2001:db8::1", false),
            ("bücher.example", false),
            ("-a.example", false),
            ("a..example", false),
            ("a.example.", false),
            ("a example", false),
            ("a\r\nb", false),
            (&label, false),
            ("[]", false),
        ];
        for (name, expected) in rows {
            assert_eq!(is_ehlo_name(name), expected, "{name:?}");
        }
    }
}
