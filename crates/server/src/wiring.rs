//! The only place where adapters and use-cases meet.

mod authorities;
mod outbound;

use std::num::NonZeroUsize;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use registrar_config::Config;
use registrar_domain::console::Console;
use registrar_domain::ports::Ports;
use registrar_domain::services::Services;
use registrar_domain::usecase::housekeeping::Housekeeping;
use registrar_http_hyper::{App, Options, Pages};
use registrar_runtime::{HashingOptions, Runtime, Tasks};
use registrar_storage_diesel::{DieselStore, migrate};

use self::outbound::Outbound;

use crate::console::Desk;
use crate::hash_cost;
use crate::health::DatabaseHealth;
use crate::monitoring::Monitoring;
use crate::telemetry::Throttle;

/// What can be made of a configuration without touching anything.
pub(crate) struct Prepared {
    outbound: Outbound,
    pages: Pages,
}

impl Prepared {
    /// Builds what the operator chose, and measures what a hash takes.
    ///
    /// # Errors
    /// Every mistake, for people.
    pub(crate) fn new(config: &Config) -> Result<Self, Vec<String>> {
        let database = DieselStore::check(&config.database)
            .with_context(|| format!("cannot use {}", config.database.backend))
            .map_err(|error| format!("{error:#}"));
        let hashing = hash_cost::check(&config.hashing.cost, config.http.options.request_timeout);
        let (outbound, pages) = (Outbound::new(config), pages(config));
        match (outbound, pages, database, hashing) {
            (Ok(outbound), Ok(pages), Ok(()), Ok(())) => Ok(Self { outbound, pages }),
            (outbound, pages, database, hashing) => {
                let mut mistakes = outbound.err().unwrap_or_default();
                mistakes.extend(pages.err().unwrap_or_default());
                mistakes.extend(database.err());
                mistakes.extend(hashing.err());
                Err(mistakes)
            }
        }
    }
}

/// Reads and tries all templates of pages.
fn pages(config: &Config) -> Result<Pages, Vec<String>> {
    Pages::new(config.pages.clone()).map_err(|mistakes| {
        let mistakes = mistakes.into_iter().map(anyhow::Error::new);
        mistakes.map(|mistake| format!("{mistake:#}")).collect()
    })
}

impl Prepared {
    /// What is odd about the operator's templates, for people.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let pages = self.pages.warnings().iter().map(ToString::to_string);
        self.outbound
            .warnings
            .iter()
            .cloned()
            .chain(pages)
            .collect()
    }
}

/// The server, put together.
pub(crate) struct Wired {
    /// What the listeners serve.
    pub(crate) app: Arc<App>,
    /// The jobs that remove expired sessions, tokens and proofs.
    pub(crate) housekeeping: Housekeeping,
    /// The database, to be watched.
    pub(crate) store: Arc<DieselStore>,
    /// What is known of it.
    pub(crate) health: Arc<DatabaseHealth>,
    /// What `registrar admin` asks for is done here.
    pub(crate) desk: Desk,
    /// What goes on after answers.
    pub(crate) tasks: Tasks,
}

/// Opens the database, starts the hashing threads, and puts everything together.
///
/// # Errors
/// Templates or settings of other servers that cannot be used, a database that cannot be used, or
/// threads that cannot be started.
pub(crate) async fn wire(config: &Config, throttle: &Throttle) -> anyhow::Result<Wired> {
    let prepared = Prepared::new(config).map_err(|mistakes| all(&mistakes))?;
    for warning in prepared.warnings() {
        tracing::warn!("{warning}");
    }
    let Prepared { outbound, pages } = prepared;
    let monitoring = if config.metrics {
        Monitoring::start(&config.policy.server_name)
    } else {
        Monitoring::off()
    };
    monitoring.watch_log(throttle);
    let store = open(config).await?;
    monitoring.watch_pools(&store);
    let runtime = runtime(config, config.hashing.threads, &monitoring)?;
    let ports = monitoring.watch(ports(&runtime, &store, outbound));
    let desk = Desk {
        console: Console::new(ports.clone(), config.policy.clone()),
        server_name: config.policy.server_name.clone(),
    };
    let services = Services::new(ports, config.policy.clone());
    let health = Arc::new(DatabaseHealth::default());
    let options = Options {
        monitor: monitoring.http(),
        health: Some(Arc::<DatabaseHealth>::clone(&health)),
        ..config.http.options.clone()
    };
    let housekeeping = services.housekeeping.clone();
    Ok(Wired {
        app: App::new(services, pages, options),
        housekeeping,
        store,
        health,
        desk,
        tasks: runtime.tasks,
    })
}

/// Opens the database for the operator at the console. It must be there: a mistyped path would give
/// an empty one, in which nobody is found and where nobody looks.
///
/// # Errors
/// A database that is not there or cannot be used, or a thread that cannot be started.
pub(crate) async fn desk(config: &Config) -> anyhow::Result<Desk> {
    let database = &config.database.backend;
    let schema = migrate::status(database).await;
    let schema = schema.with_context(|| format!("cannot use {database}"))?;
    ensure!(
        !schema.applied.is_empty(),
        "{database} does not exist, or is empty. It is made by the first `registrar serve`, or by \
         `registrar migrate up`; `registrar check-config` shows where it is looked for"
    );
    // A command hashes one password at most.
    let outbound = Outbound::new(config).map_err(|mistakes| all(&mistakes))?;
    let monitoring = Monitoring::off();
    let store = open(config).await?;
    let runtime = runtime(config, Some(NonZeroUsize::MIN), &monitoring)?;
    let ports = ports(&runtime, &store, outbound);
    Ok(Desk {
        console: Console::new(ports, config.policy.clone()),
        server_name: config.policy.server_name.clone(),
    })
}

/// All mistakes at once, a line each.
fn all(mistakes: &[String]) -> anyhow::Error {
    anyhow::anyhow!("{}", mistakes.join("\n"))
}

/// Opens the database, and says which.
async fn open(config: &Config) -> anyhow::Result<Arc<DieselStore>> {
    let database = &config.database.backend;
    let store = DieselStore::connect(config.database.clone())
        .await
        .with_context(|| format!("cannot use {database}"))?;
    tracing::info!(%database, "opened the database");
    Ok(Arc::new(store))
}

/// Starts what belongs to the process, watched.
fn runtime(
    config: &Config,
    hash_threads: Option<NonZeroUsize>,
    monitoring: &Monitoring,
) -> anyhow::Result<Runtime> {
    let hashing = HashingOptions {
        threads: hash_threads,
        ..config.hashing.clone()
    };
    let runtime = Runtime::start(hashing, monitoring.observer())?;
    monitoring.watch_hashing(&runtime.hash_pool);
    monitoring.watch_pacing(&runtime.pacer);
    Ok(runtime)
}

fn ports(runtime: &Runtime, store: &Arc<DieselStore>, outbound: Outbound) -> Ports {
    Ports {
        email: outbound.email,
        msisdn: outbound.msisdn,
        captcha: outbound.captcha,
        hooks: outbound.hooks,
        ..runtime.ports(Arc::<DieselStore>::clone(store))
    }
}
