//! Reading rows that nobody else changes before the transaction ends.

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sqlite::Sqlite;

/// A query whose rows are held until the transaction ends.
#[derive(Clone, Copy, Debug, QueryId)]
pub(crate) struct HeldRows<Q>(Q);

/// Says so of a query.
pub(crate) trait Held: Sized {
    /// This query, with its rows held.
    fn held(self) -> HeldRows<Self> {
        HeldRows(self)
    }
}

impl<Q> Held for Q {}

impl<Q: Query> Query for HeldRows<Q> {
    type SqlType = Q::SqlType;
}

/// Transactions that may write take turns, so that whatever they read is held.
impl<Q: QueryFragment<Sqlite>> QueryFragment<Sqlite> for HeldRows<Q> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }
}

/// Waits for transactions that update the row, reads it as they left it, and lets them wait in turn.
/// Rows that only refer to this one can still be added.
impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for HeldRows<Q> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(pass.reborrow())?;
        pass.push_sql(" FOR NO KEY UPDATE");
        Ok(())
    }
}
