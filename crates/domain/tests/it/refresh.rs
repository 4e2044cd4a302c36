use std::sync::Arc;
use std::time::Duration;

use registrar_domain::model::given::Given;
use registrar_domain::model::policy::Policy;
use registrar_domain::usecase::token::authenticate::{
    Assertion, Audience, AuthenticateError, Bearer,
};
use registrar_domain::usecase::token::issue::IssuedTokens;
use registrar_domain::usecase::token::refresh::RefreshError;

use crate::world::{PASSWORD, ROUNDS, World, dummy, given, login, race, register};

async fn start(change: impl FnOnce(&mut Policy)) -> (World, IssuedTokens) {
    let world = World::with(change);
    let mut request = register("alice");
    request.refresh_token = Given::Value(true);
    request.auth = dummy(None);
    let tokens = world.registered(&request).await.tokens.unwrap();
    (world, tokens)
}

async fn refresh(world: &World, tokens: &IssuedTokens) -> Result<IssuedTokens, RefreshError> {
    let token = tokens.refresh_token.as_ref().unwrap().expose();
    world
        .services
        .refresh
        .enabled()?
        .refresh(&given(token))
        .await
}

#[tokio::test]
async fn a_lost_answer_is_recoverable_until_its_tokens_are_used() {
    let (world, first) = start(|_| {}).await;
    assert_eq!(first.expires_in_ms, Some(300_000));
    let lost = refresh(&world, &first).await.unwrap();
    let second = refresh(&world, &first).await.unwrap();
    assert!(
        world
            .authenticate(lost.access_token.expose())
            .await
            .is_err(),
        "the lost pair is gone"
    );
    assert!(matches!(
        refresh(&world, &lost).await,
        Err(RefreshError::Unknown)
    ));

    world
        .authenticate(first.access_token.expose())
        .await
        .unwrap();
    world
        .authenticate(second.access_token.expose())
        .await
        .unwrap();
    refresh(&world, &second).await.unwrap();
}

#[tokio::test]
async fn a_contended_exchange_is_tried_again() {
    let (world, first) = start(|_| {}).await;
    world.store.contend_next(1);
    let second = refresh(&world, &first).await.unwrap();
    assert!(works(&world, &second).await);
}

async fn works(world: &World, tokens: &IssuedTokens) -> bool {
    world
        .authenticate(tokens.access_token.expose())
        .await
        .is_ok()
}

/// Rows: how many exchanges follow the first token, whether the last access token was used, and which
/// token is presented again; then whether that ends the login.
#[tokio::test]
async fn a_used_refresh_token_that_comes_again_ends_its_whole_family() {
    for (exchanges, is_used, again, ends) in [
        (1, false, 0, false),
        (1, true, 0, true),
        (2, false, 0, true),
        (2, true, 0, true),
        (2, false, 1, false),
        (2, true, 1, true),
        (5, false, 0, true),
        (5, false, 3, true),
        (5, true, 2, true),
        (5, false, 4, false),
    ] {
        let name = format!("{exchanges} {is_used} {again}");
        let (world, first) = start(|_| {}).await;
        let elsewhere = world.log_in(&login("alice", PASSWORD)).await.unwrap();
        let mut tokens = vec![first];
        for _ in 0..exchanges {
            let next = refresh(&world, tokens.last().unwrap()).await.unwrap();
            tokens.push(next);
        }
        let last = tokens.last().unwrap();
        if is_used {
            assert!(works(&world, last).await);
        }
        let outcome = refresh(&world, &tokens[again]).await;
        assert_eq!(outcome.is_err(), ends, "{name}");
        if ends {
            for token in &tokens {
                assert!(!works(&world, token).await, "{name}");
                let refused = refresh(&world, token).await;
                assert!(matches!(refused, Err(RefreshError::Unknown)), "{name}");
            }
        }
        // No other login of the account is touched, and the device stays.
        assert!(works(&world, &elsewhere.tokens).await, "{name}");
        let requester = world
            .authenticate(elsewhere.tokens.access_token.expose())
            .await
            .unwrap();
        let devices = world.services.devices.list(&requester).await.unwrap();
        assert_eq!(devices.len(), 2, "{name}");
    }
}

#[tokio::test]
async fn the_family_ends_although_the_used_token_has_expired() {
    let (world, first) = start(|policy| {
        policy.lifetimes.refresh = Some(Duration::from_secs(10));
    })
    .await;
    world.clock.advance(Duration::from_secs(9));
    let second = refresh(&world, &first).await.unwrap();
    assert!(works(&world, &second).await);
    world.clock.advance(Duration::from_secs(9));
    assert!(matches!(
        refresh(&world, &first).await,
        Err(RefreshError::Superseded)
    ));
    assert!(!works(&world, &second).await);
}

