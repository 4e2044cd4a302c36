//! Finds the endpoint of a request in the table of [`ROUTES`].
//!
//! Paths are compared as they come: an escaped slash is no slash, a trailing one makes another
//! path, and `..` is a name like any other. Only what kind of 404 an unknown path gets is decided
//! by what its client seems to have meant.

mod pattern;
#[macro_use]
mod routes;

use std::collections::{BTreeSet, HashMap};
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, ALLOW};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use percent_encoding::percent_decode_str;

use crate::app::{App, Reply};
use crate::error::{ErrCode, MatrixError};
use crate::options::Resource;
use crate::request::{Parameters, Request};
use crate::response::Response;

use Verb::{Delete, Get, Post, Put};
use pattern::{Ending, Pattern};
pub(crate) use routes::ROUTES;

/// The function that handles a request.
pub(crate) type Handler =
    for<'a> fn(&'a App, &'a Request) -> Pin<Box<dyn Future<Output = Reply> + Send + 'a>>;

/// A line of [`ROUTES`].
#[derive(Clone, Copy)]
pub(crate) struct Route {
    verb: Verb,
    bases: &'static [&'static str],
    path: &'static str,
    ending: Ending,
    resource: Resource,
    logging: Logging,
    readers: Readers,
    /// The name that requests are counted under: Synapse's where Synapse has the endpoint.
    servlet: &'static str,
    handler: Handler,
}

/// How the requests of a route are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Logging {
    /// At level `info`.
    Normal,
    /// At level `debug`, because probes send requests every few seconds.
    Quiet,
}

/// Who reads the responses of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Readers {
    /// Programs: refusals are JSON.
    Programs,
    /// People in a browser: refusals are pages, wherever a page is accepted.
    People,
}

impl Route {
    /// An endpoint for clients. In `path`, `{name}` matches anything up to the next slash, including
    /// nothing. Requests are counted under the name of the `servlet`, which is Synapse's where Synapse has
    /// the endpoint.
    pub(crate) const fn new(
        servlet: &'static str,
        verb: Verb,
        bases: &'static [&'static str],
        path: &'static str,
        handler: Handler,
    ) -> Self {
        Self {
            verb,
            bases,
            path,
            ending: Ending::Exact,
            resource: Resource::Client,
            logging: Logging::Normal,
            readers: Readers::Programs,
            servlet,
            handler,
        }
    }

    /// The method and every path, as the table has them.
    pub(crate) fn endpoints(&self) -> impl Iterator<Item = (&'static str, String)> {
        let (name, path) = (self.verb.name(), self.path);
        self.bases
            .iter()
            .map(move |base| (name, format!("{base}{path}")))
    }

    /// The name that requests are counted under.
    pub(crate) fn servlet(&self) -> &'static str {
        self.servlet
    }

    /// Longer paths match too. Synapse does not anchor some of its patterns, and some clients send, for
    /// example, a trailing slash.
    const fn open(mut self) -> Self {
        self.ending = Ending::Open;
        self
    }

    /// Belongs to another resource than [`Resource::Client`].
    const fn of(mut self, resource: Resource) -> Self {
        self.resource = resource;
        self
    }

    /// Is opened in a browser.
    const fn page(mut self) -> Self {
        self.readers = Readers::People;
        self
    }

    const fn quiet(mut self) -> Self {
        self.logging = Logging::Quiet;
        self
    }
}

/// The methods that endpoints have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Post,
    Put,
    Delete,
}

impl Verb {
    fn of(method: &Method) -> Option<Self> {
        match *method {
            Method::GET | Method::HEAD => Some(Get),
            Method::POST => Some(Post),
            Method::PUT => Some(Put),
            Method::DELETE => Some(Delete),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Get => "GET",
            Post => "POST",
            Put => "PUT",
            Delete => "DELETE",
        }
    }

    const fn allow(self) -> &'static str {
        match self {
            Get => "GET, HEAD",
            Post => "POST",
            Put => "PUT",
            Delete => "DELETE",
        }
    }
}

/// The routes of a listener.
pub(crate) struct Router {
    exact: HashMap<String, Arc<Place>>,
    patterns: Vec<(Pattern, Arc<Place>)>,
}

/// A path with the handlers of its methods.
pub(crate) struct Place {
    /// The path as the table has it, for logs.
    pub(crate) pattern: String,
    pub(crate) logging: Logging,
    readers: Readers,
    answers: Vec<Answerer>,
}

/// The handler of one method.
#[derive(Clone, Copy)]
struct Answerer {
    verb: Verb,
    servlet: &'static str,
    handler: Handler,
}

/// The route of a request, as an extension of it.
#[derive(Clone)]
pub(crate) enum Destination {
    /// A known path.
    Place(Arc<Place>, Parameters),
    /// An unknown path among those of the API.
    UnknownEndpoint,
    /// An unknown path elsewhere.
    UnknownPage,
}

