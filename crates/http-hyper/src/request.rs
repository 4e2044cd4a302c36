//! [`Request`]: a request as its endpoint reads it.

mod arguments;
mod bearer;
mod client;
mod field;
mod json;
mod parameters;

use std::fmt;
use std::sync::OnceLock;

use bytes::Bytes;
use http::{HeaderMap, Method, request};
use registrar_domain::model::context::RequestContext;
use registrar_domain::model::given::Given;
use registrar_domain::usecase::token::authenticate::Bearer;
use serde_json::{Map, Value};

pub use client::{Forwarding, Peer};

pub(crate) use arguments::{Arguments, decoded, has_media_type, pairs};
pub(crate) use client::{ClientIp, Share, Subscriber, context};
pub(crate) use field::{Field, field};
pub(crate) use json::{Fields, JsonError, decode};
pub(crate) use parameters::Parameters;

use crate::error::MatrixError;

/// A request with its whole body. Reading a field never fails: each method returns what was found.
pub(crate) struct Request {
    head: request::Parts,
    body: Bytes,
    parameters: Parameters,
    context: RequestContext,
    // Decoded at the first look, because the order in which clients hear complaints is the endpoint's.
    json: OnceLock<Result<Map<String, Value>, JsonError>>,
}

impl Request {
    pub(crate) fn new(head: request::Parts, body: Bytes, parameters: Parameters) -> Self {
        let context = context(&head.method, &head.headers, &head.extensions);
        Self {
            head,
            body,
            parameters,
            context,
            json: OnceLock::new(),
        }
    }

    /// The request method, `HEAD` included.
    pub(crate) fn method(&self) -> &Method {
        &self.head.method
    }

    /// The path and the query, byte for byte.
    pub(crate) fn target(&self) -> &str {
        self.head
            .uri
            .path_and_query()
            .map_or("", |target| target.as_str())
    }

    /// The headers.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The part of the path that the route calls `name`, decoded; bytes that are not UTF-8 are
    /// replaced.
    ///
    /// # Panics
    /// When the route has no such part.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        self.parameters
            .get(name)
            .expect("the endpoint asks for what its route captures")
    }

    /// The client, as the use-cases see it.
    pub(crate) fn context(&self) -> &RequestContext {
        &self.context
    }

    /// The query arguments, and before them those of a form.
    pub(crate) fn arguments(&self) -> Arguments<'_> {
        let query = self.head.uri.query().unwrap_or_default();
        Arguments::of(&self.head.method, &self.head.headers, query, &self.body)
    }

    /// One argument; malformed when it is not ASCII.
    pub(crate) fn argument(&self, name: &str) -> Given<String> {
        self.arguments().get(name)
    }

    /// The access token.
    pub(crate) fn bearer(&self) -> Bearer {
        bearer::extract(&self.head.headers, self.arguments())
    }

    /// The body as a JSON object.
    ///
    /// # Errors
    /// 400 `M_NOT_JSON` or `M_BAD_JSON`.
    pub(crate) fn json(&self) -> Result<Fields<'_>, MatrixError> {
        match self.json.get_or_init(|| decode(&self.body)) {
            Ok(object) => Ok(Fields::of(object)),
            Err(error) => Err((*error).into()),
        }
    }

    /// The body as a JSON object, where no body at all counts as `{}`.
    ///
    /// # Errors
    /// 400 `M_NOT_JSON` or `M_BAD_JSON`.
    pub(crate) fn json_or_nothing(&self) -> Result<Fields<'_>, MatrixError> {
        if self.body.is_empty() {
            return Ok(Fields::empty());
        }
        self.json()
    }

    /// The body as a JSON object, where what is not JSON counts as `{}`: the methods that use this
    /// once had no body, and old clients still send none, or anything.
    ///
    /// # Errors
    /// 400 `M_BAD_JSON`.
    pub(crate) fn json_or_empty(&self) -> Result<Fields<'_>, MatrixError> {
        match self.json.get_or_init(|| decode(&self.body)) {
            Err(JsonError::NotJson) => Ok(Fields::empty()),
            Ok(_) | Err(JsonError::NotAnObject) => self.json(),
        }
    }
}

impl fmt::Debug for Request {
    /// Shows nothing that a client wrote: it may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.head.method)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
