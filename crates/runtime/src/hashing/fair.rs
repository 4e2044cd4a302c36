//! Whose job is next, and who may still queue: pure.
//!
//! Jobs stand in three levels. Levels of [trust](Trust) share the threads by weight, so that those who
//! have proved something go first and nobody starves. Within one, networks take turns, and within a
//! network its clients, in proportion to the work they cause. So a client with a thousand jobs waits
//! for itself, and so does a subscriber with a thousand /64s of one IPv6 network.
//!
//! When everything is full, a client with little waiting takes the place of the last job of the
//! greediest one. Every operation takes time logarithmic in the number of jobs.

mod ring;

use std::collections::BTreeMap;

use registrar_domain::model::context::{ClientKey, HashTurn, Trust};

use self::ring::{Jobs as _, Ring};

/// How much of the threads each level of trust gets while all of them want some.
const WEIGHTS: [(Trust, u64); LEVELS] = [
    (Trust::Proved, 4),
    (Trust::Charged, 4),
    (Trust::Unproved, 1),
];
const LEVELS: usize = 3;
/// Divisible by every weight.
const STRIDE: u64 = 4;
/// What a level may keep waiting whatever the more trusted ones want: this part of the capacity.
const RESERVED_PART: usize = 8;

/// What may wait, in hashes. The first job of an empty queue always may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    /// In total.
    pub(super) total: usize,
    /// Of one network, at one level of trust.
    network: usize,
    /// Of one client, at one level of trust.
    client: usize,
}

impl Bounds {
    /// Half of the capacity for one client and three quarters for one network: enough for an office
    /// behind one address, and never all.
    pub(super) fn of(capacity: usize) -> Self {
        Self {
            total: capacity,
            network: (capacity - capacity / 4).max(1),
            client: (capacity / 2).max(1),
        }
    }
}

/// Names a waiting job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    turn: HashTurn,
    number: u64,
}

/// A job that waits.
#[derive(Debug)]
pub(super) struct Waiting<T> {
    number: u64,
    /// The work in it, in hashes; at least one.
    pub(super) hashes: usize,
    pub(super) job: T,
}

/// There is no place for a job of this client.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoPlace;

/// Addresses that probably belong to one subscriber or site: an IPv4 address, or an IPv6 /48, of which
/// providers hand out no more than one a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Network(ClientKey);

impl From<ClientKey> for Network {
    fn from(client: ClientKey) -> Self {
        Self(match client {
            ClientKey::V6([a, b, c, _]) => ClientKey::V6([a, b, c, 0]),
            ClientKey::V4(_) | ClientKey::Unknown => client,
        })
    }
}

/// The jobs of one client, oldest first.
type Line<T> = BTreeMap<u64, Waiting<T>>;
type Clients<T> = Ring<ClientKey, Line<T>>;
type Networks<T> = Ring<Network, Clients<T>>;

#[derive(Debug)]
struct Level<T> {
    networks: Networks<T>,
    weight: u64,
    /// The work done for this level by its weight, so that the least served level is next.
    served: u64,
}

/// The queue.
#[derive(Debug)]
pub(super) struct FairQueue<T> {
    bounds: Bounds,
    levels: [Level<T>; LEVELS],
    /// What the level that was served last had been served before. A level that was empty starts
    /// from here: nobody saves up turns.
    clock: u64,
    next_number: u64,
}

