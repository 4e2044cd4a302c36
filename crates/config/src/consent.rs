//! `user_consent`: the policy that users agree to.

use std::path::PathBuf;

use registrar_http_hyper::Resource;

use super::keys::{Keys as _, keys};
use super::listeners::Listener;
use super::secrets::SecretKeys;
use super::section::Section;
use super::templates;
use super::tree::Mapping;
use super::types::{Inert, Label};

keys! {
    pub(crate) struct ConsentGroup {
        /// The policy that users agree to.
        user_consent: Option<ConsentKeys>,
    }
}

keys! {
    pub(crate) struct ConsentKeys {
        /// The current version of the policy. Required.
        version: Option<Label>,
        /// The folder of the pages, with `en/<version>.html` and `en/success.html`. Required.
        template_dir: Option<PathBuf>,
        /// Registration requires agreement.
        require_at_registration: bool = "false",
        /// What the policy is called.
        policy_name: String = "Privacy Policy",
    }
    unused {
        /// For a homeserver.
        block_events_error: Inert<String>,
        /// For a homeserver.
        server_notice_content: Inert<Mapping>,
        /// For a homeserver.
        send_server_notice_to_guests: Inert<bool>,
    }
}

/// The policy that users agree to.
pub(crate) struct Consent {
    pub(crate) version: String,
    /// An existing folder.
    pub(crate) template_dir: PathBuf,
    pub(crate) is_required: bool,
    pub(crate) policy_name: String,
}

impl Consent {
    /// `None` without the section, or if it lacks something, which is reported.
    pub(crate) fn read(
        root: &Section<'_>,
        listeners: &[Listener],
        secrets: &SecretKeys,
    ) -> Option<Self> {
        let group = ConsentGroup::read(root);
        let section = &group.user_consent;
        let shows_page = |it: &Listener| it.options.resources.contains(&Resource::Consent);
        if listeners.iter().any(shows_page) {
            const REQUIRED: &str = "is required by the resource `consent` of a listener";
            section.require(REQUIRED);
            secrets.form_secret.require(REQUIRED);
        }
        let keys = section.as_ref()?;
        keys.version
            .require("is required: the current version of the policy");
        keys.template_dir
            .require("is required: the folder of the policy's pages");
        templates::check_folder(&keys.template_dir);
        Some(Self {
            version: keys.version.clone()?,
            template_dir: keys.template_dir.clone()?,
            is_required: *keys.require_at_registration,
            policy_name: keys.policy_name.clone(),
        })
    }
}
