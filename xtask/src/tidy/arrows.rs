//! Which crate may depend on which: the arrows of `docs/ARCHITECTURE.md`.
//!
//! Looks at declared dependencies only, so it needs neither a network nor a build.

use serde::Deserialize;

const BENCH: &str = "registrar-bench";
const CAPTCHA: &str = "registrar-captcha";
const CLIENT: &str = "registrar-http-client";
const CONFIG: &str = "registrar-config";
const DOMAIN: &str = "registrar-domain";
const HTTP: &str = "registrar-http-hyper";
const IDENTITY: &str = "registrar-identity-client";
const MAIL: &str = "registrar-mail";
const METRICS: &str = "registrar-metrics";
const RUNTIME: &str = "registrar-runtime";
const SERVER: &str = "registrar-server";
const STORAGE: &str = "registrar-storage-diesel";
const TESTKIT: &str = "registrar-testkit";
const TEMPLATES: &str = "registrar-templates";
const TLS: &str = "registrar-tls";
const WEBHOOK: &str = "registrar-webhook";
const XTASK: &str = "xtask";

/// What each crate of the workspace may use of the others. Adapters never see each other; what
/// several of them have in common, and the domain does not need, is a library below them.
const ARROWS: [(&str, &[&str]); 17] = [
    (BENCH, &[]),
    (CAPTCHA, &[CLIENT, DOMAIN]),
    (CLIENT, &[DOMAIN, TLS]),
    (
        CONFIG,
        &[
            CAPTCHA, CLIENT, DOMAIN, HTTP, IDENTITY, MAIL, RUNTIME, STORAGE, WEBHOOK,
        ],
    ),
    (DOMAIN, &[]),
    (HTTP, &[DOMAIN, TEMPLATES]),
    (IDENTITY, &[CLIENT, DOMAIN]),
    (MAIL, &[DOMAIN, TEMPLATES, TLS]),
    (METRICS, &[DOMAIN]),
    (RUNTIME, &[DOMAIN]),
    (
        SERVER,
        &[
            CAPTCHA, CLIENT, CONFIG, DOMAIN, HTTP, IDENTITY, MAIL, METRICS, RUNTIME, STORAGE,
            WEBHOOK,
        ],
    ),
    (STORAGE, &[DOMAIN]),
    (TEMPLATES, &[]),
    (TESTKIT, &[DOMAIN]),
    (TLS, &[]),
    (WEBHOOK, &[CLIENT, DOMAIN]),
    (XTASK, &[]),
];

/// The crates that may use a library outside of their tests. A library that is not listed may be used anywhere.
const OWNERS: [(&str, &[&str]); 20] = [
    ("anyhow", &[BENCH, SERVER, XTASK]),
    ("argon2", &[DOMAIN]),
    ("bb8", &[STORAGE]),
    ("bcrypt", &[DOMAIN]),
    ("clap", &[BENCH, SERVER, XTASK]),
    ("diesel", &[STORAGE]),
    ("diesel-async", &[STORAGE]),
    ("diesel_migrations", &[STORAGE]),
    ("hyper", &[CLIENT, HTTP]),
    ("hyper-rustls", &[CLIENT]),
    ("hyper-util", &[CLIENT, HTTP]),
    ("lettre", &[MAIL]),
    ("libsqlite3-sys", &[STORAGE]),
    ("minijinja", &[TEMPLATES]),
    ("minijinja-contrib", &[TEMPLATES]),
    ("procfs", &[BENCH, METRICS]),
    ("prometheus", &[METRICS]),
    ("serde-saphyr", &[CONFIG]),
    ("tokio-postgres", &[STORAGE]),
    ("tower", &[HTTP, SERVER]),
];

/// What the domain never uses: runtimes, sockets, formats of the wire.
const NEVER_IN_DOMAIN: [&str; 6] = ["http", "hyper", "serde", "serde_json", "tokio", "tower"];

/// What the tests and examples of every crate may use.
const FOR_TESTS: [&str; 2] = [RUNTIME, TESTKIT];

/// The feature with the fakes for tests, where a crate has some.
const FAKES: &str = "fakes";

#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    /// `None` for a normal one.
    kind: Option<Kind>,
    #[serde(default)]
    features: Vec<String>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Dev,
    Build,
}

pub(super) fn check(metadata: &Metadata) -> Vec<String> {
    metadata.packages.iter().flat_map(check_package).collect()
}

fn check_package(package: &Package) -> Vec<String> {
    let name = &package.name;
    let Some((_, allowed)) = ARROWS.iter().find(|(it, _)| it == name) else {
        return vec![format!(
            "{name}: a new crate needs a line in xtask/src/tidy/arrows.rs"
        )];
    };
    let mut findings = Vec::new();
    for dependency in &package.dependencies {
        let is_ours = ARROWS.iter().any(|(it, _)| *it == dependency.name);
        let is_dev = dependency.kind == Some(Kind::Dev);
        let is_for_tests = is_dev && FOR_TESTS.contains(&dependency.name.as_str());
        let is_self = is_dev && dependency.name == *name;
        if is_ours && !is_self && !is_for_tests && !allowed.contains(&dependency.name.as_str()) {
            findings.push(format!("{name} must not depend on {}", dependency.name));
        }
        if is_dev {
            continue;
        }
        if is_ours && dependency.features.iter().any(|it| it == FAKES) {
            findings.push(format!(
                "{name}: the \"{FAKES}\" of {} are for tests only",
                dependency.name
            ));
        }
        let owners = OWNERS
            .iter()
            .find(|(library, _)| *library == dependency.name);
        if owners.is_some_and(|(_, owners)| !owners.contains(&name.as_str())) {
            findings.push(format!("{name} must not use {}", dependency.name));
        }
    }
    if name == DOMAIN {
        findings.extend(check_domain(package));
    }
    findings
}

