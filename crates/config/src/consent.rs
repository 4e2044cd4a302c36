//! `user_consent`: the policy that users agree to.

use std::path::PathBuf;

use super::key::{Key, Kind};
use super::listeners::{Listener, Resource};
use super::secrets::Secrets;
use super::section::Section;

pub(super) const KEYS: &[Key] = &[Key::new(
    "user_consent",
    Kind::Section(CONSENT),
    "The policy that users agree to.",
)];

const CONSENT: &[Key] = &[
    Key::new(
        "version",
        Kind::Label,
        "The current version of the policy. Required.",
    ),
    Key::new(
        "template_dir",
        Kind::Text,
        "The folder of the pages, with `en/<version>.html` and `en/success.html`. Required.",
    ),
    Key::new(
        "require_at_registration",
        Kind::Flag,
        "Everybody has to agree to register.",
    )
    .or("false"),
    Key::new("policy_name", Kind::Text, "What the policy is called.").or("Privacy Policy"),
    Key::new("block_events_error", Kind::Text, "For a homeserver.").inert(),
    Key::new("server_notice_content", Kind::Mapping, "For a homeserver.").inert(),
    Key::new(
        "send_server_notice_to_guests",
        Kind::Flag,
        "For a homeserver.",
    )
    .inert(),
];

/// The policy that users agree to.
#[derive(Clone, Debug)]
pub struct Consent {
    /// `version`.
    pub version: String,
    /// `template_dir`, an existing folder.
    pub template_dir: PathBuf,
    /// `require_at_registration`.
    pub required_at_registration: bool,
    /// `policy_name`.
    pub policy_name: String,
}

impl Consent {
    /// `None` without the section, or if it lacks something, which is reported.
    pub(super) fn read(
        root: &Section<'_>,
        listeners: &[Listener],
        secrets: &Secrets,
    ) -> Option<Self> {
        let section = root.section("user_consent");
        check_page(root, &section, listeners, secrets);
        if !section.is_filled() {
            return None;
        }
        let required_at_registration = section.flag("require_at_registration");
        let policy_name = section.text_or_default("policy_name");
        let version = section.label("version");
        section.require("version", "is required: the current version of the policy");
        section.require(
            "template_dir",
            "is required: the folder of the policy's pages",
        );
        let template_dir = section.path("template_dir");
        if let Some(folder) = template_dir.as_ref().filter(|folder| !folder.is_dir()) {
            section.mistake(
                "template_dir",
                format!("there is no folder {}", folder.display()),
            );
        }
        Some(Self {
            version: version?,
            template_dir: template_dir?,
            required_at_registration,
            policy_name,
        })
    }
}

/// What the consent page needs, if a listener serves it.
fn check_page(
    root: &Section<'_>,
    section: &Section<'_>,
    listeners: &[Listener],
    secrets: &Secrets,
) {
    if !listeners
        .iter()
        .any(|listener| listener.resources.contains(&Resource::Consent))
    {
        return;
    }
    if !section.is_filled() {
        root.mistake(
            "user_consent",
            "is required by the resource `consent` of a listener",
        );
    }
    if secrets.form.is_none() {
        root.require(
            "form_secret",
            "is required by the resource `consent` of a listener",
        );
    }
}