impl<T> FairQueue<T> {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            levels: WEIGHTS.map(|(_, weight)| Level {
                networks: Ring::default(),
                weight,
                served: 0,
            }),
            clock: 0,
            next_number: 0,
        }
    }

    /// All that waits, in hashes.
    pub(super) fn waiting(&self) -> usize {
        self.levels.iter().map(|it| it.networks.load()).sum()
    }

    pub(super) fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// Queues a job of so many `hashes`. Jobs that lose their place to it are added to `displaced`.
    ///
    /// # Errors
    /// [`NoPlace`].
    pub(super) fn push(
        &mut self,
        turn: HashTurn,
        hashes: usize,
        job: T,
        displaced: &mut Vec<T>,
    ) -> Result<Ticket, NoPlace> {
        let level = level_of(turn.trust);
        self.make_room_in_network(level, turn.client, hashes, displaced)?;
        while self.waiting() > 0 && self.waiting() + hashes > self.bounds.total {
            let from = self.greediest(level, turn.client, hashes).ok_or(NoPlace)?;
            let last = self.levels[from].networks.take_from_greediest();
            displaced.push(last.ok_or(NoPlace)?.job);
        }
        let number = self.next_number;
        self.next_number += 1;
        let level = &mut self.levels[level];
        if level.networks.load() == 0 {
            level.served = level.served.max(self.clock);
        }
        let waiting = Waiting {
            number,
            hashes,
            job,
        };
        level.networks.add(turn.client, waiting);
        Ok(Ticket { turn, number })
    }

    /// Takes the next job.
    pub(super) fn pop(&mut self) -> Option<Waiting<T>> {
        let busy = self.levels.iter_mut().filter(|it| it.networks.load() > 0);
        // Among equals the first, who is the most trusted.
        let level = busy.min_by_key(|level| level.served)?;
        let waiting = level.networks.take_next()?;
        self.clock = level.served;
        let hashes = u64::try_from(waiting.hashes).unwrap_or(u64::MAX);
        level.served += hashes.saturating_mul(STRIDE) / level.weight;
        Some(waiting)
    }

    /// Takes a job out that nobody wants done any more; `None` if its turn has come already.
    pub(super) fn cancel(&mut self, ticket: Ticket) -> Option<T> {
        let Ticket { turn, number } = ticket;
        let level = &mut self.levels[level_of(turn.trust)];
        let waiting = level.networks.remove(turn.client, number)?;
        Some(waiting.job)
    }

    /// Drops every job.
    pub(super) fn clear(&mut self) {
        for level in &mut self.levels {
            level.networks = Ring::default();
        }
    }

    /// Keeps a client and its network within their bounds. In a full network a client with little
    /// waiting displaces the greediest one.
    fn make_room_in_network(
        &mut self,
        level: usize,
        client: ClientKey,
        hashes: usize,
        displaced: &mut Vec<T>,
    ) -> Result<(), NoPlace> {
        let Bounds {
            network: network_bound,
            client: client_bound,
            ..
        } = self.bounds;
        let networks = &mut self.levels[level].networks;
        let of_client = client_load(networks, client);
        if exceeds(of_client, hashes, client_bound) {
            return Err(NoPlace);
        }
        while exceeds(networks.load_of(client), hashes, network_bound) {
            let greediest = networks.queue_of(client).map_or(0, Ring::greatest_load);
            if of_client + hashes >= greediest {
                return Err(NoPlace);
            }
            let last = networks.take_from_greediest_of(client).ok_or(NoPlace)?;
            displaced.push(last.job);
        }
        Ok(())
    }

    /// The level that a job of `level` may displace one of, if any: a less trusted one, its own if
    /// somebody there has more waiting, or a more trusted one as far as room is reserved.
    fn greediest(&self, level: usize, client: ClientKey, hashes: usize) -> Option<usize> {
        let reserved = self.bounds.total / RESERVED_PART;
        let has_spare = |index: &usize| self.levels[*index].networks.load() > reserved;
        let networks = &self.levels[level].networks;
        if let Some(less_trusted) = (level + 1..LEVELS).rev().find(has_spare) {
            return Some(less_trusted);
        }
        let greediest = networks.greatest_load();
        let of_network = networks.load_of(client);
        let is_in_greediest = of_network == greediest && networks.greediest_is(client);
        let of_clients = networks.queue_of(client).filter(|_| is_in_greediest);
        let is_modest = match of_clients {
            None => of_network + hashes < greediest,
            Some(clients) => clients.load_of(client) + hashes < clients.greatest_load(),
        };
        if is_modest {
            return Some(level);
        }
        if networks.load() + hashes > reserved {
            return None;
        }
        (0..level).rev().find(has_spare)
    }
}

/// Whether one more job goes over a bound. The first one never does.
fn exceeds(load: usize, hashes: usize, bound: usize) -> bool {
    load > 0 && load + hashes > bound
}

fn client_load<T>(networks: &Networks<T>, client: ClientKey) -> usize {
    let clients = networks.queue_of(client);
    clients.map_or(0, |clients| clients.load_of(client))
}

fn level_of(trust: Trust) -> usize {
    match trust {
        Trust::Proved => 0,
        Trust::Charged => 1,
        Trust::Unproved => 2,
    }
}

#[cfg(test)]
mod tests;
