//! Proofs of identity servers, and how many messages were sent.

use diesel::prelude::*;
use diesel::query_dsl::methods::FilterDsl;
use diesel_async::RunQueryDsl;
use registrar_domain::model::threepid::{Medium, ProofDigest, Purpose};
use registrar_domain::model::time::Timestamp;
use registrar_domain::ports::store::StoreError;

use crate::connection::{WithFixedText as _, on_conn};
use crate::schema::{delegated_proofs, message_counts};
use crate::unit_of_work::DieselUnitOfWork;

impl DieselUnitOfWork {
    /// Adds what is known about a proof, a used one if it has no purpose. `false` when something is
    /// known already.
    pub(super) async fn add_delegated_proof(
        &mut self,
        proof: &ProofDigest,
        purpose: Option<Purpose>,
        expires: Timestamp,
    ) -> Result<bool, StoreError> {
        let row = (
            delegated_proofs::proof_digest.eq(proof.as_bytes()),
            delegated_proofs::purpose.eq(purpose.map(Purpose::as_str)),
            delegated_proofs::used.eq(purpose.is_none()),
            delegated_proofs::expires_ts.eq(expires.unix_ms()),
        );
        let added = on_conn!(self, conn => diesel::insert_into(delegated_proofs::table)
            .values(row)
            .on_conflict_do_nothing()
            .execute(conn)
            .await)?;
        Ok(added > 0)
    }

    pub(super) async fn mark_delegated_used(
        &mut self,
        proof: &ProofDigest,
        purposes: &[Purpose],
        expires: Timestamp,
    ) -> Result<bool, StoreError> {
        let purposes = purposes.iter().map(|it| it.as_str());
        let purpose = delegated_proofs::purpose.assume_not_null();
        let known = FilterDsl::filter(
            delegated_proofs::table,
            delegated_proofs::proof_digest.eq(proof.as_bytes()),
        );
        let unused = FilterDsl::filter(known, delegated_proofs::used.eq(false));
        let usable = FilterDsl::filter(unused, purpose.eq_any(purposes));
        let marked = on_conn!(self, conn => diesel::update(usable)
            .set((
                delegated_proofs::used.eq(true),
                delegated_proofs::expires_ts.eq(expires.unix_ms()),
            ))
            .with_fixed_text()
            .execute(conn)
            .await)?;
        Ok(marked > 0)
    }

    pub(super) async fn remove_expired_proofs(
        &mut self,
        now: Timestamp,
        limit: u32,
    ) -> Result<usize, StoreError> {
        let old = diesel::alias!(delegated_proofs as old);
        let expires_ts = old.field(delegated_proofs::expires_ts);
        let oldest = QueryDsl::filter(old, expires_ts.lt(now.unix_ms()))
            .order(expires_ts)
            .limit(i64::from(limit))
            .select(old.field(delegated_proofs::proof_digest));
        let doomed = FilterDsl::filter(
            delegated_proofs::table,
            delegated_proofs::proof_digest.eq_any(oldest),
        );
        on_conn!(self, conn => diesel::delete(doomed).execute(conn).await)
    }

    /// Counts one more in a window while there are fewer than `limit`.
    pub(super) async fn count_up(
        &mut self,
        medium: Medium,
        window: Timestamp,
        limit: u32,
    ) -> Result<bool, StoreError> {
        if limit == 0 {
            return Ok(false);
        }
        let row = (
            message_counts::medium.eq(medium.as_str()),
            message_counts::window_ts.eq(window.unix_ms()),
            message_counts::sent.eq(1_i64),
        );
        let has_room = message_counts::sent.lt(i64::from(limit));
        let counted = on_conn!(self, conn => {
            let upsert = diesel::insert_into(message_counts::table)
                .values(row)
                .on_conflict((message_counts::medium, message_counts::window_ts))
                .do_update()
                .set(message_counts::sent.eq(message_counts::sent + 1));
            // By its full name: two traits of diesel offer a `filter`, and this is the rarer one.
            FilterDsl::filter(upsert, has_room).execute(conn).await
        })?;
        Ok(counted > 0)
    }

    pub(super) async fn remove_message_counts(
        &mut self,
        window: Timestamp,
    ) -> Result<usize, StoreError> {
        let old = message_counts::window_ts.lt(window.unix_ms());
        let doomed = FilterDsl::filter(message_counts::table, old);
        on_conn!(self, conn => diesel::delete(doomed).execute(conn).await)
    }
}
