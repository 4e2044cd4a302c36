use std::sync::atomic::Ordering::SeqCst;

use registrar_domain::model::account::{Account, AccountDisplayName, AccountKind};
use registrar_domain::model::device::Device;
use registrar_domain::model::id::{DeviceId, Localpart};
use registrar_domain::model::secret::Secret;
use registrar_domain::model::threepid::Threepid;
use registrar_domain::model::time::Timestamp;
use registrar_domain::model::uia::ErasePolicy;
use registrar_domain::ports::observer::{Applicant, Event};
use registrar_domain::ports::store::{Change, Sighting};
use registrar_domain::ports::{HashError, Intent, RegistrationVerdict, Store as _};
use registrar_domain::usecase::admin::change::{Changed, UserChanges};
use registrar_domain::usecase::admin::close::AdminRights;
use registrar_domain::usecase::admin::list::{MAX_LIMIT, UserQuery};
use registrar_domain::usecase::admin::{
    AssignedPassword, ExistingLogins, ExistingUser, UserAdmin, UserAdminError,
};
use registrar_domain::usecase::name::NameError;
use registrar_domain::usecase::registration::RuleError;
use registrar_domain::usecase::token::authenticate::{Administrator, Bearer};

use crate::world::{PASSWORD, World, dummy, given, login, register};

const ALICE: &str = "@alice:example.org";

/// Registers somebody; their access token.
async fn registered(world: &World, username: &str) -> String {
    let mut request = register(username);
    request.auth = dummy(None);
    let tokens = world.registered(&request).await.tokens.unwrap();
    tokens.access_token.expose().to_owned()
}

/// An administrator with an access token.
async fn root(world: &World) -> Administrator {
    let token = registered(world, "root").await;
    world.store.promote("root");
    let bearer = Bearer::Token(Secret::new(token));
    let authentication = &world.services.authentication;
    authentication
        .authenticate_admin(&world.ctx, &bearer)
        .await
        .unwrap()
}

fn password(text: &str) -> AssignedPassword {
    AssignedPassword::parse(text).unwrap()
}

fn with_password(text: &str) -> UserChanges {
    UserChanges {
        password: Some(password(text)),
        ..UserChanges::default()
    }
}

fn with_mail(address: &str) -> UserChanges {
    let mail = Threepid::parse("email", address).unwrap();
    UserChanges {
        threepids: Some([mail].into()),
        ..UserChanges::default()
    }
}

/// Puts a user as an administrator does.
async fn put(
    users: &UserAdmin,
    admin: &Administrator,
    user_id: &str,
    changes: &UserChanges,
) -> Result<Changed, UserAdminError> {
    users.put(admin, users.target(user_id)?, changes).await
}

async fn reset(
    users: &UserAdmin,
    admin: &Administrator,
    user: &ExistingUser,
    text: &str,
) -> Result<(), UserAdminError> {
    let password = password(text);
    users
        .reset_password(admin, user, &password, ExistingLogins::End)
        .await
}

async fn stored(world: &World, user: &str) -> Option<Account> {
    let localpart = Localpart::read(user).unwrap();
    let mut uow = world.read().await;
    uow.accounts().find(&localpart).await.unwrap()
}

async fn devices(world: &World, user: &str) -> Vec<Device> {
    let localpart = Localpart::read(user).unwrap();
    let mut uow = world.read().await;
    uow.devices().list(&localpart).await.unwrap()
}

fn hashes(world: &World) -> usize {
    world.hasher.calls.load(SeqCst)
}

