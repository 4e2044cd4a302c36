use std::time::Duration;

use registrar_domain::model::time::Timestamp;
use registrar_domain::ports::store::{Intent, Store, StoreError, StoreErrorKind, UnitOfWork};
use registrar_storage_diesel::{DieselStore, Options, PoolOptions, Timeouts};

use crate::support::Database;

async fn acquire(uow: &mut Box<dyn UnitOfWork>, name: &str) -> Result<bool, StoreError> {
    let at = Timestamp::from_unix_ms;
    uow.leases().acquire(name, "holder", at(1), at(2)).await
}

async fn write(store: &DieselStore) -> Box<dyn UnitOfWork> {
    store.begin(Intent::Write).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_does_not_come_free_is_contention() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let timeouts = Timeouts {
        lock: Duration::from_millis(20),
        ..Timeouts::default()
    };
    let store = DieselStore::connect(Options {
        timeouts,
        ..database.options()
    })
    .await
    .unwrap();
    let mut first = write(&store).await;
    assert!(acquire(&mut first, "sweep").await.unwrap());
    let mut second = write(&store).await;
    let error = acquire(&mut second, "sweep").await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Contended, "{error:?}");
    drop(second);
    first.commit().await.unwrap();
    assert!(acquire(&mut write(&store).await, "sweep").await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadlock_is_contention_for_one_of_the_two() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let store = database.store().await;
    let (mut first, mut second) = (write(&store).await, write(&store).await);
    acquire(&mut first, "a").await.unwrap();
    acquire(&mut second, "b").await.unwrap();
    let cross = async |mut uow: Box<dyn UnitOfWork>, name: &str| {
        acquire(&mut uow, name).await?;
        uow.commit().await
    };
    let results = tokio::join!(cross(first, "b"), cross(second, "a"));
    let (survivor, victim) = match results {
        (first, Err(error)) => (first, error),
        (Err(error), second) => (second, error),
        (Ok(()), Ok(())) => panic!("no deadlock came about"),
    };
    survivor.unwrap();
    assert_eq!(victim.kind, StoreErrorKind::Contended, "{victim:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_takes_too_long_is_stopped() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let timeouts = Timeouts {
        statement: Duration::from_millis(20),
        ..Timeouts::default()
    };
    let store = DieselStore::connect(Options {
        timeouts,
        ..database.options()
    })
    .await
    .unwrap();
    let mut first = write(&store).await;
    acquire(&mut first, "sweep").await.unwrap();
    let error = acquire(&mut write(&store).await, "sweep")
        .await
        .unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Contended, "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_idle_connections_are_replaced_at_the_next_write() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let store = database.store().await;
    let warm = (
        write(&store).await,
        write(&store).await,
        write(&store).await,
    );
    warm.0.commit().await.unwrap();
    warm.1.commit().await.unwrap();
    warm.2.commit().await.unwrap();
    assert_eq!(store.usage().writers.idle, 3);
    database
        .execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await;
    for _ in 0..3 {
        let mut uow = write(&store).await;
        acquire(&mut uow, "sweep").await.unwrap();
        uow.commit().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_lost_in_a_unit_of_work_commits_nothing() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let store = database.store().await;
    let mut uow = write(&store).await;
    acquire(&mut uow, "sweep").await.unwrap();
    database
        .execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await;
    let error = uow.commit().await.unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Unavailable, "{error:?}");
    let rows = database.texts("", "SELECT name FROM leases").await;
    assert_eq!(rows, Vec::<Vec<String>>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_unit_of_work_frees_its_slot() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let pool = PoolOptions {
        readers: 1,
        writers: 1,
    };
    let store = DieselStore::connect(Options {
        pool,
        ..database.options()
    })
    .await
    .unwrap();
    for _ in 0..3 {
        let mut uow = write(&store).await;
        acquire(&mut uow, "sweep").await.unwrap();
        assert_eq!(store.usage().writers.in_use, 1);
    }
    assert_eq!(store.usage().writers.in_use, 0);
    assert_eq!(
        database.texts("", "SELECT name FROM leases").await,
        Vec::<Vec<String>>::new()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_are_durable_even_where_the_database_says_otherwise() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    drop(database.store().await);
    let name = database.texts("", "SELECT current_database()").await[0][0].clone();
    database
        .execute(&format!(
            "ALTER DATABASE {name} SET synchronous_commit = off"
        ))
        .await;
    // What a session has set cannot be seen from outside, so a trigger writes it down.
    database
        .execute(
            "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS \
             'BEGIN NEW.holder := current_setting(''synchronous_commit''); RETURN NEW; END'; \
             CREATE TRIGGER note BEFORE INSERT ON leases FOR EACH ROW EXECUTE FUNCTION note()",
        )
        .await;
    let store = database.store().await;
    let mut uow = write(&store).await;
    acquire(&mut uow, "sweep").await.unwrap();
    uow.commit().await.unwrap();
    assert_eq!(
        database.texts("", "SELECT holder FROM leases").await,
        [["on"]]
    );
}
