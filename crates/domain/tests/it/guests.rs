use std::time::Duration;

use registrar_domain::model::account::AccountKind;
use registrar_domain::ports::registration_hooks::RegistrationVerdict;
use registrar_domain::ports::store::Change;
use registrar_domain::usecase::admin::change::UserChanges;
use registrar_domain::usecase::name::NameError;
use registrar_domain::usecase::registration::{RegisterError, RegisterRequest, RegisteredAccount};

use crate::world::{World, dummy, empty_register, given, register};

fn guest() -> RegisterRequest {
    RegisterRequest {
        kind: given("guest"),
        ..empty_register()
    }
}

fn upgrade(guest: &RegisteredAccount, username: &str) -> RegisterRequest {
    let token = guest
        .tokens
        .as_ref()
        .unwrap()
        .access_token
        .expose()
        .to_owned();
    RegisterRequest {
        guest_access_token: given(&token),
        auth: dummy(None),
        ..register(username)
    }
}

#[tokio::test]
async fn a_guest_is_numbered_and_knows_no_password() {
    let world = World::with(|policy| policy.registration.enabled = false);
    let first = world.registered(&guest()).await;
    assert_eq!(first.user_id.to_string(), "@1:example.org");
    let tokens = first.tokens.unwrap();
    assert_eq!(tokens.device_id.as_str(), "guest_device");
    assert_eq!((tokens.expires_in_ms, tokens.refresh_token), (None, None));
    let requester = world
        .authenticate(tokens.access_token.expose())
        .await
        .unwrap();
    assert_eq!(requester.account.kind, AccountKind::Guest);
    assert_eq!(requester.account.password_hash, None);
    let second = world.registered(&guest()).await;
    assert_eq!(second.user_id.to_string(), "@2:example.org");
}

#[tokio::test]
async fn guests_live_with_every_lifetime() {
    let world = World::with(|policy| {
        policy.lifetimes.session = Some(Duration::from_secs(60));
        policy.lifetimes.nonrefreshable_access = Some(Duration::from_secs(30));
    });
    let tokens = world.registered(&guest()).await.tokens.unwrap();
    assert_eq!(tokens.expires_in_ms, Some(30_000));
}

#[tokio::test]
async fn guests_must_be_allowed() {
    let world = World::with(|policy| policy.registration.guests_allowed = false);
    assert!(matches!(
        world.refused(&guest()).await,
        RegisterError::GuestsForbidden
    ));
}

#[tokio::test]
async fn a_guest_becomes_the_user_of_the_same_name() {
    let world = World::new();
    let account = world.registered(&guest()).await;
    let request = upgrade(&account, "1");
    let upgraded = world.registered(&request).await;
    assert_eq!(upgraded.user_id, account.user_id);

    let token = upgraded.tokens.unwrap().access_token;
    let requester = world.authenticate(token.expose()).await.unwrap();
    assert_eq!(requester.account.kind, AccountKind::User);
    assert!(requester.account.upgraded.is_some());
    let old = account.tokens.unwrap().access_token;
    world
        .authenticate(old.expose())
        .await
        .expect_err("the guest's token must end");
}

#[tokio::test]
async fn an_upgraded_guest_is_what_this_registration_says() {
    for verdict in [RegistrationVerdict::Allow, RegistrationVerdict::ShadowBan] {
        let world = World::new();
        let account = world.registered(&guest()).await;
        // What an administrator gave to the guest, the user does not have.
        let user_id = account.user_id.to_string();
        let (users, operator) = (&world.console.users, &world.console.operator);
        let made = UserChanges {
            user_type: Change::Set(Some(users.user_type("support").unwrap())),
            ..UserChanges::default()
        };
        let target = users.target(&user_id).unwrap();
        users.put(operator, target, &made).await.unwrap();
        world.store.promote("1");
        world.hooks.judge(verdict);
        let token = world
            .registered(&upgrade(&account, "1"))
            .await
            .tokens
            .unwrap();
        let token = token.access_token;
        let upgraded = world.authenticate(token.expose()).await.unwrap().account;
        let banned = verdict == RegistrationVerdict::ShadowBan;
        assert_eq!(upgraded.shadow_banned, banned);
        assert_eq!((upgraded.admin, upgraded.user_type), (false, None));
        assert_eq!(upgraded.display_name.as_deref(), Some("1"));
    }
}

#[tokio::test]
async fn a_guest_cannot_become_anybody_else() {
    let world = World::new();
    let (first, second) = (
        world.registered(&guest()).await,
        world.registered(&guest()).await,
    );
    world
        .registered(&RegisterRequest {
            auth: dummy(None),
            ..register("alice")
        })
        .await;
    for username in ["bob", "alice", second.user_id.localpart().as_str()] {
        let refused = world.refused(&upgrade(&first, username)).await;
        let mismatch = matches!(refused, RegisterError::Name(NameError::GuestMismatch));
        assert!(mismatch, "{username}: {refused:?}");
    }
    let mut uow = world.read().await;
    let bob = registrar_domain::model::id::Localpart::read("bob").unwrap();
    assert_eq!(uow.accounts().find(&bob).await.unwrap(), None);
}

#[tokio::test]
async fn junk_for_a_guest_token_opens_no_taken_name() {
    let world = World::new();
    world.registered(&guest()).await;
    let request = RegisterRequest {
        guest_access_token: given("syt_junk"),
        auth: dummy(None),
        ..register("1")
    };
    let refused = world.refused(&request).await;
    assert!(
        matches!(refused, RegisterError::Name(NameError::GuestTokenUnknown)),
        "{refused:?}"
    );

    let empty = RegisterRequest {
        guest_access_token: given(""),
        ..request
    };
    let refused = world.refused(&empty).await;
    assert!(
        matches!(refused, RegisterError::Name(NameError::Taken)),
        "{refused:?}"
    );
}
