//! What becomes of a login, a refresh or an operation behind a password when the password is replaced while
//! it is being compared.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use registrar_domain::model::account::{Account, AccountKind};
use registrar_domain::model::context::HashTurn;
use registrar_domain::model::given::Given;
use registrar_domain::model::id::{DeviceId, Localpart};
use registrar_domain::model::password::{Password, PasswordHash, Verification};
use registrar_domain::model::time::Timestamp;
use registrar_domain::model::uia::OperationDigest;
use registrar_domain::ports::{HashError, Intent, PasswordHasher, Store};
use registrar_domain::usecase::credentials::CredentialError;
use registrar_domain::usecase::device::{DeviceError, RemoveOutcome, RemoveRequest};
use registrar_domain::usecase::login::LoginError;
use registrar_domain::usecase::uia::gate::GateError;

use crate::validating::password;
use crate::world::{PASSWORD, World, given, login};

/// What happens between the comparison of a password and the use of its outcome.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// Somebody sets another password, which ends all logins.
    NewPassword,
    /// Somebody sets another password, and logins go on.
    NewPasswordAlone,
    /// The account is deactivated.
    Deactivation,
    /// A login beside this one renews the outdated hash.
    Renewal,
}

/// Compares as `inner` does; before the answer is used, the event happens to Alice's account, once.
struct Meanwhile {
    inner: Arc<dyn PasswordHasher>,
    store: Arc<dyn Store>,
    event: Arc<Mutex<Option<Event>>>,
}

#[async_trait]
impl PasswordHasher for Meanwhile {
    async fn hash(&self, turn: HashTurn, password: &Password) -> Result<PasswordHash, HashError> {
        self.inner.hash(turn, password).await
    }

    async fn verify(
        &self,
        turn: HashTurn,
        password: &Password,
        hash: &PasswordHash,
    ) -> Result<Verification, HashError> {
        let outcome = self.inner.verify(turn, password, hash).await;
        let event = self.event.lock().unwrap().take();
        let Some(event) = event else { return outcome };
        let alice = Localpart::read("alice").unwrap();
        let mut uow = self.store.begin(Intent::Write).await.unwrap();
        let set = match event {
            Event::NewPassword | Event::NewPasswordAlone => "fake$another",
            Event::Renewal => "fake$secret",
            Event::Deactivation => {
                assert!(uow.accounts().deactivate(&alice).await.unwrap());
                uow.commit().await.unwrap();
                return outcome;
            }
        };
        let set = PasswordHash::from_stored(set.to_owned());
        assert!(
            uow.accounts()
                .set_password_hash(&alice, &set)
                .await
                .unwrap()
        );
        if matches!(event, Event::NewPassword) {
            uow.devices().remove_all(&alice).await.unwrap();
            uow.tokens().remove_all(&alice).await.unwrap();
        }
        uow.commit().await.unwrap();
        outcome
    }
}

/// A world with Alice, whose password is `secret`; what is put into the second value happens next.
async fn world(hash: &str) -> (World, Arc<Mutex<Option<Event>>>) {
    let event = Arc::new(Mutex::new(None));
    let world = World::over(
        |_| {},
        |ports| {
            ports.password_hasher = Arc::new(Meanwhile {
                inner: ports.password_hasher.clone(),
                store: ports.store.clone(),
                event: event.clone(),
            });
        },
    );
    let alice = Localpart::read("alice").unwrap();
    let mut account = Account::new(alice, AccountKind::User, Timestamp::from_unix_ms(0));
    account.password_hash = Some(PasswordHash::from_stored(hash.to_owned()));
    let mut uow = world.store.begin(Intent::Write).await.unwrap();
    uow.accounts().add(&account).await.unwrap();
    uow.commit().await.unwrap();
    (world, event)
}

async fn stored_hash(world: &World) -> Option<String> {
    let alice = Localpart::read("alice").unwrap();
    let account = world.read().await.accounts().find(&alice).await.unwrap();
    let hash = account.unwrap().password_hash;
    hash.map(|hash| hash.expose().to_owned())
}

async fn devices(world: &World) -> usize {
    let alice = Localpart::read("alice").unwrap();
    let devices = world.read().await.devices().list(&alice).await;
    devices.unwrap().len()
}