/// A token of a family that nobody ever had is no reason to end it.
#[tokio::test]
async fn tokens_of_other_families_end_nothing() {
    let (world, first) = start(|_| {}).await;
    let second = refresh(&world, &first).await.unwrap();
    let alice = registrar_domain::model::id::Localpart::read("alice").unwrap();
    let entropy = registrar_testkit::SeededEntropy::new(99);
    let foreign = registrar_domain::model::token::RefreshToken::generate(&entropy, &alice);
    let foreign = given(foreign.expose());
    let refused = world
        .services
        .refresh
        .enabled()
        .unwrap()
        .refresh(&foreign)
        .await;
    assert!(matches!(refused, Err(RefreshError::Unknown)));
    assert!(works(&world, &second).await);
}

#[tokio::test]
async fn rotating_the_successor_ends_the_predecessor_and_its_access_token() {
    let (world, first) = start(|_| {}).await;
    let second = refresh(&world, &first).await.unwrap();
    refresh(&world, &second).await.unwrap();
    assert!(!works(&world, &first).await);
    assert!(works(&world, &second).await);
    assert!(matches!(
        refresh(&world, &first).await,
        Err(RefreshError::Unknown)
    ));
}

#[tokio::test]
async fn access_tokens_expire_and_can_still_log_out() {
    let (world, tokens) = start(|_| {}).await;
    world.clock.advance(Duration::from_secs(299));
    world
        .authenticate(tokens.access_token.expose())
        .await
        .unwrap();
    world.clock.advance(Duration::from_secs(1));
    let refused = world
        .authenticate(tokens.access_token.expose())
        .await
        .unwrap_err();
    assert!(matches!(refused, AuthenticateError::Expired));

    let text =
        registrar_domain::model::secret::Secret::new(tokens.access_token.expose().to_owned());
    let authentication = &world.services.authentication;
    let leaving = authentication
        .authenticate(
            &world.ctx,
            &Bearer::Token(text),
            &Assertion::default(),
            Audience::Leaving,
        )
        .await;
    world.services.logout.one(&leaving.unwrap()).await.unwrap();
    assert!(matches!(
        refresh(&world, &tokens).await,
        Err(RefreshError::Unknown)
    ));
}

#[tokio::test]
async fn lifetimes_cap_what_is_refreshed() {
    let (world, first) = start(|policy| {
        policy.lifetimes.session = Some(Duration::from_secs(400));
        policy.lifetimes.refresh = Some(Duration::from_secs(350));
    })
    .await;
    world.clock.advance(Duration::from_secs(200));
    let second = refresh(&world, &first).await.unwrap();
    assert_eq!(
        second.expires_in_ms,
        Some(200_000),
        "the session ends before the token would"
    );
    world.clock.advance(Duration::from_secs(201));
    assert!(matches!(
        refresh(&world, &second).await,
        Err(RefreshError::Expired)
    ));

    let (world, first) = start(|p| p.lifetimes.refresh = Some(Duration::from_secs(10))).await;
    world.clock.advance(Duration::from_millis(10_001));
    assert!(matches!(
        refresh(&world, &first).await,
        Err(RefreshError::Expired)
    ));
}

#[tokio::test]
async fn malformed_and_foreign_tokens() {
    let (world, tokens) = start(|_| {}).await;
    let refresh = |token: Given<String>| {
        let world = &world;
        async move {
            world
                .services
                .refresh
                .enabled()
                .unwrap()
                .refresh(&token)
                .await
                .unwrap_err()
        }
    };
    assert!(matches!(
        refresh(Given::Absent).await,
        RefreshError::Missing
    ));
    assert!(matches!(
        refresh(Given::Null).await,
        RefreshError::Malformed
    ));
    assert!(matches!(
        refresh(Given::Malformed).await,
        RefreshError::Malformed
    ));
    let access = tokens.access_token.expose();
    for junk in [
        "",
        "nonsense",
        access,
        "syr_YWxpY2U_AbCdEfGhIjKlMnOpQrSt_3yC2bo",
    ] {
        assert!(
            matches!(refresh(given(junk)).await, RefreshError::Unknown),
            "{junk}"
        );
    }
}

#[tokio::test]
async fn without_refreshing_nobody_gets_a_refresh_token() {
    let (world, tokens) = start(|policy| policy.lifetimes.refreshable_access = None).await;
    assert_eq!(tokens.refresh_token, None);
    let refused = world.services.refresh.enabled().map(drop);
    assert!(matches!(refused, Err(RefreshError::SwitchedOff)));
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_exchanges_leave_one_working_pair() {
    for _round in 0..ROUNDS {
        let (world, first) = start(|_| {}).await;
        let world = Arc::new(world);
        // No more than a contended unit of work is tried.
        let racers = (0..4).map(|_| {
            let (world, first) = (Arc::clone(&world), first.clone());
            async move { refresh(&world, &first).await.unwrap() }
        });
        let mut working = 0;
        for pair in race(racers).await {
            let token = pair.access_token;
            working += usize::from(world.authenticate(token.expose()).await.is_ok());
        }
        assert_eq!(working, 1);
    }
}
