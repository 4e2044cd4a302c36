use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use registrar_domain::ports::observer::NullObserver;
use registrar_testkit::FakeObserver;

use super::*;

type Admission<'a> = Pin<Box<dyn Future<Output = Result<Turn, LimitExceeded>> + Send + 'a>>;

/// Polls a future once.
async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(Pin::new(&mut *future).poll(cx))).await
}

async fn pass(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

/// A request that arrives now and has to wait.
async fn waiting<'a>(pacer: &'a AvailabilityPacer, key: &'a str) -> Admission<'a> {
    let mut admission = pacer.admit(key);
    assert!(
        poll_once(&mut admission).await.is_pending(),
        "the request need not wait"
    );
    admission
}

/// A request that arrives now and must not wait.
async fn at_once(pacer: &AvailabilityPacer, key: &str) -> Result<Turn, LimitExceeded> {
    match poll_once(&mut pacer.admit(key)).await {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => panic!("the request has to wait"),
    }
}

#[tokio::test(start_paused = true)]
async fn quick_successors_sleep_for_a_second_and_the_fourth_is_refused() {
    let pacer = AvailabilityPacer::new(Arc::new(NullObserver));
    let start = Instant::now();
    drop(at_once(&pacer, "a").await.unwrap());
    pass(100).await;
    let second = waiting(&pacer, "a").await;
    pass(100).await;
    let third = waiting(&pacer, "a").await;
    pass(100).await;
    assert_eq!(
        at_once(&pacer, "a").await.err(),
        Some(LimitExceeded {
            retry_after_ms: 2000
        })
    );
    let _other_client = at_once(&pacer, "b").await.unwrap();

    drop(second.await.unwrap());
    assert_eq!(start.elapsed().as_millis(), 1100);
    drop(third.await.unwrap());
    assert_eq!(start.elapsed().as_millis(), 1200);
}

#[tokio::test(start_paused = true)]
async fn requests_two_seconds_apart_are_never_delayed() {
    let pacer = AvailabilityPacer::new(Arc::new(NullObserver));
    for _ in 0..5 {
        drop(at_once(&pacer, "a").await.unwrap());
        pass(2000).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_turn_goes_to_the_oldest_waiting_request() {
    let pacer = AvailabilityPacer::new(Arc::new(NullObserver));
    let first = at_once(&pacer, "a").await.unwrap();
    let mut second = waiting(&pacer, "a").await;
    let mut third = waiting(&pacer, "a").await;
    pass(1500).await;
    // Both have slept, and queue now behind the first.
    assert!(poll_once(&mut second).await.is_pending());
    assert!(poll_once(&mut third).await.is_pending());
    drop(first);
    assert!(poll_once(&mut third).await.is_pending());
    let Poll::Ready(second) = poll_once(&mut second).await else {
        panic!("no hand-over")
    };
    assert!(
        poll_once(&mut third).await.is_pending(),
        "two turns at the same time"
    );
    drop(second);
    assert!(poll_once(&mut third).await.is_ready());
}

#[tokio::test(start_paused = true)]
async fn a_waiting_request_that_is_dropped_makes_way() {
    let pacer = AvailabilityPacer::new(Arc::new(NullObserver));
    let first = at_once(&pacer, "a").await.unwrap();
    let sleeping = waiting(&pacer, "a").await;
    let mut queued = waiting(&pacer, "a").await;
    assert!(at_once(&pacer, "a").await.is_err());
    drop(sleeping);
    let mut last = waiting(&pacer, "a").await;
    pass(1000).await;
    assert!(poll_once(&mut queued).await.is_pending());
    assert!(poll_once(&mut last).await.is_pending());
    drop(queued);
    drop(first);
    assert!(poll_once(&mut last).await.is_ready());
}

#[tokio::test(start_paused = true)]
async fn idle_clients_are_forgotten_and_occupied_ones_are_not() {
    let pacer = AvailabilityPacer::new(Arc::new(NullObserver));
    let held = at_once(&pacer, "held").await.unwrap();
    for key in ["a", "b", "c"] {
        drop(at_once(&pacer, key).await.unwrap());
    }
    assert_eq!(pacer.lanes().by_key.len(), 4);
    pass(2000).await;
    drop(at_once(&pacer, "d").await.unwrap());
    assert_eq!(pacer.lanes().by_key.len(), 2, "held and d");
    // A new lane would let this one through at once.
    let mut queued = waiting(&pacer, "held").await;
    drop(held);
    assert!(poll_once(&mut queued).await.is_ready());
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_keys_neither_grows_without_bound_nor_frees_who_is_held() {
    let pacer = AvailabilityPacer::new(Arc::new(NullObserver));
    let _held = at_once(&pacer, "held").await.unwrap();
    for number in 0..MAX_LANES * 2 {
        drop(at_once(&pacer, &format!("flood {number}")).await.unwrap());
    }
    assert!(pacer.lanes().by_key.len() <= MAX_LANES);
    drop(waiting(&pacer, "held").await);

    pass(2000).await;
    drop(at_once(&pacer, "after").await.unwrap());
    assert!(
        pacer.lanes().by_key.capacity() < MAX_LANES,
        "the memory was kept"
    );
}

#[tokio::test(start_paused = true)]
async fn when_every_client_is_occupied_a_new_one_is_refused() {
    let pacer = AvailabilityPacer::new(Arc::new(NullObserver));
    let mut turns = Vec::new();
    for number in 0..MAX_LANES {
        turns.push(at_once(&pacer, &number.to_string()).await.unwrap());
    }
    assert!(at_once(&pacer, "new").await.is_err());
    turns.pop();
    drop(at_once(&pacer, "new").await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn observers_hear_who_waits_and_who_is_refused() {
    let observer = Arc::new(FakeObserver::default());
    let pacer = AvailabilityPacer::new(observer.clone());
    let load = |delayed_clients, refused_clients| Load {
        delayed_clients,
        refused_clients,
    };
    let admitted = |ms| Event::AvailabilityAdmitted {
        waited: Duration::from_millis(ms),
    };
    drop(at_once(&pacer, "a").await.unwrap());
    assert_eq!(observer.take(), [admitted(0)]);
    assert_eq!(pacer.load(), load(0, 0));
    let second = waiting(&pacer, "a").await;
    assert_eq!(observer.take(), [Event::AvailabilityDelayed]);
    assert_eq!(pacer.load(), load(1, 0));
    let third = waiting(&pacer, "a").await;
    assert_eq!(pacer.load(), load(1, 1));
    observer.take();
    at_once(&pacer, "a").await.err().unwrap();
    let limit = Limit::Availability;
    assert_eq!(observer.take(), [Event::LimitExceeded { limit }]);
    drop(second.await.unwrap());
    assert_eq!(observer.take(), [admitted(1000)]);
    drop(third.await.unwrap());
    pass(2000).await;
    assert_eq!(pacer.load(), load(0, 0));
}
