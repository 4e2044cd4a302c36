use std::fmt::Debug;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use super::{Constraint, Outcome, assert_conflict, at, given_user, localpart, read, user, write};
use registrar_domain::model::account::Account;
use registrar_domain::model::id::Localpart;
use registrar_domain::ports::store::{Store, StoreError, StoreErrorKind};

async fn find(store: &dyn Store, who: &Localpart) -> Result<Option<Account>, StoreError> {
    read(store).await?.accounts().find(who).await
}

pub(super) async fn writes_are_visible_to_others_after_commit_and_not_before(
    store: &dyn Store,
) -> Outcome {
    let alice = user("alice");
    let mut uow = write(store).await?;
    uow.accounts().add(&alice).await?;
    assert_eq!(find(store, &alice.localpart).await?, None);
    assert!(
        !read(store)
            .await?
            .accounts()
            .is_taken(&alice.localpart)
            .await?
    );
    uow.commit().await?;
    assert_eq!(find(store, &alice.localpart).await?, Some(alice));
    Ok(())
}

pub(super) async fn a_unit_of_work_sees_what_it_wrote(store: &dyn Store) -> Outcome {
    let alice = user("alice");
    let mut uow = write(store).await?;
    uow.accounts().add(&alice).await?;
    assert_eq!(uow.accounts().find(&alice.localpart).await?, Some(alice));
    Ok(())
}

pub(super) async fn a_dropped_unit_of_work_leaves_nothing_behind(store: &dyn Store) -> Outcome {
    // More often than any pool has connections: the connection must be given back as well.
    for _ in 0..40 {
        let mut uow = write(store).await?;
        uow.accounts().add(&user("alice")).await?;
        drop(uow);
    }
    assert_eq!(find(store, &localpart("alice")).await?, None);
    given_user(store, "alice").await?;
    Ok(())
}

pub(super) async fn a_future_dropped_in_the_middle_leaves_nothing_behind(
    store: &dyn Store,
) -> Outcome {
    // Each round cuts the unit of work one step later: while it begins, in a statement, between two.
    // The last round runs to its end, where the unit of work is dropped without a commit.
    for steps in 1.. {
        let unfinished = async {
            let mut uow = write(store).await?;
            uow.accounts().add(&user("alice")).await?;
            uow.accounts().add(&user("bob")).await
        };
        if let Some(finished) = cut_after(steps, unfinished).await {
            finished?;
            break;
        }
    }
    assert_eq!(find(store, &localpart("alice")).await?, None);
    given_user(store, "bob").await?;
    given_user(store, "alice").await?;
    Ok(())
}

pub(super) async fn a_failed_unit_of_work_cannot_commit(store: &dyn Store) -> Outcome {
    let alice = given_user(store, "alice").await?;
    let mut uow = write(store).await?;
    uow.accounts().add(&user("bob")).await?;
    assert_conflict(
        uow.accounts().add(&user("alice")).await,
        Constraint::LocalpartTaken,
    );
    let later = uow.accounts().find(&alice).await;
    assert!(
        later.is_err(),
        "after a failed statement a unit of work is good for nothing: {later:?}"
    );
    let committed = uow.commit().await;
    assert!(
        committed.is_err(),
        "half a unit of work must not be committed"
    );
    assert_eq!(find(store, &localpart("bob")).await?, None);
    Ok(())
}

pub(super) async fn an_empty_unit_of_work_commits(store: &dyn Store) -> Outcome {
    write(store).await?.commit().await?;
    read(store).await?.commit().await
}

pub(super) async fn reading_units_of_work_refuse_to_write(store: &dyn Store) -> Outcome {
    let alice = given_user(store, "alice").await?;
    // One unit of work each, dropped at the end of its line.
    assert_refused(read(store).await?.accounts().add(&user("bob")).await);
    assert_refused(read(store).await?.accounts().next_number(1).await);
    assert_refused(read(store).await?.devices().remove_all(&alice).await);
    assert_refused(read(store).await?.tokens().remove_all(&alice).await);
    assert_refused(
        read(store)
            .await?
            .leases()
            .acquire("l", "h", at(1), at(2))
            .await,
    );
    assert_refused(
        read(store)
            .await?
            .uia_sessions()
            .remove_expired(at(1), 1)
            .await,
    );
    assert_eq!(find(store, &localpart("bob")).await?, None);
    Ok(())
}

pub(super) async fn reading_units_of_work_follow_what_others_commit(store: &dyn Store) -> Outcome {
    let mut reader = read(store).await?;
    assert!(!reader.accounts().is_taken(&localpart("alice")).await?);
    given_user(store, "alice").await?;
    assert!(reader.accounts().is_taken(&localpart("alice")).await?);
    Ok(())
}

/// Polls a future `steps` times, each time it asks to be polled; `None` when it was not done by then.
async fn cut_after<T>(steps: u32, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = steps;
    poll_fn(|cx| {
        let polled = future.as_mut().poll(cx);
        left -= 1;
        match polled {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

#[track_caller]
fn assert_refused<T: Debug>(written: Result<T, StoreError>) {
    let error = written.expect_err("the intent was to read");
    assert_eq!(error.kind, StoreErrorKind::Other, "{error:?}");
}
