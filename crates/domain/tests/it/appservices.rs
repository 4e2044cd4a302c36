use registrar_domain::model::appservice::{AppService, AppServices, UserNamespace};
use registrar_domain::model::given::Given;
use registrar_domain::model::id::Localpart;
use registrar_domain::model::limit::Rate;
use registrar_domain::model::secret::{Secret, TokenDigest};
use registrar_domain::model::uia::ErasePolicy;
use registrar_domain::usecase::credentials::CredentialError;
use registrar_domain::usecase::login::{LoggedIn, LoginError, LoginRequest};
use registrar_domain::usecase::name::NameError;
use registrar_domain::usecase::registration::{RegisterError, RegisterRequest};
use registrar_domain::usecase::token::authenticate::{
    Assertion, Audience, AuthenticateError, Bearer,
};

use crate::world::{PASSWORD, World, dummy, empty_register, given, login, named, register};

pub(crate) fn service(id: &str, namespaces: &[(&str, bool)], rate_limited: bool) -> AppService {
    let namespaces = namespaces.iter();
    AppService {
        id: id.to_owned(),
        token: TokenDigest::of(&format!("{id} token")),
        sender: Localpart::read(&format!("{id}bot")).unwrap(),
        namespaces: namespaces
            .map(|(regex, exclusive)| UserNamespace::new(regex, *exclusive).unwrap())
            .collect(),
        rate_limited,
    }
}

/// Two services that own `@irc_…` and `@xmpp_…` and share `@shared_…`; registration is closed.
fn world() -> World {
    World::with(|policy| {
        policy.registration.enabled = false;
        policy.registration.server_notices_localpart = Localpart::read("irc_notices");
        policy.registration.appservices = AppServices::new(vec![
            service("irc", &[("@irc_.*", true), ("@shared_.*", false)], false),
            service("xmpp", &[("@xmpp_.*", true), ("@shared_.*", false)], true),
        ]);
    })
}

pub(crate) fn token(id: &str) -> Bearer {
    Bearer::Token(Secret::new(format!("{id} token")))
}

fn ghost(username: &str) -> RegisterRequest {
    RegisterRequest {
        login_type: given("m.login.application_service"),
        bearer: token("irc"),
        password: Given::Absent,
        ..register(username)
    }
}

#[tokio::test]
async fn a_service_registers_its_own_users_although_registration_is_closed() {
    let world = world();
    for (username, owner) in [
        ("irc_Alice", Some("irc")),
        ("shared_x", None),
        ("ircbot", Some("irc")),
    ] {
        let registered = world.registered(&ghost(username)).await;
        assert_eq!(
            registered.user_id.to_string(),
            format!("@{username}:example.org")
        );
        let access_token = registered.tokens.unwrap().access_token;
        let account = world
            .authenticate(access_token.expose())
            .await
            .unwrap()
            .account;
        assert_eq!(account.appservice_id.as_deref(), owner, "{username}");
        assert_eq!(account.password_hash, None);
    }
    let silent = RegisterRequest {
        inhibit_login: true,
        ..ghost("irc_bob")
    };
    assert_eq!(world.registered(&silent).await.tokens, None);
    let again = world.refused(&ghost("irc_bob")).await;
    assert!(
        matches!(again, RegisterError::Name(NameError::Taken)),
        "{again:?}"
    );
}

/// Each row breaks one more check than the row before, in the reverse order of the checks.
#[tokio::test]
async fn complaints_come_in_the_order_of_synapse() {
    let world = world();
    let complaint = |request: &RegisterRequest| {
        let (world, request) = (&world, request.clone());
        async move { format!("{:?}", world.refused(&request).await) }
    };
    let mut request = ghost("irc_notices");
    assert_eq!(complaint(&request).await, "Name(Reserved)");
    for foreign in [
        "alice",
        "xmpp_alice",
        "my_irc_alice",
        "",
        "irc_a:b",
        "irc_\0",
    ] {
        assert_eq!(
            complaint(&ghost(foreign)).await,
            "AppserviceNameForeign",
            "{foreign:?}"
        );
    }
    request.bearer = token("unheard of");
    assert_eq!(complaint(&request).await, "AppserviceTokenUnknown");
    request.username = Given::Absent;
    assert_eq!(complaint(&request).await, "AppserviceUsernameMissing");
    request.bearer = Bearer::Malformed;
    assert_eq!(complaint(&request).await, "AppserviceTokenMalformed");
    request.bearer = Bearer::Absent;
    assert_eq!(complaint(&request).await, "AppserviceTokenMissing");
    request.username = Given::Malformed;
    assert_eq!(complaint(&request).await, "UsernameUnreadable");
}

