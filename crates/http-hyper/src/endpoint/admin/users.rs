//! `GET /_synapse/admin/v2/users`, `/v3/users`, and `GET` and `PUT /_synapse/admin/v2/users/{userId}`

pub(crate) mod admin;
pub(crate) mod devices;
pub(crate) mod joined_rooms;
pub(crate) mod login;

use http::StatusCode;
use registrar_domain::model::account::AccountKind;
use registrar_domain::model::threepid::AccountThreepid;
use registrar_domain::model::time::Timestamp;
use registrar_domain::usecase::admin::UserDetails;
use registrar_domain::usecase::admin::change::{Changed, ThreepidEntry, UserChanges};
use registrar_domain::usecase::admin::list::{ListVersion, UserQuery};
use serde::Serialize;

use crate::app::{App, Reply};
use crate::request::Request;
use crate::response;

#[derive(Serialize)]
struct List<'a> {
    users: Vec<Entry<'a>>,
    total: u64,
    // A text, although it is a number: to clients it is opaque.
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
    let arguments = request.arguments();
    let query = UserQuery {
        from: arguments.integer("from"),
        limit: arguments.integer("limit"),
        user_id: arguments.text("user_id"),
        name: arguments.text("name"),
        guests: arguments.boolean("guests"),
        deactivated: arguments.boolean("deactivated"),
        admins: arguments.boolean("admins"),
        locked: arguments.boolean("locked"),
        order_by: arguments.get("order_by"),
        dir: arguments.get("dir"),
        not_user_types: arguments.texts("not_user_type"),
    };
    let page = app
        .services
        .user_admin
        .list(&admin, version, &query)
        .await?;
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
    let admin = app.administrator(request).await?;
    let user_id = request.parameter("user_id");
    let details = app.services.user_admin.find(&admin, user_id).await?;
    Ok(response::ok(&User::from(&details)))
}

pub(crate) async fn put(app: &App, request: &Request) -> Reply {
    let admin = app.administrator(request).await?;
    let body = request.json()?;
    let changes = UserChanges {
        password: body.string("password"),
        logout_devices: body.boolean("logout_devices"),
        display_name: body.string("displayname"),
        threepids: body.objects("threepids", |item| ThreepidEntry {
            medium: item.string("medium"),
            address: item.string("address"),
        }),
        external_ids: body.length("external_ids"),
        admin: body.boolean("admin"),
        deactivated: body.boolean("deactivated"),
        locked: body.boolean("locked"),
        user_type: body.string("user_type"),
    };
    let user_id = request.parameter("user_id");
    let users = &app.services.user_admin;
    let (status, details) = match users.put(&admin, user_id, &changes).await? {
        Changed::Created(details) => (StatusCode::CREATED, details),
        Changed::Modified(details) => (StatusCode::OK, details),
    };
    Ok(response::json(status, &User::from(&details)))
}
