use std::sync::Arc;
use std::time::Duration;

use registrar_domain::model::given::Given;
use registrar_domain::model::job::Job;
use registrar_domain::model::limit::Rate;
use registrar_domain::model::policy::ConsentPolicy;
use registrar_domain::model::registration_token::{
    RegistrationToken, RegistrationTokenId, RegistrationTokenLength,
};
use registrar_domain::model::secret::Secret;
use registrar_domain::model::time::Timestamp;
use registrar_domain::model::uia::flow::{FlowSettings, registration_flows};
use registrar_domain::model::uia::{Stage, StageFailure};
use registrar_domain::ports::store::Change;
use registrar_domain::ports::{Intent, Store as _};
use registrar_domain::usecase::registration::RegisterRequest;
use registrar_domain::usecase::registration_token::admin::{
    NewToken, TokenAdminError, TokenChanges, TokenFilter,
};
use registrar_domain::usecase::registration_token::validity::TokenValidityError;
use registrar_domain::usecase::token::authenticate::{Administrator, AuthenticateError, Bearer};
use registrar_domain::usecase::uia::auth::{Auth, Submission};
use registrar_domain::usecase::uia::prompt::UiaPrompt;

use crate::world::{ROUNDS, World, dummy, given, race, register};

fn invited() -> World {
    World::with(|policy| {
        let settings = FlowSettings {
            require_token: true,
            ..FlowSettings::default()
        };
        policy.registration.flows = registration_flows(&settings).unwrap();
    })
}

fn id(text: &str) -> RegistrationTokenId {
    RegistrationTokenId::parse(text).unwrap()
}

async fn add(world: &World, text: &str, uses_allowed: Option<u32>, expires: Option<i64>) {
    let expires = expires.map(Timestamp::from_unix_ms);
    let mut uow = world.store.begin(Intent::Write).await.unwrap();
    let token = RegistrationToken::new(id(text), uses_allowed, expires);
    uow.registration_tokens().add(&token).await.unwrap();
    uow.commit().await.unwrap();
}

/// (pending, completed)
async fn counts(world: &World, text: &str) -> (u32, u32) {
    let found = world
        .read()
        .await
        .registration_tokens()
        .find(&id(text))
        .await
        .unwrap()
        .unwrap();
    (found.pending, found.completed)
}

fn submit(session: Option<&UiaPrompt>, token: Given<String>) -> Given<Auth> {
    Given::Value(Auth {
        is_empty: false,
        session: session
            .map(|prompt| prompt.session.as_str().to_owned())
            .into(),
        stage: given(Stage::RegistrationToken.as_str()),
        submission: Submission {
            token,
            ..Submission::default()
        },
    })
}

fn with_token(session: &UiaPrompt, username: &str, token: &str) -> RegisterRequest {
    RegisterRequest {
        auth: submit(Some(session), given(token)),
        ..register(username)
    }
}

