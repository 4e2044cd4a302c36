//! A [`Store`] with something added: this one counts how often transactions begin.
//!
//! ```sh
//! cargo run --package registrar-domain --example store
//! ```

use std::error::Error;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use registrar_domain::model::context::{Effects, RequestContext};
use registrar_domain::model::given::Given;
use registrar_domain::ports::{Intent, Ports, Store, StoreError, UnitOfWork};
use registrar_domain::services::Services;
use registrar_testkit::{Fakes, permissive_policy};

/// Any store, and how many units of work were begun in it.
struct Counted<S> {
    inner: S,
    begun: AtomicU64,
}

#[async_trait]
impl<S: Store> Store for Counted<S> {
    async fn begin(&self, intent: Intent) -> Result<Box<dyn UnitOfWork>, StoreError> {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.inner.begin(intent).await
    }
}

/// How many units of work one question about username availability takes.
async fn units_of_work() -> Result<u64, Box<dyn Error>> {
    let fakes = Fakes::seeded(1);
    let store = Arc::new(Counted {
        inner: fakes.store.clone(),
        begun: AtomicU64::new(0),
    });
    let ports = Ports {
        store: store.clone(),
        ..fakes.ports()
    };
    let services = Services::new(ports, permissive_policy());
    let ctx = RequestContext {
        client_ip: None,
        user_agent: String::new(),
        effects: Effects::Allowed,
    };
    let username = Given::Value("alice".to_owned());
    services.availability.check(&ctx, &username).await?;
    Ok(store.begun.load(Ordering::Relaxed))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let begun = units_of_work().await?;
    writeln!(std::io::stdout(), "units of work: {begun}")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_question_takes_one_unit_of_work() {
        assert_eq!(units_of_work().await.unwrap(), 1);
    }
}
