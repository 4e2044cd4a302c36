//! Calling other programs, and finding things in the repository.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use anyhow::{Context as _, Result, bail};

/// The top folder of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask is a folder of the repository")
}

/// Tells the person at the terminal. The other output belongs to the programs that are called.
pub(crate) fn say(message: impl Display) {
    #[expect(
        clippy::print_stderr,
        reason = "the one place where this program speaks"
    )]
    {
        eprintln!("xtask: {message}");
    }
}

/// A program that will run in the repository's top folder.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// The cargo that runs this.
pub(crate) fn cargo() -> Command {
    let mut cargo = command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // What it told this program about its own package. Build scripts that look at these variables
    // would run again after each cargo that was called directly, and half of the build with them.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&*name);
        }
    }
    cargo
}

/// Runs a program and shows its output.
///
/// # Errors
/// When it cannot be started or fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = status(command)?;
    if !status.success() {
        bail!("{}: {status}", line(command));
    }
    Ok(())
}

/// Runs a program, shows its output, and returns how it ended.
///
/// # Errors
/// When it cannot be started.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus> {
    let line = line(command);
    say(format_args!("$ {line}"));
    command
        .status()
        .with_context(|| format!("cannot start {line}"))
}

/// Runs a program and returns what it writes to its standard output.
///
/// # Errors
/// When it cannot be started, fails, or writes something that is not UTF-8.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let line = line(command);
    let output = command
        .output()
        .with_context(|| format!("cannot start {line}"))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!("{line}: {}\n{}", output.status, complaint.trim_end());
    }
    String::from_utf8(output.stdout).with_context(|| format!("{line} wrote no UTF-8"))
}

/// Builds the binary `registrar` as the tests do, and returns its path.
///
/// Any other choice of packages and features would compile half of the dependencies a second time.
///
/// # Errors
/// When the build fails.
pub(crate) fn test_build() -> Result<PathBuf> {
    run(cargo().args(["build", "--workspace", "--all-targets", "--all-features"]))?;
    Ok(target().join("debug/registrar"))
}

/// The folder that cargo builds into.
pub(crate) fn target() -> PathBuf {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    root().join(target)
}

/// Where a program stands on `PATH`, if it does.
pub(crate) fn find_on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// Is this root?
///
/// # Errors
/// When `id` fails.
pub(crate) fn is_root() -> Result<bool> {
    Ok(output(command("id").arg("-u"))?.trim() == "0")
}

/// The files below a folder whose names end in `.extension`, as paths relative to the repository's
/// top, in alphabetical order.
///
/// # Errors
/// When a folder cannot be read.
pub(crate) fn files(folder: &str, extension: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        let entries = folder
            .read_dir()
            .with_context(|| format!("cannot read {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == extension) {
                found.push(
                    path.strip_prefix(root())
                        .expect("found below the top")
                        .to_owned(),
                );
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The text of a file, given relative to the repository's top.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn read(file: impl AsRef<Path>) -> Result<String> {
    let file = file.as_ref();
    std::fs::read_to_string(root().join(file))
        .with_context(|| format!("cannot read {}", file.display()))
}

/// Replaces a file, given relative to the repository's top.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write(file: impl AsRef<Path>, text: &str) -> Result<()> {
    let file = file.as_ref();
    std::fs::write(root().join(file), text)
        .with_context(|| format!("cannot write {}", file.display()))
}

/// Fails with all findings of a check, if there are any.
///
/// # Errors
/// The findings.
pub(crate) fn report(check: &str, findings: &[String]) -> Result<()> {
    if findings.is_empty() {
        say(format_args!("{check}: fine"));
        return Ok(());
    }
    bail!("{check}:\n  {}", findings.join("\n  "))
}

/// The command as one would type it.
fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(std::ffi::OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}
