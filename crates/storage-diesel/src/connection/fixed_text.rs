//! Updates whose statements are prepared once a connection, as those of all other queries are.

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};

/// A query of which only the bound values differ from one run to the next.
///
/// Diesel takes the text of every `UPDATE` and `DO UPDATE` for a new one, since changesets may leave
/// out columns; so it would prepare them anew at each run, which on PostgreSQL is another round trip.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FixedText<Q>(Q);

/// Says so of a query.
pub(crate) trait WithFixedText: Sized {
    /// This query, whose text is always the same: it sets named columns, and no struct of options.
    fn with_fixed_text(self) -> FixedText<Self> {
        FixedText(self)
    }
}

impl<Q> WithFixedText for Q {}

/// Prepared statements are found by their SQL, so a statement that varies is only prepared more often.
impl<Q> QueryId for FixedText<Q> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

/// One that returns rows.
impl<Q: Query> Query for FixedText<Q> {
    type SqlType = Q::SqlType;
}

impl<DB: Backend, Q: QueryFragment<DB>> QueryFragment<DB> for FixedText<Q> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}
