//! Looking at a database before touching it.

use diesel::QueryableByName;
use diesel::sql_types::Text;

use super::Status;
use crate::OpenError;
use crate::connection::PostgresConnection;
use crate::schema::TABLES;

/// Where diesel records which migrations have run.
const VERSION_TABLE: &str = "__diesel_schema_migrations";
const VERSIONS: &str = "SELECT version AS name FROM __diesel_schema_migrations ORDER BY version";

/// A migration that this program knows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Known {
    pub(super) version: String,
    pub(super) name: String,
}

/// What is in a database.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    /// All tables but [`VERSION_TABLE`].
    tables: Vec<String>,
    /// The versions in [`VERSION_TABLE`], oldest first; none if it is missing.
    versions: Vec<String>,
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Whose database is it, and how far has it come?
pub(super) fn judge(found: &Found, known: &[Known]) -> Result<Status, OpenError> {
    let is_known = |version: &&String| known.iter().any(|known| known.version == **version);
    let first = known.first().map(|known| &known.version);
    let ours = found.versions.first() == first;
    if !ours && (!found.tables.is_empty() || !found.versions.is_empty()) {
        let tables = if found.tables.is_empty() {
            &found.versions
        } else {
            &found.tables
        };
        return Err(OpenError::Foreign {
            tables: tables.clone(),
        });
    }
    if let Some(unknown) = found.versions.iter().rfind(|version| !is_known(version)) {
        return Err(OpenError::Newer {
            version: unknown.clone(),
        });
    }
    let is_strange = |table: &&String| !TABLES.contains(&table.as_str());
    let strange: Vec<_> = found.tables.iter().filter(is_strange).cloned().collect();
    if !strange.is_empty() {
        return Err(OpenError::Foreign { tables: strange });
    }
    let (applied, pending): (Vec<&Known>, Vec<&Known>) = known
        .iter()
        .partition(|known| found.versions.contains(&known.version));
    let names = |list: Vec<&Known>| list.into_iter().map(|known| known.name.clone()).collect();
    Ok(Status {
        applied: names(applied),
        pending: names(pending),
    })
}

/// Reads what a SQLite file holds. The tables come first: a migration that runs meanwhile adds its
/// tables and its version at once.
pub(super) fn inspect_sqlite(conn: &mut diesel::SqliteConnection) -> Result<Found, OpenError> {
    use diesel::RunQueryDsl as _;
    let tables = diesel::sql_query(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' \
         ESCAPE '\\' ORDER BY name",
    );
    let (tables, has_versions) = split(tables.load(conn)?);
    let versions = if has_versions {
        diesel::sql_query(VERSIONS).load(conn)?
    } else {
        Vec::new()
    };
    Ok(Found {
        tables,
        versions: names(versions),
    })
}

/// Reads what the current schema of a PostgreSQL database holds.
pub(super) async fn inspect_postgres(conn: &mut PostgresConnection) -> Result<Found, OpenError> {
    use diesel_async::RunQueryDsl as _;
    let encoding = diesel::sql_query("SELECT current_setting('server_encoding') AS name");
    let encoding: Name = encoding.get_result(conn).await?;
    if encoding.name != "UTF8" {
        return Err(OpenError::Encoding {
            encoding: encoding.name,
        });
    }
    let tables = diesel::sql_query(
        "SELECT tablename::text AS name FROM pg_catalog.pg_tables \
         WHERE schemaname = current_schema() ORDER BY name",
    );
    let (tables, has_versions) = split(tables.load(conn).await?);
    let versions = if has_versions {
        diesel::sql_query(VERSIONS).load(conn).await?
    } else {
        Vec::new()
    };
    Ok(Found {
        tables,
        versions: names(versions),
    })
}

/// The tables without the table of versions, and whether that is among them.
fn split(tables: Vec<Name>) -> (Vec<String>, bool) {
    let (versions, tables): (Vec<_>, Vec<_>) = names(tables)
        .into_iter()
        .partition(|name| name == VERSION_TABLE);
    (tables, !versions.is_empty())
}

fn names(rows: Vec<Name>) -> Vec<String> {
    rows.into_iter().map(|row| row.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many migrations are applied and pending, or whose database it is.
    type Verdict = Result<(usize, usize), String>;

    fn verdict(tables: &[&str], versions: &[&str]) -> Verdict {
        let known = ["1", "2"].map(|version| Known {
            version: version.to_owned(),
            name: format!("{version}_x"),
        });
        let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        let found = Found {
            tables: owned(tables),
            versions: owned(versions),
        };
        match judge(&found, &known) {
            Ok(status) => Ok((status.applied.len(), status.pending.len())),
            Err(OpenError::Foreign { tables }) => Err(format!("foreign {}", tables.join(" "))),
            Err(OpenError::Newer { version }) => Err(format!("newer {version}")),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn whose_database_it_is() {
        let foreign = |what: &str| Err(format!("foreign {what}"));
        let rows: &[(&[&str], &[&str], Verdict)] = &[
            (&[], &[], Ok((0, 2))),
            (&["accounts"], &["1"], Ok((1, 1))),
            (&["accounts", "devices"], &["1", "2"], Ok((2, 0))),
            (&["users"], &[], foreign("users")),
            (&["accounts"], &[], foreign("accounts")),
            (&["users"], &["0"], foreign("users")),
            (&[], &["0"], foreign("0")),
            (&["accounts", "users"], &["1"], foreign("users")),
            (
                &["accounts", "stars"],
                &["1", "2", "3", "4"],
                Err("newer 4".to_owned()),
            ),
        ];
        for (tables, versions, expected) in rows {
            assert_eq!(
                verdict(tables, versions),
                *expected,
                "{tables:?} {versions:?}"
            );
        }
    }
}
