//! Databases to test with.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use registrar_domain::ports::store::{Intent, Store, StoreError, UnitOfWork};
use registrar_storage_diesel::{Backend, DieselStore, Options, PostgresOptions, SslMode};
use tempfile::TempDir;

const POSTGRES_URL: &str = "REGISTRAR_TEST_POSTGRES_URL";

/// A database of its own for one test; gone when dropped.
#[expect(clippy::large_enum_variant, reason = "a test has one")]
pub(crate) enum Database {
    Sqlite(TempDir),
    Postgres {
        name: String,
        options: PostgresOptions,
    },
}

impl Database {
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().unwrap())
    }

    /// An empty database on the test server; `None`, said loudly, when there is no server.
    pub(crate) async fn postgres() -> Option<Self> {
        Self::postgres_with("").await
    }

    /// One made with further words of `CREATE DATABASE`.
    pub(crate) async fn postgres_with(clauses: &str) -> Option<Self> {
        static LAST: AtomicU32 = AtomicU32::new(0);
        let Ok(url) = std::env::var(POSTGRES_URL) else {
            // Not by the macro, whose output is kept back while tests pass.
            let skipped =
                format!("\n!!! PostgreSQL IS NOT TESTED: {POSTGRES_URL} is not set !!!\n");
            std::io::stderr().write_all(skipped.as_bytes()).unwrap();
            return None;
        };
        let number = LAST.fetch_add(1, Ordering::SeqCst);
        let name = format!("registrar_test_{}_{number}", std::process::id());
        let mut options = PostgresOptions::from_url(&url).unwrap();
        execute(&options, &format!("CREATE DATABASE {name} {clauses}")).await;
        options.dbname = Some(name.clone());
        Some(Self::Postgres { name, options })
    }

    /// An empty database of each kind that can be had.
    pub(crate) async fn each() -> Vec<Self> {
        [Some(Self::sqlite()), Self::postgres().await]
            .into_iter()
            .flatten()
            .collect()
    }

    pub(crate) fn backend(&self) -> Backend {
        match self {
            Self::Sqlite(folder) => Backend::Sqlite {
                path: folder.path().join("registrar.db"),
            },
            Self::Postgres { options, .. } => Backend::Postgres(options.clone()),
        }
    }

    pub(crate) fn options(&self) -> Options {
        Options::new(self.backend())
    }

    pub(crate) async fn store(&self) -> DieselStore {
        DieselStore::connect(self.options()).await.unwrap()
    }

    /// Runs SQL behind the store's back.
    pub(crate) async fn execute(&self, sql: &str) {
        match self.backend() {
            Backend::Sqlite { path } => {
                diesel::connection::SimpleConnection::batch_execute(&mut open(&path), sql).unwrap();
            }
            Backend::Postgres(options) => execute(&options, sql).await,
        }
    }

    /// Runs a query whose rows are texts.
    pub(crate) async fn texts(&self, sqlite: &str, postgres: &str) -> Vec<Vec<String>> {
        match self.backend() {
            Backend::Sqlite { path } => sqlite_texts(&mut open(&path), sqlite),
            Backend::Postgres(options) => postgres_texts(&options, postgres).await,
        }
    }

    /// Everything that a refused program could have changed: the schema as SQL, or the file itself.
    pub(crate) async fn content(&self) -> Vec<u8> {
        match self.backend() {
            Backend::Sqlite { path } => std::fs::read(path).unwrap(),
            Backend::Postgres(_) => {
                let columns = "SELECT table_name || '.' || column_name FROM information_schema.columns \
                               WHERE table_schema = 'public' ORDER BY 1";
                format!("{:?}", self.texts("", columns).await).into_bytes()
            }
        }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Self::Postgres { name, options } = self {
            let admin = PostgresOptions {
                dbname: Some("postgres".to_owned()),
                ..options.clone()
            };
            let sql = format!("DROP DATABASE {name} WITH (FORCE)");
            tokio::task::block_in_place(|| {
                tokio::runtime::Handle::current().block_on(execute(&admin, &sql));
            });
        }
    }
}

/// A store together with its database, for the suite that wants to own it.
pub(crate) struct Owned {
    // The order matters: the store goes first.
    store: DieselStore,
    _database: Arc<Database>,
}

impl Owned {
    pub(crate) async fn new(database: Arc<Database>) -> Self {
        Self {
            store: database.store().await,
            _database: database,
        }
    }
}

#[async_trait]
impl Store for Owned {
    async fn begin(&self, intent: Intent) -> Result<Box<dyn UnitOfWork>, StoreError> {
        self.store.begin(intent).await
    }
}

fn open(path: &std::path::Path) -> diesel::SqliteConnection {
    diesel::Connection::establish(path.to_str().unwrap()).unwrap()
}

fn sqlite_texts(conn: &mut diesel::SqliteConnection, sql: &str) -> Vec<Vec<String>> {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        row: String,
    }
    let rows: Vec<Row> = diesel::RunQueryDsl::load(diesel::sql_query(sql), conn).unwrap();
    rows.into_iter()
        .map(|row| row.row.split('|').map(str::to_owned).collect())
        .collect()
}

async fn postgres_texts(options: &PostgresOptions, sql: &str) -> Vec<Vec<String>> {
    let rows = connect(options).await.simple_query(sql).await.unwrap();
    rows.into_iter()
        .filter_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => Some(
                (0..row.len())
                    .map(|n| row.get(n).unwrap_or_default().to_owned())
                    .collect(),
            ),
            _ => None,
        })
        .collect()
}

async fn execute(options: &PostgresOptions, sql: &str) {
    connect(options).await.batch_execute(sql).await.unwrap();
}

/// A connection without this crate's help.
async fn connect(options: &PostgresOptions) -> tokio_postgres::Client {
    let mut config = tokio_postgres::Config::new();
    for host in &options.hosts {
        config.host(host);
    }
    for port in &options.ports {
        config.port(*port);
    }
    config.user(options.user.as_deref().unwrap_or("postgres"));
    config.dbname(options.dbname.as_deref().unwrap_or("postgres"));
    if let Some(password) = &options.password {
        config.password(password.expose());
    }
    assert_ne!(
        options.sslmode,
        SslMode::Require,
        "the tests' own connections do not use TLS"
    );
    let (client, connection) = config.connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}
