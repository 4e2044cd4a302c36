//! [`ROUTES`]: every endpoint in one table, and how a request finds its own.
//!
//! Paths are compared as they come: an escaped slash is no slash, a trailing one makes another
//! path, and `..` is a name like any other.

mod pattern;

use std::collections::{BTreeSet, HashMap};
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::header::ALLOW;
use http::{HeaderValue, Method, StatusCode};

use crate::app::{App, Reply};
use crate::endpoint::{
    account, admin, auth_fallback, capabilities, consent, devices, health, login, logout, metrics,
    password_policy, profile, refresh, register, submit_token, versions, well_known,
};
use crate::error::{ErrCode, MatrixError};
use crate::options::Resource;
use crate::request::{Parameters, Request};
use crate::response::Response;

use Verb::{Delete, Get, Post, Put};
use pattern::{Ending, Pattern};

/// Makes a [`Handler`] of an async function, so that it fits into a table.
macro_rules! run {
    ($handle:path) => {
        |app, request| Box::pin($handle(app, request))
    };
}

const ROOT: &[&str] = &[""];
const UNVERSIONED: &[&str] = &["/_matrix/client"];
const R0_V3_UNSTABLE: &[&str] = &[
    "/_matrix/client/r0",
    "/_matrix/client/v3",
    "/_matrix/client/unstable",
];
const UNSTABLE: &[&str] = &["/_matrix/client/unstable"];
const V1_UNSTABLE: &[&str] = &["/_matrix/client/v1", "/_matrix/client/unstable"];
const ADMIN: &[&str] = &["/_synapse/admin/v1"];
const FALLBACK: &str = "/auth/{auth_type}/fallback/web";
const CONSENT: &str = "/_matrix/consent";
const PASSWORD_RESET: &str = "/_synapse/client/password_reset/email/submit_token";
const ADMIN_V2: &[&str] = &["/_synapse/admin/v2"];
const ADMIN_V3: &[&str] = &["/_synapse/admin/v3"];
/// Asking who somebody is belongs to both worlds.
const WHOIS: &[&str] = &[
    "/_synapse/admin/v1",
    "/_matrix/client/api/v1/admin",
    "/_matrix/client/r0/admin",
    "/_matrix/client/v3/admin",
    "/_matrix/client/unstable/admin",
];
/// Where the reference has its numbers, and where every other program has them.
const METRICS: &[&str] = &["/_synapse/metrics", "/metrics"];
const REGISTRATION_TOKEN: &str = "/registration_tokens/{token}";
/// Where logging in has been since before versions were numbered.
const API_V1_AND_LATER: &[&str] = &[
    "/_matrix/client/api/v1",
    "/_matrix/client/r0",
    "/_matrix/client/v3",
    "/_matrix/client/unstable",
];
/// Refreshing was born under `v1`, and some clients still look for it there.
const V1_AND_LATER: &[&str] = &[
    "/_matrix/client/v1",
    "/_matrix/client/r0",
    "/_matrix/client/v3",
    "/_matrix/client/unstable",
];

