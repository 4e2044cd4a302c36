//! The life of the server: open everything, serve, stop in order.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use registrar_config::{Config, Http, LogFormat};
use registrar_domain::model::entropy::Entropy as _;
use registrar_domain::model::job::Job;
use registrar_domain::usecase::housekeeping::Housekeeping;
use registrar_http_hyper::server::{Limits, Listener};
use registrar_http_hyper::service;
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::console::socket;
use crate::core_dumps;
use crate::listen::{self, Sockets};
use crate::shutdown::Signals;
use crate::telemetry::{self, Format, Throttle};
use crate::wiring::{self, Wired};
use registrar_runtime::OsEntropy;

/// The runtime of every subcommand that needs one. SQLite and migrations want several threads.
pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")
}

/// Serves until a signal says stop. `ready` is called with the TCP addresses once all of them are
/// listened on.
///
/// # Errors
/// What keeps the server from starting.
pub(crate) fn run(
    config: Config,
    warnings: &[String],
    ready: impl FnOnce(&[SocketAddr]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let format = match config.log.format {
        LogFormat::Json => Format::Json,
        LogFormat::Auto | LogFormat::Human => Format::Human,
    };
    let throttle = telemetry::start(format, &config.log.filter)?;
    if !config.core_dumps {
        core_dumps::forbid();
    }
    for warning in warnings {
        tracing::warn!("configuration: {warning}");
    }
    runtime()?.block_on(serve(config, &throttle, ready))
}

async fn serve(
    config: Config,
    throttle: &Throttle,
    ready: impl FnOnce(&[SocketAddr]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut signals = Signals::install()?;
    allow_files(config.http.capacity.connections);
    // Sockets first: a port in use is found out before the database is touched.
    let sockets = listen::open_all(config.listeners.iter().map(|it| &it.address))?;
    let options = config.listeners.iter().map(|it| it.options.clone());
    let listeners: Vec<_> = sockets.into_iter().zip(options).collect();
    let Wired {
        app,
        housekeeping,
        store,
        health,
        desk,
        tasks: background,
    } = wiring::wire(&config, throttle).await?;
    let console = socket::open(&config)?;

    let (stop, stopping) = watch::channel(false);
    let (everybody, probes) = (limits(&config.http), probe_limits(&config.http));
    let mut tasks = JoinSet::new();
    let mut addresses = Vec::new();
    let mut files = Vec::new();
    for (sockets, options) in listeners {
        let is_for_probes = options.resources.iter().all(|it| it.is_for_probes());
        let mut limits = if is_for_probes { &probes } else { &everybody }.clone();
        limits.forwarding = options.forwarding.clone();
        let service = service(&app, options);
        let mut spawn = |listener: Listener| {
            let stopped = stopped(stopping.clone());
            tasks.spawn(registrar_http_hyper::serve(
                listener,
                service.clone(),
                limits.clone(),
                stopped,
            ));
        };
        match sockets {
            Sockets::Tcp(listeners) => {
                for listener in listeners {
                    let address = listener.local_addr().context("a socket has no address")?;
                    tracing::info!(listener.address = %address, "listening");
                    addresses.push(address);
                    spawn(listener.into());
                }
            }
            Sockets::Unix(listener, file) => {
                tracing::info!("listening on a Unix socket");
                files.push(file);
                spawn(listener.into());
            }
        }
    }
    let stop_watching = stopped(stopping.clone());
    tasks.spawn(async move {
        tokio::select! {
            () = stop_watching => {}
            () = health.watch(store) => {}
        }
    });
    if let Some(console) = console {
        tasks.spawn(socket::serve(console, desk, stopped(stopping.clone())));
    }
    let holder = holder();
    for job in Job::ALL {
        let (housekeeping, holder) = (housekeeping.clone(), holder.clone());
        tasks.spawn(keep_house(housekeeping, job, holder, stopping.clone()));
    }
    tasks.spawn(sum_logs_up(throttle.clone(), stopping));
    ready(&addresses)?;
    throttle.arm();

    let signal = signals.next().await;
    tracing::info!(
        signal,
        "shutting down: open connections are served, new ones are refused"
    );
    stop.send_replace(true);
    while let Some(ended) = tasks.join_next().await {
        ended.context("a task of the server failed")?;
    }
    background.finish(config.http.shutdown_grace).await;
    throttle.sum_up();
    tracing::info!("stopped");
    drop(app);
    Ok(())
}

/// Files that are open besides connections: the database, the log, other servers.
const OTHER_FILES: u64 = 128;

/// Makes use of all the files that the system lets this process open, and says so if they are fewer
/// than there may be connections.
fn allow_files(max_connections: usize) {
    let mut files = getrlimit(Resource::Nofile);
    files.current = files.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, files) {
        tracing::warn!(%error, "cannot raise the limit on open files");
    }
    let needed = max_connections as u64 + OTHER_FILES;
    if let Some(open_files) = getrlimit(Resource::Nofile).current
        && open_files < needed
    {
        tracing::warn!(
            open_files,
            needed,
            "the system allows fewer open files than `registrar.http.max_connections` needs: \
             raise `LimitNOFILE` (systemd) or `ulimit -n`"
        );
    }
}

/// Connections at the same time on listeners that only those who watch the server have a use for.
/// They do not count among the others, so that a full server can be watched.
const PROBE_CONNECTIONS: usize = 64;

fn probe_limits(http: &Http) -> Limits {
    with_timeouts(Limits::new(PROBE_CONNECTIONS), http)
}

fn limits(http: &Http) -> Limits {
    with_timeouts(Limits::with(http.capacity), http)
}

fn with_timeouts(mut limits: Limits, http: &Http) -> Limits {
    limits.header_timeout = http.header_timeout;
    limits.idle_timeout = http.idle_timeout;
    limits.shutdown_grace = http.shutdown_grace;
    limits
}

/// Completes when the server stops.
async fn stopped(mut stopping: watch::Receiver<bool>) {
    // An error means that the sender is gone, which is as good a reason to stop.
    let _gone = stopping.wait_for(|stop| *stop).await;
}

/// Says now and then which log lines were left out, as long as the server runs.
async fn sum_logs_up(throttle: Throttle, stopping: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = stopped(stopping.clone()) => return,
            () = tokio::time::sleep(telemetry::PERIOD) => throttle.sum_up(),
        }
    }
}

/// Does a job at once and then now and then, as long as the server runs.
async fn keep_house(
    housekeeping: Housekeeping,
    job: Job,
    holder: String,
    stopping: watch::Receiver<bool>,
) {
    loop {
        match housekeeping.run(job, &holder).await {
            Ok(None | Some(0)) => {}
            Ok(Some(removed)) => {
                tracing::info!(job = job.name(), removed, "removed expired rows");
            }
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(error, job = job.name(), "a job failed, trying again later");
            }
        }
        tokio::select! {
            () = stopped(stopping.clone()) => return,
            () = tokio::time::sleep(period(job.period())) => {}
        }
    }
}

/// Who this process is among those that share the database.
fn holder() -> String {
    let mut id = [0_u8; 8];
    OsEntropy.fill(&mut id);
    format!("{:016x}", u64::from_be_bytes(id))
}

/// A period with up to a tenth more, so that processes started together do not stay together.
fn period(period: Duration) -> Duration {
    let mut byte = [0_u8; 1];
    OsEntropy.fill(&mut byte);
    period + period.mul_f64(f64::from(byte[0]) / 2550.0)
}
