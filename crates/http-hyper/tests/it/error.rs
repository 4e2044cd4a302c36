//! `docs/ERRORS.md`: what every refusal is on the wire, written from the code.
//!
//! The refusals of use-cases come from a sample of each variant (`samples.rs`, in the form of `chapter.rs`), those of the layers
//! around them from requests that meet them (`layers.rs`).

#[macro_use]
mod chapter;
mod layers;
mod samples;

use std::path::{Path, PathBuf};

use http_body_util::BodyExt as _;
use registrar_http_hyper::Response;
use serde_json::Value;

use chapter::{Chapter, Entry};

const INTRODUCTION: &str = "\
# Errors

What every refusal is on the wire. The page is written from the code; after a change there

```sh
UPDATE_DOCS=1 cargo test -p registrar-http-hyper --test it error::
```

writes it anew, and until then a test fails.

Every error body has `errcode`, for programs, and `error`, a message for people that may change at any time.
*Also* names what some bodies have besides; with `retry_after_ms` comes a `Retry-After` header in whole seconds.
A 5xx tells nothing of what went wrong inside, which is in the log under the request's ID.
The 401 that asks for user-interactive authentication is no error; when a stage was not passed it carries `errcode` and `error` too.
";

/// How a refusal looks to a client: status, code, and what the body has besides.
type Wire = [String; 3];

async fn wire(response: Response) -> Wire {
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    columns(status, &body)
}

fn columns(status: u16, body: &[u8]) -> Wire {
    // Some answers have no body, or one for people.
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let errcode = body["errcode"].as_str();
    let fields = body.as_object().into_iter().flatten();
    let also: Vec<_> = fields
        .filter_map(|(key, value)| match key.as_str() {
            "soft_logout" | "limit_type" => Some(format!("`{key}: {value}`")),
            "admin_contact" | "retry_after_ms" => Some(format!("`{key}`")),
            _ => None,
        })
        .collect();
    [
        status.to_string(),
        errcode.map_or("–".to_owned(), |code| format!("`{code}`")),
        also.join(", "),
    ]
}

async fn document() -> String {
    let mut rows = Vec::new();
    for (when, [status, errcode, also]) in layers::refusals().await {
        rows.push(vec![when.to_owned(), status, errcode, also]);
    }
    let head = ["When", "Status", "`errcode`", "Also"];
    let mut text = INTRODUCTION.to_owned();
    text += &format!("\n## Any request\n\n{}", table(&head, &rows));
    for chapter in samples::chapters() {
        text += &section(chapter).await;
    }
    text
}

async fn section(chapter: Chapter) -> String {
    let names: Vec<_> = chapter.rows.iter().map(|row| row.variant).collect();
    let mut rows = Vec::new();
    for row in chapter.rows {
        let samples = names.iter().filter(|name| **name == row.variant);
        let detail = if samples.count() > 1 { row.detail } else { "" };
        let (when, [status, errcode, also]) = match row.entry {
            Entry::Carries(inner) => {
                let when = format!("as [`{inner}`](#{})", inner.to_lowercase());
                (when, Wire::default())
            }
            Entry::Own(when, refusal) => (when, wire(refusal.into_response()).await),
        };
        let space = if detail.starts_with('{') { " " } else { "" };
        let variant = format!("`{}{space}{detail}`", row.variant);
        rows.push(vec![variant, when, status, errcode, also]);
    }
    let head = ["Variant", "When", "Status", "`errcode`", "Also"];
    let Chapter { error, about, .. } = chapter;
    format!("\n## `{error}`\n\n{about}\n\n{}", table(&head, &rows))
}

fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut text = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
    for row in rows {
        text += "|";
        for cell in row {
            text += &if cell.is_empty() {
                " |".to_owned()
            } else {
                format!(" {cell} |")
            };
        }
        text += "\n";
    }
    text
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

#[tokio::test(start_paused = true)]
async fn the_document_is_that_of_this_version() {
    let path = repository("docs/ERRORS.md");
    let current = document().await;
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let (stored, current) = (lines(&stored), lines(&current));
    let differing =
        (0..current.len().max(stored.len())).find(|at| stored.get(*at) != current.get(*at));
    if let Some(at) = differing {
        panic!(
            "docs/ERRORS.md is out of date in line {}; it says how to write it anew\nit has:    {}\nit should: {}",
            at + 1,
            stored.get(at).map_or("", String::as_str),
            current.get(at).map_or("", String::as_str),
        );
    }
}

/// The compiler asks for new variants, and this for new errors.
#[test]
fn every_error_with_a_place_on_the_wire_has_a_chapter() {
    let chapters: Vec<_> = samples::chapters().iter().map(|it| it.error).collect();
    let mut seen = 0;
    for file in rust_files(&repository("crates/http-hyper/src/error")) {
        let source = std::fs::read_to_string(&file).unwrap();
        for line in source.lines() {
            let Some(rest) = line.strip_prefix("impl From<") else {
                continue;
            };
            let (error, _) = rest.split_once("> for ").unwrap();
            assert!(
                chapters.contains(&error),
                "`{error}` is not in `samples.rs`"
            );
            seen += 1;
        }
    }
    assert_eq!(seen, chapters.len());
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|it| it == "rs") {
            files.push(path);
        }
    }
    files
}
