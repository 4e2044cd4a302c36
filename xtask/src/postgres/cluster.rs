//! A cluster that lives as long as its owner.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use anyhow::{Context as _, Result, ensure};

use super::find::Programs;
use super::user::User;
use crate::shell;

/// Stops the cluster and removes its folder as soon as the standard input ends, which it does when the
/// owner drops the [`Cluster`] and also when the owner is killed in whatever way.
///
/// `pg_ctl` stops the process that `postmaster.pid` in this folder names, and no other. More than one
/// attempt is needed only when the owner was killed while the cluster was still being made.
const GUARD: &str = r#"
pg_ctl=$1
folder=$2
trap '' INT TERM HUP
cat > /dev/null
cd /
for attempt in 1 2 3 4 5; do
    if [ -f "$folder/data/postmaster.pid" ]; then
        "$pg_ctl" --pgdata="$folder/data" --mode=immediate --silent stop
    fi
    rm -rf -- "$folder" && exit
    sleep 1
done 2> /dev/null
echo "xtask: cannot clean up $folder" >&2
exit 1
"#;

/// What a cluster's confirmed transactions are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// PostgreSQL's defaults: they survive a power cut. For measuring.
    Full,
    /// Nothing waits for the disk. For tests.
    Forgetful,
}

/// A running PostgreSQL cluster in a temporary folder, reachable by a Unix socket in it and nowhere else.
#[derive(Debug)]
pub(crate) struct Cluster {
    folder: PathBuf,
    guard: Child,
}

impl Cluster {
    /// Makes and starts a cluster.
    ///
    /// # Errors
    /// When one of PostgreSQL's programs fails; its log is part of the message.
    pub(crate) fn start(programs: &Programs, durability: Durability) -> Result<Self> {
        let user = User::choose()?;
        // Not the configured temporary folder: a socket's path may have little more than 100 bytes.
        let folder = tempfile::Builder::new()
            .prefix("registrar-postgres-")
            .tempdir_in("/tmp")
            .context("cannot make a folder for PostgreSQL")?;
        user.own(folder.path())?;
        let guard = user
            .command("sh", folder.path())
            .args(["-c", GUARD, "guard"])
            .args([&programs.pg_ctl, folder.path()])
            .stdin(Stdio::piped())
            // A group of its own, or Ctrl-C at the terminal would kill the guard as well.
            .process_group(0)
            .spawn()
            .context("cannot start sh")?;
        let cluster = Self {
            folder: folder.keep(),
            guard,
        };
        cluster.initialize(programs, user)?;
        cluster.launch(programs, user, durability)?;
        cluster.check_identity(programs)?;
        shell::say(format_args!(
            "PostgreSQL runs in {}",
            cluster.folder.display()
        ));
        Ok(cluster)
    }

    /// The database to connect to first; its user may create others.
    pub(crate) fn url(&self) -> String {
        format!(
            "postgres:///postgres?host={}&user=postgres",
            self.folder.display()
        )
    }

    fn initialize(&self, programs: &Programs, user: User) -> Result<()> {
        let mut initdb = user.command(&programs.initdb, &self.folder);
        initdb.args(["--pgdata=data", "--username=postgres", "--auth=trust"]);
        initdb.args(["--encoding=UTF8", "--locale=C", "--no-sync"]);
        shell::output(&mut initdb).map(drop)
    }

    fn launch(&self, programs: &Programs, user: User, durability: Durability) -> Result<()> {
        let mut options = format!(
            "-c listen_addresses='' -c unix_socket_directories='{}' -c max_connections=300",
            self.folder.display()
        );
        if durability == Durability::Forgetful {
            options += " -c fsync=off -c full_page_writes=off -c synchronous_commit=off";
        }
        let mut pg_ctl = user.command(&programs.pg_ctl, &self.folder);
        pg_ctl.args(["--pgdata=data", "--log=log", "--wait", "--silent"]);
        pg_ctl.args(["--options", &options, "start"]);
        shell::output(&mut pg_ctl).map(drop).with_context(|| {
            let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            format!("PostgreSQL does not start:\n{log}")
        })
    }

    /// Is it really our cluster that answers? A test that writes into another one would be a disaster.
    fn check_identity(&self, programs: &Programs) -> Result<()> {
        let mut psql = shell::command(&programs.psql);
        psql.args(["--no-psqlrc", "--no-align", "--tuples-only"]);
        psql.args(["--command", "SHOW data_directory"])
            .arg(self.url());
        let answer = shell::output(&mut psql)?;
        let answer = Path::new(answer.trim_end());
        let own = self.folder.join("data");
        ensure!(
            answer == own,
            "the cluster in {} answers for {own:?}",
            answer.display()
        );
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        if let Err(error) = self.guard.wait() {
            shell::say(format_args!("PostgreSQL's guard is lost: {error}"));
        }
    }
}
