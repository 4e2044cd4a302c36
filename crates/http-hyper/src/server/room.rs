//! Limits on connections: how many in total, how many of one address, and which are closed for a new one.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::activity::{Activity, ConnectionState};
use crate::layer::shrink;
use crate::request::Subscriber;

/// How many connections are accepted beyond the limit when all others have a request in progress. They
/// are for probes: monitoring must work especially when the server is busy.
const RESERVE: usize = 16;
/// How long a request may be incomplete before its connection counts as stalled.
const FRESH: Duration = Duration::from_secs(1);
/// The fraction of connections that is closed at once, so that a flood of new connections does not search
/// all of them each time.
const BATCH: usize = 100;

/// Limits on connections and streams.
///
/// The limits per address do not apply to trusted proxies and Unix sockets, which serve many clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// The most connections, over all listeners that share the limits.
    pub connections: usize,
    /// The most connections of one address (IPv4) or /64 (IPv6); default a quarter of all.
    pub connections_per_address: usize,
    /// The most HTTP/2 requests in progress of one address or /64, over all its connections; default 256.
    pub streams_per_address: usize,
}

impl Capacity {
    /// Limits the number of connections, with the defaults for everything else.
    pub fn new(connections: usize) -> Self {
        Self {
            connections,
            connections_per_address: connections.div_ceil(4),
            streams_per_address: 256,
        }
    }
}

/// All connections of the listeners that share it.
pub(super) struct Room {
    capacity: Capacity,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last_id: u64,
    connections: HashMap<u64, Entry>,
    in_reserve: usize,
    peers: HashMap<Subscriber, Usage>,
}

struct Entry {
    /// `None` for one that has no share.
    peer: Option<Subscriber>,
    is_in_reserve: bool,
    activity: Arc<Activity>,
}

#[derive(Default)]
struct Usage {
    connections: usize,
    streams: usize,
}

/// Whether there is a place for a new connection.
pub(super) enum Admission {
    /// There is; others may have been closed for it.
    Granted(Place),
    /// All connections of the address have requests in progress, and it may have no more of them.
    ShareUsed,
    /// All connections have requests in progress.
    Full,
}

/// Which connection is closed first: the least one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    /// The address with the most connections has to give way first.
    lightness: usize,
    /// Requests that began recently are closed last.
    is_fresh: bool,
    /// Stalled connections before idle ones.
    is_idle: bool,
    since: Instant,
}

impl Room {
    pub(super) fn new(capacity: Capacity) -> Self {
        Self {
            capacity,
            state: Mutex::default(),
        }
    }

    /// Gives a new connection a place. `peer` is `None` for one that has no share.
    pub(super) fn admit(self: &Arc<Self>, peer: Option<Subscriber>) -> Admission {
        let capacity = self.capacity;
        let mut state = self.lock();
        if let Some(peer) = peer
            && state.connections_of(peer) >= capacity.connections_per_address
            && state.close_some(capacity.connections_per_address, |it| it.peer == Some(peer)) == 0
        {
            return Admission::ShareUsed;
        }
        let is_in_reserve = !self.has_regular_place(&mut state);
        if is_in_reserve
            && state.in_reserve >= RESERVE
            && state.close_some(RESERVE, |it| it.is_in_reserve) == 0
        {
            return Admission::Full;
        }
        Admission::Granted(self.enter(&mut state, peer, is_in_reserve))
    }

    /// Is there a place outside of the reserve? Another connection may be closed for it.
    fn has_regular_place(&self, state: &mut State) -> bool {
        let limit = self.capacity.connections;
        state.connections.len() - state.in_reserve < limit
            || state.close_some(limit, |it| !it.is_in_reserve) > 0
    }

    /// Gives a place to a connection that must be taken, whether there is room or not.
    pub(super) fn insist(self: &Arc<Self>, peer: Option<Subscriber>) -> Place {
        self.enter(&mut self.lock(), peer, false)
    }

    /// Closes some connections because the operating system has no room for more.
    pub(super) fn relieve(&self) -> usize {
        let mut state = self.lock();
        let limit = state.connections.len();
        state.close_some(limit, |_| true)
    }