#[tokio::test]
async fn nobody_else_gets_an_exclusive_name() {
    let world = World::with(|policy| {
        policy.registration.appservices = AppServices::new(vec![
            service("irc", &[("@irc_.*", true), ("@shared_.*", false)], false),
            service("numbers", &[("@1:.*", true)], false),
        ]);
    });
    for exclusive in ["irc_alice", "ircbot"] {
        let refused = world.refused(&register(exclusive)).await;
        assert!(
            matches!(refused, RegisterError::Name(NameError::Exclusive)),
            "{exclusive}"
        );
    }
    world
        .registered(&RegisterRequest {
            auth: dummy(None),
            ..register("shared_alice")
        })
        .await;
    let numbered = RegisterRequest {
        auth: dummy(None),
        ..empty_register()
    };
    let refused = world.refused(&numbered).await;
    assert!(
        matches!(refused, RegisterError::Name(NameError::Exclusive)),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_service_logs_in_as_its_users_and_as_nobody_else() {
    let world = world();
    world
        .registered(&RegisterRequest {
            inhibit_login: true,
            ..ghost("irc_alice")
        })
        .await;
    let log_in = |bearer: Bearer, user: &str| {
        let request = LoginRequest {
            login_type: given("m.login.application_service"),
            identity: named(user),
            ..LoginRequest::default()
        };
        let world = &world;
        async move {
            world
                .services
                .login
                .log_in(&world.ctx, &bearer, &request)
                .await
        }
    };
    let logged_in = log_in(token("irc"), "@irc_alice:example.org")
        .await
        .unwrap();
    assert_eq!(logged_in.user_id.to_string(), "@irc_alice:example.org");
    world
        .authenticate(logged_in.tokens.access_token.expose())
        .await
        .unwrap();
    let unregistered = log_in(token("irc"), "irc_bob").await.unwrap_err();
    assert!(
        matches!(unregistered, LoginError::AppserviceUserUnknown),
        "{unregistered:?}"
    );
    for (bearer, user) in [
        (token("xmpp"), "irc_alice"),
        (token("xmpp"), "irc_bob"),
        (token("irc"), "alice"),
    ] {
        let refused = log_in(bearer, user).await.unwrap_err();
        assert!(
            matches!(refused, LoginError::AppserviceUserForeign),
            "{user}: {refused:?}"
        );
    }
    let unknown = log_in(token("unheard of"), "irc_alice").await;
    assert!(matches!(unknown, Err(LoginError::AppserviceTokenUnknown)));
    let with_password = world.log_in(&login("irc_alice", PASSWORD)).await;
    assert!(matches!(
        with_password,
        Err(LoginError::Credential(CredentialError::Wrong))
    ));
}

#[tokio::test]
async fn services_are_limited_when_their_file_says_so() {
    let world = World::with(|policy| {
        policy.rates.login_address = Rate {
            per_second: 0.1,
            burst_count: 1.0,
        };
        policy.registration.appservices = AppServices::new(vec![
            service("free", &[("@free_.*", true)], false),
            service("held", &[("@held_.*", true)], true),
        ]);
    });
    let log_in = |id: &str| {
        let (world, bearer) = (&world, token(id));
        let request = LoginRequest {
            login_type: given("m.login.application_service"),
            identity: named(&format!("{id}_nobody")),
            ..LoginRequest::default()
        };
        async move {
            world
                .services
                .login
                .log_in(&world.ctx, &bearer, &request)
                .await
                .unwrap_err()
        }
    };
    for _ in 0..3 {
        assert!(matches!(
            log_in("free").await,
            LoginError::AppserviceUserUnknown
        ));
    }
    assert!(matches!(
        log_in("held").await,
        LoginError::AppserviceUserUnknown
    ));
    assert!(matches!(log_in("held").await, LoginError::Limited(_)));
}

#[tokio::test]
async fn a_held_services_logins_to_an_account_are_limited_and_a_free_ones_are_not() {
    let world = World::with(|policy| {
        policy.rates.login_account = Rate {
            per_second: 0.1,
            burst_count: 1.0,
        };
        policy.registration.appservices = AppServices::new(vec![
            service("free", &[("@free_.*", true)], false),
            service("held", &[("@held_.*", true)], true),
        ]);
    });
    let log_in = |id: &str, user: &str| as_service(&world, id, user);
    for _ in 0..3 {
        log_in("free", "freebot").await.unwrap();
    }
    log_in("held", "heldbot").await.unwrap();
    let refused = log_in("held", "@HELDBOT:example.org").await.unwrap_err();
    assert!(matches!(refused, LoginError::AppserviceUserForeign));
    let refused = log_in("held", "heldbot").await.unwrap_err();
    assert!(matches!(refused, LoginError::Limited(_)), "{refused:?}");
    let other = log_in("held", "held_alice").await.unwrap_err();
    assert!(matches!(other, LoginError::AppserviceUserUnknown));
}

fn as_service<'a>(
    world: &'a World,
    id: &str,
    user: &str,
) -> impl Future<Output = Result<LoggedIn, LoginError>> + use<'a> {
    let bearer = token(id);
    let request = LoginRequest {
        login_type: given("m.login.application_service"),
        identity: named(user),
        ..LoginRequest::default()
    };
    async move {
        let login = &world.services.login;
        login.log_in(&world.ctx, &bearer, &request).await
    }
}

