//! Tasks that start together.

use std::sync::Arc;

use tokio::sync::Barrier;

/// Lets all racers go at once, each a task of its own. What they return, in their order.
///
/// For tests on the multi-thread runtime; on another one racers would run one after another.
///
/// # Panics
/// When a racer does.
pub async fn race<T, F>(racers: impl IntoIterator<Item = F>) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let racers: Vec<_> = racers.into_iter().collect();
    let start = Arc::new(Barrier::new(racers.len()));
    let running: Vec<_> = racers
        .into_iter()
        .map(|racer| {
            let start = Arc::clone(&start);
            tokio::spawn(async move {
                start.wait().await;
                racer.await
            })
        })
        .collect();
    let mut results = Vec::new();
    for racer in running {
        results.push(racer.await.expect("a racer panicked"));
    }
    results
}
