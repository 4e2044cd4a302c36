//! Issuing tokens: the device, its refresh token if wanted, and its access token, inside the unit
//! of work of the use-case that logs somebody in.
//!
//! See `docs/BEHAVIOR.md` §8.7.

use crate::model::context::RequestContext;
use crate::model::device::DisplayName;
use crate::model::id::{DeviceId, Localpart};
use crate::model::policy::TokenLifetimes;
use crate::model::time::{Timestamp, earliest};
use crate::model::token::{
    AccessToken, NewAccessToken, NewRefreshToken, RefreshToken, RefreshTokenKey,
};
use crate::model::uia::AnsweredTokens;
use crate::ports::store::Sighting;
use crate::ports::{StoreError, UnitOfWork};
use crate::usecase::shared::Shared;

/// How often a made-up device ID may turn out to exist before the last one is taken anyway.
const DEVICE_ID_ATTEMPTS: usize = 5;

/// Somebody logs in on a device.
#[derive(Clone, Debug)]
pub(crate) struct NewLogin<'a> {
    pub(crate) localpart: &'a Localpart,
    pub(crate) device_id: &'a DeviceId,
    pub(crate) display_name: Option<&'a DisplayName>,
    pub(crate) refresh: RefreshChoice,
    pub(crate) device: DeviceHistory,
}

/// May the device have tokens already?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeviceHistory {
    /// The account has no such device.
    New,
    /// It may; they end now.
    MayExist,
}

/// Does the client want a refresh token?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefreshChoice {
    Requested,
    NotRequested,
}

impl From<bool> for RefreshChoice {
    fn from(wanted: bool) -> Self {
        if wanted {
            Self::Requested
        } else {
            Self::NotRequested
        }
    }
}

/// What a client receives when it is logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedTokens {
    /// The access token.
    pub access_token: AccessToken,
    /// The device it belongs to.
    pub device_id: DeviceId,
    /// Milliseconds until the access token expires; `None` for never.
    pub expires_in_ms: Option<u64>,
    /// The refresh token, if one was wanted and refreshing is on.
    pub refresh_token: Option<RefreshToken>,
}

impl IssuedTokens {
    /// What tells them again without keeping them.
    pub(crate) fn digests(&self) -> AnsweredTokens {
        AnsweredTokens {
            access: self.access_token.digest(),
            refresh: self.refresh_token.as_ref().map(RefreshToken::digest),
        }
    }
}

/// When the tokens of one issue expire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expiries {
    pub(crate) access: Option<Timestamp>,
    pub(crate) refresh: Option<Timestamp>,
    pub(crate) session: Option<Timestamp>,
}

impl Expiries {
    /// Of a login without a refresh token.
    pub(crate) fn without_refresh(lifetimes: &TokenLifetimes, now: Timestamp) -> Self {
        let after = |lifetime| now.after(lifetime);
        let access = earliest(
            lifetimes.session.map(after),
            lifetimes.nonrefreshable_access.map(after),
        );
        Self {
            access,
            refresh: None,
            session: None,
        }
    }

    /// Of tokens that can be refreshed until `session` ends the login.
    pub(crate) fn with_refresh(
        lifetimes: &TokenLifetimes,
        session: Option<Timestamp>,
        now: Timestamp,
    ) -> Self {
        let capped = |lifetime: Option<std::time::Duration>| {
            earliest(lifetime.map(|lifetime| now.after(lifetime)), session)
        };
        Self {
            access: capped(lifetimes.refreshable_access),
            refresh: capped(lifetimes.refresh),
            session,
        }
    }
}

