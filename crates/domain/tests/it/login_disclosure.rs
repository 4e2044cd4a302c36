//! What a login discloses to those who do not know the password: nothing, neither by its answer nor by the
//! work it takes, nor by its limits.

use std::sync::atomic::Ordering::SeqCst;

use registrar_domain::model::account::{Account, AccountKind};
use registrar_domain::model::given::Given;
use registrar_domain::model::id::Localpart;
use registrar_domain::model::limit::Rate;
use registrar_domain::model::password::PasswordHash;
use registrar_domain::model::policy::Policy;
use registrar_domain::model::threepid::{AccountThreepid, EmailAddress, PhoneNumber};
use registrar_domain::model::time::Timestamp;
use registrar_domain::ports::{Intent, Store as _};
use registrar_domain::usecase::credentials::CredentialError;
use registrar_domain::usecase::credentials::identifier::{Identifier, IdentityClaim};
use registrar_domain::usecase::login::{LoginError, LoginRequest};

use crate::world::{PASSWORD, World, given, login, named};

const MOMENT: Timestamp = Timestamp::from_unix_ms(1);

fn account(localpart: &str) -> Account {
    let localpart = Localpart::read(localpart).unwrap();
    Account::new(localpart, AccountKind::User, MOMENT)
}

fn stored(hash: &str) -> Option<PasswordHash> {
    Some(PasswordHash::from_stored(hash.to_owned()))
}

fn right() -> Option<PasswordHash> {
    stored(&format!("fake${PASSWORD}"))
}

/// Accounts of every kind; Alice and the deactivated one have addresses.
async fn populated(change: impl FnOnce(&mut Policy)) -> World {
    let world = World::with(change);
    let mut accounts = [
        account("alice"),
        account("bridged"),
        account("unusable"),
        account("closed"),
        account("imported_closed"),
        account("closed_long_ago"),
        Account::new(Localpart::read("7").unwrap(), AccountKind::Guest, MOMENT),
    ];
    accounts[0].password_hash = right();
    accounts[2].password_hash = stored("unusable$");
    accounts[3].former_password_hash = right();
    accounts[4].password_hash = right();
    for closed in &mut accounts[3..6] {
        closed.deactivated = true;
    }
    let mut uow = world.store.begin(Intent::Write).await.unwrap();
    for account in &accounts {
        uow.accounts().add(account).await.unwrap();
    }
    let email = EmailAddress::parse("alice@example.com").unwrap().into();
    let phone = PhoneNumber::parse("GB", "07700900001").unwrap().into();
    let closed = EmailAddress::parse("closed@example.com").unwrap().into();
    for (owner, threepid) in [(0, email), (0, phone), (3, closed)] {
        let threepid = AccountThreepid {
            threepid,
            validated: MOMENT,
            added: MOMENT,
        };
        let owner = &accounts[owner].localpart;
        uow.threepids().add(owner, &threepid).await.unwrap();
    }
    uow.commit().await.unwrap();
    world
}

fn third_party(medium: &str, address: &str) -> IdentityClaim {
    IdentityClaim {
        identifier: Given::Value(Identifier {
            id_type: given("m.id.thirdparty"),
            medium: given(medium),
            address: given(address),
            ..Identifier::default()
        }),
        ..IdentityClaim::default()
    }
}

fn phone(number: &str) -> IdentityClaim {
    IdentityClaim {
        identifier: Given::Value(Identifier {
            id_type: given("m.id.phone"),
            country: given("GB"),
            phone: given(number),
            ..Identifier::default()
        }),
        ..IdentityClaim::default()
    }
}

/// Every way to name somebody who is here, and somebody who is not.
fn everybody() -> Vec<IdentityClaim> {
    let names = [
        "alice",
        "nobody",
        "@alice:example.org",
        "@nobody:example.org",
        "@alice:elsewhere.org",
        "@alice",
        "a\0b",
        "bridged",
        "unusable",
        "closed",
        "imported_closed",
        "closed_long_ago",
        "7",
        "0",
    ];
    let mut everybody: Vec<_> = names.into_iter().map(named).collect();
    everybody.extend([
        third_party("email", "alice@example.com"),
        third_party("email", "closed@example.com"),
        third_party("email", "nobody@example.com"),
        third_party("msisdn", "447700900001"),
        third_party("msisdn", "447700900002"),
        third_party("msisdn", "a\0b"),
        third_party("fax", "1"),
        phone("07700 900001"),
        phone("07700 900002"),
    ]);
    everybody
}