impl Router {
    /// The routes of the table that belong to these resources.
    pub(crate) fn new(routes: &[Route], resources: &BTreeSet<Resource>) -> Self {
        let mut places: Vec<(Pattern, Place)> = Vec::new();
        for route in routes
            .iter()
            .filter(|route| resources.contains(&route.resource))
        {
            for base in route.bases {
                let text = format!("{base}{}", route.path);
                let answer = Answerer {
                    verb: route.verb,
                    servlet: route.servlet,
                    handler: route.handler,
                };
                if let Some((_, place)) = places.iter_mut().find(|(_, it)| it.pattern == text) {
                    place.answers.push(answer);
                    continue;
                }
                let pattern = Pattern::parse(&format!("{base}{}", route.path), route.ending);
                let place = Place {
                    pattern: text,
                    logging: route.logging,
                    readers: route.readers,
                    answers: vec![answer],
                };
                places.push((pattern, place));
            }
        }
        let mut router = Self {
            exact: HashMap::new(),
            patterns: Vec::new(),
        };
        for (pattern, place) in places {
            let place = Arc::new(place);
            if pattern.is_literal() {
                router.exact.insert(place.pattern.clone(), place);
            } else {
                router.patterns.push((pattern, place));
            }
        }
        router
    }

    /// Finds where a path belongs.
    pub(crate) fn find(&self, path: &str) -> Destination {
        if let Some(place) = self.exact.get(path) {
            return Destination::Place(Arc::clone(place), Parameters::default());
        }
        let matched = self.patterns.iter().find_map(|(pattern, place)| {
            let parameters = pattern.matches(path)?;
            Some(Destination::Place(Arc::clone(place), parameters))
        });
        matched.unwrap_or_else(|| {
            if is_api(path) {
                Destination::UnknownEndpoint
            } else {
                Destination::UnknownPage
            }
        })
    }
}

/// Is an unknown path among those that programs ask for? They get JSON. A base URL that ends in a
/// slash makes clients ask for `//_matrix/…`, and some escape too much.
fn is_api(path: &str) -> bool {
    let path = percent_decode_str(path).decode_utf8_lossy();
    let mut names = path.trim_start_matches('/').split('/');
    path.starts_with('/')
        && names
            .next()
            .is_some_and(|first| ["_matrix", "_synapse", "health", ".well-known"].contains(&first))
}

impl Place {
    /// The name of what answers a method.
    pub(crate) fn servlet(&self, method: &Method) -> Option<&'static str> {
        self.answer(method).map(|it| it.servlet)
    }

    fn handler(&self, method: &Method) -> Option<Handler> {
        self.answer(method).map(|it| it.handler)
    }

    fn answer(&self, method: &Method) -> Option<&Answerer> {
        let verb = Verb::of(method)?;
        self.answers.iter().find(|it| it.verb == verb)
    }

    /// 405 with the allowed methods.
    fn refuse_method(&self, app: &App, headers: &HeaderMap) -> Response {
        let mut allowed: Vec<_> = self.answers.iter().map(|it| it.verb.allow()).collect();
        allowed.push("OPTIONS");
        let error = MatrixError::new(
            StatusCode::METHOD_NOT_ALLOWED,
            ErrCode::Unrecognized,
            "method not allowed",
        );
        let mut response = self.refuse(app, headers, error);
        let allowed = HeaderValue::try_from(allowed.join(", "))
            .expect("methods, commas and spaces make a header value");
        response.headers_mut().insert(ALLOW, allowed);
        response
    }

    /// An error as JSON, or as a page for a browser.
    fn refuse(&self, app: &App, headers: &HeaderMap, error: MatrixError) -> Response {
        match self.readers {
            Readers::People if accepts_pages(headers) => app.pages.refuse(&error),
            Readers::People | Readers::Programs => error.into_response(),
        }
    }
}

/// Does a browser send the request? Browsers accept HTML explicitly; programs accept anything.
fn accepts_pages(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter();
    accepted
        .filter_map(|value| value.to_str().ok())
        .any(|value| {
            value.split(',').any(|range| {
                let media_type = range.split(';').next().unwrap_or_default().trim();
                media_type.eq_ignore_ascii_case("text/html")
            })
        })
}

/// Handles a request whose route is known.
pub(crate) async fn dispatch(app: Arc<App>, mut request: http::Request<Bytes>) -> Response {
    let destination = request.extensions_mut().remove::<Destination>();
    let (place, parameters) = match destination {
        Some(Destination::Place(place, parameters)) => (place, parameters),
        Some(Destination::UnknownEndpoint) => return MatrixError::unrecognized().into_response(),
        Some(Destination::UnknownPage) | None => return unknown_page(&app),
    };
    let Some(handler) = place.handler(request.method()) else {
        return place.refuse_method(&app, request.headers());
    };
    let (head, body) = request.into_parts();
    let request = Request::new(head, body, parameters);
    handler(&app, &request)
        .await
        .unwrap_or_else(|error| place.refuse(&app, request.headers(), error))
}

fn unknown_page(app: &App) -> Response {
    app.pages.refuse(&MatrixError::new(
        StatusCode::NOT_FOUND,
        ErrCode::NotFound,
        "page not found",
    ))
}

#[cfg(test)]
mod tests;
