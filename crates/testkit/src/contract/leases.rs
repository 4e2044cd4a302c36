use super::{Outcome, at, write};
use registrar_domain::ports::store::Store;

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

pub(super) async fn a_lease_that_outlasts_its_period_counts_as_expired(
    store: &dyn Store,
) -> Outcome {
    let mut uow = write(store).await?;
    let leases = uow.leases();
    assert!(leases.acquire("sweep", "one", at(1_000), at(1_010)).await?);
    assert!(
        !leases.acquire("sweep", "two", at(1_000), at(1_010)).await?,
        "it lasts as long as one taken at the same time"
    );
    assert!(
        leases.acquire("sweep", "two", at(900), at(910)).await?,
        "the clock was set back"
    );
    assert!(
        !leases.acquire("sweep", "one", at(905), at(915)).await?,
        "the lease that was taken over holds like any other"
    );
    assert!(
        leases.acquire("sweep", "two", at(100), at(110)).await?,
        "its holder may renew it after the clock was set back once more"
    );
    assert!(!leases.acquire("sweep", "one", at(109), at(119)).await?);
    assert!(leases.acquire("sweep", "one", at(110), at(120)).await?);
    uow.commit().await?;
    let mut uow = write(store).await?;
    assert!(
        !uow.leases()
            .acquire("sweep", "two", at(119), at(129))
            .await?
    );
    Ok(())
}

pub(super) async fn leases_of_different_names_do_not_meet(store: &dyn Store) -> Outcome {
    let mut uow = write(store).await?;
    assert!(uow.leases().acquire("sweep", "one", at(10), at(20)).await?);
    assert!(uow.leases().acquire("Sweep", "two", at(10), at(20)).await?);
    Ok(())
}
