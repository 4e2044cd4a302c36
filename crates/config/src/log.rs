//! `registrar.log`.

use tracing_subscriber::EnvFilter;

use super::keys::keys;
use super::types::{Choice, OneOf};

keys! {
    /// `registrar.log`.
    pub(crate) struct LogKeys {
        /// For people or for machines; `auto`: for people on a terminal, else JSON.
        format: OneOf<LogFormat> = "auto",
        /// What is logged, such as `info` or `warn,registrar_domain=debug`.
        filter: String = "info",
    }
}

/// `registrar.log`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// `format`.
    pub format: LogFormat,
    /// `filter`, in the language of tracing's `EnvFilter`.
    pub filter: String,
}

/// Who reads the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// People on a terminal, machines elsewhere.
    Auto,
    /// People.
    Human,
    /// Machines.
    Json,
}

impl Choice for LogFormat {
    const WORDS: &'static [&'static str] = &["auto", "human", "json"];
    const VALUES: &'static [Self] = &[Self::Auto, Self::Human, Self::Json];
}

impl Log {
    pub(crate) fn read(keys: &LogKeys) -> Self {
        if EnvFilter::try_new(&**keys.filter).is_err() {
            keys.filter
                .at
                .refuse("expected a log filter such as `info` or `warn,registrar=debug`");
        }
        Self {
            format: *keys.format,
            filter: keys.filter.clone(),
        }
    }
}
