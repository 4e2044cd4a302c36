use super::{Outcome, at, given_device, given_user, hash, localpart, read, write};
use registrar_domain::ports::store::Store;

pub(super) async fn the_last_activity_of_a_user_is_remembered(store: &dyn Store) -> Outcome {
    let (alice, bob) = (localpart("alice"), localpart("bob"));
    let mut uow = write(store).await?;
    uow.activity().record(&alice, at(100)).await?;
    uow.activity().record(&alice, at(200)).await?;
    uow.activity().record(&alice, at(150)).await?;
    uow.commit().await?;
    let mut reader = read(store).await?;
    assert_eq!(reader.activity().find(&alice).await?, Some(at(200)));
    assert_eq!(reader.activity().find(&bob).await?, None);
    Ok(())
}

pub(super) async fn active_users_are_counted_up_to_a_number(store: &dyn Store) -> Outcome {
    let mut uow = write(store).await?;
    for (name, when) in [("a", 99), ("b", 100), ("c", 100), ("d", 101)] {
        uow.activity().record(&localpart(name), at(when)).await?;
    }
    uow.commit().await?;
    for (since, count) in [(99, 4), (100, 3), (101, 1), (102, 0)] {
        for asked in 0..6 {
            let mut reader = read(store).await?;
            let found = reader.activity().has_reached(asked, at(since)).await?;
            assert_eq!(found, asked <= count, "{asked} since {since}");
        }
    }
    let mut reader = read(store).await?;
    assert!(!reader.activity().has_reached(u64::MAX, at(0)).await?);
    Ok(())
}

pub(super) async fn activity_outlives_devices_and_accounts(store: &dyn Store) -> Outcome {
    let alice = given_user(store, "alice").await?;
    given_device(store, &alice, "PHONE").await?;
    let mut uow = write(store).await?;
    uow.activity().record(&alice, at(100)).await?;
    uow.commit().await?;
    let mut uow = write(store).await?;
    uow.devices().remove_all(&alice).await?;
    uow.accounts()
        .set_password_hash(&alice, &hash("new"))
        .await?;
    uow.accounts().deactivate(&alice).await?;
    uow.commit().await?;
    let mut reader = read(store).await?;
    assert_eq!(reader.activity().find(&alice).await?, Some(at(100)));
    assert!(reader.activity().has_reached(1, at(100)).await?);
    Ok(())
}

pub(super) async fn old_activity_is_forgotten_oldest_first_up_to_a_limit(
    store: &dyn Store,
) -> Outcome {
    let mut uow = write(store).await?;
    for (name, when) in [("a", 3), ("b", 1), ("c", 2), ("d", 10), ("e", 11)] {
        uow.activity().record(&localpart(name), at(when)).await?;
    }
    uow.commit().await?;
    let mut uow = write(store).await?;
    assert_eq!(uow.activity().remove_before(at(10), 2).await?, 2);
    for (name, is_left) in [("a", true), ("b", false), ("c", false), ("d", true)] {
        let found = uow.activity().find(&localpart(name)).await?;
        assert_eq!(found.is_some(), is_left, "{name}");
    }
    assert_eq!(uow.activity().remove_before(at(10), 2).await?, 1);
    assert_eq!(uow.activity().remove_before(at(10), 2).await?, 0);
    uow.commit().await?;
    assert!(read(store).await?.activity().has_reached(2, at(10)).await?);
    Ok(())
}
