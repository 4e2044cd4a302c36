use std::collections::HashMap;
use std::net::Ipv4Addr;

use proptest::prelude::*;

use super::*;

fn v4(last: u8) -> ClientKey {
    ClientKey::V4(Ipv4Addr::new(192, 0, 2, last))
}

fn turn(client: ClientKey, trust: Trust) -> HashTurn {
    HashTurn { client, trust }
}

/// A queue whose jobs are the names of their clients.
struct Case {
    queue: FairQueue<&'static str>,
    displaced: Vec<&'static str>,
}

impl Case {
    fn new(capacity: usize) -> Self {
        Self {
            queue: FairQueue::new(Bounds::of(capacity)),
            displaced: Vec::new(),
        }
    }

    fn push(
        &mut self,
        name: &'static str,
        client: ClientKey,
        trust: Trust,
        hashes: usize,
    ) -> Result<Ticket, NoPlace> {
        let turn = turn(client, trust);
        self.queue.push(turn, hashes, name, &mut self.displaced)
    }

    /// As many jobs of one hash as there is room for, `most` at most; how many there was room for.
    fn fill(&mut self, name: &'static str, client: ClientKey, trust: Trust, most: usize) -> usize {
        let pushed = (0..most).map(|_| self.push(name, client, trust, 1));
        pushed.take_while(Result::is_ok).count()
    }

    fn order(&mut self, jobs: usize) -> Vec<&'static str> {
        let next = (0..jobs).map_while(|_| self.queue.pop().map(|waiting| waiting.job));
        next.collect()
    }

    fn count(&mut self, jobs: usize) -> HashMap<&'static str, usize> {
        let mut counts = HashMap::new();
        for name in self.order(jobs) {
            *counts.entry(name).or_default() += 1;
        }
        counts
    }
}

#[test]
fn clients_take_turns() {
    let mut case = Case::new(100);
    case.fill("a", v4(1), Trust::Charged, 10);
    case.fill("b", v4(2), Trust::Charged, 2);
    case.fill("c", v4(3), Trust::Charged, 1);
    assert_eq!(
        case.order(13),
        [
            "a", "b", "c", "a", "b", "a", "a", "a", "a", "a", "a", "a", "a"
        ]
    );
    assert_eq!(case.queue.waiting(), 0);
}

#[test]
fn a_turn_is_worth_its_work() {
    let mut case = Case::new(1000);
    for _ in 0..10 {
        case.push("bcrypt", v4(1), Trust::Charged, 16).unwrap();
    }
    case.fill("argon2id", v4(2), Trust::Charged, 100);
    let counts = case.count(17 * 3);
    assert_eq!(counts[&"bcrypt"], 3, "{counts:?}");
    assert_eq!(counts[&"argon2id"], 48, "{counts:?}");
}

#[test]
fn leaving_the_queue_pays_no_debt() {
    let mut case = Case::new(1000);
    case.fill("argon2id", v4(2), Trust::Charged, 100);
    let mut served = 0;
    for _ in 0..34 {
        // One job at a time, each sent when the one before has gone.
        if client_load(&case.queue.levels[1].networks, v4(1)) == 0 {
            case.push("bcrypt", v4(1), Trust::Charged, 16).unwrap();
        }
        served += case.count(1).get("bcrypt").copied().unwrap_or(0);
    }
    assert_eq!(served, 2);
}

#[test]
fn one_network_of_many_slash_64s_is_one_among_others() {
    let mut case = Case::new(1000);
    for subnet in 0..200 {
        let client = ClientKey::V6([0x2001, 0xdb8, 1, subnet]);
        case.push("many", client, Trust::Unproved, 1).unwrap();
    }
    let other = ClientKey::V6([0x2001, 0xdb8, 2, 0]);
    case.fill("one", other, Trust::Unproved, 5);
    assert_eq!(case.order(4), ["many", "one", "many", "one"]);
}

#[test]
fn clients_of_one_network_take_turns() {
    let client = |subnet| ClientKey::V6([0x2001, 0xdb8, 1, subnet]);
    let mut case = Case::new(100);
    case.fill("flood", client(1), Trust::Unproved, 50);
    case.fill("neighbor", client(2), Trust::Unproved, 1);
    assert_eq!(case.order(2), ["flood", "neighbor"]);
}

