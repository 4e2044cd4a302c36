//! The floors of the domain: arrows go down only, and no rooms of a floor form a circle.
//!
//! Looks at paths that begin with `crate::`, which is how the sources name what is not beside them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::shell;

/// The sources of the domain.
const SOURCES: &str = "crates/domain/src";
/// From the lowest to the highest. What stands beside them makes the use-cases and is above all.
const FLOORS: [&str; 3] = ["model", "ports", "usecase"];
/// Crates that know values and doors of the domain, and none of its use-cases.
const BELOW_USE_CASES: [&str; 7] = [
    "captcha",
    "identity-client",
    "mail",
    "metrics",
    "runtime",
    "storage-diesel",
    "webhook",
];

/// A room: a floor and what lies in it directly.
type Room = (usize, String);
/// Which room leads to which, with a file that does.
type Arrows = BTreeMap<Room, BTreeMap<Room, PathBuf>>;

pub(super) fn check() -> Result<Vec<String>> {
    let mut findings = Vec::new();
    let mut sources = Vec::new();
    for file in shell::files(SOURCES, "rs")? {
        let text = shell::read(&file)?;
        sources.push((file, text));
    }
    let (arrows, ups) = arrows(&sources);
    findings.extend(ups);
    findings.extend(circles(&arrows));
    for krate in BELOW_USE_CASES {
        for file in shell::files(&format!("crates/{krate}/src"), "rs")? {
            if shell::read(&file)?.contains("registrar_domain::usecase") {
                findings.push(format!(
                    "{}: knows a use-case; an adapter stands on the model and the ports",
                    file.display()
                ));
            }
        }
    }
    Ok(findings)
}

/// The arrows between rooms, and findings about those that lead up.
fn arrows(sources: &[(PathBuf, String)]) -> (Arrows, Vec<String>) {
    let mut arrows = Arrows::new();
    let mut findings = Vec::new();
    for (file, text) in sources {
        let Some(from) = room_of(file) else {
            continue;
        };
        // What is beside a whole room is named from the root, so that it is seen here.
        if is_whole_room(file) && text.lines().any(|line| line.starts_with("use super::")) {
            findings.push(format!(
                "{}: names another room by `super`, not by `crate`",
                file.display()
            ));
        }
        for path in text.split("crate::").skip(1) {
            let mut names = path.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let top = names.next().unwrap_or_default();
            let Some(floor) = FLOORS.iter().position(|floor| *floor == top) else {
                if ["services", "console"].contains(&top) && !is_documentation(text, path) {
                    findings.push(format!("{}: leads up to `{top}`", file.display()));
                }
                continue;
            };
            if floor > from.0 && !is_documentation(text, path) {
                findings.push(format!(
                    "{}: `{}` leads up to `{top}`",
                    file.display(),
                    FLOORS[from.0]
                ));
            }
            let room = names.find(|name| !name.is_empty()).unwrap_or_default();
            let to = (floor, room.to_owned());
            if to != from && floor == from.0 && !is_documentation(text, path) {
                let places = arrows.entry(from.clone()).or_default();
                places.entry(to).or_insert_with(|| file.clone());
            }
        }
    }
    (arrows, findings)
}

/// Does this rest of a file begin in a line of documentation? Links there may lead anywhere.
fn is_documentation(text: &str, rest: &str) -> bool {
    let before = &text[..rest.as_ptr() as usize - text.as_ptr() as usize];
    let line = before.rsplit('\n').next().unwrap_or_default().trim_start();
    line.starts_with("//")
}

/// The room that a file lies in; `None` for what stands above the floors.
fn room_of(file: &Path) -> Option<Room> {
    let inside = file.to_str()?.split_once(SOURCES)?.1;
    let mut names = inside.trim_start_matches('/').split('/');
    let floor = names.next()?;
    let floor = FLOORS.iter().position(|it| *it == floor)?;
    let room = names.next()?.trim_end_matches(".rs");
    Some((floor, room.to_owned()))
}

/// Is the file a room's own, and not one inside of it?
fn is_whole_room(file: &Path) -> bool {
    let inside = file.to_str().and_then(|path| path.split_once(SOURCES));
    inside.is_some_and(|(_, inside)| inside.trim_start_matches('/').matches('/').count() == 1)
}

/// One finding for each circle of rooms, found by depth-first search.
fn circles(arrows: &Arrows) -> Vec<String> {
    let mut findings = Vec::new();
    let mut done = BTreeSet::new();
    for room in arrows.keys() {
        visit(arrows, room, &mut Vec::new(), &mut done, &mut findings);
    }
    findings
}

fn visit<'a>(
    arrows: &'a Arrows,
    room: &'a Room,
    path: &mut Vec<&'a Room>,
    done: &mut BTreeSet<&'a Room>,
    findings: &mut Vec<String>,
) {
    if let Some(start) = path.iter().position(|it| *it == room) {
        let names: Vec<&str> = path[start..]
            .iter()
            .map(|(_, name)| name.as_str())
            .collect();
        findings.push(format!("{SOURCES}: a circle: {}", names.join(" → ")));
        return;
    }
    if !done.contains(room) {
        path.push(room);
        for next in arrows.get(room).into_iter().flat_map(BTreeMap::keys) {
            visit(arrows, next, path, done, findings);
        }
        path.pop();
        done.insert(room);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(sources: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<_> = sources
            .iter()
            .map(|(file, text)| (Path::new(SOURCES).join(file), (*text).to_owned()))
            .collect();
        let (arrows, mut findings) = arrows(&sources);
        findings.extend(circles(&arrows));
        findings
    }

    #[test]
    fn arrows_go_down_and_not_in_circles() {
        let rows: [(&[(&str, &str)], usize); 9] = [
            (&[("usecase/login.rs", "use crate::ports::Store;")], 0),
            (&[("usecase/login.rs", "use crate::model::id::UserId;")], 0),
            (
                &[("ports/store.rs", "use crate::usecase::login::Login;")],
                1,
            ),
            (&[("model/id/user_id.rs", "use crate::ports::Store;")], 1),
            (
                &[("model/id.rs", "//! See [`x`](crate::usecase::login).")],
                0,
            ),
            (&[("usecase/login.rs", "use crate::services::Services;")], 1),
            (&[("usecase/login.rs", "use super::name;")], 1),
            (&[("services.rs", "use crate::usecase::login::Login;")], 0),
            (
                &[
                    ("usecase/a.rs", "use crate::usecase::b::B;"),
                    ("usecase/b.rs", "use crate::usecase::c::C;"),
                    ("usecase/c/d.rs", "use crate::usecase::a::A;"),
                ],
                1,
            ),
        ];
        for (sources, expected) in rows {
            assert_eq!(findings(sources).len(), expected, "{sources:?}");
        }
    }
}
