use super::{Outcome, at, write};
use crate::ports::store::Store;

pub(super) async fn a_lease_is_held_by_one_until_it_expires(store: &dyn Store) -> Outcome {
    let mut uow = write(store).await?;
    let leases = uow.leases();
    assert!(leases.acquire("sweep", "one", at(10), at(20)).await?);
    assert!(!leases.acquire("sweep", "two", at(19), at(40)).await?);
    assert!(
        leases.acquire("sweep", "one", at(19), at(30)).await?,
        "its holder may extend it"
    );
    assert!(!leases.acquire("sweep", "two", at(29), at(40)).await?);
    assert!(
        leases.acquire("sweep", "two", at(30), at(40)).await?,
        "a lease ends when it expires"
    );
    assert!(!leases.acquire("sweep", "one", at(30), at(50)).await?);
    uow.commit().await?;
    let mut uow = write(store).await?;
    assert!(!uow.leases().acquire("sweep", "one", at(39), at(50)).await?);
    Ok(())
}

pub(super) async fn leases_of_different_names_do_not_meet(store: &dyn Store) -> Outcome {
    let mut uow = write(store).await?;
    assert!(uow.leases().acquire("sweep", "one", at(10), at(20)).await?);
    assert!(uow.leases().acquire("Sweep", "two", at(10), at(20)).await?);
    Ok(())
}