/// Logs somebody in: adds the device or finds it again, ends the tokens it had, issues new ones.
///
/// Tokens that the device had before stop working, as the specification asks for a repeated login.
pub(crate) async fn issue(
    uow: &mut dyn UnitOfWork,
    shared: &Shared,
    ctx: &RequestContext,
    login: &NewLogin<'_>,
) -> Result<IssuedTokens, StoreError> {
    let now = shared.now();
    let NewLogin {
        localpart,
        device_id,
        display_name,
        refresh,
        device,
    } = login;
    let sighting = sighting(ctx, now);
    uow.devices()
        .add_or_see(localpart, device_id, *display_name, &sighting)
        .await?;
    if *device == DeviceHistory::MayExist {
        uow.tokens().remove_of_device(localpart, device_id).await?;
    }

    let lifetimes = &shared.policy.lifetimes;
    let refreshable =
        *refresh == RefreshChoice::Requested && lifetimes.refreshable_access.is_some();
    if !refreshable {
        let expiries = Expiries::without_refresh(lifetimes, now);
        return add_pair(uow, shared, localpart, device_id, expiries, None).await;
    }
    let session = lifetimes.session.map(|lifetime| now.after(lifetime));
    let expiries = Expiries::with_refresh(lifetimes, session, now);
    let refresh_token = RefreshToken::generate(shared.entropy(), localpart);
    let key = uow
        .tokens()
        .add_refresh(&NewRefreshToken {
            digest: refresh_token.digest(),
            localpart: (*localpart).clone(),
            device_id: (*device_id).clone(),
            expires: expiries.refresh,
            session_expires: expiries.session,
            lineage: refresh_token.lineage(),
        })
        .await?;
    add_pair(
        uow,
        shared,
        localpart,
        device_id,
        expiries,
        Some((refresh_token, key)),
    )
    .await
}

/// Adds an access token and puts the answer together.
pub(crate) async fn add_pair(
    uow: &mut dyn UnitOfWork,
    shared: &Shared,
    localpart: &Localpart,
    device_id: &DeviceId,
    expiries: Expiries,
    refresh: Option<(RefreshToken, RefreshTokenKey)>,
) -> Result<IssuedTokens, StoreError> {
    let now = shared.now();
    let access_token = AccessToken::generate(shared.entropy(), localpart);
    let (refresh_token, refresh_key) = refresh.unzip();
    uow.tokens()
        .add_access(&NewAccessToken {
            digest: access_token.digest(),
            localpart: localpart.clone(),
            device_id: Some(device_id.clone()),
            issued: now,
            expires: expiries.access,
            refresh_token: refresh_key,
            made_by: None,
        })
        .await?;
    Ok(IssuedTokens {
        access_token,
        device_id: device_id.clone(),
        expires_in_ms: expiries.access.map(|expires| expires.ms_since(now)),
        refresh_token,
    })
}

/// A device ID that the account does not have yet.
pub(crate) async fn fresh_device_id(
    uow: &mut dyn UnitOfWork,
    shared: &Shared,
    localpart: &Localpart,
) -> Result<DeviceId, StoreError> {
    let mut candidate = DeviceId::generate(shared.entropy());
    for _ in 1..DEVICE_ID_ATTEMPTS {
        if uow.devices().find(localpart, &candidate).await?.is_none() {
            break;
        }
        candidate = DeviceId::generate(shared.entropy());
    }
    Ok(candidate)
}

/// A request, as the device's record keeps it.
pub(crate) fn sighting(ctx: &RequestContext, now: Timestamp) -> Sighting {
    Sighting {
        at: now,
        ip: ctx.client_ip.map(|_| ctx.client_ip_text()),
        user_agent: Some(ctx.recorded_user_agent().to_owned()).filter(|agent| !agent.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_ms(1_000_000);

    fn seconds(s: u64) -> Option<Duration> {
        Some(Duration::from_secs(s))
    }

    fn at(s: i64) -> Option<Timestamp> {
        Some(Timestamp::from_unix_ms(NOW.unix_ms() + s * 1000))
    }

    #[test]
    fn expiry_table() {
        let lifetimes =
            |session, refreshable_access, nonrefreshable_access, refresh| TokenLifetimes {
                session,
                refreshable_access,
                nonrefreshable_access,
                refresh,
            };
        let endless = lifetimes(None, seconds(300), None, None);
        let capped = lifetimes(seconds(5), seconds(300), seconds(4), seconds(8));

        let without = |l| Expiries::without_refresh(&l, NOW).access;
        assert_eq!(without(endless), None);
        assert_eq!(without(capped), at(4));
        assert_eq!(
            without(lifetimes(seconds(3), None, seconds(4), None)),
            at(3)
        );

        let with = |l: TokenLifetimes| {
            Expiries::with_refresh(&l, l.session.map(|lifetime| NOW.after(lifetime)), NOW)
        };
        assert_eq!(
            with(endless),
            Expiries {
                access: at(300),
                refresh: None,
                session: None
            }
        );
        assert_eq!(
            with(capped),
            Expiries {
                access: at(5),
                refresh: at(5),
                session: at(5)
            }
        );
    }
}
