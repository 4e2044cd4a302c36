//! Limits on the use of the whole server: switched off, or full.

use std::time::Duration;

use registrar_domain::model::policy::{MonthlyLimit, ServerDisabled, UsagePolicy};
use registrar_domain::model::threepid::{Medium, Threepid};

use super::key::{Key, Kind};
use super::section::Section;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "hs_disabled",
        Kind::Flag,
        "Switch the server off for its users.",
    )
    .or("false"),
    Key::new(
        "hs_disabled_message",
        Kind::Text,
        "What they are told then.",
    ),
    Key::new(
        "admin_contact",
        Kind::Text,
        "Where users can turn to, such as `mailto:admin@example.org`.",
    ),
    Key::new(
        "limit_usage_by_mau",
        Kind::Flag,
        "Limit the number of users who are active in a month.",
    )
    .or("false"),
    Key::new(
        "max_mau_value",
        Kind::Integer(0, i64::MAX),
        "How many of them.",
    )
    .or("0"),
    Key::new(
        "mau_limit_reserved_threepids",
        Kind::List(&Kind::Section(RESERVED)),
        "Users who are let in whatever the limit.",
    ),
    Key::new(
        "mau_trial_days",
        Kind::Integer(0, 36_500),
        "Days for which a new user does not count.",
    )
    .or("0"),
    Key::new(
        "mau_appservice_trial_days",
        Kind::Mapping,
        "For a homeserver: the users of application services do not count here.",
    )
    .inert(),
    Key::new("mau_stats_only", Kind::Flag, "For a homeserver.")
        .or("false")
        .inert(),
    Key::new("mau_limit_alerting", Kind::Flag, "For a homeserver.")
        .or("true")
        .inert(),
];

const RESERVED: &[Key] = &[
    Key::new(
        "medium",
        Kind::Choice(&["email", "msisdn"]),
        "What kind of address. Required.",
    ),
    Key::new("address", Kind::Text, "The address. Required."),
];

/// Limits on the use of the whole server.
#[derive(Clone, Debug)]
pub struct Usage {
    /// What the use-cases hold users to.
    pub policy: UsagePolicy,
    /// `admin_contact`.
    pub admin_contact: Option<String>,
}

impl Usage {
    pub(super) fn read(root: &Section<'_>) -> Self {
        let admin_contact = root.text("admin_contact");
        let message = root.text("hs_disabled_message").unwrap_or_default();
        let disabled = root.flag("hs_disabled").then(|| ServerDisabled {
            message,
            admin_contact: admin_contact.clone(),
        });
        let trial_days: u32 = root.integer("mau_trial_days");
        let monthly = MonthlyLimit {
            max_users: root.integer("max_mau_value"),
            reserved: read_reserved(root),
            trial: Duration::from_hours(24 * u64::from(trial_days)),
            admin_contact: admin_contact.clone(),
        };
        let limited = root.flag("limit_usage_by_mau");
        Self {
            policy: UsagePolicy {
                disabled,
                monthly: limited.then_some(monthly),
            },
            admin_contact,
        }
    }
}

fn read_reserved(root: &Section<'_>) -> Vec<Threepid> {
    let mut reserved = Vec::new();
    for section in root
        .sections("mau_limit_reserved_threepids")
        .unwrap_or_default()
    {
        section.require("medium", "is required: `email` or `msisdn`");
        section.require("address", "is required");
        let medium = section.choice("medium").as_deref().and_then(Medium::parse);
        let threepid = medium.zip(section.text("address"));
        // As it is written: Synapse compares it with canonical addresses.
        reserved
            .extend(threepid.map(|(medium, address)| Threepid::from_canonical(medium, address)));
    }
    reserved
}