#[tokio::test]
async fn the_console_has_nobody_to_spare() {
    let world = World::new();
    let admin = root(&world).await;
    let desk = registered(&world, "desk").await;
    let users = &world.console.users;
    let operator = &world.console.operator;
    assert!(operator.requester().is_none());
    assert_eq!(operator.to_string(), "the console");
    assert_eq!(admin.to_string(), "@root:example.org");

    let root = users.user(operator, "@root:example.org").await.unwrap();
    let own = users.set_admin(&admin, &root, AdminRights::Revoked).await;
    assert!(matches!(own, Err(UserAdminError::OwnDemotion)), "{own:?}");
    users
        .set_admin(operator, &root, AdminRights::Revoked)
        .await
        .unwrap();
    assert!(!stored(&world, "root").await.unwrap().admin);
    let user = users.user(operator, "@desk:example.org").await.unwrap();
    reset(users, operator, &user, "new").await.unwrap();
    assert!(world.authenticate(&desk).await.is_err());
    world.log_in(&login("desk", "new")).await.unwrap();
}

#[tokio::test]
async fn names_are_available_to_administrators_although_registration_is_closed() {
    let world = World::with(|policy| {
        policy.registration.enabled = false;
        policy.registration.inhibit_user_in_use_error = true;
    });
    let users = &world.console.users;
    let operator = &world.console.operator;
    users
        .create(operator, "alice", &UserChanges::default())
        .await
        .unwrap();
    let availability = &world.services.availability;
    let taken = availability.check_for(operator, &given("alice")).await;
    assert!(taken.is_err());
    let free = availability.check_for(operator, &given("bob")).await;
    free.unwrap();
}

#[tokio::test]
async fn a_new_account_passes_the_name_checks_and_no_limit() {
    let world = World::with(|policy| {
        policy.registration.enabled = false;
        policy.rates.registration.burst_count = 0.0;
    });
    let users = &world.console.users;
    let operator = &world.console.operator;
    let make = async |name: &str| {
        let made = users.create(operator, name, &with_password("x")).await;
        made.map(|details| details.account)
    };
    let account = make("alice").await.unwrap();
    assert_eq!(account.kind, AccountKind::User);
    assert_eq!(Some(account), stored(&world, "alice").await);
    let before = hashes(&world);
    for (name, expected) in [
        ("alice", "Taken"),
        ("ALICE", "Invalid(Characters)"),
        ("@alice:example.org", "Invalid(Characters)"),
        ("", "Invalid(Empty)"),
        ("12", "Numeric"),
    ] {
        match make(name).await {
            Err(UserAdminError::Name(error)) => assert_eq!(format!("{error:?}"), expected),
            other => panic!("{name}: {other:?}"),
        }
    }
    assert_eq!(hashes(&world), before, "nothing was hashed for nobody");
}

#[tokio::test]
async fn the_hooks_judge_accounts_that_administrators_make() {
    let world = World::new();
    let users = &world.console.users;
    let operator = &world.console.operator;
    let put = async |user: &str| {
        let user_id = format!("@{user}:example.org");
        put(users, operator, &user_id, &UserChanges::default()).await
    };
    world.hooks.judge(RegistrationVerdict::Deny);
    let denied = put("alice").await;
    assert!(
        matches!(denied, Err(UserAdminError::Rule(RuleError::Denied))),
        "{denied:?}"
    );
    assert_eq!(stored(&world, "alice").await, None);
    world.hooks.judge(RegistrationVerdict::ShadowBan);
    put("bob").await.unwrap();
    assert!(stored(&world, "bob").await.unwrap().shadow_banned);
    let heard = world.observer.take();
    let made = Event::AccountRegistered {
        kind: AccountKind::User,
        applicant: Applicant::Operator,
        shadow_banned: true,
    };
    assert_eq!(heard, [made]);
    // Nobody registers when an account changes.
    world.hooks.judge(RegistrationVerdict::Deny);
    assert!(matches!(put("bob").await, Ok(Changed::Modified(_))));
}

