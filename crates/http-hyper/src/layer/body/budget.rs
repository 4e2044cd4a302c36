//! The memory for bodies: how much all of them may take, how much those of one client, and which are
//! given up when there is no more.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::request::Subscriber;

/// What a body on its way costs besides its own bytes: its request and its buffers.
const BASE_BYTES: usize = 16 * 1024;

/// The memory for all bodies.
pub(crate) struct Budget {
    total_bytes: usize,
    /// The most for one client.
    share_bytes: usize,
    state: Mutex<State>,
}

/// Whose body it is: a client's, or one of those that have no share.
type Owner = Option<Subscriber>;

#[derive(Default)]
struct State {
    used_bytes: usize,
    last_id: u64,
    owners: HashMap<Owner, Usage>,
    /// Those who have bodies on their way, by what they use.
    greediest: BTreeSet<(usize, Owner)>,
}

#[derive(Default)]
struct Usage {
    used_bytes: usize,
    /// The bodies on their way, oldest first.
    arriving: BTreeMap<u64, Arriving>,
}

struct Arriving {
    bytes: usize,
    given_up: Arc<Notify>,
}

/// There is no memory for a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exhausted;

impl Budget {
    /// So many bytes for all bodies, and a quarter of them for one client, but at least enough for
    /// one body of `body_limit_bytes`.
    pub(crate) fn new(total_bytes: usize, body_limit_bytes: usize) -> Self {
        let one_body = body_limit_bytes.saturating_add(BASE_BYTES);
        let total_bytes = total_bytes.max(one_body);
        Self {
            total_bytes,
            share_bytes: (total_bytes / 4).max(one_body),
            state: Mutex::default(),
        }
    }

    /// A body begins to arrive. Older ones may be given up for it.
    ///
    /// # Errors
    /// When there are none.
    pub(crate) fn begin(self: &Arc<Self>, owner: Owner) -> Result<BodyMemory, Exhausted> {
        let mut state = self.lock();
        state.last_id += 1;
        let id = state.last_id;
        self.make_room(&mut state, owner, id, BASE_BYTES)?;
        let given_up = Arc::new(Notify::new());
        let arriving = Arriving {
            bytes: BASE_BYTES,
            given_up: Arc::clone(&given_up),
        };
        state.used_bytes += BASE_BYTES;
        state.change(owner, |usage| {
            usage.used_bytes += BASE_BYTES;
            usage.arriving.insert(id, arriving);
        });
        Ok(BodyMemory {
            budget: Arc::clone(self),
            owner,
            id,
            held_bytes: None,
            given_up,
        })
    }

    /// Gives up bodies on their way, of the same owner if that uses too much, else of the one that
    /// uses most, until there is room for more of the body `id`.
    fn make_room(
        &self,
        state: &mut State,
        owner: Owner,
        id: u64,
        bytes: usize,
    ) -> Result<(), Exhausted> {
        if owner.is_some() {
            while state.used_by(owner) + bytes > self.share_bytes {
                state.give_up_oldest(owner, id)?;
            }
        }
        while state.used_bytes + bytes > self.total_bytes {
            let greediest = state.greediest.last().ok_or(Exhausted)?.1;
            state.give_up_oldest(greediest, id)?;
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn used_by(&self, owner: Owner) -> usize {
        self.owners.get(&owner).map_or(0, |usage| usage.used_bytes)
    }

    /// Gives up the oldest body on its way of `owner`, but not `spared`.
    fn give_up_oldest(&mut self, owner: Owner, spared: u64) -> Result<(), Exhausted> {
        let usage = self.owners.get(&owner).ok_or(Exhausted)?;
        let oldest = usage.arriving.keys().copied().find(|id| *id != spared);
        let oldest = oldest.ok_or(Exhausted)?;
        if let Some(arriving) = self.remove(owner, oldest) {
            arriving.given_up.notify_one();
        }
        Ok(())
    }

    fn remove(&mut self, owner: Owner, id: u64) -> Option<Arriving> {
        let mut removed = None;
        self.change(owner, |usage| {
            removed = usage.arriving.remove(&id);
            usage.used_bytes -= removed.as_ref().map_or(0, |it| it.bytes);
        });
        self.used_bytes -= removed.as_ref().map_or(0, |it| it.bytes);
        removed
    }

    fn change<T>(&mut self, owner: Owner, change: impl FnOnce(&mut Usage) -> T) -> T {
        let usage = self.owners.entry(owner).or_default();
        self.greediest.remove(&(usage.used_bytes, owner));
        let changed = change(usage);
        if !usage.arriving.is_empty() {
            self.greediest.insert((usage.used_bytes, owner));
        } else if usage.used_bytes == 0 {
            self.owners.remove(&owner);
            crate::layer::shrink(&mut self.owners);
        }
        changed
    }
}

/// The memory of one body, given back when dropped.
pub(crate) struct BodyMemory {
    budget: Arc<Budget>,
    owner: Owner,
    id: u64,
    /// `None` as long as the body is on its way.
    held_bytes: Option<usize>,
    given_up: Arc<Notify>,
}

impl BodyMemory {
    /// Returns when the body is given up because others need the memory.
    pub(crate) async fn given_up(&self) {
        self.given_up.notified().await;
    }

    /// More of the body has arrived.
    ///
    /// # Errors
    /// When there is no room for it, or the body has been given up.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<(), Exhausted> {
        let Self { owner, id, .. } = *self;
        let mut state = self.budget.lock();
        self.budget.make_room(&mut state, owner, id, bytes)?;
        let is_there = state.change(owner, |usage| {
            let Some(arriving) = usage.arriving.get_mut(&id) else {
                return false;
            };
            arriving.bytes += bytes;
            usage.used_bytes += bytes;
            true
        });
        if !is_there {
            return Err(Exhausted);
        }
        state.used_bytes += bytes;
        Ok(())
    }

    /// The whole body has arrived: it is not given up any more.
    ///
    /// # Errors
    /// When it has been.
    pub(crate) fn complete(mut self) -> Result<Self, Exhausted> {
        let mut state = self.budget.lock();
        let bytes = state.change(self.owner, |usage| {
            usage.arriving.remove(&self.id).map(|it| it.bytes)
        });
        drop(state);
        self.held_bytes = Some(bytes.ok_or(Exhausted)?);
        Ok(self)
    }
}

impl Drop for BodyMemory {
    fn drop(&mut self) {
        let mut state = self.budget.lock();
        match self.held_bytes {
            None => drop(state.remove(self.owner, self.id)),
            Some(bytes) => {
                state.used_bytes -= bytes;
                state.change(self.owner, |usage| usage.used_bytes -= bytes);
            }
        }
    }
}

#[cfg(test)]
mod tests;