#[tokio::test]
async fn a_use_is_reserved_by_the_stage_and_completed_by_the_account() {
    let world = invited();
    add(&world, "invite", Some(1), None).await;
    let session = world.prompted(&register("alice")).await;
    let passed = world
        .prompted(&with_token(&session, "alice", "invite"))
        .await;
    assert_eq!(passed.completed, Some(vec![Stage::RegistrationToken]));
    assert_eq!(counts(&world, "invite").await, (1, 0));

    // Repeating the stage counts nothing, even when the token is used up by now.
    world
        .prompted(&with_token(&session, "alice", "invite"))
        .await;
    assert_eq!(counts(&world, "invite").await, (1, 0));

    let last = RegisterRequest {
        auth: dummy(Some(&session)),
        ..register("alice")
    };
    world.registered(&last).await;
    assert_eq!(counts(&world, "invite").await, (0, 1));
    world.registered(&last).await;
    world
        .registered(&with_token(&session, "alice", "invite"))
        .await;
    assert_eq!(
        counts(&world, "invite").await,
        (0, 1),
        "a replay completes nothing twice"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn racers_for_the_last_use_get_it_once() {
    for _round in 0..ROUNDS {
        let world = Arc::new(invited());
        add(&world, "last", Some(1), None).await;
        let mut requests = Vec::new();
        for number in 0..64 {
            let username = format!("racer{number}");
            let session = world.prompted(&register(&username)).await;
            requests.push(with_token(&session, &username, "last"));
        }
        let prompts = race(prompts(&world, requests)).await;
        let passed = prompts.iter().filter(|it| it.failure.is_none()).count();
        assert_eq!((passed, counts(&world, "last").await), (1, (1, 0)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_one_session_reserve_one_use() {
    for _round in 0..ROUNDS {
        let world = Arc::new(invited());
        add(&world, "invite", Some(5), None).await;
        let session = world.prompted(&register("alice")).await;
        let request = with_token(&session, "alice", "invite");
        let prompts = race(prompts(&world, vec![request; 8])).await;
        assert!(prompts.iter().all(|prompt| prompt.failure.is_none()));
        assert_eq!(counts(&world, "invite").await, (1, 0));
    }
}

/// What each of these requests is answered.
fn prompts(
    world: &Arc<World>,
    requests: Vec<RegisterRequest>,
) -> impl Iterator<Item = impl Future<Output = UiaPrompt> + use<>> + use<> {
    let world = Arc::clone(world);
    requests.into_iter().map(move |request| {
        let world = Arc::clone(&world);
        async move { world.prompted(&request).await }
    })
}

#[tokio::test]
async fn what_is_wrong_with_a_submission_is_told_inside_the_uia_session() {
    let world = invited();
    add(&world, "good", None, None).await;
    add(&world, "spent", Some(0), None).await;
    add(&world, "old", None, Some(1)).await;
    let session = world.prompted(&register("alice")).await;
    for (session, token, expected) in [
        (Some(&session), Given::Absent, StageFailure::TokenMissing),
        (Some(&session), Given::Null, StageFailure::TokenUnreadable),
        (
            Some(&session),
            Given::Malformed,
            StageFailure::TokenUnreadable,
        ),
        (None, given("good"), StageFailure::SessionMissing),
        (Some(&session), given(""), StageFailure::TokenInvalid),
        (
            Some(&session),
            given("tök\u{200b}en"),
            StageFailure::TokenInvalid,
        ),
        (
            Some(&session),
            given(&"a".repeat(5000)),
            StageFailure::TokenInvalid,
        ),
        (Some(&session), given("unknown"), StageFailure::TokenInvalid),
        (Some(&session), given("spent"), StageFailure::TokenInvalid),
        (Some(&session), given("old"), StageFailure::TokenInvalid),
    ] {
        let request = RegisterRequest {
            auth: submit(session, token.clone()),
            ..register("alice")
        };
        assert_eq!(
            world.prompted(&request).await.failure,
            Some(expected),
            "{token:?}"
        );
    }
    world.prompted(&with_token(&session, "alice", "good")).await;
    let other = world
        .prompted(&with_token(&session, "alice", "spent"))
        .await;
    assert_eq!(other.failure, Some(StageFailure::TokenChanged));
    assert_eq!(other.completed, Some(vec![Stage::RegistrationToken]));
}

#[tokio::test]
async fn a_token_that_was_removed_meanwhile_does_not_stop_its_holder() {
    let world = invited();
    add(&world, "invite", Some(1), None).await;
    let session = world.prompted(&register("alice")).await;
    world
        .prompted(&with_token(&session, "alice", "invite"))
        .await;
    let mut uow = world.store.begin(Intent::Write).await.unwrap();
    uow.registration_tokens()
        .remove(&id("invite"))
        .await
        .unwrap();
    uow.commit().await.unwrap();
    let last = RegisterRequest {
        auth: dummy(Some(&session)),
        ..register("alice")
    };
    world.registered(&last).await;
}

#[tokio::test]
async fn an_abandoned_uia_session_gives_its_use_back() {
    let world = invited();
    add(&world, "invite", Some(1), None).await;
    let session = world.prompted(&register("alice")).await;
    world
        .prompted(&with_token(&session, "alice", "invite"))
        .await;
    world.clock.advance(Duration::from_secs(48 * 60 * 60));
    let housekeeping = &world.services.housekeeping;
    housekeeping.run(Job::UiaSessions, "me").await.unwrap();
    assert_eq!(counts(&world, "invite").await, (0, 0));
}

#[tokio::test]
async fn a_stage_that_is_not_enabled_is_unknown() {
    let world = World::with(|policy| policy.registration.stages = vec![Stage::Dummy]);
    add(&world, "invite", None, None).await;
    let session = world.prompted(&register("alice")).await;
    let refused = world
        .refused(&with_token(&session, "alice", "invite"))
        .await;
    assert!(
        format!("{refused:?}").contains("UnknownStage"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn agreeing_to_the_terms_is_recorded_with_the_account() {
    let world = World::with(|policy| {
        let settings = FlowSettings {
            require_consent: true,
            ..FlowSettings::default()
        };
        policy.registration.flows = registration_flows(&settings).unwrap();
        policy.registration.consent = Some(ConsentPolicy {
            version: "1.0".to_owned(),
            name: "Privacy Policy".to_owned(),
            url: "https://example.org/_matrix/consent?v=1.0".to_owned(),
            form_secret: None,
        });
    });
    let session = world.prompted(&register("alice")).await;
    let terms = Auth {
        session: given(session.session.as_str()),
        stage: given(Stage::Terms.as_str()),
        ..Auth::default()
    };
    world
        .prompted(&RegisterRequest {
            auth: Given::Value(terms),
            ..register("alice")
        })
        .await;
    let last = RegisterRequest {
        auth: dummy(Some(&session)),
        ..register("alice")
    };
    let token = world.registered(&last).await.tokens.unwrap().access_token;
    let account = world.authenticate(token.expose()).await.unwrap().account;
    assert_eq!(account.consent_version.as_deref(), Some("1.0"));
    assert_eq!(account.consented, Some(account.created));
}

#[tokio::test]
async fn validity_is_told_to_whoever_asks_slowly() {
    let world = World::with(|policy| {
        policy.rates.registration_token_validity = Rate {
            per_second: 0.1,
            burst_count: 5.0,
        };
    });
    add(&world, "good", Some(1), None).await;
    let check = |token: Given<String>| {
        let world = &world;
        async move {
            world
                .services
                .token_validity
                .check(&world.ctx, &token)
                .await
        }
    };
    assert!(check(given("good")).await.unwrap());
    assert!(!check(given("unknown")).await.unwrap());
    assert!(!check(given("not even a token")).await.unwrap());
    assert!(matches!(
        check(Given::Absent).await,
        Err(TokenValidityError::TokenMissing)
    ));
    assert!(matches!(
        check(Given::Malformed).await,
        Err(TokenValidityError::TokenNotAscii)
    ));
    assert!(matches!(
        check(given("good")).await,
        Err(TokenValidityError::Limited(_))
    ));

    let closed = World::with(|policy| policy.registration.enabled = false);
    let refused = closed
        .services
        .token_validity
        .check(&closed.ctx, &Given::Absent)
        .await;
    assert!(matches!(refused, Err(TokenValidityError::Closed)));
}

async fn administrator(world: &World, admin: bool) -> Result<Administrator, AuthenticateError> {
    let request = RegisterRequest {
        auth: dummy(None),
        ..register("op")
    };
    let token = world
        .registered(&request)
        .await
        .tokens
        .unwrap()
        .access_token;
    if admin {
        world.store.promote("op");
    }
    let bearer = Bearer::Token(Secret::new(token.expose().to_owned()));
    world
        .services
        .authentication
        .authenticate_admin(&world.ctx, &bearer)
        .await
}

#[tokio::test]
async fn only_administrators_are_administrators() {
    let refused = administrator(&World::new(), false).await.unwrap_err();
    assert!(matches!(refused, AuthenticateError::NotAdministrator));
}

#[tokio::test]
async fn operators_make_change_and_remove_tokens() {
    let world = World::new();
    let admin = administrator(&world, true).await.unwrap();
    let tokens = &world.services.token_admin;
    let made = tokens.create(&admin, &NewToken::default()).await.unwrap();
    assert_eq!(made.id.expose().len(), 16);
    let short = NewToken {
        length: RegistrationTokenLength::new(8).unwrap(),
        ..NewToken::default()
    };
    let short = tokens.create(&admin, &short).await.unwrap();
    assert_eq!(short.id.expose().len(), 8);
    let named = NewToken {
        id: Some(id("named")),
        uses_allowed: Some(2),
        expires: Some(Timestamp::from_unix_ms(1_700_000_000_000)),
        ..NewToken::default()
    };
    let named_token = tokens.create(&admin, &named).await.unwrap();
    let again = tokens.create(&admin, &named).await;
    assert!(matches!(again, Err(TokenAdminError::Exists)));

    let list = async |filter| tokens.list(&admin, filter).await.unwrap().len();
    assert_eq!(list(TokenFilter::All).await, 3);
    assert_eq!(
        list(TokenFilter::Valid).await,
        3,
        "the last moment is included"
    );

    let spent = TokenChanges {
        uses_allowed: Change::Set(Some(0)),
        ..TokenChanges::default()
    };
    let changed = tokens.update(&admin, "named", &spent).await.unwrap();
    assert_eq!(
        (changed.uses_allowed, changed.expires),
        (Some(0), named_token.expires)
    );
    assert_eq!(list(TokenFilter::Invalid).await, 1);
    let freed = TokenChanges {
        uses_allowed: Change::Set(None),
        expires: Change::Set(None),
    };
    let changed = tokens.update(&admin, "named", &freed).await.unwrap();
    assert_eq!((changed.uses_allowed, changed.expires), (None, None));
    assert_eq!(
        tokens
            .update(&admin, "named", &TokenChanges::default())
            .await
            .unwrap(),
        changed
    );

    tokens.remove(&admin, "named").await.unwrap();
    for outcome in [
        tokens.remove(&admin, "named").await.err(),
        tokens.find(&admin, "named").await.err(),
        tokens.update(&admin, "named", &freed).await.err(),
        tokens.find(&admin, "no token at all").await.err(),
    ] {
        assert!(
            matches!(outcome, Some(TokenAdminError::NotFound)),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn no_token_expires_before_it_is_made_or_changed() {
    let world = World::new();
    let admin = administrator(&world, true).await.unwrap();
    let tokens = &world.services.token_admin;
    let past = Timestamp::from_unix_ms(1_699_999_999_999);
    let new = NewToken {
        expires: Some(past),
        ..NewToken::default()
    };
    let refused = tokens.create(&admin, &new).await;
    assert!(matches!(refused, Err(TokenAdminError::ExpiryPast)));
    assert_eq!(tokens.list(&admin, TokenFilter::All).await.unwrap(), []);
    let changes = TokenChanges {
        expires: Change::Set(Some(past)),
        ..TokenChanges::default()
    };
    add(&world, "named", None, None).await;
    for token in ["named", "unknown"] {
        let refused = tokens.update(&admin, token, &changes).await;
        assert!(matches!(refused, Err(TokenAdminError::ExpiryPast)));
    }
    let named = tokens.find(&admin, "named").await.unwrap();
    assert_eq!(named.expires, None);
}
