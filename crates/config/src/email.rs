//! `email`: the mail server, and what mails say.

use std::path::PathBuf;
use std::time::Duration;

use registrar_domain::model::secret::Secret;
use registrar_http_hyper::pages::PageNames;
use registrar_mail::options::CleartextLogin;

use super::key::{Key, Kind};
use super::section::Section;

mod cleartext;
mod ehlo;

pub(super) const KEYS: &[Key] = &[Key::new(
    "email",
    Kind::Section(EMAIL),
    "The mail server. Without the section (and without a delegate) email addresses \
         cannot be validated.",
)];

const EMAIL: &[Key] = &[
    Key::new("smtp_host", Kind::Text, "The mail server.").or("localhost"),
    Key::new(
        "smtp_port",
        Kind::Integer(1, 65_535),
        "Its port. Default: 25, or 465 with `force_tls`.",
    ),
    Key::new("smtp_user", Kind::Text, "Who logs in there."),
    Key::new("smtp_pass", Kind::Secret, "The password for that."),
    Key::new(FORCE_TLS, Kind::Flag, "Speak TLS from the first byte.").or("false"),
    Key::new(
        REQUIRE_TLS,
        Kind::Flag,
        "Give up if the server does not offer STARTTLS.",
    )
    .or("false"),
    Key::new(
        "enable_tls",
        Kind::Flag,
        "Use STARTTLS if the server offers it.",
    )
    .or("true"),
    Key::new(
        "tlsname",
        Kind::Text,
        "The name in the server's certificate. Default: `smtp_host`.",
    ),
    Key::new(
        "notif_from",
        Kind::Text,
        "The sender, such as `%(app)s <noreply@example.org>`. Required, unless a delegate \
         sends the mails.",
    ),
    Key::new("app_name", Kind::Text, "What takes the place of `%(app)s`.").or("Matrix"),
    Key::new(
        "validation_token_lifetime",
        Kind::Duration,
        "How long the link in a mail can be used.",
    )
    .or("1h"),
    Key::new(
        "enable_notifs",
        Kind::Flag,
        "Mails about messages: a homeserver's business, but checked.",
    )
    .or("false"),
    Key::new("client_base_url", Kind::Text, NOTIFICATIONS).inert(),
    Key::new("expiry_template_html", Kind::Text, EXPIRY).inert(),
    Key::new("expiry_template_text", Kind::Text, EXPIRY).inert(),
    Key::new(
        "invite_client_location",
        Kind::Text,
        "Invitations to rooms: the homeserver.",
    )
    .inert(),
    Key::new("notif_delay_before_mail", Kind::Duration, NOTIFICATIONS).inert(),
    Key::new("notif_template_html", Kind::Text, NOTIFICATIONS).inert(),
    Key::new("notif_template_text", Kind::Text, NOTIFICATIONS).inert(),
    Key::new("riot_base_url", Kind::Text, NOTIFICATIONS).inert(),
    Key::new("notif_for_new_users", Kind::Flag, NOTIFICATIONS)
        .or("true")
        .inert(),
    Key::new("subjects", Kind::Section(SUBJECTS), "Subjects of mails."),
    Key::new(
        "template_dir",
        Kind::Text,
        "A folder of templates, from older files. Prefer \
         `templates.custom_template_directory`, which is searched first.",
    ),
    Key::new(
        "registration_template_html",
        Kind::Text,
        "The mail, as HTML.",
    )
    .or("registration.html"),
    Key::new(
        "registration_template_text",
        Kind::Text,
        "The mail, as text.",
    )
    .or("registration.txt"),
    Key::new(
        "registration_template_failure_html",
        Kind::Text,
        "The page behind a link that does not work.",
    )
    .or("registration_failure.html"),
    Key::new(
        "registration_template_success_html",
        Kind::Text,
        "The page behind a link that works.",
    )
    .or("registration_success.html"),
    Key::new(
        "add_threepid_template_html",
        Kind::Text,
        "The mail that adds an address to an account, as HTML.",
    )
    .or("add_threepid.html"),
    Key::new(
        "add_threepid_template_text",
        Kind::Text,
        "The same, as text.",
    )
    .or("add_threepid.txt"),
    Key::new(
        "add_threepid_template_failure_html",
        Kind::Text,
        "The page behind a link that does not work, for an address of an existing account.",
    )
    .or("add_threepid_failure.html"),
    Key::new(
        "add_threepid_template_success_html",
        Kind::Text,
        "The page behind a link that works, for an address of an existing account.",
    )
    .or("add_threepid_success.html"),
    Key::new(
        "password_reset_template_html",
        Kind::Text,
        "The mail that resets a password, as HTML.",
    )
    .or("password_reset.html"),
    Key::new(
        "password_reset_template_text",
        Kind::Text,
        "The same, as text.",
    )
    .or("password_reset.txt"),
    Key::new(
        "password_reset_template_failure_html",
        Kind::Text,
        "The page behind a link that does not work, for a new password.",
    )
    .or("password_reset_failure.html"),
    Key::new(
        "password_reset_template_success_html",
        Kind::Text,
        "The page behind a link that works, for a new password.",
    )
    .or("password_reset_success.html"),
    Key::new(
        "already_in_use_template_html",
        Kind::Text,
        "The mail to an address that has an account already, as HTML.",
    )
    .or("already_in_use.html"),
    Key::new(
        "already_in_use_template_text",
        Kind::Text,
        "The same, as text.",
    )
    .or("already_in_use.txt"),
];

