//! A model of registration tokens: whatever is made, removed, made again, reserved, completed and expired
//! in whichever order, uses are counted at the token that was used, and none is lost or used too often.

use std::collections::BTreeMap;

use super::registration_tokens::token_id;
use super::uia::{given_session, registered};
use super::{Outcome, at, hash, read, write};
use registrar_domain::model::entropy::Entropy as _;

use crate::SeededEntropy;
use registrar_domain::model::registration_token::{HeldRegistrationToken, RegistrationToken};
use registrar_domain::model::uia::UiaSessionId;
use registrar_domain::ports::UnitOfWork;
use registrar_domain::ports::store::{Store, StoreError};

const SEEDS: u64 = 4;
const STEPS: usize = 120;
const NAMES: [&str; 2] = ["t", "u"];

/// What the store should hold.
#[derive(Default)]
struct Model {
    /// By its string, the token that there is: how many uses it allows, and which generation it is of.
    tokens: BTreeMap<&'static str, (u32, usize)>,
    generations: usize,
    /// The sessions that hold a use, and of which generation of token.
    pending: Vec<(UiaSessionId, HeldRegistrationToken, usize)>,
    /// Of which generation the completed uses are.
    completed: Vec<usize>,
}

impl Model {
    fn counts(&self, generation: usize) -> (u32, u32) {
        let count = |it: usize| u32::try_from(it).unwrap_or(u32::MAX);
        let pending = self.pending.iter().filter(|it| it.2 == generation).count();
        let completed = self
            .completed
            .iter()
            .filter(|it| **it == generation)
            .count();
        (count(pending), count(completed))
    }
}

pub(super) async fn uses_belong_to_the_token_that_was_used(store: &dyn Store) -> Outcome {
    for seed in 0..SEEDS {
        let entropy = SeededEntropy::new(seed);
        let mut model = Model::default();
        for step in 0..STEPS {
            let mut dice = [0_u8; 3];
            entropy.fill(&mut dice);
            act(store, &mut model, dice, &format!("{seed} {step}")).await?;
            compare(store, &model, &format!("seed {seed}, step {step}")).await?;
        }
        // The next seed begins with nothing.
        let mut uow = write(store).await?;
        uow.uia_sessions().remove_expired(at(1), u32::MAX).await?;
        for name in NAMES {
            uow.registration_tokens().remove(&token_id(name)).await?;
        }
        uow.commit().await?;
    }
    Ok(())
}

async fn act(store: &dyn Store, model: &mut Model, dice: [u8; 3], fresh: &str) -> Outcome {
    let [action, which, amount] = dice;
    let name = NAMES[usize::from(which) % NAMES.len()];
    let id = &token_id(name);
    let picked = usize::from(amount) % model.pending.len().max(1);
    match action % 8 {
        0 | 1 if model.tokens.contains_key(name) => {}
        0 | 1 => {
            let uses = u32::from(amount % 4);
            let mut uow = write(store).await?;
            let token = RegistrationToken::new(id.clone(), Some(uses), None);
            uow.registration_tokens().add(&token).await?;
            uow.commit().await?;
            model.generations += 1;
            model.tokens.insert(name, (uses, model.generations));
        }
        2 => {
            let mut uow = write(store).await?;
            let removed = uow.registration_tokens().remove(id).await?;
            uow.commit().await?;
            assert_eq!(removed, model.tokens.remove(name).is_some());
        }
        3..=5 => {
            let session = given_session(store, &fresh.replace(' ', "-"), 1).await?;
            let mut uow = write(store).await?;
            let key = uow.registration_tokens().reserve(id, at(1)).await?;
            let expected = model
                .tokens
                .get(name)
                .copied()
                .filter(|(uses, generation)| {
                    let (pending, completed) = model.counts(*generation);
                    pending + completed < *uses
                });
            assert_eq!(key.is_some(), expected.is_some(), "{fresh}");
            if let (Some(key), Some((_, generation))) = (key, expected) {
                let held = HeldRegistrationToken {
                    key,
                    id: id.clone(),
                };
                uow.uia_sessions()
                    .hold_registration_token(&session, &held)
                    .await?;
                model.pending.push((session, held, generation));
            }
            uow.commit().await?;
        }
        6 if !model.pending.is_empty() => {
            let (session, held, generation) = model.pending.remove(picked);
            let mut uow = write(store).await?;
            register(&mut uow, &session, &held).await?;
            uow.commit().await?;
            model.completed.push(generation);
        }
        7 if !model.pending.is_empty() => {
            let (session, held, _) = model.pending.remove(picked);
            let mut uow = write(store).await?;
            let ended = uow.uia_sessions().remove(&session).await?;
            assert!(ended.is_some());
            uow.registration_tokens().release(held.key, 1).await?;
            uow.commit().await?;
        }
        _ => {}
    }
    Ok(())
}

async fn register(
    uow: &mut Box<dyn UnitOfWork>,
    session: &UiaSessionId,
    held: &HeldRegistrationToken,
) -> Result<(), StoreError> {
    let registered = registered("new", "D");
    let marked = uow
        .uia_sessions()
        .mark_registered(session, &registered, &hash("h"))
        .await?;
    assert!(marked);
    uow.registration_tokens().complete(held.key).await?;
    Ok(())
}

async fn compare(store: &dyn Store, model: &Model, moment: &str) -> Outcome {
    let mut reader = read(store).await?;
    for name in NAMES {
        let found = reader.registration_tokens().find(&token_id(name)).await?;
        let found = found.map(|token| (token.pending, token.completed));
        let expected = model.tokens.get(name);
        let expected = expected.map(|(_, generation)| model.counts(*generation));
        assert_eq!(found, expected, "{name} at {moment}");
    }
    Ok(())
}