    fn enter(
        self: &Arc<Self>,
        state: &mut State,
        peer: Option<Subscriber>,
        is_in_reserve: bool,
    ) -> Place {
        state.last_id += 1;
        let id = state.last_id;
        let activity = Arc::new(Activity::new());
        let entry = Entry {
            peer,
            is_in_reserve,
            activity: Arc::clone(&activity),
        };
        state.connections.insert(id, entry);
        state.in_reserve += usize::from(is_in_reserve);
        if let Some(peer) = peer {
            state.peers.entry(peer).or_default().connections += 1;
        }
        Place {
            room: Arc::clone(self),
            id,
            peer,
            is_in_reserve: AtomicBool::new(is_in_reserve),
            activity,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn connections_of(&self, peer: Subscriber) -> usize {
        self.peers.get(&peer).map_or(0, |usage| usage.connections)
    }

    /// Tells up to one of `BATCH` parts of `limit` connections to close, and gives their places
    /// away. How many they are: none when all of them have requests in progress.
    fn close_some(&mut self, limit: usize, concerns: impl Fn(&Entry) -> bool) -> usize {
        let now = Instant::now();
        let mut ranked: Vec<(Rank, u64)> = Vec::new();
        for (id, entry) in self.connections.iter().filter(|(_, it)| concerns(it)) {
            if let Some(rank) = self.rank(entry, now) {
                ranked.push((rank, *id));
            }
        }
        let Some(first) = ranked.iter().copied().min() else {
            return 0;
        };
        let count = (limit / BATCH).clamp(1, ranked.len());
        ranked.select_nth_unstable(count - 1);
        ranked.truncate(count);
        let mut closed = 0;
        for (rank, id) in ranked {
            // What is fresh is closed only if nothing else is left, and no more than must be.
            if rank.is_fresh && id != first.1 {
                continue;
            }
            if let Some(entry) = self.remove(id) {
                entry.activity.give_way();
                closed += 1;
            }
        }
        tracing::debug!(closed, "idle connections closed for new ones");
        closed
    }

    /// `None` for a connection with a request in progress, which is not closed.
    fn rank(&self, entry: &Entry, now: Instant) -> Option<Rank> {
        let weight = entry.peer.map_or(1, |peer| self.connections_of(peer));
        let (is_idle, since) = match entry.activity.state() {
            ConnectionState::Working => return None,
            ConnectionState::Waiting(since) => (false, since),
            ConnectionState::Idle(since) => (true, since),
        };
        Some(Rank {
            lightness: usize::MAX - weight,
            is_fresh: !is_idle && now.saturating_duration_since(since) < FRESH,
            is_idle,
            since,
        })
    }

    fn remove(&mut self, id: u64) -> Option<Entry> {
        let entry = self.connections.remove(&id)?;
        shrink(&mut self.connections);
        self.in_reserve -= usize::from(entry.is_in_reserve);
        if let Some(peer) = entry.peer {
            self.release(peer, |usage| usage.connections -= 1);
        }
        Some(entry)
    }

    fn release(&mut self, peer: Subscriber, change: impl FnOnce(&mut Usage)) {
        let Some(usage) = self.peers.get_mut(&peer) else {
            return;
        };
        change(usage);
        if usage.connections == 0 && usage.streams == 0 {
            self.peers.remove(&peer);
            shrink(&mut self.peers);
        }
    }
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Room")
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

/// A place for a connection, given back when dropped.
pub(super) struct Place {
    room: Arc<Room>,
    id: u64,
    peer: Option<Subscriber>,
    is_in_reserve: AtomicBool,
    activity: Arc<Activity>,
}

impl Place {
    pub(super) fn activity(&self) -> &Arc<Activity> {
        &self.activity
    }

    /// Is the connection for probes alone? It leaves the reserve as soon as there is another place.
    pub(super) fn is_in_reserve(&self) -> bool {
        if !self.is_in_reserve.load(Ordering::Relaxed) {
            return false;
        }
        let mut state = self.room.lock();
        if !self.room.has_regular_place(&mut state) {
            return true;
        }
        if let Some(entry) = state.connections.get_mut(&self.id)
            && std::mem::take(&mut entry.is_in_reserve)
        {
            state.in_reserve -= 1;
        }
        self.is_in_reserve.store(false, Ordering::Relaxed);
        false
    }

    /// Room for a stream, or `None` when the address has as many as it may have.
    pub(super) fn stream(&self) -> Option<StreamPlace> {
        let Some(peer) = self.peer else {
            return Some(StreamPlace(None));
        };
        let limit = self.room.capacity.streams_per_address;
        let mut state = self.room.lock();
        let usage = state.peers.entry(peer).or_default();
        if usage.streams >= limit {
            return None;
        }
        usage.streams += 1;
        Some(StreamPlace(Some((Arc::clone(&self.room), peer))))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.room.lock().remove(self.id);
    }
}

/// Room for a stream, given back when dropped.
pub(super) struct StreamPlace(Option<(Arc<Room>, Subscriber)>);

impl Drop for StreamPlace {
    fn drop(&mut self) {
        if let Some((room, peer)) = &self.0 {
            room.lock().release(*peer, |usage| usage.streams -= 1);
        }
    }
}

#[cfg(test)]
mod tests;
