//! A JSON schema of the file, for editors that complete and check YAML.

use serde_json::{Map, Value as Json, json};

use super::catalog;
use super::key::{Groups, Kind};
use super::tree::{Node, Value};

/// The JSON schema (draft 2020-12) of a configuration file.
///
/// It is as strict as types allow and no stricter: rules between keys are checked when the file is
/// read. Keys of a homeserver pass unseen, except in this server's own section.
pub fn schema() -> Json {
    let mut schema = object(catalog::GROUPS, Strictness::Open);
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    schema["title"] = "Configuration of Registrar".into();
    schema["description"] =
        "A homeserver.yaml with the options that account registration understands.".into();
    schema
}

/// May a mapping have keys that are not declared?
#[derive(Clone, Copy, PartialEq, Eq)]
enum Strictness {
    Open,
    Closed,
}

fn object(groups: Groups, strictness: Strictness) -> Json {
    let mut properties = Map::new();
    for key in catalog::all(groups) {
        // Everything inside this server's own section is this server's own.
        let inside = if key.name == "registrar" {
            Strictness::Closed
        } else {
            strictness
        };
        let mut property = value(&key.kind, inside);
        property["description"] = key.doc().into();
        if let Some(default) = key.default_value() {
            property["default"] = to_json(&default);
        }
        properties.insert(key.name.to_owned(), property);
        if let Some(twin) = key.file_twin() {
            let doc = format!(
                "A file that holds `{}`. Only one of the two can be given.",
                key.name
            );
            properties.insert(
                twin,
                json!({ "type": ["string", "null"], "description": doc }),
            );
        }
    }
    let mut schema = json!({ "type": ["object", "null"], "properties": properties });
    if strictness == Strictness::Closed {
        schema["additionalProperties"] = false.into();
    }
    schema
}

fn value(kind: &Kind, inside: Strictness) -> Json {
    match kind {
        Kind::Flag => json!({ "type": ["boolean", "null"] }),
        Kind::Switch => json!({ "type": ["boolean", "string", "integer", "null"] }),
        Kind::Text | Kind::Private | Kind::Secret => json!({ "type": ["string", "null"] }),
        Kind::Label => json!({ "type": ["string", "number", "null"] }),
        Kind::Choice(words) => {
            let mut allowed: Vec<Json> = words.iter().map(|word| json!(word)).collect();
            for (word, flag) in [("true", true), ("false", false)] {
                if words.contains(&word) {
                    allowed.push(flag.into());
                }
            }
            allowed.push(Json::Null);
            json!({ "enum": allowed })
        }
        Kind::Integer(min, i64::MAX) => json!({ "type": ["integer", "null"], "minimum": min }),
        Kind::Integer(min, max) => {
            json!({ "type": ["integer", "null"], "minimum": min, "maximum": max })
        }
        Kind::Number => json!({ "type": ["number", "null"], "minimum": 0 }),
        Kind::Duration => json!({
            "type": ["integer", "string", "null"], "minimum": 0, "pattern": "^ *[0-9]+[smhdwy]? *$",
        }),
        Kind::Size => json!({
            "type": ["integer", "string", "null"], "minimum": 0, "pattern": "^ *[0-9]+[KMG]? *$",
        }),
        Kind::Section(groups) => object(groups, inside),
        Kind::List(items) => {
            json!({ "type": ["array", "null"], "items": value(items, inside) })
        }
        Kind::Texts => {
            json!({ "type": ["array", "string", "null"], "items": { "type": "string" } })
        }
        Kind::Some(words) => json!({
            "type": ["array", "boolean", "null"], "items": { "enum": words },
        }),
        Kind::Mapping => json!({ "type": ["object", "null"] }),
    }
}

fn to_json(value: &Value) -> Json {
    Node::new(value.clone(), &"".into()).to_json()
}
