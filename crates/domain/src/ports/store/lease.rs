use async_trait::async_trait;

use super::StoreError;
use crate::time::Timestamp;

/// Leases: of all processes on one database, one does a periodic job.
#[async_trait]
pub trait LeaseRepository: Send {
    /// Guarded: takes the lease `name` for `holder` until `until`, if it is free, expired at `now`,
    /// or already held by `holder`. `false` when another holds it.
    async fn acquire(
        &mut self,
        name: &str,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError>;
}
