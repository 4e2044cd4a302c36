//! The suite that every [`Store`] must pass: one function a claim, [`CASES`] lists them all.
//!
//! Each case wants an empty store of its own; [`run_all`] takes care of that. A case panics where the
//! store breaks its promise, and fails with the store's error where it does not work at all.
//!
//! Races are run as futures of one task that are polled in turn, so the suite needs no particular
//! runtime. For a database that is as good as tasks: it sees as many connections at once.

mod account_lists;
mod accounts;
mod activity;
mod delegated;
mod devices;
mod leases;
mod races;
mod registration_tokens;
mod threepids;
mod token_uses;
mod tokens;
mod uia;
mod uia_clients;
mod units_of_work;
mod validations;

use std::fmt::Debug;
use std::pin::Pin;
use std::task::Poll;

use registrar_domain::model::account::{Account, AccountKind};
use registrar_domain::model::id::{DeviceId, Localpart};
use registrar_domain::model::password::PasswordHash;
use registrar_domain::model::secret::TokenDigest;
use registrar_domain::model::time::Timestamp;
use registrar_domain::ports::store::{
    Constraint, Intent, Sighting, Store, StoreError, StoreErrorKind, UnitOfWork,
};

/// What a case returns: `Err` when the store fails where it should not.
pub type Outcome = Result<(), StoreError>;

/// A claim about a store.
pub struct Case {
    /// The claim.
    pub name: &'static str,
    /// Checks it on an empty store.
    pub run: for<'a> fn(&'a dyn Store) -> Running<'a>,
}

/// A case at work.
pub type Running<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

macro_rules! cases {
    ($($group:ident { $($claim:ident,)* })*) => {
        &[$($(Case { name: stringify!($claim), run: |store| Box::pin($group::$claim(store)) },)*)*]
    };
}

