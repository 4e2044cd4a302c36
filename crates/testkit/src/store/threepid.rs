use async_trait::async_trait;

use super::{FakeUnitOfWork, conflict};
use registrar_domain::model::id::Localpart;
use registrar_domain::model::threepid::{AccountThreepid, Threepid};
use registrar_domain::ports::store::{Constraint, StoreError, ThreepidRepository};

#[async_trait]
impl ThreepidRepository for FakeUnitOfWork {
    async fn find_owner(&mut self, threepid: &Threepid) -> Result<Option<Localpart>, StoreError> {
        self.read(|state| {
            state
                .threepids
                .get(threepid)
                .map(|(owner, _)| owner.clone())
        })
    }

    async fn list(&mut self, localpart: &Localpart) -> Result<Vec<AccountThreepid>, StoreError> {
        self.read(|state| {
            let theirs = state
                .threepids
                .values()
                .filter(|(owner, _)| owner == localpart);
            theirs.map(|(_, threepid)| threepid.clone()).collect()
        })
    }

    async fn add(
        &mut self,
        localpart: &Localpart,
        threepid: &AccountThreepid,
    ) -> Result<(), StoreError> {
        self.write(|state| {
            if state.threepids.contains_key(&threepid.threepid) {
                return Err(conflict(Constraint::ThreepidTaken));
            }
            state.require_account(localpart)?;
            let row = (localpart.clone(), threepid.clone());
            state.threepids.insert(threepid.threepid.clone(), row);
            Ok(())
        })
    }

    async fn remove(
        &mut self,
        localpart: &Localpart,
        threepid: &Threepid,
    ) -> Result<bool, StoreError> {
        self.write(|state| {
            let owner = state.threepids.get(threepid).map(|(owner, _)| owner);
            if owner != Some(localpart) {
                return Ok(false);
            }
            state.threepids.remove(threepid);
            Ok(true)
        })
    }

    async fn remove_all(&mut self, localpart: &Localpart) -> Result<usize, StoreError> {
        self.write(|state| {
            let before = state.threepids.len();
            state.threepids.retain(|_, (owner, _)| owner != localpart);
            Ok(before - state.threepids.len())
        })
    }
}
