use super::accounts::upgrade;
use super::delegated::proof;
use super::registration_tokens::{counts, given_token};
use super::tokens::{add_pair, is_there};
use super::uia::{given_session, session_id};
use super::validations::{self, consume, given_open, given_validated, sid};
use super::{
    Constraint, Outcome, StoreErrorKind, Unit, at, device_id, digest, given_device, given_user,
    hash, join_all, localpart, read, retrying, sighting, user, write,
};
use registrar_domain::model::account::{Account, AccountKind};
use registrar_domain::model::id::Localpart;
use registrar_domain::model::registration_token::HeldRegistrationToken;
use registrar_domain::model::threepid::{Medium, Purpose, Unasked, ValidationSession};
use registrar_domain::model::uia::{CompletedStage, Registered, Stage, StageResult};
use registrar_domain::ports::store::{Store, StoreError};

const RACERS: u64 = 16;

/// Runs one attempt a racer at once; how many of them won.
async fn race<F>(attempt: impl Fn(u64) -> F) -> Result<usize, StoreError>
where
    F: Future<Output = Result<bool, StoreError>>,
{
    let attempt = &attempt;
    let racers = (0..RACERS).map(|racer| retrying(move || attempt(racer)));
    let mut winners = 0;
    for result in join_all(racers).await {
        winners += usize::from(result?);
    }
    Ok(winners)
}

pub(super) async fn one_of_many_registers_the_session(store: &dyn Store) -> Outcome {
    let id = &given_session(store, "s", 1).await?;
    let winners = race(|racer| async move {
        let name = localpart(&format!("racer{racer}"));
        let registered = Registered {
            localpart: name.clone(),
            device_id: device_id("PHONE"),
            at: at(1),
            answer: None,
        };
        let mut uow = write(store).await?;
        let sessions = uow.uia_sessions();
        if !sessions
            .mark_registered(id, &registered, &hash("h"))
            .await?
        {
            return Ok(false);
        }
        uow.accounts().add(&user(name.as_str())).await?;
        uow.commit().await?;
        Ok(true)
    })
    .await?;
    assert_eq!(winners, 1);
    let mut reader = read(store).await?;
    let found = reader
        .uia_sessions()
        .find(id)
        .await?
        .and_then(|session| session.registered);
    for racer in 0..RACERS {
        let name = localpart(&format!("racer{racer}"));
        let is_winner = found
            .as_ref()
            .is_some_and(|registered| registered.localpart == name);
        assert_eq!(reader.accounts().is_taken(&name).await?, is_winner);
    }
    Ok(())
}

pub(super) async fn one_of_many_parks_a_password_hash(store: &dyn Store) -> Outcome {
    let id = &given_session(store, "s", 1).await?;
    let winners = race(|racer| async move {
        let mut uow = write(store).await?;
        let won = uow
            .uia_sessions()
            .park_password_hash(id, &hash(&racer.to_string()))
            .await?;
        uow.commit().await?;
        Ok(won)
    })
    .await?;
    assert_eq!(winners, 1);
    Ok(())
}

pub(super) async fn one_of_many_ends_the_session(store: &dyn Store) -> Outcome {
    let id = &given_session(store, "s", 1).await?;
    let winners = race(|_| async move {
        let mut uow = write(store).await?;
        let won = uow.uia_sessions().remove(id).await?.is_some();
        uow.commit().await?;
        Ok(won)
    })
    .await?;
    assert_eq!(winners, 1);
    Ok(())
}

pub(super) async fn one_of_many_takes_the_lease(store: &dyn Store) -> Outcome {
    let take = |now: i64| {
        move |racer: u64| async move {
            let holder = format!("{now} {racer}");
            let mut uow = write(store).await?;
            let won = uow
                .leases()
                .acquire("sweep", &holder, at(now), at(now + 10))
                .await?;
            uow.commit().await?;
            Ok(won)
        }
    };
    assert_eq!(race(take(10)).await?, 1, "while it was free");
    assert_eq!(race(take(20)).await?, 1, "when it had expired");
    Ok(())
}

pub(super) async fn the_last_use_of_a_token_is_reserved_once(store: &dyn Store) -> Outcome {
    let id = &given_token(store, "t", Some(2), None).await?;
    let winners = race(|_| async move {
        let mut uow = write(store).await?;
        let won = uow
            .registration_tokens()
            .reserve(id, at(1))
            .await?
            .is_some();
        uow.commit().await?;
        Ok(won)
    })
    .await?;
    assert_eq!(winners, 2);
    Ok(())
}

