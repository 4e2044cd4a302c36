use std::sync::Arc;

use registrar_testkit::{FakeStore, contract};

use crate::support::{Database, Owned};

#[tokio::test(flavor = "multi_thread")]
async fn the_fake_keeps_the_contract() {
    contract::run_all(|_| async { FakeStore::new() })
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_keeps_the_contract() {
    contract::run_all(|_| Owned::new(Arc::new(Database::sqlite())))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_keeps_the_contract() {
    let Some(database) = Database::postgres().await.map(Arc::new) else {
        return;
    };
    drop(database.store().await);
    // One database, emptied for each case: making one takes longer than most cases.
    let empty_all = "DO $$ BEGIN EXECUTE (SELECT 'TRUNCATE ' || string_agg(tablename, ', ') \
                     || ' RESTART IDENTITY' FROM pg_tables WHERE schemaname = 'public' \
                     AND tablename NOT LIKE '!_!_%' ESCAPE '!'); END $$";
    let fresh = async |_| {
        database.execute(empty_all).await;
        Owned::new(Arc::clone(&database)).await
    };
    contract::run_all(fresh).await.unwrap();
}