/// Every endpoint: method, where its path begins, how it goes on, and what answers.
pub(crate) const ROUTES: &[Route] = &[
    Route::new(Get, ROOT, "/health", run!(health::get))
        .named("HealthResource")
        .of(Resource::Health)
        .quiet(),
    Route::new(Get, METRICS, "", run!(metrics::get))
        .named("MetricsResource")
        .of(Resource::Metrics)
        .quiet(),
    Route::new(
        Get,
        ROOT,
        "/.well-known/matrix/client",
        run!(well_known::get),
    )
    .named("ClientWellKnownResource"),
    Route::new(Get, UNVERSIONED, "/versions", run!(versions::get)).named("VersionsRestServlet"),
    // Registration.
    Route::new(Post, R0_V3_UNSTABLE, "/register", run!(register::post))
        .named("RegisterRestServlet"),
    Route::new(
        Get,
        R0_V3_UNSTABLE,
        "/register/available",
        run!(register::available::get),
    )
    .named("UsernameAvailabilityRestServlet")
    .open(),
    Route::new(
        Get,
        R0_V3_UNSTABLE,
        "/password_policy",
        run!(password_policy::get),
    )
    .named("PasswordPolicyServlet"),
    Route::new(
        Get,
        V1_UNSTABLE,
        "/register/m.login.registration_token/validity",
        run!(register::token_validity::get),
    )
    .named("RegistrationTokenValidityRestServlet")
    .open(),
    Route::new(
        Post,
        R0_V3_UNSTABLE,
        "/register/email/requestToken",
        run!(register::request_token::email),
    )
    .named("EmailRegisterRequestTokenRestServlet"),
    Route::new(
        Post,
        R0_V3_UNSTABLE,
        "/register/msisdn/requestToken",
        run!(register::request_token::msisdn),
    )
    .named("MsisdnRegisterRequestTokenRestServlet"),
    // The links in mails, and the codes of text messages.
    Route::new(
        Get,
        UNSTABLE,
        "/registration/{medium}/submit_token",
        run!(submit_token::registration),
    ),
    Route::new(
        Get,
        UNSTABLE,
        "/add_threepid/email/submit_token",
        run!(submit_token::addition),
    ),
    Route::new(Get, ROOT, PASSWORD_RESET, run!(submit_token::confirm_reset)),
    Route::new(Post, ROOT, PASSWORD_RESET, run!(submit_token::reset)),
    Route::new(
        Post,
        UNSTABLE,
        "/add_threepid/msisdn/submit_token",
        run!(submit_token::msisdn),
    )
    .named("AddThreepidMsisdnSubmitTokenServlet"),
    Route::new(Get, R0_V3_UNSTABLE, FALLBACK, run!(auth_fallback::get))
        .named("AuthRestServlet")
        .open(),
    Route::new(Post, R0_V3_UNSTABLE, FALLBACK, run!(auth_fallback::post))
        .named("AuthRestServlet")
        .open(),
    // The operator's policy.
    Route::new(Get, ROOT, CONSENT, run!(consent::get))
        .named("ConsentResource")
        .of(Resource::Consent),
    Route::new(Post, ROOT, CONSENT, run!(consent::post))
        .named("ConsentResource")
        .of(Resource::Consent),
    // Logging in and out.
    Route::new(Get, API_V1_AND_LATER, "/login", run!(login::get)).named("LoginRestServlet"),
    Route::new(Post, API_V1_AND_LATER, "/login", run!(login::post)).named("LoginRestServlet"),
    Route::new(Post, API_V1_AND_LATER, "/logout", run!(logout::one)).named("LogoutRestServlet"),
    Route::new(Post, API_V1_AND_LATER, "/logout/all", run!(logout::all))
        .named("LogoutAllRestServlet"),
    Route::new(Post, V1_AND_LATER, "/refresh", run!(refresh::post)).named("RefreshTokenServlet"),
    // The account and its devices.
    Route::new(
        Get,
        R0_V3_UNSTABLE,
        "/account/whoami",
        run!(account::whoami::get),
    )
    .named("WhoamiRestServlet"),
    Route::new(
        Post,
        R0_V3_UNSTABLE,
        "/account/password",
        run!(account::password::post),
    ),
    Route::new(
        Post,
        R0_V3_UNSTABLE,
        "/account/password/email/requestToken",
        run!(account::password::request_token::email),
    ),
    Route::new(
        Post,
        R0_V3_UNSTABLE,
        "/account/password/msisdn/requestToken",
        run!(account::password::request_token::msisdn),
    ),
    Route::new(
        Post,
        R0_V3_UNSTABLE,
        "/account/deactivate",
        run!(account::deactivate::post),
    ),
    Route::new(
        Get,
        R0_V3_UNSTABLE,
        "/account/3pid",
        run!(account::threepid::get),
    ),
    Route::new(
        Post,
        R0_V3_UNSTABLE,
        "/account/3pid",
        run!(account::threepid::post),
    ),
    Route::new(
        Post,
        R0_V3_UNSTABLE,
        "/account/3pid/add",
        run!(account::threepid::add),
    ),
    Route::new(
        Post,
        R0_V3_UNSTABLE,
        "/account/3pid/bind",
        run!(account::threepid::bind),
    ),
    Route::new(
        Post,
        R0_V3_UNSTABLE,
        "/account/3pid/unbind",
        run!(account::threepid::unbind),
    ),
    Route::new(
        Post,
        R0_V3_UNSTABLE,
        "/account/3pid/delete",
        run!(account::threepid::delete),
    ),
    Route::new(
        Post,
        R0_V3_UNSTABLE,
        "/account/3pid/email/requestToken",
        run!(account::threepid::request_token::email),
    ),
    Route::new(
        Post,
        R0_V3_UNSTABLE,
        "/account/3pid/msisdn/requestToken",
        run!(account::threepid::request_token::msisdn),
    ),
    Route::new(
        Get,
        R0_V3_UNSTABLE,
        "/capabilities",
        run!(capabilities::get),
    )
    .named("CapabilitiesRestServlet"),
    Route::new(Get, R0_V3_UNSTABLE, "/devices", run!(devices::list)).named("DevicesRestServlet"),
    Route::new(
        Get,
        R0_V3_UNSTABLE,
        "/devices/{device_id}",
        run!(devices::get),
    )
    .named("DeviceRestServlet"),
    Route::new(
        Put,
        R0_V3_UNSTABLE,
        "/devices/{device_id}",
        run!(devices::put),
    )
    .named("DeviceRestServlet"),
    Route::new(
        Delete,
        R0_V3_UNSTABLE,
        "/devices/{device_id}",
        run!(devices::delete),
    )
    .named("DeviceRestServlet"),
    Route::new(
        Post,
        R0_V3_UNSTABLE,
        "/delete_devices",
        run!(devices::delete_several),
    )
    .named("DeleteDevicesRestServlet"),
    Route::new(
        Get,
        R0_V3_UNSTABLE,
        "/profile/{user_id}/displayname",
        run!(profile::display_name),
    )
    .named("ProfileDisplaynameRestServlet"),
    // Operators.
    Route::new(Get, ADMIN, "/register", run!(admin::register::get)).named("UserRegisterServlet"),
    Route::new(Post, ADMIN, "/register", run!(admin::register::post)).named("UserRegisterServlet"),
    Route::new(
        Get,
        ADMIN,
        "/registration_tokens",
        run!(admin::registration_tokens::list),
    )
    .named("ListRegistrationTokensRestServlet"),
    Route::new(
        Post,
        ADMIN,
        "/registration_tokens/new",
        run!(admin::registration_tokens::create),
    )
    .named("NewRegistrationTokenRestServlet"),
    Route::new(
        Get,
        ADMIN,
        REGISTRATION_TOKEN,
        run!(admin::registration_tokens::get),
    )
    .named("RegistrationTokenRestServlet"),
    Route::new(
        Put,
        ADMIN,
        REGISTRATION_TOKEN,
        run!(admin::registration_tokens::put),
    )
    .named("RegistrationTokenRestServlet"),
    Route::new(
        Delete,
        ADMIN,
        REGISTRATION_TOKEN,
        run!(admin::registration_tokens::delete),
    )
    .named("RegistrationTokenRestServlet"),
    Route::new(
        Get,
        ADMIN,
        "/server_version",
        run!(admin::server_version::get),
    ),
    Route::new(
        Get,
        ADMIN,
        "/username_available",
        run!(admin::username_available::get),
    ),
    Route::new(
        Get,
        ADMIN,
        "/threepid/{medium}/users/{address}",
        run!(admin::threepid::get),
    ),
    Route::new(Get, WHOIS, "/whois/{user_id}", run!(admin::whois::get)),
    Route::new(
        Post,
        ADMIN,
        "/deactivate/{user_id}",
        run!(admin::deactivate::post),
    ),
    Route::new(
        Post,
        ADMIN,
        "/reset_password/{user_id}",
        run!(admin::reset_password::post),
    ),
    Route::new(
        Get,
        ADMIN,
        "/users/{user_id}/admin",
        run!(admin::users::admin::get),
    ),
    Route::new(
        Put,
        ADMIN,
        "/users/{user_id}/admin",
        run!(admin::users::admin::put),
    ),
    Route::new(
        Post,
        ADMIN,
        "/users/{user_id}/login",
        run!(admin::users::login::post),
    ),
    Route::new(
        Get,
        ADMIN,
        "/users/{user_id}/joined_rooms",
        run!(admin::users::joined_rooms::get),
    ),
    Route::new(Get, ADMIN_V2, "/users", run!(admin::users::list_v2)),
    Route::new(Get, ADMIN_V3, "/users", run!(admin::users::list_v3)),
    Route::new(Get, ADMIN_V2, "/users/{user_id}", run!(admin::users::get)),
    Route::new(Put, ADMIN_V2, "/users/{user_id}", run!(admin::users::put)),
    Route::new(
        Get,
        ADMIN_V2,
        "/users/{user_id}/devices",
        run!(admin::users::devices::list),
    ),
    Route::new(
        Get,
        ADMIN_V2,
        "/users/{user_id}/devices/{device_id}",
        run!(admin::users::devices::get),
    ),
    Route::new(
        Delete,
        ADMIN_V2,
        "/users/{user_id}/devices/{device_id}",
        run!(admin::users::devices::delete),
    ),
    Route::new(
        Post,
        ADMIN_V2,
        "/users/{user_id}/delete_devices",
        run!(admin::users::devices::delete_several),
    ),
];

