use registrar_domain::ports::store::{Intent, Store as _, StoreErrorKind};
use registrar_domain::time::Timestamp;
use registrar_domain::uia::UiaSessionId;

use crate::support::Database;

#[tokio::test(flavor = "multi_thread")]
async fn a_row_of_another_program_is_reported_with_its_column() {
    for database in Database::each().await {
        let store = database.store().await;
        database
            .execute(
                "INSERT INTO uia_sessions \
                 (uia_session_id, created_ts, operation_digest, parameters) \
                 VALUES ('s', 1, '0123456789abcdef0123456789abcdef', '{')",
            )
            .await;
        let mut uow = store.begin(Intent::Read).await.unwrap();
        let id = UiaSessionId::parse("s").unwrap();
        let error = uow.uia_sessions().find(&id).await.unwrap_err();
        let kind = StoreErrorKind::Corrupt {
            table: "uia_sessions",
            column: "parameters",
        };
        assert_eq!(error.kind, kind);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_committed_is_there_after_reopening() {
    let at = Timestamp::from_unix_ms;
    for database in Database::each().await {
        let store = database.store().await;
        let mut uow = store.begin(Intent::Write).await.unwrap();
        assert!(
            uow.leases()
                .acquire("sweep", "one", at(1), at(10))
                .await
                .unwrap()
        );
        uow.commit().await.unwrap();
        drop(store);
        let store = database.store().await;
        let mut uow = store.begin(Intent::Write).await.unwrap();
        assert!(
            !uow.leases()
                .acquire("sweep", "two", at(1), at(10))
                .await
                .unwrap()
        );
    }
}
