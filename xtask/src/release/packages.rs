//! What a crate's manifest must say before it can be published.

use serde::Deserialize;

/// The most keywords that the registry takes.
const MAX_KEYWORDS: usize = 5;

#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    version: String,
    /// The registries that it may go to: all if absent.
    publish: Option<Vec<String>>,
    description: Option<String>,
    license: Option<String>,
    readme: Option<String>,
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default)]
    categories: Vec<String>,
    #[serde(default)]
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    name: String,
    req: String,
    /// `None` for a normal one.
    kind: Option<String>,
    /// Set if it is a crate of the workspace.
    path: Option<String>,
}

impl Package {
    fn is_published(&self) -> bool {
        self.publish.as_ref().is_none_or(|it| !it.is_empty())
    }
}

pub(super) fn check(metadata: &Metadata) -> Vec<String> {
    let published: Vec<&Package> = metadata
        .packages
        .iter()
        .filter(|package| package.is_published())
        .collect();
    let mut findings = Vec::new();
    for package in &published {
        let mut complain = |what: &str| findings.push(format!("{}: {what}", package.name));
        for (field, value) in [
            ("description", &package.description),
            ("license", &package.license),
            ("readme", &package.readme),
        ] {
            if value.as_ref().is_none_or(String::is_empty) {
                complain(&format!("no {field}"));
            }
        }
        if package.keywords.is_empty() || package.keywords.len() > MAX_KEYWORDS {
            complain(&format!("1 to {MAX_KEYWORDS} keywords are needed"));
        }
        if package.categories.is_empty() {
            complain("no categories");
        }
        for dependency in package.dependencies.iter().filter(|it| it.path.is_some()) {
            let other = published.iter().find(|it| it.name == dependency.name);
            // Without a version it is left out of what is published, which is fine for tests.
            if dependency.kind.as_deref() == Some("dev") && dependency.req == "*" {
                continue;
            }
            match other {
                None => complain(&format!("{} is not published", dependency.name)),
                Some(other) if dependency.req == format!("^{}", other.version) => {}
                Some(Package { name, version, .. }) => {
                    complain(&format!(
                        "{name} {version} is needed, not {}",
                        dependency.req
                    ));
                }
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn package(name: &str, dependencies: &Value) -> Value {
        json!({
            "name": name, "version": "0.2.0", "publish": null, "description": "What it is",
            "license": "Apache-2.0", "readme": "README.md", "keywords": ["matrix"],
            "categories": ["email"], "dependencies": dependencies,
        })
    }

    fn check_packages(packages: &[Value]) -> Vec<String> {
        check(&serde_json::from_value(json!({ "packages": packages })).unwrap())
    }

    #[test]
    fn whatever_the_registry_wants_is_there() {
        assert_eq!(check_packages(&[package("a", &json!([]))]), [""; 0]);
        for field in ["description", "license", "readme"] {
            let mut without = package("a", &json!([]));
            without[field] = Value::Null;
            assert_eq!(check_packages(&[without]), [format!("a: no {field}")]);
        }
        for keywords in [json!([]), json!(["1", "2", "3", "4", "5", "6"])] {
            let mut odd = package("a", &json!([]));
            odd["keywords"] = keywords;
            assert_eq!(check_packages(&[odd]).len(), 1);
        }
    }

    #[test]
    fn what_is_not_published_needs_nothing() {
        let tool = json!({ "name": "tool", "version": "0.2.0", "publish": [] });
        assert_eq!(check_packages(std::slice::from_ref(&tool)), [""; 0]);
        let on_tool = json!([{ "name": "tool", "req": "^0.2.0", "kind": null, "path": "/tool" }]);
        assert_eq!(
            check_packages(&[tool, package("a", &on_tool)]),
            ["a: tool is not published"]
        );
    }

    #[test]
    fn dependencies_name_the_version_that_is_published() {
        let on_b = |req: &str, kind: &Value| json!([{ "name": "b", "req": req, "kind": kind, "path": "/b" }]);
        let check = |req: &str, kind: Value| {
            check_packages(&[package("a", &on_b(req, &kind)), package("b", &json!([]))]).len()
        };
        assert_eq!(check("^0.2.0", json!(null)), 0);
        assert_eq!(check("^0.1.0", json!(null)), 1);
        assert_eq!(check("*", json!(null)), 1);
        assert_eq!(check("*", json!("dev")), 0);
    }
}