#[test]
fn trust_goes_first_and_starves_nobody() {
    let mut case = Case::new(900);
    case.fill("unproved", v4(1), Trust::Unproved, 300);
    case.fill("charged", v4(1), Trust::Charged, 300);
    case.fill("proved", v4(1), Trust::Proved, 300);
    assert_eq!(case.order(2), ["proved", "charged"]);
    let counts = case.count(90);
    assert_eq!(counts[&"proved"], 40, "{counts:?}");
    assert_eq!(counts[&"charged"], 40, "{counts:?}");
    assert_eq!(counts[&"unproved"], 10, "{counts:?}");
}

#[test]
fn an_idle_level_saves_up_no_turns() {
    let mut case = Case::new(900);
    case.fill("unproved", v4(1), Trust::Unproved, 300);
    case.order(200);
    case.fill("charged", v4(2), Trust::Charged, 300);
    let counts = case.count(50);
    assert_eq!(counts[&"unproved"], 9, "{counts:?}");
}

#[test]
fn one_client_has_a_bound_of_its_own() {
    let mut case = Case::new(8);
    assert_eq!(case.fill("a", v4(1), Trust::Unproved, 100), 4);
    assert_eq!(case.fill("b", v4(2), Trust::Unproved, 1), 1);
    assert_eq!(case.fill("a", v4(1), Trust::Charged, 1), 1, "levels apart");
    assert!(case.displaced.is_empty());
}

#[test]
fn one_network_has_a_bound_within_which_the_greediest_makes_room() {
    let client = |subnet| ClientKey::V6([0x2001, 0xdb8, 1, subnet]);
    let mut case = Case::new(8);
    assert_eq!(case.fill("a", client(1), Trust::Unproved, 100), 4);
    assert_eq!(case.fill("b", client(2), Trust::Unproved, 2), 2);
    assert_eq!(case.push("b", client(2), Trust::Unproved, 1).err(), None);
    assert_eq!(case.displaced, ["a"], "3 to 3 after 4 to 2");
    assert!(case.push("b", client(2), Trust::Unproved, 1).is_err());
    assert!(case.push("c", client(3), Trust::Unproved, 1).is_ok());
    assert_eq!(case.displaced.len(), 2);
    assert_eq!(case.queue.waiting(), 6);
}

#[test]
fn a_modest_newcomer_displaces_the_greediest() {
    let mut case = Case::new(8);
    case.fill("a", v4(1), Trust::Unproved, 4);
    case.fill("b", v4(2), Trust::Unproved, 3);
    case.fill("c", v4(3), Trust::Unproved, 1);
    assert!(case.push("d", v4(4), Trust::Unproved, 1).is_ok());
    assert_eq!(case.displaced, ["a"]);
    assert!(
        case.push("b", v4(2), Trust::Unproved, 1).is_err(),
        "has as much as the greediest"
    );
    assert_eq!(case.queue.waiting(), 8);
}

#[test]
fn trusted_jobs_displace_others_down_to_what_is_reserved() {
    let mut case = Case::new(16);
    for client in 0..16 {
        let client = v4(client);
        assert!(case.push("unproved", client, Trust::Unproved, 1).is_ok());
    }
    assert!(
        case.push("unproved", v4(99), Trust::Unproved, 1).is_err(),
        "nobody is greedy"
    );
    for client in 0..14 {
        let client = v4(client);
        assert!(case.push("charged", client, Trust::Charged, 1).is_ok());
    }
    assert_eq!(case.displaced, ["unproved"; 14]);
    assert!(case.push("charged", v4(99), Trust::Charged, 1).is_err());
    case.fill("proved", v4(1), Trust::Proved, 100);
    assert_eq!(case.displaced.len(), 14 + 8, "half for one client");
    assert_eq!(
        case.displaced.iter().filter(|it| **it == "charged").count(),
        8
    );
}

#[test]
fn the_reserved_part_is_won_back_from_the_more_trusted() {
    let mut case = Case::new(16);
    for client in 0..16 {
        let client = v4(client);
        assert!(case.push("proved", client, Trust::Proved, 1).is_ok());
    }
    for client in 0..2 {
        let client = v4(client);
        assert!(case.push("unproved", client, Trust::Unproved, 1).is_ok());
    }
    assert!(case.push("unproved", v4(9), Trust::Unproved, 1).is_err());
    assert_eq!(case.displaced, ["proved"; 2]);
}

#[test]
fn a_canceled_job_is_gone_at_once() {
    let mut case = Case::new(4);
    let ticket = case.push("a", v4(1), Trust::Charged, 1).unwrap();
    case.push("b", v4(2), Trust::Charged, 1).unwrap();
    assert_eq!(case.queue.cancel(ticket), Some("a"));
    assert_eq!(case.queue.cancel(ticket), None);
    assert_eq!(case.queue.waiting(), 1);
    assert_eq!(case.order(2), ["b"]);
}

