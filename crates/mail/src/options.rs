//! What an operator chooses about mail. Names and defaults are those of the `email` section of
//! `homeserver.yaml`; reading that file is the binary's business.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use registrar_domain::model::id::ServerName;
use registrar_domain::model::secret::Secret;

pub use crate::percent::PercentError;
use crate::sender;

/// Everything that [`LettreMailer`](crate::LettreMailer) needs to know.
#[derive(Clone, Debug)]
pub struct Options {
    /// The mail server.
    pub smtp: Smtp,
    /// The sender (`notif_from`): an address, or a name and an address in angle brackets.
    /// `%(app)s` stands for [`app_name`](Self::app_name).
    pub notif_from: String,
    /// What the service is called in mails (`app_name`).
    pub app_name: String,
    /// The homeserver's name.
    pub server_name: ServerName,
    /// Subject lines.
    pub subjects: Subjects,
    /// Folders with the operator's templates, searched in this order, before the built-in ones:
    /// `templates.custom_template_directory` and the older `email.template_dir`.
    pub template_directories: Vec<PathBuf>,
    /// File names of the templates.
    pub templates: TemplateNames,
}

impl Options {
    /// The defaults of `homeserver.yaml` for a server of this name: mail goes to port 25 of
    /// `localhost`, encrypted if that server offers it.
    pub fn new(server_name: ServerName, notif_from: impl Into<String>) -> Self {
        Self {
            smtp: Smtp::default(),
            notif_from: notif_from.into(),
            app_name: "Matrix".to_owned(),
            server_name,
            subjects: Subjects::default(),
            template_directories: Vec::new(),
            templates: TemplateNames::default(),
        }
    }
}

/// Can mails come from this `notif_from`, with this [`app_name`](Options::app_name)?
///
/// # Errors
/// [`SetupError::Sender`], [`SetupError::SenderName`].
pub fn check_sender(notif_from: &str, app_name: &str) -> Result<(), SetupError> {
    sender::parse(notif_from, app_name).map(|_| ())
}

/// How to reach the mail server.
#[derive(Clone, Debug)]
pub struct Smtp {
    /// Its host name or IP address (`smtp_host`).
    pub host: String,
    /// Its port (`smtp_port`); see [`Encryption::default_port`].
    pub port: u16,
    /// Whether the connection is encrypted.
    pub encryption: Encryption,
    /// The name its certificate must carry (`tlsname`); the host if absent.
    pub tls_name: Option<String>,
    /// With these, authentication is required: a server that does not offer it gets no mail.
    pub credentials: Option<Credentials>,
    /// Where the login may be sent without encryption.
    pub cleartext_login: CleartextLogin,
    /// How this side introduces itself (EHLO): a full host name, or an address in brackets. `None`:
    /// by the address that the connection starts from.
    pub ehlo_name: Option<String>,
    /// Certificates to trust besides those of the public authorities, in DER form: of authorities,
    /// or the very certificate of the mail server.
    pub extra_root_certificates: Vec<Vec<u8>>,
    /// How long a TCP connection may take to come about.
    pub connect_timeout: Duration,
    /// How long one mail may take altogether, waiting for a connection included.
    pub send_timeout: Duration,
}

impl Default for Smtp {
    fn default() -> Self {
        let encryption = Encryption::IfOffered;
        Self {
            host: "localhost".to_owned(),
            port: encryption.default_port(),
            encryption,
            tls_name: None,
            credentials: None,
            cleartext_login: CleartextLogin::InPrivateNetworks,
            ehlo_name: None,
            extra_root_certificates: Vec::new(),
            connect_timeout: Duration::from_secs(30),
            send_timeout: Duration::from_secs(60),
        }
    }
}

/// Whether the connection to the mail server is encrypted. Wherever it is, the server's certificate
/// is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// Never (`enable_tls: false`).
    Off,
    /// By STARTTLS if the server offers it (the default). Anyone in between can remove the
    /// offer away.
    IfOffered,
    /// By STARTTLS, else no mail (`require_transport_security: true`).
    Required,
    /// TLS from the first byte (`force_tls: true`).
    Implicit,
}

impl Encryption {
    /// The port to use unless the operator says otherwise: 465 with implicit TLS, else 25.
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Implicit => 465,
            Self::Off | Self::IfOffered | Self::Required => 25,
        }
    }
}

/// A login at the mail server (`smtp_user`, `smtp_pass`).
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The user.
    pub user: String,
    /// The password.
    pub password: Secret<String>,
}

/// Where a login may be sent without encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CleartextLogin {
    /// To no server.
    Nowhere,
    /// To this machine and to private networks, where operators have their relays (the default).
    InPrivateNetworks,
    /// To every server: anyone who listens on the way gets the password.
    Everywhere,
}

impl CleartextLogin {
    /// May a login be sent to this address without encryption?
    pub fn permits(self, address: IpAddr) -> bool {
        match self {
            Self::Nowhere => false,
            Self::InPrivateNetworks => is_private(address),
            Self::Everywhere => true,
        }
    }
}