#[tokio::test]
async fn a_service_logs_in_as_its_own_user_which_it_need_not_register() {
    let world = world();
    let (first, second) = tokio::join!(
        as_service(&world, "irc", "ircbot"),
        as_service(&world, "irc", "@ircbot:Example.org")
    );
    for logged_in in [first.unwrap(), second.unwrap()] {
        assert_eq!(logged_in.user_id.to_string(), "@ircbot:example.org");
        let token = logged_in.tokens.access_token;
        let account = world.authenticate(token.expose()).await.unwrap().account;
        assert_eq!(account.appservice_id.as_deref(), Some("irc"));
        assert_eq!(account.password_hash, None);
    }
    let refused = as_service(&world, "xmpp", "ircbot").await.unwrap_err();
    assert!(matches!(refused, LoginError::AppserviceUserForeign));
}

/// Rows: the arguments `user_id` and `device_id`, and which device the service then speaks as, or
/// why not.
#[tokio::test]
async fn a_service_chooses_the_device_of_its_user() {
    let world = world();
    let phone = RegisterRequest {
        device_id: given("PHONE"),
        ..ghost("irc_alice")
    };
    world.registered(&phone).await;
    world.registered(&ghost("ircbot")).await;
    let alice = given("@irc_alice:example.org");
    for (user_id, device_id, expected) in [
        (&alice, Given::Absent, "None"),
        (&alice, given("PHONE"), "Some(PHONE)"),
        (&alice, given("LAPTOP"), "AppserviceDeviceUnknown"),
        (&alice, given(""), "AppserviceDeviceUnknown"),
        (&alice, given("a\0b"), "AppserviceDeviceUnknown"),
        (&alice, Given::Malformed, "AppserviceDeviceUnknown"),
        (&Given::Absent, given("PHONE"), "AppserviceDeviceUnknown"),
        (
            &given("@irc_bob:example.org"),
            given("PHONE"),
            "AppserviceUserForeign",
        ),
    ] {
        let assertion = Assertion {
            user_id: user_id.clone(),
            device_id: device_id.clone(),
        };
        let authentication = &world.services.authentication;
        let outcome = authentication
            .authenticate(&world.ctx, &token("irc"), &assertion, Audience::Everyone)
            .await;
        let found = match outcome {
            Ok(requester) => match requester.device_id {
                Some(device_id) => format!("Some({device_id})"),
                None => "None".to_owned(),
            },
            Err(refused) => format!("{refused:?}"),
        };
        assert_eq!(found, expected, "{user_id:?} {device_id:?}");
    }
}

#[tokio::test]
async fn a_service_speaks_for_no_deactivated_user() {
    let world = world();
    world.registered(&ghost("irc_alice")).await;
    world.registered(&ghost("ircbot")).await;
    let (users, operator) = (&world.services.user_admin, &world.console.operator);
    for user_id in ["@irc_alice:example.org", "@ircbot:example.org"] {
        let assertion = Assertion {
            user_id: given(user_id),
            device_id: Given::Absent,
        };
        let bearer = token("irc");
        let speak = || {
            let authentication = &world.services.authentication;
            authentication.authenticate(&world.ctx, &bearer, &assertion, Audience::Everyone)
        };
        speak().await.unwrap();
        let user = users.user(operator, user_id).await.unwrap();
        users
            .deactivate(operator, &user, ErasePolicy::Keep)
            .await
            .unwrap();
        let refused = speak().await.unwrap_err();
        assert!(
            matches!(refused, AuthenticateError::AppserviceUserForeign),
            "{refused:?}"
        );
    }
}
