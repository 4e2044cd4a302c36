use registrar_domain::model::given::Given;
use registrar_domain::model::id::Localpart;
use registrar_domain::usecase::name::NameError;
use registrar_domain::usecase::registration::available::AvailabilityError;

use crate::world::{World, dummy, given, register};

async fn ask(world: &World, username: &str) -> Result<(), AvailabilityError> {
    world
        .services
        .availability
        .check(&world.ctx, &given(username))
        .await
}

#[tokio::test]
async fn a_name_is_available_until_somebody_has_it() {
    let world = World::new();
    ask(&world, "alice").await.unwrap();
    let mut request = register("alice");
    request.auth = dummy(None);
    world.registered(&request).await;
    let refused = ask(&world, "alice").await;
    assert!(
        matches!(refused, Err(AvailabilityError::Name(NameError::Taken))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn refusals_come_in_the_order_of_synapse() {
    let closed = World::with(|policy| policy.registration.enabled = false);
    assert!(matches!(
        ask(&closed, "!").await,
        Err(AvailabilityError::Closed)
    ));

    let world = World::with(|policy| {
        policy.registration.server_notices_localpart = Localpart::read("notices");
    });
    let check = |username: Given<String>| {
        let world = &world;
        async move {
            world
                .services
                .availability
                .check(&world.ctx, &username)
                .await
                .unwrap_err()
        }
    };
    assert!(matches!(
        check(Given::Absent).await,
        AvailabilityError::UsernameMissing
    ));
    assert!(matches!(
        check(Given::Malformed).await,
        AvailabilityError::UsernameNotAscii
    ));
    for upper in ["Alice", "a b", "", "_x"] {
        let refused = check(given(upper)).await;
        assert!(
            matches!(refused, AvailabilityError::Name(NameError::Invalid(_))),
            "{upper:?}"
        );
    }
    assert!(matches!(
        check(given("007")).await,
        AvailabilityError::Name(NameError::Numeric)
    ));
    assert!(matches!(
        check(given("notices")).await,
        AvailabilityError::Name(NameError::Reserved)
    ));
}

#[tokio::test]
async fn with_inhibit_every_name_is_available_and_none_is_looked_at() {
    let world = World::with(|policy| policy.registration.inhibit_user_in_use_error = true);
    world
        .services
        .availability
        .check(&world.ctx, &Given::Absent)
        .await
        .unwrap();
    ask(&world, "NOT EVEN A NAME").await.unwrap();
}
