//! Requests and answers as all calls share them: headers, deadlines, limits.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, PROXY_AUTHORIZATION, USER_AGENT,
};
use http::uri::Scheme;
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use registrar_domain::ports::IdentityServerError;
use rustls::{ClientConfig, RootCertStore};
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::time::timeout;

use crate::connector::{Connector, Proxy};
use crate::error::{self, Nonsense};
use crate::options::{self, Api, Options, SetupError};

/// How long an unused connection is kept.
const MAX_IDLE: Duration = Duration::from_secs(30);
/// How many unused connections are kept.
const MAX_IDLE_CONNECTIONS: usize = 4;
/// The longest head of an answer, in bytes.
const MAX_HEAD_BYTES: usize = 64 * 1024;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Talks to one identity server.
#[derive(Debug)]
pub(crate) struct Client {
    http: legacy::Client<HttpsConnector<Connector>, Full<Bytes>>,
    /// The base URL and the API's prefix.
    base: String,
    /// What every request carries.
    headers: HeaderMap,
    headers_timeout: Duration,
    total_timeout: Duration,
    max_response_bytes: usize,
}

impl Client {
    /// # Errors
    /// [`SetupError`].
    pub(crate) fn new(options: &Options) -> Result<Self, SetupError> {
        let base_url = options::check_base_url(&options.base_url)?;
        let proxy = options
            .proxy
            .as_ref()
            .map(|url| Proxy::parse(url.expose()))
            .transpose()?;
        let headers = headers(options, &base_url, proxy.as_ref())?;
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls(&options.extra_root_certificates)?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(Connector::new(proxy, options.connect_timeout));
        let http = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(MAX_IDLE)
            .pool_max_idle_per_host(MAX_IDLE_CONNECTIONS)
            .http1_max_buf_size(MAX_HEAD_BYTES)
            .build(connector);
        Ok(Self {
            http,
            base: format!("{}{}", options.base_url, options.api.prefix()),
            headers,
            headers_timeout: options.headers_timeout,
            total_timeout: options.total_timeout,
            max_response_bytes: options.max_response_bytes,
        })
    }

    /// Posts a JSON object. For canonical JSON its fields must be declared in alphabetical order.
    ///
    /// # Errors
    /// [`IdentityServerError`], never for what the answer says.
    pub(crate) async fn post(
        &self,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<Answer, IdentityServerError> {
        let body = serde_json::to_vec(body).map_err(|e| IdentityServerError::Unusable(e.into()))?;
        let mut request = self.request(Method::POST, path, body.into())?;
        request.headers_mut().insert(CONTENT_TYPE, JSON);
        self.exchange(request).await
    }

    /// Gets a resource.
    ///
    /// # Errors
    /// [`IdentityServerError`], never for what the answer says.
    pub(crate) async fn get(&self, path_and_query: &str) -> Result<Answer, IdentityServerError> {
        self.exchange(self.request(Method::GET, path_and_query, Bytes::new())?)
            .await
    }

    fn request(
        &self,
        method: Method,
        path_and_query: &str,
        body: Bytes,
    ) -> Result<Request<Full<Bytes>>, IdentityServerError> {
        let uri: Uri = format!("{}{path_and_query}", self.base)
            .parse()
            .map_err(|e: http::uri::InvalidUri| IdentityServerError::Unusable(e.into()))?;
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        *request.headers_mut() = self.headers.clone();
        Ok(request)
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Answer, IdentityServerError> {
        let exchange = async {
            let response = timeout(self.headers_timeout, self.http.request(request))
                .await
                .map_err(|_elapsed| IdentityServerError::TimedOut)?
                .map_err(error::request_error)?;
            let status = response.status();
            tracing::debug!(http.status = status.as_u16(), "the identity server answers");
            let body = Limited::new(response.into_body(), self.max_response_bytes)
                .collect()
                .await
                .map_err(|e| error::body_error(e, self.max_response_bytes))?
                .to_bytes();
            Ok(Answer { status, body })
        };
        timeout(self.total_timeout, exchange)
            .await
            .unwrap_or(Err(IdentityServerError::TimedOut))
    }
}

/// An answer that arrived whole.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    body: Bytes,
}

impl Answer {
    /// The JSON object of a success, as it is and as text.
    ///
    /// # Errors
    /// [`IdentityServerError::Refused`] for any other status,
    /// [`IdentityServerError::Unusable`] when there is no object.
    pub(crate) fn success(self) -> Result<(Map<String, Value>, String), IdentityServerError> {
        if !self.status.is_success() {
            return Err(self.refusal());
        }
        self.object().ok_or_else(|| Nonsense::NotAnObject.into())
    }

    /// The Matrix error code, if there is one.
    pub(crate) fn errcode(&self) -> Option<String> {
        let (object, _) = self.object()?;
        object
            .get("errcode")
            .and_then(Value::as_str)
            .map(str::to_owned)
    }

    fn refusal(&self) -> IdentityServerError {
        IdentityServerError::Refused {
            status: self.status.as_u16(),
            errcode: self.errcode(),
            body: self.object().map(|(_, text)| text),
        }
    }

    fn object(&self) -> Option<(Map<String, Value>, String)> {
        let text = std::str::from_utf8(&self.body).ok()?;
        let object = serde_json::from_str(text).ok()?;
        Some((object, text.to_owned()))
    }
}

fn headers(
    options: &Options,
    base_url: &Uri,
    proxy: Option<&Proxy>,
) -> Result<HeaderMap, SetupError> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, JSON);
    let user_agent = HeaderValue::from_str(&options.user_agent);
    headers.insert(USER_AGENT, user_agent.map_err(|_| SetupError::UserAgent)?);
    if let Api::V2 { access_token } = &options.api {
        let bearer = format!("Bearer {}", access_token.expose());
        let mut value = HeaderValue::from_str(&bearer).map_err(|_| SetupError::AccessToken)?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    // A tunnel is asked for with this header when it is dug; the server at its end must not see it.
    if base_url.scheme() == Some(&Scheme::HTTP)
        && let Some(authorization) = proxy.and_then(Proxy::authorization)
    {
        headers.insert(PROXY_AUTHORIZATION, authorization.clone());
    }
    Ok(headers)
}

fn tls(extra_root_certificates: &[Vec<u8>]) -> Result<ClientConfig, SetupError> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    for der in extra_root_certificates {
        roots
            .add(der.clone().into())
            .map_err(SetupError::RootCertificate)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider knows the default versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}
