use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use registrar_domain::model::account::{Account, AccountKind};
use registrar_domain::model::given::Given;
use registrar_domain::model::id::Localpart;
use registrar_domain::model::limit::Rate;
use registrar_domain::model::password::PasswordHash;
use registrar_domain::model::threepid::{AccountThreepid, EmailAddress, PhoneNumber, Threepid};
use registrar_domain::model::time::Timestamp;
use registrar_domain::ports::{Intent, Store as _};
use registrar_domain::usecase::credentials::CredentialError;
use registrar_domain::usecase::credentials::identifier::{Identifier, IdentityClaim};
use registrar_domain::usecase::login::{LoginError, LoginRequest};
use registrar_domain::usecase::token::authenticate::Bearer;

use crate::world::{PASSWORD, World, dummy, given, login, register};

async fn with_alice(world: World) -> World {
    let mut request = register("alice");
    request.auth = dummy(None);
    world.registered(&request).await;
    world
}

async fn add_account(world: &World, localpart: &str, hash: Option<&str>) {
    let localpart = Localpart::read(localpart).unwrap();
    let mut account = Account::new(localpart, AccountKind::User, Timestamp::from_unix_ms(0));
    account.password_hash = hash.map(|hash| PasswordHash::from_stored(hash.to_owned()));
    let mut uow = world.store.begin(Intent::Write).await.unwrap();
    uow.accounts().add(&account).await.unwrap();
    uow.commit().await.unwrap();
}

