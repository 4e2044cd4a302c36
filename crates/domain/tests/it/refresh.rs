use std::time::Duration;

use registrar_domain::given::Given;
use registrar_domain::policy::Policy;
use registrar_domain::token::authenticate::{Assertion, Audience, AuthenticateError, Bearer};
use registrar_domain::token::issue::IssuedTokens;
use registrar_domain::token::refresh::RefreshError;

use crate::world::{World, dummy, given, register};

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
    world.services.refresh.refresh(&given(token)).await
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
    assert!(matches!(
        refresh(&world, &first).await,
        Err(RefreshError::Superseded)
    ));
    refresh(&world, &second).await.unwrap();
}

#[tokio::test]
async fn rotating_the_successor_ends_the_predecessor_and_its_access_token() {
    let (world, first) = start(|_| {}).await;
    let second = refresh(&world, &first).await.unwrap();
    refresh(&world, &second).await.unwrap();
    assert!(matches!(
        refresh(&world, &first).await,
        Err(RefreshError::Unknown)
    ));
    assert!(
        world
            .authenticate(first.access_token.expose())
            .await
            .is_err()
    );
    world
        .authenticate(second.access_token.expose())
        .await
        .unwrap();
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

    let text = registrar_domain::secret::Secret::new(tokens.access_token.expose().to_owned());
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
        async move { world.services.refresh.refresh(&token).await.unwrap_err() }
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
    let refused = world
        .services
        .refresh
        .refresh(&given("x"))
        .await
        .unwrap_err();
    assert!(matches!(refused, RefreshError::SwitchedOff));
}

#[tokio::test]
async fn parallel_exchanges_leave_one_working_pair() {
    let (world, first) = start(|_| {}).await;
    let (a, b) = tokio::join!(refresh(&world, &first), refresh(&world, &first));
    let (a, b) = (a.unwrap(), b.unwrap());
    let a = world.authenticate(a.access_token.expose()).await.is_ok();
    let b = world.authenticate(b.access_token.expose()).await.is_ok();
    assert!(a ^ b, "exactly one of the pairs works: {a} {b}");
}