pub(super) async fn one_of_many_rotates_the_refresh_token(store: &dyn Store) -> Outcome {
    let alice = given_user(store, "alice").await?;
    given_device(store, &alice, "PHONE").await?;
    let mut uow = write(store).await?;
    let (old, _) = add_pair(&mut uow, "old").await?;
    uow.commit().await?;
    let winners = race(|racer| async move {
        let mut uow = write(store).await?;
        let (new, _) = add_pair(&mut uow, &racer.to_string()).await?;
        if !uow.tokens().rotate_refresh(old, None, new).await? {
            return Ok(false);
        }
        uow.commit().await?;
        Ok(true)
    })
    .await?;
    assert_eq!(winners, 1);
    Ok(())
}

pub(super) async fn one_of_many_takes_the_localpart(store: &dyn Store) -> Outcome {
    let winners = race(|_| async move {
        let mut uow = write(store).await?;
        match uow.accounts().add(&user("alice")).await {
            Err(error) if error.kind == StoreErrorKind::Conflict(Constraint::LocalpartTaken) => {
                return Ok(false);
            }
            added => added?,
        }
        uow.commit().await?;
        Ok(true)
    })
    .await?;
    assert_eq!(winners, 1);
    Ok(())
}

pub(super) async fn one_of_many_upgrades_the_guest(store: &dyn Store) -> Outcome {
    let guest = Account::new(localpart("1"), AccountKind::Guest, at(0));
    let mut uow = write(store).await?;
    uow.accounts().add(&guest).await?;
    uow.commit().await?;
    let guest = &guest.localpart;
    let winners = race(|racer| async move {
        let mut uow = write(store).await?;
        let won = uow
            .accounts()
            .upgrade_guest(guest, &upgrade(&racer.to_string(), 1))
            .await?;
        uow.commit().await?;
        Ok(won)
    })
    .await?;
    assert_eq!(winners, 1);
    Ok(())
}

/// Sets a new password, which ends all logins.
async fn change_password(mut uow: Unit, name: &Localpart) -> Result<(), StoreError> {
    assert!(uow.accounts().set_password_hash(name, &hash("new")).await?);
    uow.devices().remove_all(name).await?;
    uow.tokens().remove_all(name).await?;
    uow.commit().await
}

/// A login compares the hash that its password was verified with to the hash of the account that it
/// holds. In whatever order logins and a change of the password come, no login is left.
pub(super) async fn no_login_outlives_the_password_that_opened_it(store: &dyn Store) -> Outcome {
    let alice = &given_user(store, "alice").await?;
    let old = &hash("old");
    for round in 0..RACERS {
        let pair = &|racer: u64| format!("{round} {racer}");
        let mut uow = write(store).await?;
        assert!(uow.accounts().set_password_hash(alice, old).await?);
        uow.commit().await?;
        let racers = (0..RACERS).map(|racer| {
            retrying(move || async move {
                let mut uow = write(store).await?;
                if racer == RACERS / 2 {
                    return change_password(uow, alice).await;
                }
                let held = uow.accounts().hold(alice).await?;
                if held.is_none_or(|account| account.password_hash.as_ref() != Some(old)) {
                    return Ok(());
                }
                let phone = device_id("PHONE");
                uow.devices()
                    .add_or_see(alice, &phone, None, &sighting(1))
                    .await?;
                add_pair(&mut uow, &pair(racer)).await?;
                uow.commit().await
            })
        });
        for result in join_all(racers).await {
            result?;
        }
        let mut reader = read(store).await?;
        for racer in 0..RACERS {
            let left = is_there(&mut reader, &pair(racer)).await?;
            assert_eq!(left, (false, false), "racer {racer} of round {round}");
        }
    }
    Ok(())
}

