//! The command line.

pub(crate) mod admin;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

/// Account registration for Matrix.
#[derive(Debug, Parser)]
#[command(name = "registrar", version, about, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  registrar try                                      a server to try out, on loopback
  registrar generate-config -s example.org -o homeserver.yaml
  registrar check-config -c homeserver.yaml          all mistakes at once
  registrar serve -c homeserver.yaml
  registrar serve -c homeserver.yaml -c secrets.yaml  later files take precedence
  registrar migrate status -c homeserver.yaml
  registrar admin user register alice --admin -c homeserver.yaml
  registrar admin token create --uses 5 --expires-in 7d -c homeserver.yaml
  registrar completions bash > /etc/bash_completion.d/registrar";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server until SIGTERM or Ctrl-C.
    Serve(ConfigArgs),
    /// Run a server to try out: on loopback, open for registration, with its own database.
    Try(TryArgs),
    /// Check the configuration: print how it is understood, what is ignored, and all mistakes.
    CheckConfig(ConfigArgs),
    /// Write a commented configuration file with fresh secrets.
    GenerateConfig(GenerateArgs),
    /// Manage the database schema; `serve` migrates it at start.
    Migrate(MigrateArgs),
    /// Manage accounts and registration tokens, through the running server or, if there is none,
    /// directly in the database.
    Admin(admin::AdminArgs),
    /// Hash a password as the server does; it is read from the terminal or from standard input.
    HashPassword(HashPasswordArgs),
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// Where the configuration is.
#[derive(Clone, Debug, Args)]
pub(crate) struct ConfigArgs {
    /// A configuration file, or a folder of `*.yaml` files. Can be repeated; later files take
    /// precedence. Default: the first that exists of /etc/registrar/registrar.yaml,
    /// /etc/registrar/homeserver.yaml, ./registrar.yaml and ./homeserver.yaml.
    /// Environment variables can override any value, see docs/CONFIG.md.
    #[arg(
        short,
        long = "config",
        alias = "config-path",
        value_name = "PATH",
        env = "REGISTRAR_CONFIG",
        value_delimiter = ':'
    )]
    pub(crate) config: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct TryArgs {
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1:8008")]
    pub(crate) listen: SocketAddr,
    /// The folder for the database.
    #[arg(long, default_value = "registrar-data", value_name = "DIR")]
    pub(crate) data: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct GenerateArgs {
    /// The server name: the part of user IDs after the colon.
    #[arg(short, long)]
    pub(crate) server_name: String,
    /// The file to write, which must not exist. Default: standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct MigrateArgs {
    #[command(subcommand)]
    pub(crate) action: MigrateAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MigrateAction {
    /// List the migrations and whether they have been applied.
    Status(ConfigArgs),
    /// Apply the pending migrations.
    Up(ConfigArgs),
    /// Revert the latest migrations. The data in what they added is lost.
    Down {
        #[command(flatten)]
        config: ConfigArgs,
        /// How many migrations to revert.
        #[arg(long, default_value_t = 1)]
        steps: u32,
    },
}

#[derive(Debug, Args)]
pub(crate) struct HashPasswordArgs {
    /// The configuration whose cost and pepper are used. Default: the default cost, no pepper.
    #[arg(short, long = "config", value_name = "PATH")]
    pub(crate) config: Vec<PathBuf>,
    /// Hash nothing; propose settings with which a hash takes about the target time on this machine.
    #[arg(long)]
    pub(crate) calibrate: bool,
    /// The target time of one hash, in milliseconds, at most one minute.
    #[arg(
        long,
        value_name = "MILLISECONDS",
        value_parser = clap::value_parser!(u32).range(1..=60_000),
        default_value_t = 100,
        requires = "calibrate"
    )]
    pub(crate) target_ms: u32,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