fn with_password(identity: &IdentityClaim, password: &str) -> LoginRequest {
    LoginRequest {
        identity: identity.clone(),
        ..login("", password)
    }
}

#[tokio::test]
async fn a_wrong_password_costs_one_hash_and_gets_one_answer_whoever_is_named() {
    let world = populated(|_| {}).await;
    for identity in everybody() {
        let before = world.hasher.calls.load(SeqCst);
        let refused = world.log_in(&with_password(&identity, "wrong")).await;
        let refused = refused.unwrap_err();
        assert!(
            matches!(refused, LoginError::Credential(CredentialError::Wrong)),
            "{identity:?}: {refused:?}"
        );
        assert_eq!(refused.to_string(), CredentialError::Wrong.to_string());
        // A hash that cannot be used costs nothing to look at.
        let unusable = identity.identifier.value().and_then(|it| it.user.value());
        let looked_at = usize::from(unusable.is_some_and(|user| user == "unusable"));
        let hashed = world.hasher.calls.load(SeqCst) - before;
        assert_eq!(hashed, 1 + looked_at, "{identity:?}");
    }
    let turns = world.hasher.turns.lock().unwrap().clone();
    assert!(turns.iter().all(|turn| *turn == turns[0]), "{turns:?}");
}

/// What can be no password at all is compared with nobody's.
#[tokio::test]
async fn what_is_no_password_costs_nothing_whoever_is_named() {
    let world = populated(|_| {}).await;
    for identity in everybody() {
        for password in ["a\0b", &"x".repeat(513)] {
            let refused = world.log_in(&with_password(&identity, password)).await;
            let wrong = matches!(refused, Err(LoginError::Credential(CredentialError::Wrong)));
            assert!(wrong, "{identity:?}: {refused:?}");
        }
    }
    assert_eq!(world.hasher.calls.load(SeqCst), 0);
}

#[tokio::test]
async fn a_deactivated_account_is_disclosed_to_its_right_password_alone() {
    let world = populated(|_| {}).await;
    let closed = third_party("email", "closed@example.com");
    for identity in [named("closed"), named("imported_closed"), closed] {
        let refused = world.log_in(&with_password(&identity, PASSWORD)).await;
        let disclosed = matches!(
            refused,
            Err(LoginError::Credential(CredentialError::Deactivated))
        );
        assert!(disclosed, "{identity:?}: {refused:?}");
    }
    // Nobody knows what its password was.
    let refused = world.log_in(&login("closed_long_ago", PASSWORD)).await;
    assert!(matches!(
        refused,
        Err(LoginError::Credential(CredentialError::Wrong))
    ));
}

#[tokio::test]
async fn failures_are_limited_alike_whoever_is_named() {
    let limited = |refused: Result<_, LoginError>| match refused {
        Err(LoginError::Credential(CredentialError::Limited(_))) => true,
        Err(LoginError::Credential(CredentialError::Wrong)) => false,
        other => panic!("{other:?}"),
    };
    for identity in everybody() {
        let world = populated(|policy| {
            policy.rates.login_failed_attempts = Rate {
                per_second: 0.1,
                burst_count: 2.0,
            };
        })
        .await;
        let mut answers = Vec::new();
        for _ in 0..3 {
            answers.push(limited(
                world.log_in(&with_password(&identity, "wrong")).await,
            ));
        }
        assert_eq!(answers, [false, false, true], "{identity:?}");
    }
}

/// Otherwise the limit would answer whose an address is.
#[tokio::test]
async fn failures_with_a_name_disclose_no_address_of_its_account() {
    let world = populated(|policy| {
        policy.rates.login_failed_attempts = Rate {
            per_second: 0.1,
            burst_count: 1.0,
        };
    })
    .await;
    assert!(world.log_in(&login("alice", "wrong")).await.is_err());
    for address in ["alice@example.com", "nobody@example.com"] {
        let identity = third_party("email", address);
        let refused = world.log_in(&with_password(&identity, "wrong")).await;
        let wrong = matches!(refused, Err(LoginError::Credential(CredentialError::Wrong)));
        assert!(wrong, "{address}: {refused:?}");
    }
}
