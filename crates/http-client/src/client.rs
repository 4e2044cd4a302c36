//! Requests and responses: headers, deadlines, limits.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, PROXY_AUTHORIZATION, USER_AGENT,
};
use http::uri::Scheme;
use http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use registrar_domain::model::secret::Secret;
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::connector::Connector;
use crate::encode;
use crate::error::{self, ExchangeError};
use crate::options::{Options, SetupError};
use crate::proxy::Proxy;
use crate::url::HttpUrl;

/// How long an idle connection is kept.
const MAX_IDLE: Duration = Duration::from_secs(30);
/// How many idle connections are kept.
const MAX_IDLE_CONNECTIONS: usize = 4;
/// The longest head of a response, in bytes.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// The most informational responses before the response itself. The HTTP library limits everything
/// else but the body.
const MAX_INFORMATIONAL: usize = 16;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

/// Sends requests to one server.
#[derive(Debug)]
pub struct Client {
    http: legacy::Client<HttpsConnector<Connector>, Full<Bytes>>,
    /// Host and port of the server, for error messages.
    server: String,
    base_url: String,
    /// The headers of every request.
    headers: HeaderMap,
    headers_timeout: Duration,
    total_timeout: Duration,
    max_request_bytes: usize,
    max_response_bytes: usize,
}

impl Client {
    /// Creates a client for the server at an `http` or `https` URL. Paths are appended to the URL
    /// unchanged. Opens no connection, and needs no runtime.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn new(base_url: &str, options: &Options) -> Result<Self, SetupError> {
        let url = HttpUrl::parse(base_url)?.uri();
        let proxy = options
            .proxy
            .as_ref()
            .map(|url| Proxy::parse(url.expose()))
            .transpose()?;
        let headers = headers(options, &url, proxy.as_ref())?;
        let tls = registrar_tls::client_config(&options.extra_root_certificates)?;
        let tcp = Connector::new(proxy, tls.clone(), options.connect_timeout);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let http = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(MAX_IDLE)
            .pool_max_idle_per_host(MAX_IDLE_CONNECTIONS)
            .http1_max_buf_size(MAX_HEAD_BYTES)
            .build(connector);
        Ok(Self {
            http,
            server: url.authority().map(ToString::to_string).unwrap_or_default(),
            base_url: base_url.to_owned(),
            headers,
            headers_timeout: options.headers_timeout,
            total_timeout: options.total_timeout,
            max_request_bytes: options.max_request_bytes,
            max_response_bytes: options.max_response_bytes,
        })
    }

    /// The same client, with a bearer token in every request.
    ///
    /// # Errors
    /// [`SetupError::BearerToken`].
    pub fn with_bearer_token(mut self, token: &Secret<String>) -> Result<Self, SetupError> {
        let bearer = format!("Bearer {}", token.expose());
        let mut value = HeaderValue::from_str(&bearer).map_err(|_| SetupError::BearerToken)?;
        value.set_sensitive(true);
        self.headers.insert(AUTHORIZATION, value);
        Ok(self)
    }

    /// Posts a JSON object. For canonical JSON, declare its fields in alphabetical order.
    ///
    /// # Errors
    /// [`ExchangeError`]; a status that is not a success is no error.
    pub async fn post_json(
        &self,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<Answer, ExchangeError> {
        let body = serde_json::to_vec(body).map_err(|e| ExchangeError::Unsendable(e.into()))?;
        self.post(path, JSON, body.into()).await
    }

    /// Posts the fields of a form.
    ///
    /// # Errors
    /// [`ExchangeError`]; a status that is not a success is no error.
    pub async fn post_form(
        &self,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Result<Answer, ExchangeError> {
        self.post(path, FORM, encode::form(fields).into()).await
    }

    /// Gets a resource.
    ///
    /// # Errors
    /// [`ExchangeError`]; a status that is not a success is no error.
    pub async fn get(&self, path_and_query: &str) -> Result<Answer, ExchangeError> {
        self.exchange(self.request(Method::GET, path_and_query, Bytes::new())?)
            .await
    }

    async fn post(
        &self,
        path: &str,
        content_type: HeaderValue,
        body: Bytes,
    ) -> Result<Answer, ExchangeError> {
        let mut request = self.request(Method::POST, path, body)?;
        request.headers_mut().insert(CONTENT_TYPE, content_type);
        self.exchange(request).await
    }

    fn request(
        &self,
        method: Method,
        path_and_query: &str,
        body: Bytes,
    ) -> Result<Request<Full<Bytes>>, ExchangeError> {
        let url = format!("{}{path_and_query}", self.base_url);
        let max = self.max_request_bytes;
        if url.len() + body.len() > max {
            let reason = format!("the request is longer than {max} bytes");
            return Err(ExchangeError::Unsendable(reason.into()));
        }
        let uri: Uri = url
            .parse()
            .map_err(|e: http::uri::InvalidUri| ExchangeError::Unsendable(e.into()))?;
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        *request.headers_mut() = self.headers.clone();
        Ok(request)
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Answer, ExchangeError> {
        let exchange = async {
            let response = timeout(self.headers_timeout, self.response(request))
                .await
                .map_err(|_elapsed| ExchangeError::TimedOut)??;
            let status = response.status();
            tracing::debug!(http.status = status.as_u16(), "response received");
            let body = Limited::new(response.into_body(), self.max_response_bytes)
                .collect()
                .await
                .map_err(|e| error::body_error(e, self.max_response_bytes))?
                .to_bytes();
            Ok(Answer { status, body })
        };
        timeout(self.total_timeout, exchange)
            .await
            .unwrap_or(Err(ExchangeError::TimedOut))
    }

    /// Waits for the head of the response, unless too many informational responses come first.
    async fn response(
        &self,
        mut request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, ExchangeError> {
        let (seen, too_many) = (AtomicUsize::new(0), Arc::new(Notify::new()));
        let notify = Arc::clone(&too_many);
        hyper::ext::on_informational(&mut request, move |_| {
            if seen.fetch_add(1, Ordering::Relaxed) == MAX_INFORMATIONAL {
                notify.notify_one();
            }
        });
        tokio::select! {
            response = self.http.request(request) => {
                response.map_err(|e| error::request_error(&e, &self.server))
            }
            () = too_many.notified() => {
                let why = format!("{}: more than {MAX_INFORMATIONAL} informational responses", self.server);
                Err(ExchangeError::Failed(why.into()))
            }
        }
    }
}

/// A complete response.
pub struct Answer {
    status: StatusCode,
    body: Bytes,
}

impl Answer {
    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The body, if it is JSON.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The body, if it is a JSON object, parsed and as text.
    pub fn object(&self) -> Option<(Map<String, Value>, String)> {
        let text = std::str::from_utf8(&self.body).ok()?;
        let object = serde_json::from_str(text).ok()?;
        Some((object, text.to_owned()))
    }
}

fn headers(options: &Options, url: &Uri, proxy: Option<&Proxy>) -> Result<HeaderMap, SetupError> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, JSON);
    let user_agent = HeaderValue::from_str(&options.user_agent);
    headers.insert(USER_AGENT, user_agent.map_err(|_| SetupError::UserAgent)?);
    // For `https`, this header belongs to the CONNECT request; the server must not see it.
    if url.scheme() == Some(&Scheme::HTTP)
        && let Some(authorization) = proxy.and_then(Proxy::authorization)
    {
        headers.insert(PROXY_AUTHORIZATION, authorization.clone());
    }
    Ok(headers)
}
