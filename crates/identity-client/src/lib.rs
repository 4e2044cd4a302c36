#![doc = include_str!("../README.md")]
//!
//! # Files
//!
//! | file | what it decides |
//! |---|---|
//! | [`options`] | what an operator can configure, and the errors of a bad configuration |
//! | `call/…` | one call of the identity service API each: path, body, meaning of the response |
//! | `client` | requests and responses |
//! | `error` | the errors that the domain gets |

mod call;
mod client;
mod error;
pub mod options;

use async_trait::async_trait;
use registrar_domain::model::threepid::{ClientSecret, ValidatedThreepid};
use registrar_domain::ports::identity_server::{
    EmailTokenRequest, IdentityServer, IdentityServerError, MsisdnTokenRequest, RequestTokenReply,
    SubmitTokenReply,
};

pub use options::{Api, Options, SetupError};

use crate::client::Client;

/// An identity server that is reached over HTTP.
#[derive(Debug)]
pub struct HttpIdentityServer {
    name: String,
    client: Client,
}

impl HttpIdentityServer {
    /// Checks the options. Opens no connection, and needs no runtime.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn new(options: &Options) -> Result<Self, SetupError> {
        Ok(Self {
            name: options.base_url.clone(),
            client: Client::new(options)?,
        })
    }
}

#[async_trait]
impl IdentityServer for HttpIdentityServer {
    fn name(&self) -> &str {
        &self.name
    }

    #[tracing::instrument(name = "identity_server.request_email_token", skip_all)]
    async fn request_email_token(
        &self,
        request: &EmailTokenRequest,
    ) -> Result<RequestTokenReply, IdentityServerError> {
        call::request_email_token::call(&self.client, request).await
    }

    #[tracing::instrument(name = "identity_server.request_msisdn_token", skip_all)]
    async fn request_msisdn_token(
        &self,
        request: &MsisdnTokenRequest,
    ) -> Result<RequestTokenReply, IdentityServerError> {
        call::request_msisdn_token::call(&self.client, request).await
    }

    #[tracing::instrument(name = "identity_server.submit_msisdn_token", skip_all)]
    async fn submit_msisdn_token(
        &self,
        sid: &str,
        client_secret: &ClientSecret,
        token: &str,
    ) -> Result<SubmitTokenReply, IdentityServerError> {
        call::submit_msisdn_token::call(&self.client, sid, client_secret, token).await
    }

    #[tracing::instrument(name = "identity_server.validated", skip_all)]
    async fn validated(
        &self,
        sid: &str,
        client_secret: &ClientSecret,
    ) -> Result<Option<ValidatedThreepid>, IdentityServerError> {
        call::validated::call(&self.client, sid, client_secret).await
    }
}