#[tokio::test]
async fn nothing_is_hashed_in_vain() {
    let world = World::new();
    let admin = root(&world).await;
    registered(&world, "alice").await;
    let users = &world.services.user_admin;
    registered(&world, "closed").await;
    let closed = users.user(&admin, "@closed:example.org").await.unwrap();
    users
        .deactivate(&admin, &closed, ErasePolicy::Keep)
        .await
        .unwrap();
    let before = hashes(&world);
    for user_id in ["@nobody:example.org", "@a:elsewhere.org", "nobody"] {
        assert!(users.user(&admin, user_id).await.is_err(), "{user_id}");
    }
    let closed = users.user(&admin, "@closed:example.org").await.unwrap();
    let refused = reset(users, &admin, &closed, "x").await;
    assert!(matches!(refused, Err(UserAdminError::Deactivated)));
    let alice = users.user(&admin, ALICE).await.unwrap();
    let refused = users.reactivate(&admin, &alice, Some(&password("x"))).await;
    assert!(matches!(refused, Err(UserAdminError::NotDeactivated)));
    let demotion = UserChanges {
        admin: Some(false),
        ..with_password("x")
    };
    let own = put(users, &admin, "@root:example.org", &demotion).await;
    assert!(matches!(own, Err(UserAdminError::OwnDemotion)), "{own:?}");
    let closed = put(users, &admin, "@closed:example.org", &with_password("x")).await;
    assert!(matches!(closed, Err(UserAdminError::Deactivated)));
    let numeric = put(users, &admin, "@1:example.org", &with_password("x")).await;
    assert!(matches!(
        numeric,
        Err(UserAdminError::Name(NameError::Numeric))
    ));
    assert_eq!(hashes(&world), before);
}

#[tokio::test]
async fn a_full_hash_queue_changes_nothing() {
    let world = World::new();
    let admin = root(&world).await;
    let token = registered(&world, "alice").await;
    world.hasher.busy.store(true, SeqCst);
    let users = &world.services.user_admin;
    let alice = users.user(&admin, ALICE).await.unwrap();
    let refused = reset(users, &admin, &alice, "x").await;
    assert!(matches!(
        refused,
        Err(UserAdminError::Hash(HashError::Busy { .. }))
    ));
    let changes = UserChanges {
        display_name: Change::Set(Some(AccountDisplayName::parse("x").unwrap())),
        ..with_password("x")
    };
    for user_id in [ALICE, "@new:example.org"] {
        assert!(put(users, &admin, user_id, &changes).await.is_err());
    }
    assert_eq!(stored(&world, "new").await, None);
    let alice = stored(&world, "alice").await.unwrap();
    assert_eq!(alice.display_name.as_deref(), Some("alice"));
    world.authenticate(&token).await.unwrap();
    world.hasher.busy.store(false, SeqCst);
    world.log_in(&login("alice", PASSWORD)).await.unwrap();
}

#[tokio::test]
async fn contention_is_retried() {
    let world = World::new();
    let admin = root(&world).await;
    registered(&world, "alice").await;
    let users = &world.services.user_admin;
    let contend = || world.store.contend_next(1);
    contend();
    put(users, &admin, ALICE, &with_mail("a@b")).await.unwrap();
    contend();
    put(users, &admin, "@bob:example.org", &with_password("x"))
        .await
        .unwrap();
    let alice = users.user(&admin, ALICE).await.unwrap();
    contend();
    users
        .set_admin(&admin, &alice, AdminRights::Granted)
        .await
        .unwrap();
    contend();
    reset(users, &admin, &alice, "y").await.unwrap();
    contend();
    let token = users.log_in_as(&admin, &alice, None).await.unwrap();
    world.authenticate(token.expose()).await.unwrap();
    contend();
    users
        .remove_devices(&admin, &alice, &["x".to_owned()])
        .await
        .unwrap();
    contend();
    let threepids = users
        .deactivate(&admin, &alice, ErasePolicy::Keep)
        .await
        .unwrap();
    assert_eq!(threepids.len(), 1);
    world.authenticate(token.expose()).await.unwrap_err();
}