/// Is this an address that the public internet does not lead to? Loopback; RFC 1918; unique local
/// (RFC 4193) and link-local addresses; those of carrier-grade NAT (RFC 6598), which overlay
/// networks use as well. An IPv4 address mapped into IPv6 counts as IPv4.
pub fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            let is_carrier_grade = first == 100 && (64..128).contains(&second);
            v4.is_loopback() || v4.is_private() || v4.is_link_local() || is_carrier_grade
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

/// Subject lines. `%(server_name)s` and `%(app)s` are filled in; `%%` is a percent sign.
#[derive(Clone, Debug)]
pub struct Subjects {
    /// Of mails that validate an address, for a new account or for an existing one.
    pub email_validation: String,
    /// Of mails that reset a password.
    pub password_reset: String,
    /// Of mails to an address that already belongs to an account.
    pub email_already_in_use: String,
}

impl Default for Subjects {
    fn default() -> Self {
        Self {
            email_validation: "[%(server_name)s] Validate your email".to_owned(),
            password_reset: "[%(server_name)s] Password reset".to_owned(),
            email_already_in_use: "[%(server_name)s] Email already in use".to_owned(),
        }
    }
}

/// The two templates of a mail. What a template may print is HTML-escaped if its name ends in
/// `.html`, `.htm` or `.xml`.
#[derive(Clone, Debug)]
pub struct TemplatePair {
    /// File name of the HTML part's template.
    pub html: String,
    /// File name of the text part's template.
    pub text: String,
}

impl TemplatePair {
    fn named(stem: &str) -> Self {
        Self {
            html: format!("{stem}.html"),
            text: format!("{stem}.txt"),
        }
    }
}

/// File names of the templates, relative to the template folders.
#[derive(Clone, Debug)]
pub struct TemplateNames {
    /// Validates an address for a new account.
    pub registration: TemplatePair,
    /// Validates an address that is to be added to an account.
    pub add_threepid: TemplatePair,
    /// Resets a password.
    pub password_reset: TemplatePair,
    /// Tells that the address is already in use.
    pub already_in_use: TemplatePair,
}

impl Default for TemplateNames {
    fn default() -> Self {
        Self {
            registration: TemplatePair::named("registration"),
            add_threepid: TemplatePair::named("add_threepid"),
            password_reset: TemplatePair::named("password_reset"),
            already_in_use: TemplatePair::named("already_in_use"),
        }
    }
}

/// A mistake in the options or in a template.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The sender is not an address that mail can be sent from.
    #[error("`notif_from` has no usable email address")]
    Sender,
    /// The sender's name would break its header.
    #[error("the name in `notif_from` has a control character")]
    SenderName,
    /// A subject cannot be filled in.
    #[error("the subject `{key}` cannot be filled in")]
    SubjectVariables {
        /// Its key in the `subjects` section.
        key: &'static str,
        /// What is wrong with it.
        source: PercentError,
    },
    /// A subject would break its header.
    #[error("the subject `{key}` has a control character")]
    Subject {
        /// Its key in the `subjects` section.
        key: &'static str,
    },
    /// A template is missing or cannot be parsed.
    #[error("the template `{name}` cannot be used")]
    Template {
        /// Its file name.
        name: String,
        /// What is wrong with it; names the place.
        source: registrar_templates::Error,
    },
    /// The extra root certificates cannot be used.
    #[error("the TLS settings for the mail server cannot be used")]
    Tls(#[from] registrar_tls::BadCertificate),
    /// No certificate can be for this name.
    #[error("`tlsname` (or else `smtp_host`) is neither a host name nor an address")]
    TlsName,
    /// The name would break the command that it stands in.
    #[error("the EHLO name has characters that no host name has")]
    EhloName,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses() {
        let rows = [
            ("127.0.0.1", true),
            ("127.255.255.254", true),
            ("10.0.0.1", true),
            ("10.255.255.255", true),
            ("11.0.0.1", false),
            ("172.15.255.255", false),
            ("172.16.0.1", true),
            ("172.31.255.255", true),
            ("172.32.0.1", false),
            ("192.168.1.1", true),
            ("192.169.1.1", false),
            ("169.254.1.1", true),
            ("100.63.255.255", false),
            ("100.64.0.1", true),
            ("100.127.255.255", true),
            ("100.128.0.1", false),
            ("198.51.100.1", false),
            ("203.0.113.7", false),
            ("255.255.255.255", false),
            ("::1", true),
            ("fc00::1", true),
            ("fdff::1", true),
            ("fe80::1", true),
            ("febf::1", true),
            ("fec0::1", false),
            ("2001:db8::1", false),
            ("::ffff:10.1.2.3", true),
            ("::ffff:127.0.0.1", true),
            ("::ffff:203.0.113.7", false),
            ("::10.1.2.3", false),
            ("64:ff9b::10.1.2.3", false),
        ];
        for (text, expected) in rows {
            let address = text.parse().unwrap();
            let permits = CleartextLogin::InPrivateNetworks.permits(address);
            assert_eq!(permits, expected, "{text}");
            assert!(CleartextLogin::Everywhere.permits(address), "{text}");
            assert!(!CleartextLogin::Nowhere.permits(address), "{text}");
        }
    }
}
