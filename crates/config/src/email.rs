//! `email`: the mail server, and what mails say.

use std::path::PathBuf;
use std::time::Duration;

use registrar_domain::model::id::ServerName;
use registrar_domain::model::secret::Secret;
use registrar_http_hyper::pages::PageNames;
use registrar_mail::options::{
    CleartextLogin, Credentials, Encryption, Smtp, Subjects, TemplateNames, TemplatePair,
    check_sender,
};

use super::keys::{Keys as _, keys};
use super::section::{Entry, Section};
use super::types::{Inert, Int, OneOf};

mod cleartext;
mod ehlo;

keys! {
    pub(crate) struct EmailGroup {
        /// The mail server. Without the section (and without a delegate) email addresses cannot be
        /// validated.
        email: Option<EmailKeys>,
    }
}

keys! {
    pub(crate) struct EmailKeys {
        /// The mail server.
        smtp_host: String = "localhost",
        /// The port of the mail server. Default: 25, or 465 with `force_tls`.
        smtp_port: Option<Int<u16, 1, 65_535>>,
        /// The user name at the mail server.
        smtp_user: Option<String>,
        /// The password of that user.
        smtp_pass: Option<Secret<String>>,
        /// Use TLS from the first byte (implicit TLS).
        force_tls: bool = "false",
        /// Send no mail if the server does not offer STARTTLS.
        require_transport_security: bool = "false",
        /// Use STARTTLS if the server offers it.
        enable_tls: bool = "true",
        /// The name in the server's certificate. Default: `smtp_host`.
        tlsname: Option<String>,
        /// The sender, such as `%(app)s <noreply@example.org>`. Required, unless a delegate sends the
        /// mails.
        notif_from: Option<String>,
        /// The value of `%(app)s`.
        app_name: String = "Matrix",
        /// How long the link in a mail is valid.
        validation_token_lifetime: Duration = "1h",
        /// Mails about messages: sent by the homeserver, but checked here.
        enable_notifs: bool = "false",
        /// Subjects of mails.
        subjects: SubjectKeys,
        /// A folder of templates, from older files. Prefer `templates.custom_template_directory`, which is
        /// searched first.
        template_dir: Option<PathBuf>,
        /// The mail, as HTML.
        registration_template_html: String = "registration.html",
        /// The mail, as text.
        registration_template_text: String = "registration.txt",
        /// The page behind a link that does not work.
        registration_template_failure_html: String = "registration_failure.html",
        /// The page behind a link that works.
        registration_template_success_html: String = "registration_success.html",
        /// The mail that adds an address to an account, as HTML.
        add_threepid_template_html: String = "add_threepid.html",
        /// The same, as text.
        add_threepid_template_text: String = "add_threepid.txt",
        /// The page behind a link that does not work, for an address of an existing account.
        add_threepid_template_failure_html: String = "add_threepid_failure.html",
        /// The page behind a link that works, for an address of an existing account.
        add_threepid_template_success_html: String = "add_threepid_success.html",
        /// The mail that resets a password, as HTML.
        password_reset_template_html: String = "password_reset.html",
        /// The same, as text.
        password_reset_template_text: String = "password_reset.txt",
        /// The page behind a link that does not work, for a new password.
        password_reset_template_failure_html: String = "password_reset_failure.html",
        /// The page behind a link that works, for a new password.
        password_reset_template_success_html: String = "password_reset_success.html",
        /// The mail to an address that has an account already, as HTML.
        already_in_use_template_html: String = "already_in_use.html",
        /// The same, as text.
        already_in_use_template_text: String = "already_in_use.txt",
    }
    unused {
        /// Mails about messages: the homeserver.
        client_base_url: Inert<String>,
        /// Accounts do not expire here.
        expiry_template_html: Inert<String>,
        /// Accounts do not expire here.
        expiry_template_text: Inert<String>,
        /// Invitations to rooms: the homeserver.
        invite_client_location: Inert<String>,
        /// Mails about messages: the homeserver.
        notif_delay_before_mail: Inert<Duration>,
        /// Mails about messages: the homeserver.
        notif_template_html: Inert<String>,
        /// Mails about messages: the homeserver.
        notif_template_text: Inert<String>,
        /// Mails about messages: the homeserver.
        riot_base_url: Inert<String>,
        /// Mails about messages: the homeserver.
        notif_for_new_users: Inert<bool> = "true",
    }
}

