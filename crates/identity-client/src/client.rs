//! Requests to an identity server, and its responses.

use http::StatusCode;
use registrar_domain::model::verbatim::Verbatim;
use registrar_domain::ports::IdentityServerError;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::{self, BadAnswer};
use crate::options::{Api, Options, SetupError};

/// Sends requests to one identity server.
#[derive(Debug)]
pub(crate) struct Client(registrar_http_client::Client);

impl Client {
    /// # Errors
    /// [`SetupError`].
    pub(crate) fn new(options: &Options) -> Result<Self, SetupError> {
        if options.base_url.ends_with('/') {
            return Err(SetupError::TrailingSlash);
        }
        let base_url = format!("{}{}", options.base_url, options.api.prefix());
        let http = registrar_http_client::Client::new(&base_url, &options.http)?;
        Ok(Self(match &options.api {
            Api::V1 => http,
            Api::V2 { access_token } => http.with_bearer_token(access_token)?,
        }))
    }

    /// Posts a JSON object. For canonical JSON, declare its fields in alphabetical order.
    ///
    /// # Errors
    /// [`IdentityServerError`]; a status that is not a success is no error.
    pub(crate) async fn post(
        &self,
        path: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<Answer, IdentityServerError> {
        let answer = self.0.post_json(path, body).await;
        answer.map(Answer).map_err(error::no_answer)
    }

    /// Gets a resource.
    ///
    /// # Errors
    /// [`IdentityServerError`]; a status that is not a success is no error.
    pub(crate) async fn get(&self, path_and_query: &str) -> Result<Answer, IdentityServerError> {
        let answer = self.0.get(path_and_query).await;
        answer.map(Answer).map_err(error::no_answer)
    }
}

/// A complete response.
pub(crate) struct Answer(registrar_http_client::Answer);

impl Answer {
    /// The status.
    pub(crate) fn status(&self) -> StatusCode {
        self.0.status()
    }

    /// The JSON object of a success, parsed and for the client.
    ///
    /// # Errors
    /// [`IdentityServerError::Refused`] for any other status,
    /// [`IdentityServerError::Unusable`] when the body is not an object.
    pub(crate) fn success(self) -> Result<(Map<String, Value>, Verbatim), IdentityServerError> {
        if !self.status().is_success() {
            return Err(self.refusal());
        }
        let (object, text) = self.0.object().ok_or(BadAnswer::NotAnObject)?;
        Ok((object, Verbatim::new(self.status().as_u16(), text)))
    }

    fn refusal(&self) -> IdentityServerError {
        let text = self.0.object().map(|(_, text)| text).unwrap_or_default();
        IdentityServerError::Refused(Verbatim::new(self.status().as_u16(), text))
    }
}
