use std::fmt;

use super::{Localpart, ServerName};

/// A full user ID: `@localpart:server.name`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UserId {
    localpart: Localpart,
    server_name: ServerName,
}

impl UserId {
    /// The longest user ID, in bytes, with its `@`, `:` and server name.
    pub const MAX_BYTES: usize = 255;

    /// The user ID of `localpart` on `server_name`.
    pub fn new(localpart: Localpart, server_name: ServerName) -> Self {
        Self {
            localpart,
            server_name,
        }
    }

    /// Reads what a person calls themselves when they log in: a bare localpart or a full user ID.
    ///
    /// Server names are compared without regard to case, as host names are: phones like to write
    /// capitals. `None` when the text names nobody on `server_name`.
    pub fn read_local(text: &str, server_name: &ServerName) -> Option<Localpart> {
        let Some(rest) = text.strip_prefix('@') else {
            return Localpart::read(text);
        };
        let (localpart, server) = rest.split_once(':')?;
        if !server.eq_ignore_ascii_case(server_name.as_str()) {
            return None;
        }
        Localpart::read(localpart)
    }

    /// The part before the colon, without the `@`.
    pub fn localpart(&self) -> &Localpart {
        &self.localpart
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}:{}", self.localpart, self.server_name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_logs_in() {
        let server = ServerName::parse("example.org:8448").unwrap();
        let read = |text| UserId::read_local(text, &server).map(|l| l.to_string());
        assert_eq!(read("alice").as_deref(), Some("alice"));
        for (text, localpart) in [
            ("@alice:example.org:8448", "alice"),
            ("@alice:Example.ORG:8448", "alice"),
            ("@Alice:EXAMPLE.ORG:8448", "Alice"),
        ] {
            assert_eq!(read(text).as_deref(), Some(localpart), "{text}");
        }
        for nobody in [
            "@alice:example.org",
            "@alice",
            "@:example.org:8448",
            "",
            "@a:b:example.org:8448",
            "@alice:example.org.:8448",
            "@alice:exämple.org:8448",
        ] {
            assert_eq!(read(nobody), None, "{nobody:?}");
        }
    }
}
