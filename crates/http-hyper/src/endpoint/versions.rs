//! `GET /_matrix/client/versions`
//!
//! Only a server that stands alone is asked: in front of a homeserver its own answer counts.
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#get_matrixclientversions>

use http::HeaderValue;
use http::header::{CACHE_CONTROL, VARY};
use registrar_domain::usecase::token::authenticate::Bearer;
use serde::Serialize;

use crate::app::{App, Reply};
use crate::request::Request;
use crate::response;

/// The versions of the specification whose accounts, logins and tokens this server implements.
const VERSIONS: &[&str] = &[
    "r0.0.1", "r0.1.0", "r0.2.0", "r0.3.0", "r0.4.0", "r0.5.0", "r0.6.0", "r0.6.1", "v1.1", "v1.2",
    "v1.3", "v1.4", "v1.5", "v1.6", "v1.7", "v1.8", "v1.9", "v1.10", "v1.11", "v1.12",
];

#[derive(Serialize)]
struct Body {
    versions: &'static [&'static str],
    unstable_features: UnstableFeatures,
}

/// None, but clients want to see the object.
#[derive(Serialize)]
struct UnstableFeatures {}

pub(crate) async fn get(_app: &App, request: &Request) -> Reply {
    let body = Body {
        versions: VERSIONS,
        unstable_features: UnstableFeatures {},
    };
    let mut response = response::ok(&body);
    if request.bearer() == Bearer::Absent {
        let cached = "public, max-age=600, s-maxage=3600, stale-while-revalidate=600";
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(cached));
        headers.insert(VARY, HeaderValue::from_static("Authorization"));
    }
    Ok(response)
}
