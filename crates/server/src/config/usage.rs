//! Limits on the use of the whole server: switched off, or full.

use std::collections::BTreeMap;

use registrar_domain::policy::ServerDisabled;

use super::key::{Key, Kind};
use super::section::Section;
use super::tree::{Mapping, Value};

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
        "The same per application service: its ID, then days.",
    ),
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
pub(crate) struct Usage {
    /// `hs_disabled` and what users are told.
    pub(crate) disabled: Option<ServerDisabled>,
    /// `admin_contact`.
    pub(crate) admin_contact: Option<String>,
    /// `limit_usage_by_mau` and what goes with it; `None` if off.
    pub(crate) monthly: Option<MonthlyLimit>,
}

/// A limit on monthly active users.
#[derive(Clone, Debug)]
pub(crate) struct MonthlyLimit {
    /// `max_mau_value`.
    pub(crate) max_users: u64,
    /// `mau_limit_reserved_threepids`: medium and address.
    pub(crate) reserved: Vec<(String, String)>,
    /// `mau_trial_days`.
    pub(crate) trial_days: u32,
    /// `mau_appservice_trial_days`: per ID of an application service.
    pub(crate) app_service_trial_days: BTreeMap<String, u32>,
}

impl Usage {
    pub(super) fn read(root: &Section<'_>) -> Self {
        let admin_contact = root.text("admin_contact");
        let message = root.text("hs_disabled_message").unwrap_or_default();
        let disabled = root.flag("hs_disabled").then(|| ServerDisabled {
            message,
            admin_contact: admin_contact.clone(),
        });
        let monthly = MonthlyLimit {
            max_users: root.integer("max_mau_value"),
            reserved: read_reserved(root),
            trial_days: root.integer("mau_trial_days"),
            app_service_trial_days: read_app_service_trial_days(root),
        };
        let limited = root.flag("limit_usage_by_mau");
        Self {
            disabled,
            admin_contact,
            monthly: limited.then_some(monthly),
        }
    }
}

fn read_reserved(root: &Section<'_>) -> Vec<(String, String)> {
    let mut reserved = Vec::new();
    for section in root
        .sections("mau_limit_reserved_threepids")
        .unwrap_or_default()
    {
        section.require("medium", "is required: `email` or `msisdn`");
        section.require("address", "is required");
        reserved.extend(section.choice("medium").zip(section.text("address")));
    }
    reserved
}

fn read_app_service_trial_days(root: &Section<'_>) -> BTreeMap<String, u32> {
    let name = "mau_appservice_trial_days";
    let mut days = BTreeMap::new();
    let entries = root.mapping(name).into_iter().flat_map(Mapping::iter);
    for (id, node) in entries {
        match &node.value {
            Value::Integer(count) if (0..=36_500).contains(count) => {
                days.insert(id.to_owned(), u32::try_from(*count).unwrap_or_default());
            }
            other => {
                let found = other.describe();
                root.mistake(
                    name,
                    format!("`{id}` needs a number of days, found {found}"),
                );
            }
        }
    }
    days
}