/// What answers a request.
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
    /// What answers, by name, for those who count; the reference's name where it has one.
    servlet: &'static str,
    handler: Handler,
}

/// How loudly the requests of a route are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Logging {
    /// A line a request.
    Normal,
    /// A line a request for those who debug, because probes ask every few seconds.
    Quiet,
}

impl Route {
    /// An endpoint for clients. In `path`, `{name}` stands for anything up to the next slash, and for
    /// nothing at all too.
    pub(crate) const fn new(
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
            servlet: "",
            handler,
        }
    }

    /// Is counted under this name. Every line of the table has one.
    const fn named(mut self, servlet: &'static str) -> Self {
        self.servlet = servlet;
        self
    }

    /// The name that requests are counted under.
    pub(crate) fn servlet(&self) -> &'static str {
        self.servlet
    }

    /// Longer paths match too. The reference does not anchor some of its patterns, and clients have
    /// come to send, for example, a trailing slash.
    const fn open(mut self) -> Self {
        self.ending = Ending::Open;
        self
    }

    /// Belongs to another resource than `client`.
    const fn of(mut self, resource: Resource) -> Self {
        self.resource = resource;
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

/// A path with everything that answers there.
pub(crate) struct Place {
    /// The path as the table has it, for logs.
    pub(crate) pattern: String,
    pub(crate) logging: Logging,
    answers: Vec<Answerer>,
}

/// What answers one method of a place.
#[derive(Clone, Copy)]
struct Answerer {
    verb: Verb,
    servlet: &'static str,
    handler: Handler,
}

/// Where a request belongs, as an extension of it.
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
            let is_api = ["/_matrix", "/_synapse"].into_iter().any(|tree| {
                path.strip_prefix(tree)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            });
            if is_api {
                Destination::UnknownEndpoint
            } else {
                Destination::UnknownPage
            }
        })
    }
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

    /// 405, with what would have been allowed.
    fn refuse_method(&self) -> Response {
        let mut allowed: Vec<_> = self.answers.iter().map(|it| it.verb.allow()).collect();
        allowed.push("OPTIONS");
        let error = MatrixError::new(
            StatusCode::METHOD_NOT_ALLOWED,
            ErrCode::Unrecognized,
            "this endpoint does not know this method",
        );
        let mut response = error.into_response();
        let allowed = HeaderValue::try_from(allowed.join(", "))
            .expect("methods, commas and spaces make a header value");
        response.headers_mut().insert(ALLOW, allowed);
        response
    }
}

/// Answers a request that has found its destination.
pub(crate) async fn dispatch(app: Arc<App>, mut request: http::Request<Bytes>) -> Response {
    let destination = request.extensions_mut().remove::<Destination>();
    let (place, parameters) = match destination {
        Some(Destination::Place(place, parameters)) => (place, parameters),
        Some(Destination::UnknownEndpoint) => return MatrixError::unrecognized().into_response(),
        Some(Destination::UnknownPage) | None => return unknown_page(&app),
    };
    let Some(handler) = place.handler(request.method()) else {
        return place.refuse_method();
    };
    let (head, body) = request.into_parts();
    let request = Request::new(head, body, parameters);
    handler(&app, &request)
        .await
        .unwrap_or_else(MatrixError::into_response)
}

fn unknown_page(app: &App) -> Response {
    app.pages.refuse(&MatrixError::new(
        StatusCode::NOT_FOUND,
        ErrCode::NotFound,
        "there is no such page",
    ))
}

#[cfg(test)]
mod tests;