keys! {
    pub(crate) struct SubjectKeys {
        /// The mail with the link.
        email_validation: String = "[%(server_name)s] Validate your email",
        /// The mail that resets a password.
        password_reset: String = "[%(server_name)s] Password reset",
        /// The mail to an address that has an account already.
        email_already_in_use: String = "[%(server_name)s] Email already in use",
    }
    unused {
        /// Mails about messages: the homeserver.
        invite_from_person: Inert<String>,
        /// Mails about messages: the homeserver.
        invite_from_person_to_room: Inert<String>,
        /// Mails about messages: the homeserver.
        invite_from_person_to_space: Inert<String>,
        /// Mails about messages: the homeserver.
        message_from_person: Inert<String>,
        /// Mails about messages: the homeserver.
        message_from_person_in_room: Inert<String>,
        /// Mails about messages: the homeserver.
        messages_from_person: Inert<String>,
        /// Mails about messages: the homeserver.
        messages_from_person_and_others: Inert<String>,
        /// Mails about messages: the homeserver.
        messages_in_room: Inert<String>,
        /// Mails about messages: the homeserver.
        messages_in_room_and_others: Inert<String>,
    }
}

keys! {
    /// `registrar.email`.
    pub(crate) struct OwnEmailKeys {
        /// How this server introduces itself to the mail server: a full host name, or an address such as
        /// `[192.0.2.1]`. Default: the name of this machine if that has a domain, else the host of
        /// `public_baseurl`.
        ehlo_name: Option<String>,
        /// Where `smtp_pass` may be sent without encryption: to no address, to those of this machine and
        /// of private networks, or to all. The address of the connection decides.
        cleartext_login: OneOf<CleartextLogin> = "in_private_networks",
    }
}

/// What the section says.
pub(crate) struct Email {
    /// How mails are sent. `None`: nobody is named as their sender, since a delegate sends them.
    pub(crate) mails: Option<registrar_mail::Options>,
    /// How long the link in a mail is valid.
    pub(crate) link_lifetime: Duration,
    /// The pages behind the links.
    pub(crate) pages: PageNames,
    /// `template_dir`.
    pub(crate) template_dir: Option<PathBuf>,
}

/// What the section is read with.
pub(crate) struct Surroundings<'a> {
    pub(crate) own: &'a OwnEmailKeys,
    pub(crate) server_name: Option<&'a ServerName>,
    /// The host in `public_baseurl`.
    pub(crate) public_host: &'a str,
    /// Does an identity server send the mails?
    pub(crate) is_delegated: bool,
    /// How long the mail server may take.
    pub(crate) deadline: Duration,
    /// `templates.custom_template_directory`.
    pub(crate) template_dir: Option<&'a PathBuf>,
}

/// `None` without the section.
pub(crate) fn read(root: &Section<'_>, with: &Surroundings<'_>) -> Option<Email> {
    let group = EmailGroup::read(root);
    let ehlo_name = ehlo::read(&with.own.ehlo_name, with.public_host);
    let keys = group.email.as_ref()?;
    let smtp = read_smtp(keys, ehlo_name, with);
    let notif_from = read_sender(keys, with.is_delegated);
    let template_dir = keys.template_dir.clone();
    let folders = [with.template_dir, template_dir.as_ref()];
    let mails = notif_from
        .zip(with.server_name)
        .map(|(notif_from, server_name)| registrar_mail::Options {
            smtp,
            app_name: keys.app_name.clone(),
            subjects: Subjects {
                email_validation: keys.subjects.email_validation.clone(),
                password_reset: keys.subjects.password_reset.clone(),
                email_already_in_use: keys.subjects.email_already_in_use.clone(),
            },
            template_directories: folders.into_iter().flatten().cloned().collect(),
            templates: read_templates(keys),
            ..registrar_mail::Options::new(server_name.clone(), notif_from)
        });
    Some(Email {
        mails,
        link_lifetime: *keys.validation_token_lifetime,
        pages: read_pages(keys),
        template_dir,
    })
}

