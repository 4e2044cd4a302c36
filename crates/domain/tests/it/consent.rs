//! Reading the operator's policy and agreeing to it.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use registrar_domain::model::account::Account;
use registrar_domain::model::clock::Clock as _;
use registrar_domain::model::given::Given;
use registrar_domain::model::id::Localpart;
use registrar_domain::model::policy::ConsentPolicy;
use registrar_domain::model::secret::Secret;
use registrar_domain::usecase::account::consent::{ConsentError, ConsentPerson, ConsentRequest};
use sha2::Sha256;

use crate::world::{World, dummy, given, register};

async fn world() -> World {
    let world = World::with(|policy| {
        policy.registration.consent = Some(ConsentPolicy {
            version: "2".to_owned(),
            name: "Privacy Policy".to_owned(),
            url: "https://example.org/_matrix/consent?v=2".to_owned(),
            form_secret: Some(Secret::new("form secret".to_owned())),
        });
    });
    let mut request = register("alice");
    request.auth = dummy(None);
    world.registered(&request).await;
    world
}

fn signature(user: &str) -> String {
    let mut hmac = Hmac::<Sha256>::new_from_slice(b"form secret").unwrap();
    hmac.update(user.as_bytes());
    let bytes = hmac.finalize().into_bytes();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn link(version: &str, user: &str) -> ConsentRequest {
    ConsentRequest {
        version: given(version),
        user: given(user),
        mac: given(&signature(user)),
    }
}

fn is_known(version: &str) -> bool {
    ["1", "2"].contains(&version)
}

async fn alice(world: &World) -> Account {
    let alice = Localpart::read("alice").unwrap();
    let account = world.read().await.accounts().find(&alice).await;
    account.unwrap().unwrap()
}

async fn agreed(world: &World) -> Option<String> {
    alice(world).await.consent_version
}

/// Computed with another implementation.
#[test]
fn the_signature_is_that_of_links_made_elsewhere() {
    assert_eq!(
        signature("alice"),
        "98889e7ed231b0d3c37379a56b8fec9959a8c423b4dd6b63f3264e75a59f3d1b"
    );
}

#[tokio::test]
async fn the_last_version_that_somebody_agreed_to_is_recorded() {
    let world = world().await;
    let consent = &world.services.consent;
    for version in ["1", "2", "1"] {
        let request = link(version, "alice");
        let person = |has_consented| ConsentPerson {
            user: "alice".to_owned(),
            mac: signature("alice"),
            has_consented,
        };
        let before = consent.view(&request, is_known).await.unwrap();
        assert_eq!(before.person, Some(person(false)));
        consent.agree(&request, is_known).await.unwrap();
        let after = consent.view(&request, is_known).await.unwrap();
        assert_eq!(after.person, Some(person(true)));
        assert_eq!(agreed(&world).await.as_deref(), Some(version));
        assert_eq!(alice(&world).await.consented, Some(world.clock.now()));
        world.clock.advance(Duration::from_secs(60));
    }
}

#[tokio::test]
async fn complaints_come_in_the_order_of_synapse() {
    let world = world().await;
    let consent = &world.services.consent;
    let unsigned = |version: &str| ConsentRequest {
        mac: given("00"),
        ..link(version, "alice")
    };
    let rows = [
        (
            ConsentRequest {
                mac: Given::Absent,
                ..link("9", "nobody")
            },
            "`h` is missing",
        ),
        (
            ConsentRequest {
                mac: Given::Malformed,
                ..link("9", "nobody")
            },
            "`h` must be ASCII",
        ),
        (unsigned("9"), "the signature of the link is wrong"),
        (link("9", "nobody"), "there is no such user"),
        (link("9", "@alice:elsewhere.org"), "there is no such user"),
        (link("9", "alice"), "there is no such version of the policy"),
    ];
    for (request, expected) in rows {
        let viewed = consent.view(&request, is_known).await.unwrap_err();
        let agreed = consent.agree(&request, is_known).await.unwrap_err();
        assert_eq!(viewed.to_string(), expected);
        assert_eq!(agreed.to_string(), expected);
    }
    assert_eq!(agreed(&world).await, None);
}

#[tokio::test]
async fn nobody_agrees_without_a_policy() {
    let world = World::new();
    let request = link("1", "alice");
    let consent = &world.services.consent;
    let viewed = consent.view(&request, is_known).await;
    assert!(matches!(viewed, Err(ConsentError::NoPolicy)));
    let agreed = consent.agree(&request, is_known).await;
    assert!(matches!(agreed, Err(ConsentError::NoPolicy)));
}
