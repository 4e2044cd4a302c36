//! `cargo xtask bench`: builds what is measured, starts a PostgreSQL cluster, and runs the crate `bench`.

use anyhow::Result;

use crate::postgres::{self, Cluster, Durability, Install};
use crate::shell;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How often everything is measured; a round takes about half a minute.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    rounds: u32,
    /// Measure what was built last, without building first.
    #[arg(long)]
    without_build: bool,
    /// Never install PostgreSQL, even if this user may.
    #[arg(long)]
    no_install: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if !args.without_build {
        build()?;
    }
    let cluster = postgres::find_or_install(if args.no_install {
        Install::Never
    } else {
        Install::IfRoot
    })
    .and_then(|it| Cluster::start(&it, Durability::Full));

    let target = shell::target();
    let mut bench = shell::command(target.join("release/registrar-bench"));
    bench.arg("--rounds").arg(args.rounds.to_string());
    bench.arg("--target").arg(&target);
    match &cluster {
        Ok(cluster) => {
            bench.arg("--postgres").arg(cluster.url());
        }
        Err(error) => shell::say(format_args!("NOT MEASURED: PostgreSQL. {error:#}")),
    }
    shell::run(&mut bench)
}

/// Builds what measures and what is measured, as it is released.
fn build() -> Result<()> {
    // Each by itself, or the features that one needs would go into the others as well.
    for what in [
        ["--package", "registrar-server"].as_slice(),
        &["--package", "registrar-bench"],
        &["--package", "registrar-http-hyper", "--example", "hello"],
        &["--package", "registrar-domain", "--example", "hash_rate"],
    ] {
        shell::run(shell::cargo().args(["build", "--release"]).args(what))?;
    }
    Ok(())
}
