use async_trait::async_trait;

use super::FakeUnitOfWork;
use registrar_domain::model::id::Localpart;
use registrar_domain::model::time::Timestamp;
use registrar_domain::ports::store::{ActivityRepository, StoreError};

#[async_trait]
impl ActivityRepository for FakeUnitOfWork {
    async fn find(&mut self, localpart: &Localpart) -> Result<Option<Timestamp>, StoreError> {
        self.read(|state| state.activity.get(localpart).copied())
    }

    async fn record(&mut self, localpart: &Localpart, at: Timestamp) -> Result<(), StoreError> {
        self.write(|state| {
            let last = state.activity.entry(localpart.clone()).or_insert(at);
            *last = at.max(*last);
            Ok(())
        })
    }

    async fn has_reached(&mut self, count: u64, since: Timestamp) -> Result<bool, StoreError> {
        self.read(|state| {
            let active = state.activity.values().filter(|last| **last >= since);
            active.count() as u64 >= count
        })
    }

    async fn remove_before(&mut self, before: Timestamp, limit: u32) -> Result<usize, StoreError> {
        self.write(|state| {
            let mut old: Vec<_> = state
                .activity
                .iter()
                .filter(|(_, last)| **last < before)
                .map(|(localpart, last)| (*last, localpart.clone()))
                .collect();
            old.sort();
            old.truncate(limit as usize);
            for (_, localpart) in &old {
                state.activity.remove(localpart);
            }
            Ok(old.len())
        })
    }
}
