//! How the server is: the database, looked at in the background, so that `/health` and `/ready` cost
//! nothing and never wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use registrar_domain::ports::store::{StoreError, StoreErrorKind};
use registrar_http_hyper::{Condition, Health};
use registrar_storage_diesel::DieselStore;

/// How often the files of SQLite are looked at.
const FILES_EVERY: Duration = Duration::from_millis(500);
/// How long after an answer the database is asked again for a sign of life.
const PING_EVERY: Duration = Duration::from_secs(1);
/// How long it may take to answer. Requests wait longer, but a server that is this slow should get no
/// new ones.
const PATIENCE: Duration = Duration::from_secs(3);

/// What is known of the database.
#[derive(Debug, Default)]
pub(crate) struct DatabaseHealth {
    is_silent: AtomicBool,
    is_lost: AtomicBool,
}

impl Health for DatabaseHealth {
    fn condition(&self) -> Condition {
        if self.is_lost.load(Ordering::Relaxed) {
            Condition::Broken
        } else if self.is_silent.load(Ordering::Relaxed) {
            Condition::Unready
        } else {
            Condition::Ready
        }
    }
}

impl DatabaseHealth {
    /// Looks at the database until dropped.
    pub(crate) async fn watch(&self, store: Arc<DieselStore>) {
        tokio::join!(self.watch_files(&store), self.watch_answers(&store));
    }

    async fn watch_files(&self, store: &Arc<DieselStore>) {
        loop {
            let store = Arc::clone(store);
            let checked = tokio::task::spawn_blocking(move || store.check_files()).await;
            // Otherwise the runtime is ending.
            if let Ok(checked) = checked {
                self.note_loss(&checked);
            }
            tokio::time::sleep(FILES_EVERY).await;
        }
    }

    async fn watch_answers(&self, store: &DieselStore) {
        loop {
            let answer = match tokio::time::timeout(PATIENCE, store.ping()).await {
                Ok(answer) => answer,
                Err(_elapsed) => {
                    let message = format!("no answer within {} s", PATIENCE.as_secs());
                    Err(StoreError::new(StoreErrorKind::Unavailable, message))
                }
            };
            self.note_loss(&answer);
            self.note_answer(&answer);
            tokio::time::sleep(PING_EVERY).await;
        }
    }

    fn note_loss(&self, checked: &Result<(), StoreError>) {
        // The store has logged it.
        if matches!(checked, Err(error) if error.kind == StoreErrorKind::Lost) {
            self.is_lost.store(true, Ordering::Relaxed);
        }
    }

    /// Logs only the changes.
    fn note_answer(&self, answer: &Result<(), StoreError>) {
        let was_silent = self.is_silent.swap(answer.is_err(), Ordering::Relaxed);
        match answer {
            Err(error) if !was_silent && error.kind != StoreErrorKind::Lost => {
                let error: &dyn std::error::Error = error;
                tracing::error!(error, "database is not responding");
            }
            Ok(()) if was_silent => tracing::info!("database is responding again"),
            Ok(()) | Err(_) => {}
        }
    }
}
