//! Who the server is, where clients reach it, and what it says about that.

use registrar_domain::model::id::ServerName;
use serde_json::{Map, Value as Json, json};

use super::key::{Key, Kind};
use super::section::Section;
use super::url::HttpUrl;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "server_name",
        Kind::Text,
        "The domain of user IDs: `example.org` in `@alice:example.org`. Required, and never \
         to be changed afterwards.",
    ),
    Key::new(
        "public_baseurl",
        Kind::Text,
        "The URL under which clients reach this server; links in mails begin with it. \
         Default: `https://<server_name>/`.",
    ),
    Key::new(
        "serve_client_wellknown",
        Kind::Flag,
        "Answer `/.well-known/matrix/client`. Needs an explicit `public_baseurl`.",
    )
    .or("true"),
    Key::new(
        "extra_well_known_client_content",
        Kind::Mapping,
        "Further content of `/.well-known/matrix/client`. Cannot replace `m.homeserver` and \
         `m.identity_server`.",
    ),
    Key::new(
        "default_identity_server",
        Kind::Text,
        "URL of the identity server that clients are recommended.",
    ),
    Key::new(
        "enable_metrics",
        Kind::Flag,
        "Collect the numbers that a `metrics` resource shows.",
    )
    .or("false"),
    Key::new(
        "max_upload_size",
        Kind::Size,
        "For media. The limit for requests here is `registrar.http.body_limit`.",
    )
    .or("50M")
    .inert(),
];

/// Who the server is and where clients reach it.
#[derive(Clone, Debug)]
pub struct Server {
    /// `server_name`.
    pub name: ServerName,
    /// `public_baseurl`, ending with a slash.
    pub public_baseurl: HttpUrl,
    /// `enable_metrics`.
    pub metrics: bool,
    /// The body of `/.well-known/matrix/client`; `None`: answer 404.
    pub well_known: Option<Json>,
}

/// The keys of the well-known document that have options of their own.
const HOMESERVER: &str = "m.homeserver";
const IDENTITY_SERVER: &str = "m.identity_server";

impl Server {
    /// `None` if the server has no name; that and other mistakes are reported.
    pub(super) fn read(root: &Section<'_>) -> Option<Self> {
        let metrics = root.flag("enable_metrics");
        // Nothing comes of it, but a mistake in a homeserver's file is worth telling.
        root.size("max_upload_size");
        root.require("server_name", "is required: the domain of your users' IDs");
        let name = root
            .text("server_name")
            .and_then(|name| root.accept("server_name", ServerName::parse(&name)));
        let explicit_baseurl = root
            .text("public_baseurl")
            .and_then(|url| root.accept("public_baseurl", HttpUrl::parse(&url)))
            .map(HttpUrl::with_slash);
        let well_known = read_well_known(root, explicit_baseurl.as_ref());
        let name = name?;
        let public_baseurl = match explicit_baseurl {
            Some(url) => url,
            None => HttpUrl::parse(&format!("https://{name}/")).ok()?,
        };
        Some(Self {
            name,
            public_baseurl,
            metrics,
            well_known,
        })
    }
}

fn read_well_known(root: &Section<'_>, public_baseurl: Option<&HttpUrl>) -> Option<Json> {
    let served = root.flag("serve_client_wellknown");
    let identity_server = root
        .text("default_identity_server")
        .and_then(|url| root.accept("default_identity_server", HttpUrl::parse(&url)));
    let mut document = Map::new();
    if let Some(extra) = root.mapping("extra_well_known_client_content") {
        for (key, node) in extra.iter() {
            let instead = match key {
                HOMESERVER => "public_baseurl",
                IDENTITY_SERVER => "default_identity_server",
                _ => {
                    document.insert(key.to_owned(), node.to_json());
                    continue;
                }
            };
            root.mistake(
                "extra_well_known_client_content",
                format!("cannot set `{key}`: use `{instead}`"),
            );
        }
    }
    let public_baseurl = public_baseurl.filter(|_| served)?;
    document.insert(
        HOMESERVER.to_owned(),
        json!({ "base_url": public_baseurl.as_str() }),
    );
    if let Some(url) = identity_server {
        document.insert(
            IDENTITY_SERVER.to_owned(),
            json!({ "base_url": url.as_str() }),
        );
    }
    Some(Json::Object(document))
}