fn read_smtp(keys: &EmailKeys, ehlo_name: String, with: &Surroundings<'_>) -> Smtp {
    let defaults = Smtp::default();
    let encryption = read_encryption(keys);
    let credentials = read_login(keys);
    let cleartext_login = *with.own.cleartext_login;
    if credentials.is_some() {
        cleartext::warn(keys, encryption, cleartext_login);
    }
    Smtp {
        host: keys.smtp_host.clone(),
        port: read_port(keys, encryption),
        encryption,
        tls_name: keys.tlsname.clone(),
        credentials,
        cleartext_login,
        ehlo_name: Some(ehlo_name),
        connect_timeout: defaults.connect_timeout.min(with.deadline),
        send_timeout: defaults.send_timeout.min(with.deadline),
        ..defaults
    }
}

fn read_encryption(keys: &EmailKeys) -> Encryption {
    let (force, require) = (&keys.force_tls, &keys.require_transport_security);
    for wanted in [force, require] {
        if **wanted && !*keys.enable_tls {
            wanted
                .at
                .mistake("contradicts `enable_tls: false`: set that to true, or remove it");
        }
    }
    match (**force, **require, *keys.enable_tls) {
        (true, _, _) => Encryption::Implicit,
        (false, true, _) => Encryption::Required,
        (false, false, true) => Encryption::IfOffered,
        (false, false, false) => Encryption::Off,
    }
}

fn read_port(keys: &EmailKeys, encryption: Encryption) -> u16 {
    let implicit = Encryption::Implicit;
    if *keys.smtp_port == Some(implicit.default_port()) && encryption != implicit {
        keys.smtp_port.at.warn(
            "on port 465, mail servers expect TLS from the first byte, but this server would wait \
             for a greeting and send no mail: set `force_tls: true`, or use port 587 with STARTTLS",
        );
    }
    keys.smtp_port.unwrap_or(encryption.default_port())
}

fn read_login(keys: &EmailKeys) -> Option<Credentials> {
    let password = &keys.smtp_pass;
    if keys.smtp_user.is_none() && password.is_some() {
        password.at.warn("has no effect without `smtp_user`");
    }
    let empty = || Secret::new(String::new());
    Some(Credentials {
        user: keys.smtp_user.clone()?,
        password: password.cloned().unwrap_or_else(empty),
    })
}

fn read_sender(keys: &EmailKeys, is_delegated: bool) -> Option<String> {
    let (sender, notifications) = (&keys.notif_from, &keys.enable_notifs);
    if **notifications {
        notifications
            .at
            .ignore("Mails about messages: the homeserver.");
    }
    if !is_delegated {
        sender.require("is required: the sender of mails, such as `Matrix <noreply@example.org>`");
    } else if **notifications {
        sender.require("is required by `email.enable_notifs`");
    }
    let text = sender.cloned()?;
    let checked = check_sender(&text, &keys.app_name)
        .map_err(|_| "is not a mail address: write it like `Matrix <noreply@example.org>`");
    sender.at.accept(checked).map(|()| text)
}

fn read_templates(keys: &EmailKeys) -> TemplateNames {
    let pair = |html: &Entry<String>, text: &Entry<String>| TemplatePair {
        html: html.to_string(),
        text: text.to_string(),
    };
    TemplateNames {
        registration: pair(
            &keys.registration_template_html,
            &keys.registration_template_text,
        ),
        add_threepid: pair(
            &keys.add_threepid_template_html,
            &keys.add_threepid_template_text,
        ),
        password_reset: pair(
            &keys.password_reset_template_html,
            &keys.password_reset_template_text,
        ),
        already_in_use: pair(
            &keys.already_in_use_template_html,
            &keys.already_in_use_template_text,
        ),
    }
}

fn read_pages(keys: &EmailKeys) -> PageNames {
    PageNames {
        registration_success: keys.registration_template_success_html.clone(),
        registration_failure: keys.registration_template_failure_html.clone(),
        add_threepid_success: keys.add_threepid_template_success_html.clone(),
        add_threepid_failure: keys.add_threepid_template_failure_html.clone(),
        password_reset_success: keys.password_reset_template_success_html.clone(),
        password_reset_failure: keys.password_reset_template_failure_html.clone(),
    }
}