/// The domain does no I/O.
fn check_domain(domain: &Package) -> Vec<String> {
    let normal = domain.dependencies.iter();
    let mut names = normal
        .filter(|it| it.kind != Some(Kind::Dev))
        .map(|it| it.name.as_str())
        .collect::<Vec<_>>();
    names.retain(|name| NEVER_IN_DOMAIN.contains(name));
    names
        .iter()
        .map(|name| format!("{DOMAIN} must not use {name}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn findings(packages: Value) -> Vec<String> {
        let metadata = Value::from_iter([("packages", packages)]);
        check(&serde_json::from_value(metadata).unwrap())
    }

    /// A workspace of one crate with one dependency.
    fn one(package: &str, dependency: Value) -> Vec<String> {
        findings(json!([{ "name": package, "dependencies": Value::from(vec![dependency]) }]))
    }

    const FINE: [String; 0] = [];

    #[test]
    fn the_binary_wires_and_adapters_see_the_domain() {
        assert_eq!(one(SERVER, json!({ "name": STORAGE, "kind": null })), FINE);
        assert_eq!(one(STORAGE, json!({ "name": DOMAIN, "kind": null })), FINE);
        assert_eq!(one(MAIL, json!({ "name": "lettre", "kind": null })), FINE);
        assert_eq!(one(CAPTCHA, json!({ "name": CLIENT, "kind": null })), FINE);
    }

    #[test]
    fn adapters_do_not_see_each_other_not_even_in_tests() {
        let forbidden = ["registrar-mail must not depend on registrar-storage-diesel"];
        assert_eq!(
            one(MAIL, json!({ "name": STORAGE, "kind": null })),
            forbidden
        );
        assert_eq!(
            one(MAIL, json!({ "name": STORAGE, "kind": "dev" })),
            forbidden
        );
        assert_eq!(
            one(CAPTCHA, json!({ "name": WEBHOOK, "kind": null })),
            ["registrar-captcha must not depend on registrar-webhook"]
        );
        assert_eq!(
            one(DOMAIN, json!({ "name": MAIL, "kind": "build" })),
            ["registrar-domain must not depend on registrar-mail"]
        );
    }

    #[test]
    fn tests_may_use_the_testkit_and_nothing_else_may() {
        assert_eq!(one(DOMAIN, json!({ "name": TESTKIT, "kind": "dev" })), FINE);
        assert_eq!(one(HTTP, json!({ "name": RUNTIME, "kind": "dev" })), FINE);
        assert_eq!(
            one(HTTP, json!({ "name": TESTKIT, "kind": null })),
            ["registrar-http-hyper must not depend on registrar-testkit"]
        );
    }

    #[test]
    fn libraries_stay_with_their_owners() {
        assert_eq!(
            one(HTTP, json!({ "name": "diesel", "kind": null })),
            ["registrar-http-hyper must not use diesel"]
        );
        assert_eq!(one(HTTP, json!({ "name": "hyper", "kind": "dev" })), FINE);
        assert_eq!(one(MAIL, json!({ "name": "hyper", "kind": "dev" })), FINE);
        assert_eq!(
            one(SERVER, json!({ "name": "argon2", "kind": null })),
            ["registrar-server must not use argon2"]
        );
        assert_eq!(
            one(IDENTITY, json!({ "name": "hyper", "kind": null })),
            ["registrar-identity-client must not use hyper"]
        );
    }

    #[test]
    fn fakes_are_for_tests() {
        let fakes = |of, kind| json!({ "name": of, "kind": kind, "features": [FAKES] });
        assert_eq!(one(WEBHOOK, fakes(CLIENT, json!("dev"))), FINE);
        assert_eq!(
            one(WEBHOOK, fakes(CLIENT, json!(null))),
            ["registrar-webhook: the \"fakes\" of registrar-http-client are for tests only"]
        );
    }

    #[test]
    fn the_domain_has_no_runtime() {
        let found = one(DOMAIN, json!({ "name": "tokio", "kind": null }));
        assert_eq!(found, ["registrar-domain must not use tokio"]);
        assert_eq!(one(DOMAIN, json!({ "name": "tokio", "kind": "dev" })), FINE);
        let found = one(DOMAIN, json!({ "name": "serde", "kind": null }));
        assert_eq!(found, ["registrar-domain must not use serde"]);
    }

    #[test]
    fn a_crate_without_rules_is_noticed() {
        let found = findings(json!([{ "name": "registrar-new", "dependencies": [] }]));
        assert!(
            found[0].starts_with("registrar-new: a new crate"),
            "{found:?}"
        );
    }
}
