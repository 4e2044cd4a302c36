//! The schema that the queries are compiled against is the one that the migrations make.

use std::collections::BTreeSet;

use crate::support::Database;

/// Table, column, class of type, nullable.
type Column = (String, String, &'static str, bool);

/// What `schema.rs` says.
fn declared() -> BTreeSet<Column> {
    let mut table = String::new();
    let mut columns = BTreeSet::new();
    for line in include_str!("../../src/schema.rs").lines().map(str::trim) {
        if let Some((name, _)) = line.split_once(" (").filter(|_| line.ends_with(") {")) {
            table = name.to_owned();
        }
        if let Some((name, kind)) = line.trim_end_matches(',').split_once(" -> ")
            && !line.contains("joinable")
        {
            let inner = kind
                .strip_prefix("Nullable<")
                .and_then(|rest| rest.strip_suffix('>'));
            let class = class(inner.unwrap_or(kind));
            columns.insert((table.clone(), name.to_owned(), class, inner.is_some()));
        }
    }
    columns
}

fn class(kind: &str) -> &'static str {
    match kind {
        "Text" | "TEXT" | "text" => "text",
        "BigInt" | "BIGINT" | "INTEGER" | "bigint" => "integer",
        "Bool" | "BOOLEAN" | "boolean" => "boolean",
        "Binary" | "BLOB" | "bytea" => "bytes",
        other => panic!("a type that is not portable: {other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_databases_have_the_declared_columns() {
    let sqlite = "SELECT t.name || '|' || c.name || '|' || c.type || '|' || NOT c.\"notnull\" AS row \
                  FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table' \
                  AND t.name NOT LIKE 'sqlite!_%' ESCAPE '!' AND t.name NOT LIKE '!_!_%' ESCAPE '!'";
    let postgres = "SELECT table_name, column_name, data_type, \
                    CASE is_nullable WHEN 'YES' THEN 1 ELSE 0 END \
                    FROM information_schema.columns WHERE table_schema = 'public' \
                    AND table_name NOT LIKE '!_!_%' ESCAPE '!'";
    let declared = declared();
    assert!(
        declared.len() > 50,
        "schema.rs was not understood: {declared:?}"
    );
    for database in Database::each().await {
        drop(database.store().await);
        let rows = database.texts(sqlite, postgres).await;
        let found = rows
            .into_iter()
            .map(|row| {
                let [table, column, kind, nullable] = <[String; 4]>::try_from(row).unwrap();
                (table, column, class(&kind), nullable == "1")
            })
            .collect();
        assert_eq!(declared, found);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reference_has_an_index() {
    // A foreign key without an index costs a scan of the whole table for each removed row.
    let Some(database) = Database::postgres().await else {
        return;
    };
    drop(database.store().await);
    let unindexed = "SELECT c.conrelid::regclass || ' ' || c.conname FROM pg_constraint c \
                     WHERE c.contype = 'f' AND NOT EXISTS (SELECT 1 FROM pg_index i \
                     WHERE i.indrelid = c.conrelid \
                     AND (i.indkey::smallint[])[0:cardinality(c.conkey) - 1] = c.conkey)";
    assert_eq!(
        database.texts("", unindexed).await,
        Vec::<Vec<String>>::new()
    );
}