#[tokio::test]
async fn a_user_is_found_by_localpart_and_by_user_id_in_any_case() {
    let world = with_alice(World::new()).await;
    for user in [
        "alice",
        "ALICE",
        "@alice:example.org",
        "@Alice:Example.org",
        "@ALICE:EXAMPLE.ORG",
    ] {
        let logged_in = world.log_in(&login(user, PASSWORD)).await.unwrap();
        assert_eq!(logged_in.user_id.to_string(), "@alice:example.org");
        world
            .authenticate(logged_in.tokens.access_token.expose())
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn wrong_password_wrong_name_and_foreign_server_look_alike() {
    let world = with_alice(World::new()).await;
    add_account(&world, "ghost", None).await;
    for (user, password) in [
        ("alice", "wrong"),
        ("alice", "a\0b"),
        ("bob", PASSWORD),
        ("ghost", PASSWORD),
        ("@alice:elsewhere.org", PASSWORD),
        ("a\0b", PASSWORD),
    ] {
        let refused = world.log_in(&login(user, password)).await.unwrap_err();
        let wrong = matches!(refused, LoginError::Credential(CredentialError::Wrong));
        assert!(wrong, "{user:?}: {refused:?}");
    }
}

#[tokio::test]
async fn of_accounts_that_differ_in_case_the_exact_one_logs_in() {
    let world = World::new();
    add_account(&world, "Bob", Some("fake$upper")).await;
    add_account(&world, "bob", Some("fake$lower")).await;
    let user_id = |outcome: Result<_, LoginError>| {
        outcome.map(|l: registrar_domain::usecase::login::LoggedIn| l.user_id.to_string())
    };
    assert_eq!(
        user_id(world.log_in(&login("Bob", "upper")).await).unwrap(),
        "@Bob:example.org"
    );
    assert_eq!(
        user_id(world.log_in(&login("bob", "lower")).await).unwrap(),
        "@bob:example.org"
    );
    assert!(world.log_in(&login("BOB", "lower")).await.is_err());
}

#[tokio::test]
async fn email_addresses_and_phone_numbers_name_their_owner() {
    let world = with_alice(World::new()).await;
    let alice = Localpart::read("alice").unwrap();
    let email: Threepid = EmailAddress::parse("alice@example.com").unwrap().into();
    let phone: Threepid = PhoneNumber::parse("GB", "07700900001").unwrap().into();
    let mut uow = world.store.begin(Intent::Write).await.unwrap();
    for threepid in [email, phone] {
        let now = Timestamp::from_unix_ms(1);
        let threepid = AccountThreepid {
            threepid,
            validated: now,
            added: now,
        };
        uow.threepids().add(&alice, &threepid).await.unwrap();
    }
    uow.commit().await.unwrap();

    let third_party = |medium: &str, address: &str| Identifier {
        id_type: given("m.id.thirdparty"),
        medium: given(medium),
        address: given(address),
        ..Identifier::default()
    };
    let phone = |number: Identifier| Identifier {
        id_type: given("m.id.phone"),
        country: given("GB"),
        ..number
    };
    for identifier in [
        third_party("email", " Alice@EXAMPLE.com"),
        third_party("msisdn", "447700900001"),
        phone(Identifier {
            phone: given("07700 900001"),
            ..Identifier::default()
        }),
        phone(Identifier {
            number: given("07700 900001"),
            ..Identifier::default()
        }),
    ] {
        let mut request = login("", PASSWORD);
        request.identity.identifier = Given::Value(identifier.clone());
        let outcome = world.log_in(&request).await;
        assert!(outcome.is_ok(), "{identifier:?}: {outcome:?}");
    }
    let mut legacy = login("ignored", PASSWORD);
    legacy.identity.medium = given("email");
    legacy.identity.address = given("alice@example.com");
    world.log_in(&legacy).await.unwrap();

    let mut stranger = login("", PASSWORD);
    stranger.identity.identifier = Given::Value(third_party("email", "bob@example.com"));
    let refused = world.log_in(&stranger).await.unwrap_err();
    assert!(matches!(
        refused,
        LoginError::Credential(CredentialError::Wrong)
    ));
}

async fn complaint(world: &World, request: &LoginRequest) -> String {
    format!("{:?}", world.log_in(request).await.unwrap_err())
}

/// Each row breaks one more check than the row before, in the reverse order of the checks.
#[tokio::test]
async fn complaints_come_in_the_order_of_synapse() {
    let open = with_alice(World::new()).await;
    let without_passwords = World::with(|policy| policy.password.login_enabled = false);
    let without_logins = World::with(|policy| {
        policy.password.login_enabled = false;
        policy.rates.login_address = Rate {
            per_second: 0.0,
            burst_count: 0.0,
        };
    });
    let mut request = LoginRequest {
        initial_device_display_name: Given::Malformed,
        ..login("alice", PASSWORD)
    };
    let expected = "MalformedField(\"initial_device_display_name\")";
    assert_eq!(complaint(&open, &request).await, expected);
    request.initial_device_display_name = given(&"x".repeat(101));
    assert_eq!(complaint(&open, &request).await, "DisplayName(TooLong)");
    request.device_id = Given::Malformed;
    assert_eq!(
        complaint(&open, &request).await,
        "MalformedField(\"device_id\")"
    );
    request.device_id = given(&"x".repeat(513));
    assert_eq!(complaint(&open, &request).await, "DeviceId(TooLong)");
    request.password = given("wrong");
    assert_eq!(complaint(&open, &request).await, "Credential(Wrong)");
    request.login_type = given("m.login.unheard_of");
    assert_eq!(complaint(&open, &request).await, "UnknownType");
    request.identity = IdentityClaim::default();
    assert_eq!(complaint(&open, &request).await, "Identifier(Missing)");
    request.identity.identifier = Given::Value(Identifier::default());
    assert_eq!(complaint(&open, &request).await, "Identifier(TypeMissing)");
    request.login_type = given("m.login.password");
    request.password = Given::Malformed;
    assert_eq!(
        complaint(&open, &request).await,
        "MalformedField(\"password\")"
    );
    assert_eq!(
        complaint(&without_passwords, &request).await,
        "PasswordLoginDisabled"
    );
    request.login_type = Given::Malformed;
    assert_eq!(
        complaint(&without_passwords, &request).await,
        "MalformedField(\"type\")"
    );
    let limited = complaint(&without_logins, &request).await;
    assert!(limited.starts_with("Limited("), "{limited}");
    request.login_type = Given::Absent;
    assert_eq!(complaint(&without_logins, &request).await, "TypeMissing");
    request.refresh_token = Given::Null;
    assert_eq!(
        complaint(&without_logins, &request).await,
        "RefreshTokenNotBoolean"
    );
}

#[tokio::test]
async fn identifier_types() {
    let world = with_alice(World::new()).await;
    let identifier = |id_type: &str| Identifier {
        id_type: given(id_type),
        ..Identifier::default()
    };
    for (identifier, expected) in [
        (identifier("m.id.user"), "Identifier(UserMissing)"),
        (
            Identifier {
                user: given(""),
                ..identifier("m.id.user")
            },
            "Identifier(UserMissing)",
        ),
        (
            Identifier {
                user: Given::Malformed,
                ..identifier("m.id.user")
            },
            "Identifier(Malformed)",
        ),
        (identifier("m.id.phone"), "Identifier(BadPhone)"),
        (identifier("m.id.thirdparty"), "Identifier(BadThreepid)"),
        (identifier("m.id.fingerprint"), "Identifier(UnknownType)"),
    ] {
        let mut request = login("", PASSWORD);
        request.identity.identifier = Given::Value(identifier);
        let refused = world.log_in(&request).await.unwrap_err();
        assert_eq!(format!("{refused:?}"), expected);
    }
}

#[tokio::test]
async fn failures_are_limited_by_name_whether_it_exists_or_not() {
    let world = with_alice(World::with(|policy| {
        policy.rates.login_failed_attempts = Rate {
            per_second: 0.1,
            burst_count: 2.0,
        };
    }))
    .await;
    for user in ["alice", "nobody"] {
        for _ in 0..2 {
            let refused = world.log_in(&login(user, "wrong")).await.unwrap_err();
            assert!(matches!(
                refused,
                LoginError::Credential(CredentialError::Wrong)
            ));
        }
        let hashed = world.hasher.calls.load(SeqCst);
        let refused = world
            .log_in(&login(&user.to_uppercase(), PASSWORD))
            .await
            .unwrap_err();
        assert!(matches!(
            refused,
            LoginError::Credential(CredentialError::Limited(_))
        ));
        assert_eq!(
            world.hasher.calls.load(SeqCst),
            hashed,
            "nothing is hashed beyond the limit"
        );
    }
    world.clock.advance(Duration::from_secs(20));
    world.log_in(&login("alice", PASSWORD)).await.unwrap();
}

#[tokio::test]
async fn logins_are_limited_by_address_and_by_account() {
    let one = Rate {
        per_second: 0.1,
        burst_count: 1.0,
    };
    let world = with_alice(World::with(|policy| policy.rates.login_address = one)).await;
    world.log_in(&login("alice", PASSWORD)).await.unwrap();
    assert!(matches!(
        world.log_in(&login("bob", "x")).await,
        Err(LoginError::Limited(_))
    ));

    let world = with_alice(World::with(|policy| policy.rates.login_account = one)).await;
    assert!(world.log_in(&login("alice", "wrong")).await.is_err());
    world.log_in(&login("alice", PASSWORD)).await.unwrap();
    let refused = world.log_in(&login("alice", PASSWORD)).await.unwrap_err();
    assert!(matches!(refused, LoginError::Limited(_)), "{refused:?}");
}

#[tokio::test]
async fn an_outdated_hash_is_renewed_at_login_unless_the_pool_is_busy() {
    let world = World::new();
    add_account(&world, "carol", Some(&format!("fake-old${PASSWORD}"))).await;
    world.log_in(&login("carol", PASSWORD)).await.unwrap();
    let carol = Localpart::read("carol").unwrap();
    let account = world
        .read()
        .await
        .accounts()
        .find(&carol)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        account.password_hash.unwrap().expose(),
        format!("fake${PASSWORD}")
    );
}

#[tokio::test]
async fn a_hash_that_cannot_be_used_is_opened_by_no_password() {
    let world = World::new();
    add_account(&world, "dave", Some("unusable$")).await;
    let refused = world.log_in(&login("dave", PASSWORD)).await.unwrap_err();
    assert!(
        matches!(refused, LoginError::Credential(CredentialError::Wrong)),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_full_hash_queue_refuses_for_now() {
    let world = with_alice(World::new()).await;
    world.hasher.busy.store(true, SeqCst);
    let refused = world.log_in(&login("alice", PASSWORD)).await.unwrap_err();
    assert!(
        matches!(refused, LoginError::Credential(CredentialError::Hash(_))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn logging_in_again_on_a_device_ends_its_earlier_tokens_and_keeps_its_name() {
    let world = with_alice(World::new()).await;
    let mut request = login("alice", PASSWORD);
    request.device_id = given("PHONE");
    request.initial_device_display_name = given("first name");
    let first = world.log_in(&request).await.unwrap();
    request.initial_device_display_name = given("second name");
    let second = world.log_in(&request).await.unwrap();
    assert!(
        world
            .authenticate(first.tokens.access_token.expose())
            .await
            .is_err()
    );
    let requester = world
        .authenticate(second.tokens.access_token.expose())
        .await
        .unwrap();
    let device = world
        .services
        .devices
        .find(&requester, "PHONE")
        .await
        .unwrap();
    assert_eq!(device.display_name.as_deref(), Some("first name"));
}

#[tokio::test]
async fn unusable_devices_are_refused_before_anything_is_created() {
    let world = with_alice(World::new()).await;
    for (device_id, name) in [
        (Given::Malformed, Given::Absent),
        (given(&"d".repeat(513)), Given::Absent),
        (given("a\0b"), Given::Absent),
        (Given::Absent, Given::Malformed),
        (Given::Absent, given(&"n".repeat(101))),
    ] {
        let request = LoginRequest {
            device_id,
            initial_device_display_name: name,
            ..login("alice", PASSWORD)
        };
        assert!(world.log_in(&request).await.is_err());
    }
    let alice = Localpart::read("alice").unwrap();
    let devices = world.read().await.devices().list(&alice).await.unwrap();
    assert_eq!(devices.len(), 1, "the one from registering");
}

#[tokio::test]
async fn an_application_service_token_is_asked_for() {
    let world = World::new();
    let request = LoginRequest {
        login_type: given("m.login.application_service"),
        ..login("a", "b")
    };
    let refused = world.log_in(&request).await.unwrap_err();
    assert!(matches!(refused, LoginError::AppserviceTokenMissing));
    let bearer = Bearer::Token(registrar_domain::model::secret::Secret::new("x".to_owned()));
    let refused = world
        .services
        .login
        .log_in(&world.ctx, &bearer, &request)
        .await
        .unwrap_err();
    assert!(matches!(refused, LoginError::AppserviceTokenUnknown));
}
