use std::pin::Pin;
use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};

use registrar_domain::model::context::{ClientKey, Trust};
use registrar_domain::ports::observer::{Event, NullObserver};
use registrar_testkit::{FakeObserver, SeededEntropy};

use super::*;

const CHEAP: Cost = Cost {
    memory_kib: 8,
    passes: 1,
    lanes: 1,
};
/// `pass`, by libxcrypt at cost 4.
const BCRYPT_OF_PASS: &str = "$2b$04$abcdefghijklmnopqrstuufznL8bkzdtHwLhca4To/v9Lo9bA7fR6";

const TURN: HashTurn = HashTurn::OPERATOR;

/// The turn of one client among others.
fn turn(client: u8) -> HashTurn {
    HashTurn {
        client: ClientKey::V4([192, 0, 2, client].into()),
        trust: Trust::Charged,
    }
}

fn options() -> HashingOptions {
    HashingOptions {
        threads: NonZeroUsize::new(1),
        cost: CHEAP,
        max_memory_kib: 64,
        pepper: Pepper::new(String::new()),
        queue_capacity: NonZeroUsize::new(2),
    }
}

fn pool() -> HashPool {
    HashPool::start(
        options(),
        Arc::new(SeededEntropy::new(1)),
        Arc::new(NullObserver),
    )
    .unwrap()
}

fn password(text: &str) -> Password {
    Password::parse(text).unwrap()
}

/// Randomness that comes when the test says so, which holds a hashing thread at a known place.
/// Panics when the test has hung up.
struct GatedEntropy {
    reached: mpsc::Sender<()>,
    released: Mutex<mpsc::Receiver<()>>,
}

struct Gate {
    reached: mpsc::Receiver<()>,
    release: mpsc::Sender<()>,
}

fn gated() -> (GatedEntropy, Gate) {
    let ((reached, at_gate), (release, released)) = (mpsc::channel(), mpsc::channel());
    let entropy = GatedEntropy {
        reached,
        released: Mutex::new(released),
    };
    (
        entropy,
        Gate {
            reached: at_gate,
            release,
        },
    )
}

impl Entropy for GatedEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        self.reached.send(()).ok();
        let released = self.released.lock().unwrap_or_else(PoisonError::into_inner);
        released.recv().expect("the test has hung up");
        bytes.fill(7);
    }
}

type Hashing<'a> = Pin<Box<dyn Future<Output = Result<PasswordHash, HashError>> + Send + 'a>>;

/// Starts a hash without waiting for it; gives the outcome if there is one at once.
async fn begin(mut hashing: Hashing<'_>) -> Result<Hashing<'_>, HashError> {
    let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(hashing.as_mut().poll(cx))).await;
    match polled {
        std::task::Poll::Pending => Ok(hashing),
        std::task::Poll::Ready(outcome) => Err(outcome.expect_err("a hash cannot be done yet")),
    }
}

#[tokio::test]
async fn a_hash_verifies_and_another_password_does_not() {
    let pool = pool();
    let hash = pool.hash(TURN, &password("pass")).await.unwrap();
    assert_eq!(
        pool.verify(TURN, &password("pass"), &hash).await.unwrap(),
        Verification::Match
    );
    assert_eq!(
        pool.verify(TURN, &password("other"), &hash).await.unwrap(),
        Verification::Mismatch
    );
}

#[tokio::test]
async fn the_pepper_is_part_of_the_hash() {
    let hash = pool().hash(TURN, &password("pass")).await.unwrap();
    let peppered = HashingOptions {
        pepper: Pepper::new("pepper".to_owned()),
        ..options()
    };
    let peppered = HashPool::start(
        peppered,
        Arc::new(SeededEntropy::new(1)),
        Arc::new(NullObserver),
    )
    .unwrap();
    let verification = peppered
        .verify(TURN, &password("pass"), &hash)
        .await
        .unwrap();
    assert_eq!(verification, Verification::Mismatch);
}

#[tokio::test]
async fn a_bcrypt_hash_verifies_as_outdated() {
    let pool = pool();
    let stored = PasswordHash::from_stored(BCRYPT_OF_PASS.to_owned());
    let right = pool.verify(TURN, &password("pass"), &stored).await.unwrap();
    assert_eq!(right, Verification::MatchOutdated);
    let wrong = pool
        .verify(TURN, &password("other"), &stored)
        .await
        .unwrap();
    assert_eq!(wrong, Verification::Mismatch);
}