#[tokio::test]
async fn what_a_login_leaves_in_a_closed_account_does_not_come_back_with_it() {
    let world = World::new();
    let admin = root(&world).await;
    registered(&world, "alice").await;
    let users = &world.services.user_admin;
    let alice = users.user(&admin, ALICE).await.unwrap();
    users
        .deactivate(&admin, &alice, ErasePolicy::Keep)
        .await
        .unwrap();
    // A login that was on its way while the account was being closed.
    let mut uow = world.store.begin(Intent::Write).await.unwrap();
    let sighting = Sighting {
        at: Timestamp::from_unix_ms(1),
        ip: None,
        user_agent: None,
    };
    let late = DeviceId::parse("LATE").unwrap();
    uow.devices()
        .add_or_see(&Localpart::read("alice").unwrap(), &late, None, &sighting)
        .await
        .unwrap();
    uow.commit().await.unwrap();
    let opened = UserChanges {
        deactivated: Some(false),
        ..with_password("new")
    };
    put(users, &admin, ALICE, &opened).await.unwrap();
    assert_eq!(devices(&world, "alice").await, []);
    world.log_in(&login("alice", "new")).await.unwrap();
}

#[tokio::test]
async fn the_last_sighting_is_that_of_any_device() {
    let world = World::new();
    let admin = root(&world).await;
    registered(&world, "alice").await;
    world.clock.advance(std::time::Duration::from_secs(5));
    world.log_in(&login("alice", PASSWORD)).await.unwrap();
    let users = &world.services.user_admin;
    let alice = users.user(&admin, ALICE).await.unwrap();
    let details = users.details(&admin, &alice).await.unwrap();
    let seen = Timestamp::from_unix_ms(1_700_000_005_000);
    assert_eq!(details.account.last_seen, Some(seen));
}

#[tokio::test]
async fn a_page_is_never_longer_than_the_longest() {
    let world = World::new();
    let admin = root(&world).await;
    let mut uow = world.store.begin(Intent::Write).await.unwrap();
    for number in 0..MAX_LIMIT {
        let localpart = Localpart::read(&format!("u{number:05}")).unwrap();
        let account = Account::new(localpart, AccountKind::User, Timestamp::from_unix_ms(0));
        uow.accounts().add(&account).await.unwrap();
    }
    uow.commit().await.unwrap();
    let users = &world.services.user_admin;
    let query = UserQuery {
        limit: u64::MAX,
        ..UserQuery::default()
    };
    let page = users.list(&admin, &query).await.unwrap();
    assert_eq!(page.users.len(), usize::try_from(MAX_LIMIT).unwrap());
    assert_eq!((page.total, page.next), (MAX_LIMIT + 1, Some(MAX_LIMIT)));
}

#[test]
fn an_assigned_password_is_never_empty() {
    let longest = "x".repeat(512);
    for (text, expected) in [
        ("", false),
        ("x", true),
        (&longest, true),
        (&format!("{longest}x"), false),
        ("a\0b", false),
    ] {
        assert_eq!(AssignedPassword::parse(text).is_ok(), expected, "{text:?}");
    }
}

#[tokio::test]
async fn a_user_who_is_gone_is_not_found() {
    let world = World::new();
    let elsewhere = World::new();
    registered(&elsewhere, "alice").await;
    let operator = &world.console.operator;
    let users = &elsewhere.console.users;
    let alice = users.user(operator, ALICE).await.unwrap();
    let users = &world.console.users;
    let refusals = [
        users.details(operator, &alice).await.err(),
        users
            .deactivate(operator, &alice, ErasePolicy::Keep)
            .await
            .err(),
        users
            .set_admin(operator, &alice, AdminRights::Granted)
            .await
            .err(),
        users.log_in_as(operator, &alice, None).await.err(),
    ];
    for refusal in refusals {
        assert!(
            matches!(refusal, Some(UserAdminError::NotFound("user"))),
            "{refusal:?}"
        );
    }
}