const NOTIFICATIONS: &str = "Mails about messages: the homeserver.";
const EXPIRY: &str = "Accounts do not expire here.";
const FORCE_TLS: &str = "force_tls";
const REQUIRE_TLS: &str = "require_transport_security";

const SUBJECTS: &[Key] = &[
    Key::new("email_validation", Kind::Text, "The mail with the link.")
        .or("[%(server_name)s] Validate your email"),
    Key::new(
        "password_reset",
        Kind::Text,
        "The mail that resets a password.",
    )
    .or("[%(server_name)s] Password reset"),
    Key::new(
        "email_already_in_use",
        Kind::Text,
        "The mail to an address that has an account already.",
    )
    .or("[%(server_name)s] Email already in use"),
    Key::new("invite_from_person", Kind::Text, NOTIFICATIONS).inert(),
    Key::new("invite_from_person_to_room", Kind::Text, NOTIFICATIONS).inert(),
    Key::new("invite_from_person_to_space", Kind::Text, NOTIFICATIONS).inert(),
    Key::new("message_from_person", Kind::Text, NOTIFICATIONS).inert(),
    Key::new("message_from_person_in_room", Kind::Text, NOTIFICATIONS).inert(),
    Key::new("messages_from_person", Kind::Text, NOTIFICATIONS).inert(),
    Key::new("messages_from_person_and_others", Kind::Text, NOTIFICATIONS).inert(),
    Key::new("messages_in_room", Kind::Text, NOTIFICATIONS).inert(),
    Key::new("messages_in_room_and_others", Kind::Text, NOTIFICATIONS).inert(),
];

/// The keys of `registrar.email`.
pub(super) const OWN_KEYS: &[Key] = &[ehlo::KEY, cleartext::KEY];

/// The mail server, and what mails say.
#[derive(Clone, Debug)]
pub struct Email {
    /// `smtp_host`.
    pub host: String,
    /// `smtp_port`.
    pub port: u16,
    /// `smtp_user` and `smtp_pass`.
    pub login: Option<(String, Secret<String>)>,
    /// How much TLS.
    pub tls: MailTls,
    /// `tlsname`, else the host.
    pub tls_name: String,
    /// `registrar.email.cleartext_login`.
    pub cleartext_login: CleartextLogin,
    /// `registrar.email.ehlo_name`, or the default.
    pub ehlo_name: String,
    /// `notif_from`. `None` when a delegate sends the mails.
    pub sender: Option<Sender>,
    /// `app_name`.
    pub app_name: String,
    /// `validation_token_lifetime`.
    pub validation_token_lifetime: Duration,
    /// Subjects and templates.
    pub texts: MailTexts,
}

