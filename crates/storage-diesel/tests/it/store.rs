use registrar_domain::model::time::Timestamp;
use registrar_domain::model::uia::{
    CompletedStage, OperationDigest, Parameters, Stage, StageResult, UiaSession, UiaSessionId,
};
use registrar_domain::ports::store::{Intent, Store as _, StoreErrorKind};

use crate::support::Database;

#[tokio::test(flavor = "multi_thread")]
async fn a_row_of_another_program_is_reported_with_its_column() {
    for database in Database::each().await {
        let store = database.store().await;
        let id = UiaSessionId::parse("s").unwrap();
        let digest: String = id
            .digest()
            .as_bytes()
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        let digest = match database {
            Database::Sqlite(_) => format!("x'{digest}'"),
            Database::Postgres { .. } => format!("'\\x{digest}'"),
        };
        database
            .execute(&format!(
                "INSERT INTO uia_sessions (digest, created_ts, operation_digest, parameters) \
                 VALUES ({digest}, 1, '0123456789abcdef0123456789abcdef', '{{')"
            ))
            .await;
        let mut uow = store.begin(Intent::Read).await.unwrap();
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

#[tokio::test(flavor = "multi_thread")]
async fn session_ids_are_stored_as_digests() {
    for database in Database::each().await {
        let store = database.store().await;
        let session = UiaSession {
            id: UiaSessionId::parse("SecretSessionId").unwrap(),
            created: Timestamp::from_unix_ms(1),
            operation: OperationDigest::of("POST", "/register"),
            parameters: Parameters::None,
            password_hash: None,
            requester: None,
            registration_token: None,
            registered: None,
            completed: Vec::new(),
        };
        let stage = CompletedStage {
            stage: Stage::Dummy,
            result: StageResult::Passed,
        };
        let mut uow = store.begin(Intent::Write).await.unwrap();
        let sessions = uow.uia_sessions();
        sessions.add(&session).await.unwrap();
        sessions
            .record_client(&session.id, "::1", "Elm")
            .await
            .unwrap();
        let recorded = sessions.record_stage(&session.id, &stage, session.created);
        recorded.await.unwrap();
        uow.commit().await.unwrap();
        for (table, columns) in [
            ("uia_sessions", "digest"),
            ("uia_stages", "session_digest"),
            ("uia_clients", "session_digest"),
        ] {
            let sqlite = format!("SELECT hex({columns}) AS row FROM {table}");
            let postgres = format!("SELECT upper(encode({columns}, 'hex')) FROM {table}");
            let digest = session.id.digest();
            let digest: String = digest
                .as_bytes()
                .iter()
                .map(|b| format!("{b:02X}"))
                .collect();
            assert_eq!(
                database.texts(&sqlite, &postgres).await,
                [[digest]],
                "{table}"
            );
        }
        let whole = "SELECT s::text || c::text || t::text \
                     FROM uia_sessions s, uia_clients c, uia_stages t";
        let sqlite = "SELECT s.parameters || c.ip || c.user_agent || t.stage || t.result AS row \
                      FROM uia_sessions s, uia_clients c, uia_stages t";
        for row in database.texts(sqlite, whole).await {
            assert!(!row.concat().contains(session.id.as_str()), "{row:?}");
        }
    }
}
