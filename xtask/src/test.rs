//! `cargo xtask test`: all tests, against SQLite and a temporary PostgreSQL cluster.

use anyhow::Result;

use crate::postgres::{self, Cluster, Durability, Install};
use crate::shell;

/// Where the tests look for a PostgreSQL server, as a URL of a database whose user may create
/// others.
pub(crate) const POSTGRES_URL: &str = "REGISTRAR_TEST_POSTGRES_URL";

#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Never install PostgreSQL, even if this user may.
    #[arg(long)]
    no_install: bool,
    /// Test only this package; may be repeated.
    #[arg(short, long)]
    package: Vec<String>,
    /// Further arguments for `cargo test`, such as a filter, or `-- --nocapture`.
    #[arg(last = true)]
    cargo_args: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let database = Database::choose(if args.no_install {
        Install::Never
    } else {
        Install::IfRoot
    });
    let mut cargo = shell::cargo();
    cargo.args(["test", "--all-features"]);
    if args.package.is_empty() {
        cargo.arg("--workspace");
    }
    for package in &args.package {
        cargo.args(["--package", package]);
    }
    cargo.args(&args.cargo_args);
    if let Database::Own(cluster) = &database {
        cargo.env(POSTGRES_URL, cluster.url());
    }
    let outcome = shell::run(&mut cargo);
    // Said at the end, where it is seen.
    if let Database::None { reason } = &database {
        shell::say("************************************************************************");
        shell::say("NOT TESTED: PostgreSQL. The tests ran on SQLite only.");
        shell::say(format_args!("The reason: {reason}"));
        shell::say("************************************************************************");
    }
    outcome
}

enum Database {
    /// The environment names one.
    Given,
    /// Ends when dropped.
    Own(Cluster),
    None {
        reason: String,
    },
}

impl Database {
    fn choose(install: Install) -> Self {
        if std::env::var_os(POSTGRES_URL).is_some_and(|url| !url.is_empty()) {
            shell::say(format_args!(
                "using the PostgreSQL server that {POSTGRES_URL} names"
            ));
            return Self::Given;
        }
        let cluster = postgres::find_or_install(install)
            .and_then(|it| Cluster::start(&it, Durability::Forgetful));
        cluster.map_or_else(
            |error| Self::None {
                reason: format!("{error:#}"),
            },
            Self::Own,
        )
    }
}