/// How much TLS is used with the mail server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailTls {
    /// None: `enable_tls: false`.
    Never,
    /// STARTTLS if offered.
    Opportunistic,
    /// STARTTLS or nothing: `require_transport_security`.
    Required,
    /// From the first byte: `force_tls`.
    Immediate,
}

/// Who mails come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// `notif_from` as it is written.
    pub text: String,
    /// The name that people see.
    pub name: Option<String>,
    /// The address.
    pub address: String,
}

/// Subjects and templates of mails and of the pages behind their links.
#[derive(Clone, Debug)]
pub struct MailTexts {
    /// `subjects.email_validation`; `%(server_name)s` is still in it.
    pub validation_subject: String,
    /// `subjects.password_reset`; `%(server_name)s` is still in it.
    pub password_reset_subject: String,
    /// `subjects.email_already_in_use`; `%(server_name)s` is still in it.
    pub already_in_use_subject: String,
    /// `template_dir`, a folder of templates from older files.
    pub template_dir: Option<PathBuf>,
    /// `registration_template_html`.
    pub registration_html: String,
    /// `registration_template_text`.
    pub registration_text: String,
    /// The pages behind the links.
    pub pages: PageNames,
    /// `add_threepid_template_html`.
    pub add_threepid_html: String,
    /// `add_threepid_template_text`.
    pub add_threepid_text: String,
    /// `password_reset_template_html`.
    pub password_reset_html: String,
    /// `password_reset_template_text`.
    pub password_reset_text: String,
    /// `already_in_use_template_html`.
    pub already_in_use_html: String,
    /// `already_in_use_template_text`.
    pub already_in_use_text: String,
}

impl Email {
    /// Reads the keys of a homeserver, and the opened section `registrar.email`. `None` without the
    /// homeserver's section. `delegated`: an identity server sends the mails.
    /// `public_host`: the host in `public_baseurl`.
    pub(super) fn read(
        root: &Section<'_>,
        own: &Section<'_>,
        public_host: &str,
        delegated: bool,
    ) -> Option<Self> {
        let section = root.section("email");
        let (cleartext_login, ehlo_name) = (cleartext::read(own), ehlo::read(own, public_host));
        if !section.is_filled() {
            return None;
        }
        let host = section.text_or_default("smtp_host");
        let tls = read_tls(&section);
        let app_name = section.text_or_default("app_name");
        let sender = read_sender(&section, &app_name, delegated);
        let port = read_port(&section, tls);
        let login = read_login(&section);
        if login.is_some() {
            cleartext::warn(&section, &host, tls, cleartext_login);
        }
        Some(Self {
            port,
            login,
            cleartext_login,
            ehlo_name,
            tls,
            tls_name: section.text("tlsname").unwrap_or_else(|| host.clone()),
            host,
            sender,
            app_name,
            validation_token_lifetime: section.duration("validation_token_lifetime"),
            texts: read_texts(&section),
        })
    }
}

fn read_tls(section: &Section<'_>) -> MailTls {
    let (force, require) = (section.flag(FORCE_TLS), section.flag(REQUIRE_TLS));
    let enabled = section.flag("enable_tls");
    for (name, wanted) in [(FORCE_TLS, force), (REQUIRE_TLS, require)] {
        if wanted && !enabled {
            section.mistake(
                name,
                "contradicts `enable_tls: false`: set that to true, or leave it away",
            );
        }
    }
    match (force, require, enabled) {
        (true, _, _) => MailTls::Immediate,
        (false, true, _) => MailTls::Required,
        (false, false, true) => MailTls::Opportunistic,
        (false, false, false) => MailTls::Never,
    }
}

/// Where TLS from the first byte is spoken, by long custom and RFC 8314.
const IMPLICIT_TLS_PORT: u16 = 465;

