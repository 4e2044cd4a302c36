use async_trait::async_trait;

use super::StoreError;
use crate::model::time::Timestamp;

/// Leases: of all processes on one database, one does a periodic job.
#[async_trait]
pub trait LeaseRepository: Send {
    /// Guarded: takes the lease `name` for `holder` until `until`, if it is free, expired at `now`,
    /// already held by `holder`, or held for longer than until `until`. `false` when another holds it.
    ///
    /// All holders of a name ask for the same period. A lease that would last longer than one taken now
    /// was taken by a clock that has since been set back, and would stop the job for all that time.
    async fn acquire(
        &mut self,
        name: &str,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError>;
}
