use async_trait::async_trait;

use super::FakeUnitOfWork;
use registrar_domain::model::time::Timestamp;
use registrar_domain::ports::store::{LeaseRepository, StoreError};

#[async_trait]
impl LeaseRepository for FakeUnitOfWork {
    async fn acquire(
        &mut self,
        name: &str,
        holder: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(|state| {
            let is_held = |(other, expires): &(String, Timestamp)| {
                other != holder && *expires > now && *expires <= until
            };
            if state.leases.get(name).is_some_and(is_held) {
                return Ok(false);
            }
            state
                .leases
                .insert(name.to_owned(), (holder.to_owned(), until));
            Ok(true)
        })
    }
}