fn read_port(section: &Section<'_>, tls: MailTls) -> u16 {
    let given = section.integer_if_given("smtp_port");
    if given == Some(IMPLICIT_TLS_PORT) && tls != MailTls::Immediate {
        section.warning(
            "smtp_port",
            "on port 465, mail servers expect TLS from the first byte, but this server would wait \
             for a greeting and send no mail: set `force_tls: true`, or use port 587 with STARTTLS",
        );
    }
    given.unwrap_or(if tls == MailTls::Immediate {
        IMPLICIT_TLS_PORT
    } else {
        25
    })
}

fn read_login(section: &Section<'_>) -> Option<(String, Secret<String>)> {
    let (user, password) = (section.text("smtp_user"), section.secret("smtp_pass"));
    if user.is_none() && password.is_some() {
        section.warning("smtp_pass", "has no effect without `smtp_user`");
    }
    let user = user?;
    Some((user, password.unwrap_or_else(|| Secret::new(String::new()))))
}

fn read_sender(section: &Section<'_>, app_name: &str, delegated: bool) -> Option<Sender> {
    let notifications = section.flag("enable_notifs");
    if notifications {
        section.ignore("enable_notifs", NOTIFICATIONS);
    }
    let Some(text) = section.text("notif_from") else {
        if !delegated {
            section.require(
                "notif_from",
                "is required: the sender of mails, such as `Matrix <noreply@example.org>`",
            );
        } else if notifications {
            section.require("notif_from", "is required by `email.enable_notifs`");
        }
        return None;
    };
    let sender = parse_sender(&text, app_name);
    section.accept(
        "notif_from",
        sender.ok_or(
            "has no mail address that could be understood: write it like `Matrix \
         <noreply@example.org>`",
        ),
    )
}

/// `Name <address>`, or an address alone.
fn parse_sender(text: &str, app_name: &str) -> Option<Sender> {
    let filled = text.replace("%(app)s", app_name);
    // A line end would let whatever follows become a header of its own.
    if filled.chars().any(char::is_control) {
        return None;
    }
    let (name, address) = match filled.trim().strip_suffix('>') {
        Some(rest) => {
            let (name, address) = rest.rsplit_once('<')?;
            (name.trim().trim_matches('"').trim(), address.trim())
        }
        None => ("", filled.trim()),
    };
    let (local, domain) = address.rsplit_once('@')?;
    let plausible = !local.is_empty()
        && !domain.is_empty()
        && !address.contains(|c: char| c.is_whitespace() || "<>,;".contains(c));
    let name = (!name.is_empty()).then(|| name.to_owned());
    plausible.then(|| Sender {
        text: text.to_owned(),
        name,
        address: address.to_owned(),
    })
}

fn read_texts(section: &Section<'_>) -> MailTexts {
    let text = |name: &str| section.text_or_default(name);
    let subjects = section.section("subjects");
    MailTexts {
        validation_subject: subjects.text_or_default("email_validation"),
        password_reset_subject: subjects.text_or_default("password_reset"),
        already_in_use_subject: subjects.text_or_default("email_already_in_use"),
        template_dir: section.path("template_dir"),
        registration_html: text("registration_template_html"),
        registration_text: text("registration_template_text"),
        pages: PageNames {
            registration_success: text("registration_template_success_html"),
            registration_failure: text("registration_template_failure_html"),
            add_threepid_success: text("add_threepid_template_success_html"),
            add_threepid_failure: text("add_threepid_template_failure_html"),
            password_reset_success: text("password_reset_template_success_html"),
            password_reset_failure: text("password_reset_template_failure_html"),
        },
        add_threepid_html: text("add_threepid_template_html"),
        add_threepid_text: text("add_threepid_template_text"),
        password_reset_html: text("password_reset_template_html"),
        password_reset_text: text("password_reset_template_text"),
        already_in_use_html: text("already_in_use_template_html"),
        already_in_use_text: text("already_in_use_template_text"),
    }
}
