use async_trait::async_trait;

use super::StoreError;
use crate::model::id::Localpart;
use crate::model::time::Timestamp;

/// When users were last active: one moment a user, which stays whatever becomes of their devices,
/// passwords and tokens, until it is too old to matter.
#[async_trait]
pub trait ActivityRepository: Send {
    /// When a user was last active, if that is remembered.
    async fn find(&mut self, localpart: &Localpart) -> Result<Option<Timestamp>, StoreError>;

    /// Remembers that a user was active. Guarded: an earlier moment never replaces a later one.
    async fn record(&mut self, localpart: &Localpart, at: Timestamp) -> Result<(), StoreError>;

    /// Were `count` users or more active at or after `since`? Reads an index, up to `count` entries.
    async fn has_reached(&mut self, count: u64, since: Timestamp) -> Result<bool, StoreError>;

    /// Forgets users who were last active before a moment, those first who were for longest not, and
    /// `limit` at most. The number forgotten.
    async fn remove_before(&mut self, before: Timestamp, limit: u32) -> Result<usize, StoreError>;
}