/// Every claim.
pub const CASES: &[Case] = cases! {
    units_of_work {
        writes_are_visible_to_others_after_commit_and_not_before,
        a_unit_of_work_sees_what_it_wrote,
        a_dropped_unit_of_work_leaves_nothing_behind,
        a_future_dropped_in_the_middle_leaves_nothing_behind,
        a_failed_unit_of_work_cannot_commit,
        an_empty_unit_of_work_commits,
        reading_units_of_work_refuse_to_write,
        reading_units_of_work_follow_what_others_commit,
    }
    accounts {
        an_account_comes_back_as_it_was_added,
        an_account_is_held_as_it_is,
        a_taken_localpart_is_refused,
        accounts_are_found_in_whatever_case,
        a_guest_is_upgraded_once,
        a_guest_is_no_longer_shadow_banned_where_the_user_is_not,
        a_password_hash_is_replaced_only_while_it_is_the_expected_one,
        a_password_hash_is_set_while_the_account_is_open,
        only_what_changes_of_an_account_is_replaced,
        a_deactivated_account_has_no_password_until_it_is_opened_again,
        consent_is_recorded,
        numbers_count_from_one,
    }
    account_lists {
        every_account_is_listed_by_its_localpart,
        accounts_are_found_by_a_part_of_the_user_id,
        accounts_are_found_by_a_part_of_a_name,
        accounts_are_listed_by_what_they_are,
        accounts_are_listed_in_every_order,
        accounts_are_listed_page_by_page,
    }
    devices {
        a_device_comes_back_as_it_was_added,
        an_existing_device_keeps_its_name_and_its_first_sighting,
        an_account_keeps_its_latest_sighting,
        a_device_needs_its_account,
        devices_are_listed_in_the_order_of_their_ids,
        a_sighting_is_recorded_only_over_a_stale_one,
        a_device_is_renamed,
        removed_devices_are_counted_and_unknown_ones_passed_over,
        all_devices_of_an_account_are_removed,
        all_devices_of_an_account_but_one_are_removed,
        tokens_go_with_their_device,
    }
    tokens {
        an_access_token_comes_back_with_its_account,
        an_access_token_needs_what_it_refers_to,
        a_refresh_token_needs_its_device,
        digests_are_unique,
        marks_on_access_tokens_stay,
        removed_access_tokens_are_gone,
        a_refresh_token_comes_back_as_it_was_added,
        a_family_is_found_by_its_youngest_token,
        a_successor_tells_what_became_of_it,
        rotation_replaces_an_unused_successor,
        rotation_removes_the_predecessor,
        rotation_is_refused_when_the_successor_is_another,
        rotation_needs_the_new_token,
        tokens_of_one_device_are_removed,
        tokens_of_an_account_are_removed,
        access_tokens_of_an_account_but_one_are_removed,
        tokens_belong_to_the_administrator_who_made_them,
        tokens_of_administrators_end_for_either_account,
    }
    uia {
        a_session_comes_back_as_it_was_added,
        every_kind_of_parameters_comes_back,
        a_taken_session_id_is_refused,
        parameters_are_replaced,
        stages_come_back_in_the_order_of_completion,
        a_repeated_stage_replaces_its_result,
        parts_of_a_session_need_the_session,
        a_password_hash_is_parked_once,
        a_session_registers_one_account,
        the_answer_of_a_registration_is_replaced,
        a_locked_session_is_the_session,
        a_session_is_removed_once,
        expired_sessions_are_removed_oldest_first_up_to_a_limit,
    }
    uia_clients {
        clients_of_a_session_are_remembered_once,
        the_first_and_the_last_clients_of_a_session_are_remembered,
    }
    threepids {
        a_threepid_comes_back_with_its_owner,
        a_threepid_has_one_owner,
        a_threepid_needs_its_account,
        threepids_are_listed_by_medium_and_address,
        a_threepid_is_taken_away_from_its_owner_alone,
        all_threepids_of_an_account_are_taken_away,
    }
    registration_tokens {
        a_token_comes_back_as_it_was_added,
        a_taken_token_is_refused,
        only_what_changes_is_changed,
        a_use_is_reserved_while_the_token_is_valid,
        only_a_pending_use_is_completed,
        a_session_holds_one_token,
        a_removed_session_tells_what_it_held,
        pending_uses_are_released,
        a_token_made_again_is_another_token,
    }
    token_uses {
        uses_belong_to_the_token_that_was_used,
    }
    validations {
        a_validation_session_comes_back_as_it_was_added,
        nothing_is_found_by_an_id_that_no_session_has,
        an_open_session_is_found_by_all_that_it_was_asked_for,
        a_client_has_one_open_session_for_an_address,
        a_validation_token_comes_back_as_it_was_added,
        a_validation_token_needs_its_session,
        send_attempts_only_rise,
        a_retracted_token_takes_an_unused_session_with_it,
        a_session_is_validated_once,
        a_validated_session_is_consumed_once,
        a_session_stands_for_the_last_one_of_its_identity_server,
        expired_validation_tokens_are_removed_up_to_a_limit,
        ended_validation_sessions_are_removed_up_to_a_limit,
    }
    activity {
        the_last_activity_of_a_user_is_remembered,
        active_users_are_counted_up_to_a_number,
        activity_outlives_devices_and_accounts,
        old_activity_is_forgotten_oldest_first_up_to_a_limit,
    }
    delegated {
        a_proof_of_an_identity_server_is_used_once_for_its_purpose,
        the_first_purpose_of_a_delegated_proof_stands,
        expired_delegated_proofs_are_removed_up_to_a_limit,
        messages_are_counted_up_to_a_limit_in_each_window,
    }
    leases {
        a_lease_is_held_by_one_until_it_expires,
        a_lease_that_outlasts_its_period_counts_as_expired,
        leases_of_different_names_do_not_meet,
    }
    races {
        one_of_many_registers_the_session,
        one_of_many_parks_a_password_hash,
        one_of_many_ends_the_session,
        one_of_many_takes_the_lease,
        the_last_use_of_a_token_is_reserved_once,
        requests_of_one_session_take_turns,
        one_of_many_rotates_the_refresh_token,
        one_of_many_takes_the_localpart,
        one_of_many_upgrades_the_guest,
        no_login_outlives_the_password_that_opened_it,
        no_refresh_outlives_the_logins_that_a_new_password_ends,
        nobody_gets_a_number_twice,
        many_sessions_expire_at_once,
        one_of_many_opens_the_validation_session,
        one_of_many_validates_the_session,
        one_of_many_consumes_the_session,
        one_of_many_uses_the_delegated_proof,
        a_limit_of_messages_holds_among_many,
        an_added_validation_token_is_not_lost,
    }
};