/// A refresh holds the account before it looks for its token.
pub(super) async fn no_refresh_outlives_the_logins_that_a_new_password_ends(
    store: &dyn Store,
) -> Outcome {
    let alice = &given_user(store, "alice").await?;
    for round in 0..RACERS {
        let pair = &|racer: u64| format!("{round} {racer}");
        let first = &format!("{round} first");
        given_device(store, alice, "PHONE").await?;
        let mut uow = write(store).await?;
        let (old, _) = add_pair(&mut uow, first).await?;
        uow.commit().await?;
        let racers = (0..RACERS).map(|racer| {
            retrying(move || async move {
                let mut uow = write(store).await?;
                if racer == RACERS / 2 {
                    return change_password(uow, alice).await;
                }
                uow.accounts().hold(alice).await?;
                let found = uow
                    .tokens()
                    .find_refresh(&digest(&format!("r{first}")))
                    .await?;
                let Some(found) = found else { return Ok(()) };
                let (new, _) = add_pair(&mut uow, &pair(racer)).await?;
                let expected = found.successor.map(|successor| successor.key);
                assert!(uow.tokens().rotate_refresh(old, expected, new).await?);
                uow.commit().await
            })
        });
        for result in join_all(racers).await {
            result?;
        }
        let mut reader = read(store).await?;
        for name in (0..RACERS).map(pair).chain([first.clone()]) {
            let left = is_there(&mut reader, &name).await?;
            assert_eq!(left, (false, false), "{name}");
        }
    }
    Ok(())
}

pub(super) async fn nobody_gets_a_number_twice(store: &dyn Store) -> Outcome {
    let take = || async move {
        let mut uow = write(store).await?;
        let number = uow.accounts().next_number(1).await?;
        uow.commit().await?;
        Ok(number)
    };
    let mut numbers = Vec::new();
    for result in join_all((0..RACERS).map(|_| retrying(take))).await {
        numbers.push(result?);
    }
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len() as u64, RACERS);
    assert!(numbers.first() >= Some(&1));
    Ok(())
}

pub(super) async fn many_sessions_expire_at_once(store: &dyn Store) -> Outcome {
    for n in 0..RACERS {
        given_session(store, &format!("s{n}"), 1).await?;
    }
    let sweep = || async move {
        let mut uow = write(store).await?;
        let removed = uow.uia_sessions().remove_expired(at(1), 5).await?;
        uow.commit().await?;
        Ok::<_, StoreError>(removed.len() as u64)
    };
    // Sweepers that meet may remove fewer than they could, but never count a session twice.
    let mut removed = 0;
    for result in join_all((0..4).map(|_| retrying(sweep))).await {
        removed += result?;
    }
    while removed < RACERS {
        let more = sweep().await?;
        assert!(more > 0, "{removed} of {RACERS} were counted");
        removed += more;
    }
    assert_eq!(removed, RACERS);
    assert_eq!(
        read(store)
            .await?
            .uia_sessions()
            .find(&session_id("s0"))
            .await?,
        None
    );
    Ok(())
}

pub(super) async fn one_of_many_opens_the_validation_session(store: &dyn Store) -> Outcome {
    let open = &validations::session("s");
    let winners = race(|racer| async move {
        let session = ValidationSession {
            id: sid(&format!("racer{racer}")),
            ..open.clone()
        };
        let mut uow = write(store).await?;
        match uow.validations().add(&session).await {
            Err(error) if error.is_conflict(Constraint::ValidationSessionOpen) => {
                return Ok(false);
            }
            added => added?,
        }
        uow.commit().await?;
        Ok(true)
    })
    .await?;
    assert_eq!(winners, 1);
    Ok(())
}

pub(super) async fn one_of_many_validates_the_session(store: &dyn Store) -> Outcome {
    let id = &given_open(store, "s").await?.id;
    let winners = race(|racer| async move {
        let now = at(1 + i64::try_from(racer).unwrap_or_default());
        let mut uow = write(store).await?;
        let won = uow.validations().mark_validated(id, now).await?;
        uow.commit().await?;
        Ok(won)
    })
    .await?;
    assert_eq!(winners, 1);
    Ok(())
}

pub(super) async fn one_of_many_consumes_the_session(store: &dyn Store) -> Outcome {
    let session = &given_validated(store, "s", 5).await?;
    let winners = race(|_| async move {
        let mut uow = write(store).await?;
        let won = consume(&mut uow, session, 4).await?.is_some();
        uow.commit().await?;
        Ok(won)
    })
    .await?;
    assert_eq!(winners, 1);
    Ok(())
}

pub(super) async fn one_of_many_uses_the_delegated_proof(store: &dyn Store) -> Outcome {
    let mut uow = write(store).await?;
    let purpose = Purpose::Registration;
    uow.validations()
        .record_delegated_purpose(&proof("known"), purpose, at(100))
        .await?;
    uow.commit().await?;
    for sid in ["known", "unknown"] {
        let winners = race(|_| async move {
            let mut uow = write(store).await?;
            let won = uow
                .validations()
                .consume_delegated(&proof(sid), &Purpose::ALL, Unasked::Accepted, at(100))
                .await?;
            uow.commit().await?;
            Ok(won)
        })
        .await?;
        assert_eq!(winners, 1, "{sid}");
    }
    Ok(())
}