#[test]
fn an_empty_queue_takes_any_job() {
    let mut case = Case::new(1);
    assert!(case.push("bcrypt", v4(1), Trust::Unproved, 16).is_ok());
    assert!(case.push("bcrypt", v4(1), Trust::Unproved, 16).is_err());
    assert_eq!(case.order(1), ["bcrypt"]);
    assert!(case.push("bcrypt", v4(1), Trust::Unproved, 16).is_ok());
}

/// A cheap deterministic source of choices.
struct Choices(u64);

impl Choices {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % bound
    }
}

/// What happens to a queue in any order of events: it never holds more than it may, forgets nobody,
/// and remembers nothing once it is empty.
fn check_invariants(seed: u64, steps: usize) {
    let capacity = 40;
    let mut choices = Choices(seed);
    let mut queue = FairQueue::new(Bounds::of(capacity));
    let (mut tickets, mut alive) = (Vec::new(), HashMap::new());
    for number in 0..steps {
        match choices.below(5) {
            0..3 => {
                let subnet = u16::try_from(choices.below(4)).unwrap();
                let client = match choices.below(3) {
                    0 => v4(u8::try_from(subnet).unwrap()),
                    1 => ClientKey::V6([1, 1, subnet / 2, subnet]),
                    _ => ClientKey::Unknown,
                };
                let trust = WEIGHTS[usize::try_from(choices.below(3)).unwrap()].0;
                let hashes = if choices.below(4) == 0 { 16 } else { 1 };
                let mut displaced = Vec::new();
                let turn = turn(client, trust);
                let pushed = queue.push(turn, hashes, number, &mut displaced);
                for job in displaced {
                    assert!(alive.remove(&job).is_some(), "displaced twice");
                }
                if let Ok(ticket) = pushed {
                    alive.insert(number, hashes);
                    tickets.push((ticket, number));
                }
            }
            3 => {
                let popped = queue.pop();
                assert_eq!(popped.is_some(), !alive.is_empty());
                if let Some(waiting) = popped {
                    assert_eq!(alive.remove(&waiting.job), Some(waiting.hashes));
                }
            }
            _ if tickets.is_empty() => {}
            _ => {
                let index = choices.below(u64::try_from(tickets.len()).unwrap());
                let (ticket, number) = tickets.swap_remove(usize::try_from(index).unwrap());
                let canceled = queue.cancel(ticket);
                assert_eq!(canceled.is_some(), alive.remove(&number).is_some());
            }
        }
        assert_eq!(queue.waiting(), alive.values().sum::<usize>());
        assert!(queue.waiting() <= capacity, "{}", queue.waiting());
    }
    while let Some(waiting) = queue.pop() {
        alive.remove(&waiting.job);
    }
    assert!(alive.is_empty(), "forgotten: {alive:?}");
    assert!(queue.levels.iter().all(|it| it.networks.is_forgotten()));
}

/// Nobody waits for more than a round of all others, whatever these do.
fn check_wait(seed: u64, others: u8) {
    let mut choices = Choices(seed);
    let mut queue = FairQueue::new(Bounds::of(400));
    let flood = |queue: &mut FairQueue<_>, choices: &mut Choices| {
        let client = v4(u8::try_from(choices.below(u64::from(others))).unwrap());
        let _no_place = queue.push(turn(client, Trust::Charged), 1, "flood", &mut Vec::new());
    };
    for _ in 0..400 {
        flood(&mut queue, &mut choices);
    }
    for _ in 0..20 {
        let mut displaced = Vec::new();
        let turn = turn(v4(255), Trust::Charged);
        queue.push(turn, 1, "victim", &mut displaced).unwrap();
        let mut waited = 0;
        while queue.pop().unwrap().job != "victim" {
            waited += 1;
            flood(&mut queue, &mut choices);
            flood(&mut queue, &mut choices);
        }
        assert!(waited <= usize::from(others), "{waited} of {others}");
    }
}

// BEGIN PROPS
proptest! {
    #[test]
    fn any_order_of_events_keeps_the_bounds_and_forgets_nobody(seed: u64) {
        check_invariants(seed, 400);
    }

    #[test]
    fn a_client_waits_for_one_round_at_most(seed: u64, others in 1_u8..100) {
        check_wait(seed, others);
    }
}
// END PROPS