/// Runs every case, each on a store that `fresh` makes.
///
/// # Errors
/// The name of a case and the error it met.
///
/// # Panics
/// Where a store breaks a promise.
pub async fn run_all<S, F, M>(mut fresh: M) -> Result<(), (&'static str, StoreError)>
where
    S: Store,
    F: Future<Output = S>,
    M: FnMut(&'static str) -> F,
{
    for case in CASES {
        let store = fresh(case.name).await;
        (case.run)(&store)
            .await
            .map_err(|error| (case.name, error))?;
    }
    Ok(())
}

type Unit = Box<dyn UnitOfWork>;

async fn write(store: &dyn Store) -> Result<Unit, StoreError> {
    store.begin(Intent::Write).await
}

async fn read(store: &dyn Store) -> Result<Unit, StoreError> {
    store.begin(Intent::Read).await
}

fn at(unix_ms: i64) -> Timestamp {
    Timestamp::from_unix_ms(unix_ms)
}

fn localpart(text: &str) -> Localpart {
    Localpart::read(text).expect("the suite's localparts are readable")
}

fn device_id(text: &str) -> DeviceId {
    DeviceId::parse(text).expect("the suite's device IDs are storable")
}

fn hash(text: &str) -> PasswordHash {
    PasswordHash::from_stored(text.to_owned())
}

fn digest(token: &str) -> TokenDigest {
    TokenDigest::of(token)
}

fn user(name: &str) -> Account {
    Account::new(localpart(name), AccountKind::User, at(1))
}

fn sighting(unix_ms: i64) -> Sighting {
    Sighting {
        at: at(unix_ms),
        ip: Some("192.0.2.7".to_owned()),
        user_agent: Some("Elm".to_owned()),
    }
}

/// Commits an account.
async fn given_user(store: &dyn Store, name: &str) -> Result<Localpart, StoreError> {
    let mut uow = write(store).await?;
    uow.accounts().add(&user(name)).await?;
    uow.commit().await?;
    Ok(localpart(name))
}

/// Commits a device of an account that is there.
async fn given_device(
    store: &dyn Store,
    owner: &Localpart,
    id: &str,
) -> Result<DeviceId, StoreError> {
    let device_id = device_id(id);
    let mut uow = write(store).await?;
    uow.devices()
        .add_or_see(owner, &device_id, None, &sighting(1))
        .await?;
    uow.commit().await?;
    Ok(device_id)
}

#[track_caller]
fn assert_conflict<T: Debug>(result: Result<T, StoreError>, constraint: Constraint) {
    let error = result.expect_err("the constraint must be enforced");
    assert_eq!(
        error.kind,
        StoreErrorKind::Conflict(constraint),
        "{error:?}"
    );
}

/// Runs `attempt` until it is not contended; each attempt is a whole unit of work.
async fn retrying<T, F>(mut attempt: impl FnMut() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    const MAX_ATTEMPTS: usize = 100;
    for _ in 1..MAX_ATTEMPTS {
        match attempt().await {
            Err(error) if error.is_contended() => {}
            done => return done,
        }
    }
    attempt().await
}

/// Polls all futures until all are done.
async fn join_all<T, F: Future<Output = T>>(futures: impl IntoIterator<Item = F>) -> Vec<T> {
    let mut futures: Vec<_> = futures
        .into_iter()
        .map(|future| Some(Box::pin(future)))
        .collect();
    let mut outputs: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(move |cx| {
        for (slot, output) in futures.iter_mut().zip(&mut outputs) {
            if let Some(future) = slot
                && let Poll::Ready(done) = future.as_mut().poll(cx)
            {
                *output = Some(done);
                *slot = None;
            }
        }
        if futures.iter().any(Option::is_some) {
            return Poll::Pending;
        }
        Poll::Ready(outputs.iter_mut().filter_map(Option::take).collect())
    })
    .await
}
