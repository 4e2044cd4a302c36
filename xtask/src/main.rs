//! The maintainers' tools. `cargo xtask --help` lists them.
//!
//! They call the ordinary programs (cargo, git, PostgreSQL's, Python's) and depend on no crate of
//! the workspace, so that they build in seconds and work while the rest does not.

mod apt;
mod bench;
mod ci;
mod config_schema;
mod conformance;
mod migrate;
mod mutants;
mod postgres;
mod release;
mod shell;
mod spec_links;
mod test;
mod tidy;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    about = "The maintainers' tools",
    disable_help_subcommand = true
)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Run all tests, with a temporary PostgreSQL cluster.
    Test(test::Args),
    /// Run everything that a change must pass.
    Ci(ci::Args),
    /// Check the project's own rules: arrows between crates, migrations, files, cited sections.
    Tidy,
    /// Make, list, apply and revert database migrations.
    #[command(subcommand)]
    Migrate(migrate::Action),
    /// Check that all links to the Matrix specification are pinned to one version.
    SpecLinks,
    /// Write the JSON Schema of the configuration file and the tables of its documentation.
    ConfigSchema,
    /// Prepare a release: changelog, version, lock file. Commits nothing.
    Release(release::Args),
    /// Compare the server's answers with those recorded from Synapse.
    Conformance(conformance::Args),
    /// Change the code in many places, and see whether a test fails each time.
    Mutants(mutants::Args),
    /// Measure the server side by side with what limits it.
    Bench(bench::Args),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().task {
        Task::Test(args) => test::run(&args),
        Task::Ci(args) => ci::run(&args),
        Task::Tidy => tidy::run(),
        Task::Migrate(action) => migrate::run(&action),
        Task::SpecLinks => spec_links::run(),
        Task::ConfigSchema => config_schema::run(),
        Task::Release(args) => release::run(&args),
        Task::Conformance(args) => conformance::run(&args),
        Task::Mutants(args) => mutants::run(&args),
        Task::Bench(args) => bench::run(&args),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }
}
