//! Who the server is, where clients reach it, and what it says about that.

use registrar_domain::model::id::ServerName;
use registrar_http_client::HttpUrl;
use serde_json::{Map, Value as Json, json};

use super::keys::{Keys as _, keys};
use super::section::{Entry, Section};
use super::tree::Mapping;
use super::types::{Checked, Size};

keys! {
    pub(crate) struct ServerKeys {
        /// The domain of user IDs: `example.org` in `@alice:example.org`. Required, and never to be
        /// changed afterwards.
        server_name: Option<ServerName>,
        /// The URL under which clients reach this server; links in mails begin with it. Default:
        /// `https://<server_name>/`.
        public_baseurl: Option<HttpUrl>,
        /// Answer `/.well-known/matrix/client`. Needs an explicit `public_baseurl`.
        serve_client_wellknown: bool = "true",
        /// Further content of `/.well-known/matrix/client`. Cannot replace `m.homeserver` and
        /// `m.identity_server`.
        extra_well_known_client_content: Option<Mapping>,
        /// URL of the identity server that clients are recommended.
        default_identity_server: Option<HttpUrl>,
        /// Collect the numbers that a `metrics` resource shows.
        enable_metrics: bool = "false",
    }
    unused {
        /// For media. The limit for requests here is `registrar.http.body_limit`.
        max_upload_size: Checked<Size> = "50M",
    }
}

/// Who the server is and where clients reach it.
pub(crate) struct Server {
    pub(crate) name: ServerName,
    /// Ends with a slash.
    pub(crate) public_baseurl: HttpUrl,
    /// The body of `/.well-known/matrix/client`; `None`: answer 404.
    pub(crate) well_known: Option<Json>,
    pub(crate) metrics: Entry<bool>,
}

/// The keys of the well-known document that have options of their own.
const HOMESERVER: &str = "m.homeserver";
const IDENTITY_SERVER: &str = "m.identity_server";

impl Server {
    /// `None` if the server has no name; that and other mistakes are reported.
    pub(crate) fn read(root: &Section<'_>) -> Option<Self> {
        let keys = ServerKeys::read(root);
        keys.server_name
            .require("is required: the domain of your users' IDs");
        let well_known = read_well_known(&keys);
        let name = keys.server_name.into_value()?;
        let public_baseurl = match keys.public_baseurl.into_value() {
            Some(url) => url,
            None => HttpUrl::parse(&format!("https://{name}")).ok()?,
        };
        Some(Self {
            name,
            public_baseurl: public_baseurl.with_slash(),
            well_known,
            metrics: keys.enable_metrics,
        })
    }
}

fn read_well_known(keys: &ServerKeys) -> Option<Json> {
    let mut document = Map::new();
    let extra = &keys.extra_well_known_client_content;
    for (key, node) in extra.iter().flat_map(Mapping::iter) {
        let instead = match key {
            HOMESERVER => "public_baseurl",
            IDENTITY_SERVER => "default_identity_server",
            _ => {
                document.insert(key.to_owned(), node.to_json());
                continue;
            }
        };
        extra
            .at
            .mistake(format!("cannot set `{key}`: use `{instead}`"));
    }
    if !*keys.serve_client_wellknown {
        return None;
    }
    let base_url = |url: &HttpUrl| json!({ "base_url": url.as_str() });
    let public_baseurl = keys.public_baseurl.clone()?.with_slash();
    document.insert(HOMESERVER.to_owned(), base_url(&public_baseurl));
    if let Some(url) = &*keys.default_identity_server {
        document.insert(IDENTITY_SERVER.to_owned(), base_url(url));
    }
    Some(Json::Object(document))
}
