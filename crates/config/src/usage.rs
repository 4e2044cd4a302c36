//! Limits on the use of the whole server: switched off, or full.

use std::time::Duration;

use registrar_domain::model::policy::{MonthlyLimit, ServerDisabled, UsagePolicy};
use registrar_domain::model::threepid::{Medium, Threepid};

use super::keys::{Keys as _, keys};
use super::section::Section;
use super::tree::Mapping;
use super::types::{Inert, Int, OneOf};

keys! {
    pub(crate) struct UsageKeys {
        /// Disable the server for its users.
        hs_disabled: bool = "false",
        /// The message to users of a disabled server.
        hs_disabled_message: Option<String>,
        /// The contact for users, such as `mailto:admin@example.org`.
        admin_contact: Option<String>,
        /// Limit the number of users who are active in a month.
        limit_usage_by_mau: bool = "false",
        /// The largest number of them.
        max_mau_value: Int<u64, 0, { i64::MAX }> = "0",
        /// Users who are not subject to the limit.
        mau_limit_reserved_threepids: Option<Vec<ReservedKeys>>,
        /// Days for which a new user does not count.
        mau_trial_days: Int<u32, 0, 36_500> = "0",
    }
    unused {
        /// For a homeserver: the users of application services do not count here.
        mau_appservice_trial_days: Inert<Mapping>,
        /// For a homeserver.
        mau_stats_only: Inert<bool> = "false",
        /// For a homeserver.
        mau_limit_alerting: Inert<bool> = "true",
    }
}

keys! {
    pub(crate) struct ReservedKeys {
        /// What kind of address. Required.
        medium: Option<OneOf<Medium>>,
        /// The address. Required.
        address: Option<String>,
    }
}

pub(crate) fn read(root: &Section<'_>) -> UsagePolicy {
    let keys = UsageKeys::read(root);
    let disabled = || ServerDisabled {
        message: keys.hs_disabled_message.clone().unwrap_or_default(),
        admin_contact: keys.admin_contact.clone(),
    };
    let monthly = MonthlyLimit {
        max_users: *keys.max_mau_value,
        reserved: read_reserved(&keys),
        trial: Duration::from_hours(24 * u64::from(*keys.mau_trial_days)),
        admin_contact: keys.admin_contact.clone(),
    };
    UsagePolicy {
        disabled: keys.hs_disabled.then(disabled),
        monthly: keys.limit_usage_by_mau.then_some(monthly),
    }
}

fn read_reserved(keys: &UsageKeys) -> Vec<Threepid> {
    let mut reserved = Vec::new();
    for keys in keys.mau_limit_reserved_threepids.iter().flatten() {
        keys.medium.require("is required: `email` or `msisdn`");
        keys.address.require("is required");
        let threepid = (*keys.medium).zip(keys.address.clone());
        // As it is written: Synapse compares it with canonical addresses.
        reserved
            .extend(threepid.map(|(medium, address)| Threepid::from_canonical(medium, address)));
    }
    reserved
}
