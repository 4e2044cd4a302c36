use registrar_storage_diesel::migrate::{self, Status};
use registrar_storage_diesel::{Backend, DieselStore, OpenError, Options};

use crate::support::Database;

async fn tables(database: &Database) -> Vec<Vec<String>> {
    let sqlite = "SELECT name AS row FROM sqlite_master WHERE type = 'table' \
                  AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name";
    let postgres = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename";
    database.texts(sqlite, postgres).await
}

async fn open(backend: Backend) -> Result<DieselStore, OpenError> {
    DieselStore::connect(Options::new(backend)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_migration_can_be_reverted_and_run_again() {
    for database in Database::each().await {
        let backend = database.backend();
        let all = migrate::status(&backend).await.unwrap().pending;
        assert_eq!(migrate::up(&backend).await.unwrap(), all);
        assert_eq!(migrate::up(&backend).await.unwrap(), Vec::<String>::new());
        let complete = tables(&database).await;
        for count in 1..=all.len() {
            let mut expected = all[all.len() - count..].to_vec();
            let pending = expected.clone();
            expected.reverse();
            assert_eq!(migrate::down(&backend, count).await.unwrap(), expected);
            let applied = all[..all.len() - count].to_vec();
            assert_eq!(
                migrate::status(&backend).await.unwrap(),
                Status { applied, pending }
            );
            if count == all.len() {
                assert_eq!(tables(&database).await, [["__diesel_schema_migrations"]]);
            }
            migrate::up(&backend).await.unwrap();
            assert_eq!(tables(&database).await, complete);
        }
        assert_eq!(
            migrate::down(&backend, usize::MAX).await.unwrap().len(),
            all.len()
        );
        assert_eq!(
            migrate::down(&backend, 1).await.unwrap(),
            Vec::<String>::new()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_at_a_missing_file_does_not_create_it() {
    let database = Database::sqlite();
    let Backend::Sqlite { path } = database.backend() else {
        unreachable!()
    };
    let status = migrate::status(&database.backend()).await.unwrap();
    assert!(status.applied.is_empty() && !status.pending.is_empty());
    let refused = DieselStore::connect(Options {
        migrate: false,
        ..database.options()
    })
    .await;
    assert!(matches!(refused.err(), Some(OpenError::Pending { .. })));
    assert!(!path.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_schema_is_refused_when_it_may_not_be_migrated() {
    for database in Database::each().await {
        migrate::up(&database.backend()).await.unwrap();
        let newest = migrate::down(&database.backend(), 1).await.unwrap();
        let options = Options {
            migrate: false,
            ..database.options()
        };
        match DieselStore::connect(options.clone()).await.err() {
            Some(OpenError::Pending { pending }) => assert_eq!(pending, newest),
            other => panic!("{other:?}"),
        }
        migrate::up(&database.backend()).await.unwrap();
        DieselStore::connect(options).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_database_is_refused_and_left_alone() {
    let foreign = [
        "CREATE TABLE users (name TEXT)",
        "CREATE TABLE accounts (name TEXT)",
        "CREATE TABLE users (name TEXT); \
         CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, \
         run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP); \
         INSERT INTO __diesel_schema_migrations (version) VALUES ('20200101000000')",
    ];
    for sql in foreign {
        for database in Database::each().await {
            database.execute(sql).await;
            let before = database.content().await;
            let refused = [
                open(database.backend()).await.err(),
                migrate::up(&database.backend()).await.err(),
                migrate::down(&database.backend(), 1).await.err(),
                migrate::status(&database.backend()).await.err(),
            ];
            for error in refused {
                let Some(error @ OpenError::Foreign { .. }) = error else {
                    panic!("{error:?}")
                };
                let text = error.to_string();
                assert!(
                    text.contains("users") || text.contains("accounts"),
                    "{text}"
                );
            }
            assert_eq!(database.content().await, before, "{sql}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_table_beside_ours_is_refused() {
    for database in Database::each().await {
        drop(database.store().await);
        database.execute("CREATE TABLE users (name TEXT)").await;
        match open(database.backend()).await.err() {
            Some(OpenError::Foreign { tables }) => assert_eq!(tables, ["users"]),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_database_is_refused_and_left_alone() {
    for database in Database::each().await {
        drop(database.store().await);
        database
            .execute(
                "CREATE TABLE stars (name TEXT); \
                 INSERT INTO __diesel_schema_migrations (version) VALUES ('99991231000000')",
            )
            .await;
        let before = database.content().await;
        let refused = [
            open(database.backend()).await.err(),
            migrate::up(&database.backend()).await.err(),
            migrate::down(&database.backend(), 1).await.err(),
            migrate::status(&database.backend()).await.err(),
        ];
        for error in refused {
            match error {
                Some(OpenError::Newer { version }) => assert_eq!(version, "99991231000000"),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(database.content().await, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_start_at_once_on_one_postgres_all_succeed() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let starts: Vec<_> = (0..4)
        .map(|_| tokio::spawn(open(database.backend())))
        .collect();
    for start in starts {
        start.await.unwrap().unwrap().ping().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_encoding_than_utf8_is_refused() {
    let clauses = "TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'";
    let Some(database) = Database::postgres_with(clauses).await else {
        return;
    };
    match open(database.backend()).await.err() {
        Some(OpenError::Encoding { encoding }) => assert_eq!(encoding, "LATIN1"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_uses_of_sessions_that_a_migration_ends_are_given_back() {
    for database in Database::each().await {
        let backend = database.backend();
        migrate::up(&backend).await.unwrap();
        let applied = migrate::status(&backend).await.unwrap().applied;
        let later = applied.iter().rev();
        let count = 1 + later
            .take_while(|it| !it.ends_with("uia_session_digests"))
            .count();
        migrate::down(&backend, count).await.unwrap();
        database
            .execute(
                "INSERT INTO registration_tokens \
                 (registration_token, uses_allowed, pending, completed, expires_ts) \
                 VALUES ('invite', 3, 2, 1, NULL), ('other', NULL, 0, 7, 5)",
            )
            .await;
        for _back_and_forth in 0..2 {
            migrate::up(&backend).await.unwrap();
            let columns = "coalesce(uses_allowed, -1) || '|' || pending || '|' || completed || '|' \
                           || coalesce(expires_ts, -1)";
            let query = format!(
                "SELECT registration_token || '|' || {columns} AS row \
                 FROM registration_tokens ORDER BY registration_token"
            );
            let rows = database.texts(&query, &query).await;
            let rows: Vec<_> = rows.into_iter().map(|row| row.join("|")).collect();
            assert_eq!(rows, ["invite|3|0|1|-1", "other|-1|0|7|5"]);
            migrate::down(&backend, count).await.unwrap();
        }
    }
}