#[tokio::test]
async fn nobody_is_logged_in_by_a_password_that_was_replaced_meanwhile() {
    for hash in ["fake$secret", "fake-old$secret"] {
        for event in [Event::NewPassword, Event::NewPasswordAlone] {
            let (world, next) = world(hash).await;
            *next.lock().unwrap() = Some(event);
            let refused = world.log_in(&login("alice", "secret")).await;
            let wrong = matches!(refused, Err(LoginError::Credential(CredentialError::Wrong)));
            assert!(wrong, "{refused:?}");
            assert_eq!(devices(&world).await, 0);
            // Nor is the new password overwritten by a renewal of the old one.
            assert_eq!(stored_hash(&world).await.as_deref(), Some("fake$another"));
        }
    }
}

#[tokio::test]
async fn nobody_is_logged_in_on_an_account_that_was_deactivated_meanwhile() {
    for hash in ["fake$secret", "fake-old$secret"] {
        let (world, next) = world(hash).await;
        *next.lock().unwrap() = Some(Event::Deactivation);
        let refused = world.log_in(&login("alice", "secret")).await;
        let closed = matches!(
            refused,
            Err(LoginError::Credential(CredentialError::Deactivated))
        );
        assert!(closed, "{refused:?}");
        assert_eq!(devices(&world).await, 0);
        assert_eq!(stored_hash(&world).await, None);
    }
}

#[tokio::test]
async fn a_login_survives_that_another_renews_the_hash() {
    let (world, next) = world("fake-old$secret").await;
    *next.lock().unwrap() = Some(Event::Renewal);
    world.log_in(&login("alice", "secret")).await.unwrap();
    assert_eq!(stored_hash(&world).await.as_deref(), Some("fake$secret"));
}

#[tokio::test]
async fn a_password_that_was_replaced_meanwhile_opens_no_operation() {
    for (event, is_withdrawn) in [
        (None, false),
        (Some(Event::NewPasswordAlone), true),
        (Some(Event::NewPassword), true),
        (Some(Event::Deactivation), true),
    ] {
        let (world, next) = world("fake$secret").await;
        let mut request = login("alice", "secret");
        request.device_id = given("ONE");
        let tokens = world.log_in(&request).await.unwrap().tokens;
        request.device_id = given("TWO");
        world.log_in(&request).await.unwrap();
        let requester = world.authenticate(tokens.access_token.expose()).await;
        let requester = requester.unwrap();
        let remove = |auth| {
            let (world, requester) = (&world, &requester);
            async move {
                let request = RemoveRequest {
                    operation: OperationDigest::of("DELETE", "/devices/TWO"),
                    auth: &auth,
                };
                let devices = &world.services.devices;
                devices.remove(&world.ctx, requester, &request, "TWO").await
            }
        };
        let RemoveOutcome::AuthRequired(asked) = remove(Given::Absent).await.unwrap() else {
            panic!("removed without a password");
        };
        *next.lock().unwrap() = event;
        let outcome = remove(password(&asked, "alice", "secret")).await;
        let withdrawn = matches!(outcome, Err(DeviceError::Gate(GateError::Withdrawn)));
        assert_eq!(withdrawn, is_withdrawn, "{event:?}: {outcome:?}");
        let alice = Localpart::read("alice").unwrap();
        let two = DeviceId::parse("TWO").unwrap();
        let two = world
            .read()
            .await
            .devices()
            .find(&alice, &two)
            .await
            .unwrap();
        let stays = matches!(event, Some(Event::NewPasswordAlone | Event::Deactivation));
        assert_eq!(two.is_some(), stays, "{event:?}");
    }
}

#[tokio::test]
async fn a_refresh_token_of_a_deactivated_account_is_worth_nothing() {
    let (world, _) = world(&format!("fake${PASSWORD}")).await;
    let mut request = login("alice", PASSWORD);
    request.refresh_token = Given::Value(true);
    let tokens = world.log_in(&request).await.unwrap().tokens;
    let alice = Localpart::read("alice").unwrap();
    let mut uow = world.store.begin(Intent::Write).await.unwrap();
    assert!(uow.accounts().deactivate(&alice).await.unwrap());
    uow.commit().await.unwrap();
    let token = tokens.refresh_token.unwrap();
    let refused = world
        .services
        .refresh
        .enabled()
        .unwrap()
        .refresh(&given(token.expose()))
        .await;
    assert!(refused.is_err());
}
