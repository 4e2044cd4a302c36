//! [`Ring`]: queues that take turns, in proportion to the work they cause.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

use registrar_domain::model::context::ClientKey;

use super::Waiting;

/// Jobs that wait, in some order of their own.
pub(super) trait Jobs: Default {
    type Job;

    fn add(&mut self, client: ClientKey, waiting: Waiting<Self::Job>);
    fn take_next(&mut self) -> Option<Waiting<Self::Job>>;
    /// The last job of the client with the most work.
    fn take_from_greediest(&mut self) -> Option<Waiting<Self::Job>>;
    fn remove(&mut self, client: ClientKey, number: u64) -> Option<Waiting<Self::Job>>;
}

/// First come, first served.
impl<T> Jobs for BTreeMap<u64, Waiting<T>> {
    type Job = T;

    fn add(&mut self, _client: ClientKey, waiting: Waiting<T>) {
        self.insert(waiting.number, waiting);
    }

    fn take_next(&mut self) -> Option<Waiting<T>> {
        self.pop_first().map(|(_, waiting)| waiting)
    }

    fn take_from_greediest(&mut self) -> Option<Waiting<T>> {
        self.pop_last().map(|(_, waiting)| waiting)
    }

    fn remove(&mut self, _client: ClientKey, number: u64) -> Option<Waiting<T>> {
        BTreeMap::remove(self, &number)
    }
}

/// A queue for each key. They take turns; one whose turn was worth many hashes sits out as many
/// rounds, also if it has nothing waiting in between.
#[derive(Debug)]
pub(super) struct Ring<K, Q> {
    members: HashMap<K, Member<Q>>,
    /// Whose turn is next, by position.
    order: BTreeMap<u64, K>,
    /// Who has how much waiting.
    by_load: BTreeSet<(usize, K)>,
    load: usize,
    next_position: u64,
}

#[derive(Debug)]
struct Member<Q> {
    queue: Q,
    position: u64,
    load: usize,
    /// Rounds to sit out.
    debt: usize,
}

impl<K, Q> Default for Ring<K, Q> {
    fn default() -> Self {
        Self {
            members: HashMap::new(),
            order: BTreeMap::new(),
            by_load: BTreeSet::new(),
            load: 0,
            next_position: 0,
        }
    }
}

impl<K, Q: Jobs> Ring<K, Q>
where
    K: Copy + Ord + Hash + From<ClientKey>,
{
    /// All that waits, in hashes.
    pub(super) fn load(&self) -> usize {
        self.load
    }

    /// What waits of the key that a client counts under.
    pub(super) fn load_of(&self, client: ClientKey) -> usize {
        let member = self.members.get(&client.into());
        member.map_or(0, |member| member.load)
    }

    /// The most that waits of one key.
    pub(super) fn greatest_load(&self) -> usize {
        self.by_load.last().map_or(0, |(load, _)| *load)
    }

    /// Does the client count under the key that has the most waiting?
    pub(super) fn greediest_is(&self, client: ClientKey) -> bool {
        let greediest = self.by_load.last();
        greediest.is_some_and(|(_, key)| *key == client.into())
    }

    /// The queue of the key that a client counts under.
    pub(super) fn queue_of(&self, client: ClientKey) -> Option<&Q> {
        let member = self.members.get(&client.into())?;
        Some(&member.queue)
    }

    /// The last job of the greediest client of one key.
    pub(super) fn take_from_greediest_of(&mut self, client: ClientKey) -> Option<Waiting<Q::Job>> {
        self.take_with(client.into(), Q::take_from_greediest)
    }

    #[cfg(test)]
    pub(super) fn is_forgotten(&self) -> bool {
        self.members.is_empty() && self.order.is_empty() && self.by_load.is_empty()
    }

    fn take_with(
        &mut self,
        key: K,
        take: impl FnOnce(&mut Q) -> Option<Waiting<Q::Job>>,
    ) -> Option<Waiting<Q::Job>> {
        let member = self.members.get_mut(&key)?;
        let waiting = take(&mut member.queue)?;
        self.by_load.remove(&(member.load, key));
        member.load -= waiting.hashes;
        self.load -= waiting.hashes;
        if member.load > 0 {
            self.by_load.insert((member.load, key));
        }
        self.forget_if_idle(key);
        Some(waiting)
    }

    /// Forgets a key with nothing waiting and no debt, and all debts once nobody is left to whom they
    /// matter.
    fn forget_if_idle(&mut self, key: K) {
        if self.load == 0 {
            self.members.clear();
            self.order.clear();
        } else if let Some(member) = self.members.get(&key)
            && member.load == 0
            && member.debt == 0
        {
            self.order.remove(&member.position);
            self.members.remove(&key);
        }
    }

    /// Puts a key at the end of the round.
    fn move_back(&mut self, key: K) {
        let Some(member) = self.members.get_mut(&key) else {
            return;
        };
        self.order.remove(&member.position);
        member.position = self.next_position;
        self.next_position += 1;
        self.order.insert(member.position, key);
    }
}

impl<K, Q: Jobs> Jobs for Ring<K, Q>
where
    K: Copy + Ord + Hash + From<ClientKey>,
{
    type Job = Q::Job;

    fn add(&mut self, client: ClientKey, waiting: Waiting<Q::Job>) {
        let key = client.into();
        let hashes = waiting.hashes;
        let (order, next_position) = (&mut self.order, &mut self.next_position);
        let member = self.members.entry(key).or_insert_with(|| {
            let position = *next_position;
            *next_position += 1;
            order.insert(position, key);
            Member {
                queue: Q::default(),
                position,
                load: 0,
                debt: 0,
            }
        });
        member.queue.add(client, waiting);
        self.by_load.remove(&(member.load, key));
        member.load += hashes;
        self.by_load.insert((member.load, key));
        self.load += hashes;
    }

    fn take_next(&mut self) -> Option<Waiting<Q::Job>> {
        // Ends: as long as anything waits, each step pays a debt, which a job has made, or takes a job.
        while self.load > 0 {
            let key = *self.order.first_key_value()?.1;
            self.move_back(key);
            let member = self.members.get_mut(&key)?;
            if member.debt > 0 {
                member.debt -= 1;
                self.forget_if_idle(key);
                continue;
            }
            // Set before the job is taken, so that the key is not forgotten with its debt unpaid.
            member.debt = 1;
            let waiting = self.take_with(key, Q::take_next)?;
            if let Some(member) = self.members.get_mut(&key) {
                member.debt = waiting.hashes - 1;
            }
            self.forget_if_idle(key);
            return Some(waiting);
        }
        None
    }

    fn take_from_greediest(&mut self) -> Option<Waiting<Q::Job>> {
        let (_, key) = *self.by_load.last()?;
        self.take_with(key, Q::take_from_greediest)
    }

    fn remove(&mut self, client: ClientKey, number: u64) -> Option<Waiting<Q::Job>> {
        self.take_with(client.into(), |queue| queue.remove(client, number))
    }
}