#[tokio::test]
async fn a_stored_hash_that_cannot_be_used_is_told_apart() {
    let pool = pool();
    for stored in [
        "",
        "plain",
        "$argon2id$v=19$m=65536,t=1,p=1$c29tZXNhbHQ$aGFzaGhhc2g",
    ] {
        let stored = PasswordHash::from_stored(stored.to_owned());
        let outcome = pool.verify(TURN, &password("pass"), &stored).await;
        assert!(
            matches!(outcome, Err(HashError::UnusableHash(_))),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_takes_jobs_again_later() {
    let (entropy, gate) = gated();
    let pool = HashPool::start(options(), Arc::new(entropy), Arc::new(NullObserver)).unwrap();
    let secret = password("pass");
    let computing = begin(pool.hash(turn(1), &secret)).await.unwrap();
    gate.reached.recv().unwrap();
    let first = begin(pool.hash(turn(2), &secret)).await.unwrap();
    let second = begin(pool.hash(turn(3), &secret)).await.unwrap();
    assert_eq!(
        pool.load(),
        Load {
            queued: 2,
            busy: 1,
            capacity: 2
        }
    );

    let refused = begin(pool.hash(turn(4), &secret)).await.err();
    assert!(
        matches!(
            refused,
            Some(HashError::Busy {
                retry_after_ms: 1..
            })
        ),
        "{refused:?}"
    );

    for _ in 0..3 {
        gate.release.send(()).unwrap();
    }
    for hashing in [computing, first, second] {
        hashing.await.unwrap();
    }
    let again = begin(pool.hash(turn(1), &secret)).await.unwrap();
    gate.release.send(()).unwrap();
    again.await.unwrap();
}

#[tokio::test]
async fn abandoned_jobs_are_not_computed() {
    let (entropy, gate) = gated();
    let pool = HashPool::start(options(), Arc::new(entropy), Arc::new(NullObserver)).unwrap();
    let secret = password("pass");
    let computing = begin(pool.hash(turn(1), &secret)).await.unwrap();
    gate.reached.recv().unwrap();
    let abandoned = begin(pool.hash(turn(2), &secret)).await.unwrap();
    let wanted = begin(pool.hash(turn(3), &secret)).await.unwrap();
    drop(abandoned);
    assert_eq!(pool.load().queued, 1, "its place is free at once");
    // Two releases for three jobs: the third can only end if the second is skipped.
    gate.release.send(()).unwrap();
    gate.release.send(()).unwrap();
    computing.await.unwrap();
    wanted.await.unwrap();
}

#[tokio::test]
async fn a_panic_fails_one_job_and_the_pool_goes_on() {
    let (entropy, gate) = gated();
    let pool = HashPool::start(options(), Arc::new(entropy), Arc::new(NullObserver)).unwrap();
    drop(gate);
    for _ in 0..3 {
        let outcome = pool.hash(TURN, &password("pass")).await;
        assert!(matches!(outcome, Err(HashError::Failed(_))), "{outcome:?}");
    }
    let stored = PasswordHash::from_stored(BCRYPT_OF_PASS.to_owned());
    let verification = pool.verify(TURN, &password("pass"), &stored).await.unwrap();
    assert_eq!(verification, Verification::MatchOutdated);
    let queue = Arc::clone(&pool.queue);
    drop(pool);
    assert_eq!(queue.load().busy, 0);
}

#[tokio::test]
async fn dropping_the_pool_fails_the_jobs_that_wait() {
    let (entropy, gate) = gated();
    let pool = HashPool::start(options(), Arc::new(entropy), Arc::new(NullObserver)).unwrap();
    let queue = Arc::clone(&pool.queue);
    let (reply, answer) = oneshot::channel();
    queue
        .push(
            turn(1),
            Job::Hash {
                password: password("computing"),
                reply,
            },
        )
        .unwrap();
    gate.reached.recv().unwrap();
    let (reply, waiting) = oneshot::channel();
    queue
        .push(
            turn(2),
            Job::Hash {
                password: password("waiting"),
                reply,
            },
        )
        .unwrap();
    gate.release.send(()).unwrap();
    drop(gate);
    drop(pool);
    answer.await.expect("the job at hand is finished").unwrap();
    // The thread may have begun this one before the pool was closed, and then it met the panic.
    waiting.await.expect_err("nobody does this job any more");
}

#[test]
fn an_impossible_cost_is_refused_at_the_start() {
    let options = HashingOptions {
        cost: Cost {
            memory_kib: 1,
            ..CHEAP
        },
        ..options()
    };
    assert!(
        HashPool::start(
            options,
            Arc::new(SeededEntropy::new(1)),
            Arc::new(NullObserver)
        )
        .is_err()
    );
}

#[tokio::test]
async fn observers_hear_of_every_hash_and_of_every_refusal() {
    let (entropy, gate) = gated();
    let observer = Arc::new(FakeObserver::default());
    let pool = HashPool::start(options(), Arc::new(entropy), observer.clone()).unwrap();
    let secret = password("pass");
    let computing = begin(pool.hash(turn(1), &secret)).await.unwrap();
    gate.reached.recv().unwrap();
    let first = begin(pool.hash(turn(2), &secret)).await.unwrap();
    let second = begin(pool.hash(turn(3), &secret)).await.unwrap();
    let refused = pool.hash(turn(4), &secret).await;
    assert!(
        matches!(refused, Err(HashError::Busy { .. })),
        "{refused:?}"
    );
    assert_eq!(observer.take(), [Event::PasswordHashRefused]);
    for _ in 0..3 {
        gate.release.send(()).unwrap();
    }
    for hashing in [computing, first, second] {
        hashing.await.unwrap();
    }
    // The threads are done when the pool is gone.
    drop(pool);
    let events = observer.take();
    let is_hash = |event: &Event| matches!(event, Event::PasswordHashed { .. });
    assert!(
        events.len() == 3 && events.iter().all(is_hash),
        "{events:?}"
    );
}
