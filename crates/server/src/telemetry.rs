//! Logs: for people on a terminal, as JSON lines where they are asked for.

mod throttle;

use std::io::IsTerminal as _;

use anyhow::Context as _;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

pub(crate) use throttle::{PERIOD, Throttle};

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// One line for people, in color on a terminal.
    Human,
    /// One JSON object a line.
    Json,
}

/// Starts logging to standard error. Gives what holds floods of lines back.
///
/// # Errors
/// A filter that cannot be read, or logging that has been started before.
pub(crate) fn start(format: Format, filter: &str) -> anyhow::Result<Throttle> {
    let filter = EnvFilter::try_new(filter).context("`registrar.log.filter` cannot be read")?;
    let throttle = Throttle::default();
    let registry = tracing_subscriber::registry()
        .with(filter)
        .with(throttle.clone());
    match format {
        Format::Human => registry
            .with(
                fmt::layer()
                    .with_writer(std::io::stderr)
                    .with_ansi(std::io::stderr().is_terminal())
                    .with_target(false),
            )
            .try_init(),
        Format::Json => registry
            .with(
                fmt::layer()
                    .json()
                    .flatten_event(true)
                    .with_writer(std::io::stderr),
            )
            .try_init(),
    }
    .context("logging has been started already")?;
    report_panics();
    Ok(throttle)
}

/// Reports where a panic happened, and not what it says: that may quote what a client sent.
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let location = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        tracing::error!(panic.location = %location, "a bug: the program panicked");
    }));
}
