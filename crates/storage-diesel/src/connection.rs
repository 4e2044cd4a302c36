//! Connections: one enum over both databases, and the macro that runs one query on either.

mod fixed_text;
mod held;
pub(crate) mod postgres;
pub(crate) mod sqlite;
mod tls;

use diesel::ConnectionResult;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, PoolableConnection};

pub(crate) use self::fixed_text::WithFixedText;
pub(crate) use self::held::Held;
pub(crate) use self::postgres::{PostgresConnection, PostgresConnector};
pub(crate) use self::sqlite::{DatabaseFiles, SqliteConnection, SqliteConnector};

/// A connection on loan from its pool.
pub(crate) type Lease<C> = bb8::PooledConnection<'static, AsyncDieselConnectionManager<C>>;

/// A connection to either database.
#[expect(
    clippy::large_enum_variant,
    reason = "it lives in a unit of work, which is boxed"
)]
pub(crate) enum Conn {
    Sqlite(Lease<SqliteConnection>),
    Postgres(Lease<PostgresConnection>),
}

impl Conn {
    /// Keeps a connection from being used again: it leaves the pool when it is given back. For one on
    /// which an answer may still be on its way.
    pub(crate) fn spoil(&mut self) {
        if let Self::Postgres(conn) = self {
            postgres::spoil(conn);
        }
    }
}

/// What a connection is for. Readers cannot write: the database itself refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Reader,
    Writer,
}

/// Opens connections to one database.
pub(crate) trait Connector: Send + Sync + 'static {
    /// What it opens.
    type Connection: PoolableConnection + 'static;

    /// Opens a connection and prepares it for its role.
    fn connect(
        &self,
        role: Role,
    ) -> impl Future<Output = ConnectionResult<Self::Connection>> + Send;
}

/// Runs one statement of a unit of work on whichever database it has a connection to.
///
/// The body is written once and compiled twice, so keep it to one statement: an error in it is
/// reported once for each database.
///
/// What has a unique key is looked up by `get_result`, not by `first`: that would add a `LIMIT`, and
/// SQLite compiles a statement anew at each run when the number bound to its limit may have changed.
macro_rules! on_conn {
    ($uow:expr, $conn:ident => $statement:expr) => {{
        let deadline = $uow.enter()?;
        let result = match $uow.conn() {
            $crate::connection::Conn::Sqlite($conn) => $statement.map_err($crate::error::sqlite),
            $crate::connection::Conn::Postgres($conn) => {
                let statement = deadline.within(async { $statement });
                statement.await.map_err($crate::error::postgres)
            }
        };
        $uow.settle(result)
    }};
}

pub(crate) use on_conn;
