//! `GET /_synapse/admin/v2/users`, `/v3/users`, and `GET` and `PUT /_synapse/admin/v2/users/{userId}`

pub(crate) mod admin;
pub(super) mod changes;
pub(crate) mod devices;
pub(crate) mod joined_rooms;
pub(crate) mod login;
mod query;

use http::StatusCode;
use registrar_domain::model::account::AccountKind;
use registrar_domain::model::threepid::AccountThreepid;
use registrar_domain::model::time::Timestamp;
use registrar_domain::usecase::admin::UserDetails;
use registrar_domain::usecase::admin::change::Changed;
use serde::Serialize;

use self::query::ListVersion;
use crate::app::{App, Reply};
use crate::endpoint::admin::admin_and_user;
use crate::request::Request;
use crate::response;

#[derive(Serialize)]
struct List<'a> {
    users: Vec<Entry<'a>>,
    total: u64,
    // A string, although it is a number: to clients it is opaque.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
struct Entry<'a> {
    name: String,
    user_type: Option<&'a str>,
    is_guest: bool,
    admin: bool,
    deactivated: bool,
    erased: bool,
    locked: bool,
    suspended: bool,
    shadow_banned: bool,
    displayname: Option<&'a str>,
    avatar_url: Option<&'a str>,
    /// Milliseconds, other than in [`User`].
    creation_ts: i64,
    last_seen_ts: Option<i64>,
}

#[derive(Serialize)]
struct User<'a> {
    name: String,
    admin: bool,
    deactivated: bool,
    erased: bool,
    locked: bool,
    suspended: bool,
    shadow_banned: bool,
    /// Seconds, other than in [`Entry`] and everywhere else.
    creation_ts: i64,
    appservice_id: Option<&'a str>,
    consent_server_notice_sent: Option<&'a str>,
    consent_version: Option<&'a str>,
    consent_ts: Option<i64>,
    user_type: Option<&'a str>,
    is_guest: bool,
    displayname: Option<&'a str>,
    avatar_url: Option<&'a str>,
    threepids: Vec<Threepid<'a>>,
    external_ids: [(); 0],
    last_seen_ts: Option<i64>,
}

#[derive(Serialize)]
struct Threepid<'a> {
    medium: &'static str,
    address: &'a str,
    validated_at: i64,
    added_at: i64,
}

impl<'a> From<&'a AccountThreepid> for Threepid<'a> {
    fn from(owned: &'a AccountThreepid) -> Self {
        Self {
            medium: owned.threepid.medium().as_str(),
            address: owned.threepid.address(),
            validated_at: owned.validated.unix_ms(),
            added_at: owned.added.unix_ms(),
        }
    }
}

impl<'a> From<&'a UserDetails> for User<'a> {
    fn from(details: &'a UserDetails) -> Self {
        let account = &details.account;
        Self {
            name: details.user_id.to_string(),
            admin: account.admin,
            deactivated: account.deactivated,
            erased: account.erased,
            locked: false,
            suspended: account.suspended,
            shadow_banned: account.shadow_banned,
            creation_ts: account.created.unix_ms() / 1000,
            appservice_id: account.appservice_id.as_deref(),
            consent_server_notice_sent: None,
            consent_version: account.consent_version.as_deref(),
            consent_ts: account.consented.map(Timestamp::unix_ms),
            user_type: account.user_type.as_deref(),
            is_guest: account.kind == AccountKind::Guest,
            displayname: account.display_name.as_deref(),
            avatar_url: None,
            threepids: details.threepids.iter().map(Threepid::from).collect(),
            external_ids: [],
            last_seen_ts: account.last_seen.map(Timestamp::unix_ms),
        }
    }
}

pub(crate) async fn list_v2(app: &App, request: &Request) -> Reply {
    list(app, request, ListVersion::V2).await
}

pub(crate) async fn list_v3(app: &App, request: &Request) -> Reply {
    list(app, request, ListVersion::V3).await
}

async fn list(app: &App, request: &Request, version: ListVersion) -> Reply {
    let admin = app.administrator(request).await?;
    let query = query::read(request.arguments(), version)?;
    let page = app.services.user_admin.list(&admin, &query).await?;
    let users = page.users.iter().map(|(user_id, account)| Entry {
        name: user_id.to_string(),
        user_type: account.user_type.as_deref(),
        is_guest: account.kind == AccountKind::Guest,
        admin: account.admin,
        deactivated: account.deactivated,
        erased: account.erased,
        locked: false,
        suspended: account.suspended,
        shadow_banned: account.shadow_banned,
        displayname: account.display_name.as_deref(),
        avatar_url: None,
        creation_ts: account.created.unix_ms(),
        last_seen_ts: account.last_seen.map(Timestamp::unix_ms),
    });
    Ok(response::ok(&List {
        users: users.collect(),
        total: page.total,
        next_token: page.next.map(|next| next.to_string()),
    }))
}

pub(crate) async fn get(app: &App, request: &Request) -> Reply {
    let (admin, user) = admin_and_user(app, request).await?;
    let details = app.services.user_admin.details(&admin, &user).await?;
    Ok(response::ok(&User::from(&details)))
}

pub(crate) async fn put(app: &App, request: &Request) -> Reply {
    let admin = app.administrator(request).await?;
    let body = request.json()?;
    let users = &app.services.user_admin;
    let target = users.target(request.parameter("user_id"))?;
    let changes = changes::read(users, body)?;
    let (status, details) = match users.put(&admin, target, &changes).await? {
        Changed::Created(details) => (StatusCode::CREATED, details),
        Changed::Modified(details) => (StatusCode::OK, details),
    };
    Ok(response::json(status, &User::from(&details)))
}