pub(super) async fn a_limit_of_messages_holds_among_many(store: &dyn Store) -> Outcome {
    let winners = race(|_| async move {
        let mut uow = write(store).await?;
        let counted = uow
            .validations()
            .count_message(Medium::Email, at(0), 3)
            .await?;
        uow.commit().await?;
        Ok(counted)
    })
    .await?;
    assert_eq!(winners, 3);
    Ok(())
}

pub(super) async fn an_added_validation_token_is_not_lost(store: &dyn Store) -> Outcome {
    // A request that finds a session without a token removes it: here half of the racers, after a mail that
    // did not go out or in the sweep. The others add theirs, if the session is still there.
    for round in 0..RACERS {
        let id = &given_open(store, &format!("s{round}")).await?.id;
        let first = &digest(&format!("token of s{round}"));
        let own = &|racer: u64| validations::token(&format!("{round} {racer}"), 100);
        let added = join_all((0..RACERS).map(|racer| {
            retrying(move || async move {
                let mut uow = write(store).await?;
                let validations = uow.validations();
                match racer % 4 {
                    0 => validations.retract_token(id, first).await?,
                    1 => drop(validations.remove_expired(at(50), at(0), 9).await?),
                    _ => match validations.add_token(id, &own(racer)).await {
                        Err(error) if error.is_conflict(Constraint::MissingReference) => {
                            return Ok(None);
                        }
                        added => added?,
                    },
                }
                uow.commit().await?;
                Ok((racer % 4 > 1).then(|| own(racer)))
            })
        }))
        .await;
        let mut reader = read(store).await?;
        for token in added {
            let Some(token) = token? else { continue };
            let found = reader.validations().find_token(id, &token.digest).await?;
            assert_eq!(found, Some(token));
        }
    }
    Ok(())
}

pub(super) async fn requests_of_one_session_take_turns(store: &dyn Store) -> Outcome {
    // Half of the racers pass with the one use of a token, the others each pass another stage. All of
    // them succeed, and the last one sees what all did.
    const STAGES: [Stage; 4] = [
        Stage::Dummy,
        Stage::Terms,
        Stage::Recaptcha,
        Stage::Password,
    ];
    for round in 0..RACERS {
        let id = &given_session(store, &format!("s{round}"), 1).await?;
        let token = &given_token(store, &format!("t{round}"), Some(1), None).await?;
        let attempt = |racer: usize| async move {
            let mut uow = write(store).await?;
            let session = uow.uia_sessions().find_locked(id).await?;
            let session = session.expect("the session is there");
            let stage = if racer < STAGES.len() {
                STAGES[racer]
            } else {
                if session.registration_token.is_none() {
                    let key = uow.registration_tokens().reserve(token, at(1)).await?;
                    let key = key.expect("only the first of the session needs a use");
                    let id_of_token = token.clone();
                    let held = HeldRegistrationToken {
                        key,
                        id: id_of_token,
                    };
                    assert!(
                        uow.uia_sessions()
                            .hold_registration_token(id, &held)
                            .await?
                    );
                }
                Stage::RegistrationToken
            };
            let passed = CompletedStage {
                stage,
                result: StageResult::Passed,
            };
            uow.uia_sessions().record_stage(id, &passed, at(1)).await?;
            let mut completed: Vec<_> = session.completed.iter().map(|done| done.stage).collect();
            completed.push(stage);
            uow.commit().await?;
            Ok::<_, StoreError>(completed)
        };
        let attempt = &attempt;
        let racers = (0..2 * STAGES.len()).map(|racer| retrying(move || attempt(racer)));
        let mut answers = Vec::new();
        for answer in join_all(racers).await {
            answers.push(answer?);
        }
        assert_eq!(counts(store, token).await?, (1, 0), "round {round}");
        let saw_all = |answer: &Vec<Stage>| {
            answer.contains(&Stage::RegistrationToken)
                && STAGES.iter().all(|stage| answer.contains(stage))
        };
        assert!(answers.iter().any(saw_all), "round {round}: {answers:?}");
    }
    Ok(())
}
