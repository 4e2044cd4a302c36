//! What a server is asked.

use std::io::Write as _;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;

/// A request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Question<'a> {
    /// Anything, of the server that does nothing.
    Hello,
    /// `GET /health`: no database, no line in the log.
    Health,
    /// `GET /versions`: no database.
    Versions,
    /// `GET /register/available`, each time for another name.
    Available,
    /// The first `POST /register` of a UIA session, whose answer says what is to be proved.
    FirstRegister,
    /// The second and last one, each time for another name.
    SecondRegister {
        /// The UIA session.
        session: &'a str,
    },
    /// `GET /account/whoami`.
    WhoAmI {
        /// The access token.
        access_token: &'a str,
    },
}

impl Question<'_> {
    pub(super) fn expected_status(self) -> u16 {
        match self {
            Self::FirstRegister => 401,
            Self::Hello
            | Self::Health
            | Self::Versions
            | Self::Available
            | Self::SecondRegister { .. }
            | Self::WhoAmI { .. } => 200,
        }
    }

    /// Writes the request.
    ///
    /// # Errors
    /// None: a vector takes everything.
    pub(super) fn write(self, number: u64, request: &mut Vec<u8>) -> Result<()> {
        const API: &str = "/_matrix/client/v3";
        match self {
            Self::Hello => write!(request, "GET /hello HTTP/1.1\r\n")?,
            Self::Health => write!(request, "GET /health HTTP/1.1\r\n")?,
            Self::Versions => write!(request, "GET /_matrix/client/versions HTTP/1.1\r\n")?,
            Self::Available => write!(
                request,
                "GET {API}/register/available?username=free-{number} HTTP/1.1\r\n"
            )?,
            Self::FirstRegister | Self::SecondRegister { .. } => {
                write!(request, "POST {API}/register HTTP/1.1\r\n")?;
            }
            Self::WhoAmI { access_token } => write!(
                request,
                "GET {API}/account/whoami HTTP/1.1\r\nAuthorization: Bearer {access_token}\r\n"
            )?,
        }
        // Each from another address, or the server would slow the client down.
        #[expect(clippy::cast_possible_truncation, reason = "few enough not to repeat")]
        let address = Ipv4Addr::from_bits(0x0a00_0000 | (number as u32 & 0x00ff_ffff));
        write!(request, "Host: localhost\r\nX-Forwarded-For: {address}\r\n")?;
        let body = self.body(number);
        if !body.is_empty() {
            write!(
                request,
                "Content-Type: application/json\r\nContent-Length: {}\r\n",
                body.len()
            )?;
        }
        write!(request, "\r\n{body}")?;
        Ok(())
    }

    fn body(self, number: u64) -> String {
        match self {
            Self::Hello | Self::Health | Self::Versions | Self::Available | Self::WhoAmI { .. } => {
                String::new()
            }
            Self::FirstRegister => "{}".to_owned(),
            Self::SecondRegister { session } => serde_json::json!({
                "username": format!("user-{number}"),
                "password": "correct horse battery staple",
                "auth": { "type": "m.login.dummy", "session": session },
            })
            .to_string(),
        }
    }
}

/// A number that no question of this run has had yet.
pub(super) fn next_number() -> u64 {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    NUMBER.fetch_add(1, Ordering::Relaxed)
}
