use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::*;

const LIMIT: usize = 100;

fn budget(bodies: usize) -> Arc<Budget> {
    Arc::new(Budget::new(bodies * BASE_BYTES, LIMIT))
}

fn client(number: u8) -> Owner {
    Some(Subscriber::of([192, 0, 2, number].into()))
}

fn is_given_up(memory: &BodyMemory) -> bool {
    let mut waiting = pin!(memory.given_up());
    waiting
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
        == Poll::Ready(())
}

#[test]
fn a_client_gives_up_its_own_oldest_body() {
    let budget = budget(16);
    let theirs = budget.begin(client(2)).unwrap();
    let bodies: Vec<_> = (0..5).map(|_| budget.begin(client(1)).unwrap()).collect();
    let given_up: Vec<_> = bodies.iter().map(is_given_up).collect();
    assert_eq!(given_up, [true, false, false, false, false]);
    assert!(!is_given_up(&theirs));
}

#[test]
fn the_greediest_client_gives_way_to_the_others() {
    let budget = budget(16);
    let greedy: Vec<_> = (0..4).map(|_| budget.begin(client(1)).unwrap()).collect();
    let _others: Vec<_> = (2..14)
        .map(|it| budget.begin(client(it)).unwrap())
        .collect();
    let _newcomer = budget.begin(client(99)).unwrap();
    assert!(is_given_up(&greedy[0]));
    assert_eq!(
        greedy.iter().skip(1).filter(|it| is_given_up(it)).count(),
        0
    );
}

#[test]
fn whole_bodies_are_kept_and_the_newcomer_is_refused() {
    let budget = budget(4);
    let whole: Vec<_> = (0..3)
        .map(|it| budget.begin(client(it)).unwrap().complete().unwrap())
        .collect();
    let mut last = budget.begin(None).unwrap();
    assert_eq!(last.grow(1), Err(Exhausted));
    drop(whole);
    assert_eq!(last.grow(1), Ok(()));
}

#[test]
fn a_body_that_was_given_up_does_not_grow_and_is_never_whole() {
    let budget = budget(16);
    let mut first = budget.begin(client(1)).unwrap();
    let _others: Vec<_> = (0..4).map(|_| budget.begin(client(1)).unwrap()).collect();
    assert_eq!(first.grow(1), Err(Exhausted));
    assert!(first.complete().is_err());
}

#[test]
fn one_body_always_fits() {
    let budget = Arc::new(Budget::new(0, LIMIT));
    let mut body = budget.begin(client(1)).unwrap();
    assert_eq!(body.grow(LIMIT), Ok(()));
    assert_eq!(body.grow(1), Err(Exhausted));
}

#[test]
fn everything_is_given_back() {
    let budget = budget(8);
    for round in 0..100 {
        let mut bodies: Vec<_> = (0..20)
            .filter_map(|it| budget.begin(client(it % 5)).ok())
            .collect();
        for body in &mut bodies {
            let _may_be_refused = body.grow(round);
        }
        let _whole: Vec<_> = bodies
            .into_iter()
            .filter_map(|it| it.complete().ok())
            .collect();
    }
    let state = budget.lock();
    assert_eq!(state.used_bytes, 0);
    assert!(state.owners.is_empty() && state.greediest.is_empty());
}
