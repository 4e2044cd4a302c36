//! [`FakeStore`]: a [`Store`] in memory, with real transactions.

mod account;
mod activity;
mod device;
mod lease;
mod registration_token;
mod threepid;
mod token;
mod uia;
mod validation;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use async_trait::async_trait;
use tokio::sync::OwnedMutexGuard;

use registrar_domain::model::account::Account;
use registrar_domain::model::device::Device;
use registrar_domain::model::id::{DeviceId, Localpart};
use registrar_domain::model::registration_token::RegistrationTokenId;
use registrar_domain::model::threepid::{AccountThreepid, Medium, ProofDigest, Threepid};
use registrar_domain::model::time::Timestamp;
use registrar_domain::ports::store::{
    AccountRepository, ActivityRepository, Constraint, DeviceRepository, Intent, LeaseRepository,
    RegistrationTokenRepository, Store, StoreError, StoreErrorKind, ThreepidRepository,
    TokenRepository, UiaRepository, UnitOfWork, ValidationRepository,
};

/// A store in memory.
///
/// Units of work that write take turns, so they are serializable: each works on a copy of the whole
/// state, which replaces the original at commit. Constraints and guards are those of the databases.
/// Clones share the state.
#[derive(Clone, Default)]
pub struct FakeStore {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    committed: Mutex<State>,
    turn: Arc<tokio::sync::Mutex<()>>,
    commits_to_contend: AtomicU32,
    begins_to_refuse: AtomicU32,
}

/// The tables.
#[derive(Clone, Default)]
struct State {
    accounts: BTreeMap<Localpart, Account>,
    last_number: u64,
    devices: BTreeMap<(Localpart, DeviceId), Device>,
    access_tokens: Vec<token::AccessRow>,
    refresh_tokens: Vec<token::RefreshRow>,
    last_token_key: i64,
    uia_sessions: Vec<uia::SessionRow>,
    registration_tokens: BTreeMap<RegistrationTokenId, registration_token::TokenRow>,
    last_registration_token_key: i64,
    validations: Vec<validation::ValidationRow>,
    delegated_proofs: HashMap<ProofDigest, validation::DelegatedRow>,
    message_counts: BTreeMap<(Medium, Timestamp), u32>,
    threepids: BTreeMap<Threepid, (Localpart, AccountThreepid)>,
    leases: BTreeMap<String, (String, Timestamp)>,
    activity: BTreeMap<Localpart, Timestamp>,
}

impl FakeStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the next `count` commits undo their unit of work and fail as
    /// [`StoreErrorKind::Contended`].
    pub fn contend_next(&self, count: u32) {
        self.shared
            .commits_to_contend
            .store(count, Ordering::SeqCst);
    }

    /// Makes an account an administrator, which only a shared secret can do otherwise.
    pub fn promote(&self, localpart: &str) {
        let mut state = self.shared.committed();
        let promoted = state
            .accounts
            .values_mut()
            .find(|it| it.localpart.as_str() == localpart);
        promoted
            .expect("a test promotes an account that it made")
            .admin = true;
    }

    /// Makes the next `count` units of work fail to begin as [`StoreErrorKind::Unavailable`].
    pub fn refuse_next(&self, count: u32) {
        self.shared.begins_to_refuse.store(count, Ordering::SeqCst);
    }
}

impl Shared {
    fn committed(&self) -> MutexGuard<'_, State> {
        self.committed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts one down; `false` when nothing is left.
fn take_one(counter: &AtomicU32) -> bool {
    counter
        .try_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
            left.checked_sub(1)
        })
        .is_ok()
}

#[async_trait]
impl Store for FakeStore {
    async fn begin(&self, intent: Intent) -> Result<Box<dyn UnitOfWork>, StoreError> {
        let_others_go_first().await;
        if take_one(&self.shared.begins_to_refuse) {
            return Err(StoreErrorKind::Unavailable.into());
        }
        let draft = match intent {
            Intent::Read => None,
            Intent::Write => {
                let turn = Arc::clone(&self.shared.turn).lock_owned().await;
                let state = self.shared.committed().clone();
                Some(Draft { state, _turn: turn })
            }
        };
        Ok(Box::new(FakeUnitOfWork {
            shared: Arc::clone(&self.shared),
            draft,
            failed: false,
        }))
    }
}

/// Waits for one turn, as the way to a database does, so that use-cases that run beside each other meet
/// between any two of their units of work, also on one thread.
async fn let_others_go_first() {
    let mut waited = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

struct FakeUnitOfWork {
    shared: Arc<Shared>,
    /// What a unit of work with the intent to write has made of the state.
    draft: Option<Draft>,
    /// After a failed statement nothing but dropping works, as on PostgreSQL.
    failed: bool,
}

struct Draft {
    state: State,
    _turn: OwnedMutexGuard<()>,
}

impl FakeUnitOfWork {
    fn read<T>(&self, query: impl FnOnce(&State) -> T) -> Result<T, StoreError> {
        if self.failed {
            return Err(after_failure());
        }
        Ok(match &self.draft {
            Some(draft) => query(&draft.state),
            None => query(&self.shared.committed()),
        })
    }

    fn write<T>(
        &mut self,
        statement: impl FnOnce(&mut State) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if self.failed {
            return Err(after_failure());
        }
        let result = match &mut self.draft {
            Some(draft) => statement(&mut draft.state),
            None => Err(StoreError::new(
                StoreErrorKind::Other,
                "the intent was to read",
            )),
        };
        self.failed = result.is_err();
        result
    }
}

#[async_trait]
impl UnitOfWork for FakeUnitOfWork {
    fn accounts(&mut self) -> &mut dyn AccountRepository {
        self
    }

    fn devices(&mut self) -> &mut dyn DeviceRepository {
        self
    }

    fn tokens(&mut self) -> &mut dyn TokenRepository {
        self
    }

    fn uia_sessions(&mut self) -> &mut dyn UiaRepository {
        self
    }

    fn threepids(&mut self) -> &mut dyn ThreepidRepository {
        self
    }

    fn registration_tokens(&mut self) -> &mut dyn RegistrationTokenRepository {
        self
    }

    fn validations(&mut self) -> &mut dyn ValidationRepository {
        self
    }

    fn activity(&mut self) -> &mut dyn ActivityRepository {
        self
    }

    fn leases(&mut self) -> &mut dyn LeaseRepository {
        self
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        if self.failed {
            return Err(after_failure());
        }
        let Some(draft) = self.draft else {
            return Ok(());
        };
        if take_one(&self.shared.commits_to_contend) {
            return Err(StoreErrorKind::Contended.into());
        }
        *self.shared.committed() = draft.state;
        Ok(())
    }
}

fn after_failure() -> StoreError {
    StoreError::new(
        StoreErrorKind::Other,
        "an earlier statement of the unit of work failed",
    )
}

fn conflict(constraint: Constraint) -> StoreError {
    StoreErrorKind::Conflict(constraint).into()
}

impl State {
    /// The foreign key on accounts.
    fn require_account(&self, localpart: &Localpart) -> Result<(), StoreError> {
        if self.accounts.contains_key(localpart) {
            Ok(())
        } else {
            Err(conflict(Constraint::MissingReference))
        }
    }

    /// The foreign key on devices.
    fn require_device(&self, localpart: &Localpart, id: &DeviceId) -> Result<(), StoreError> {
        if self.devices.contains_key(&(localpart.clone(), id.clone())) {
            Ok(())
        } else {
            Err(conflict(Constraint::MissingReference))
        }
    }
}
