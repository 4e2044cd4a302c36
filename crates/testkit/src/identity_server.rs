//! An identity server without a network.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use async_trait::async_trait;
use registrar_domain::model::threepid::{ClientSecret, ValidatedThreepid, ValidationSessionId};
use registrar_domain::model::verbatim::Verbatim;
use registrar_domain::ports::identity_server::{
    EmailTokenRequest, MsisdnTokenRequest, RequestTokenReply, SubmitTokenReply,
};
use registrar_domain::ports::{IdentityServer, IdentityServerError};

/// An identity server that validates what a test tells it to.
#[derive(Debug, Default)]
pub struct FakeIdentityServer(Mutex<FakeState>);

#[derive(Debug, Default)]
struct FakeState {
    emails: Vec<EmailTokenRequest>,
    msisdns: Vec<MsisdnTokenRequest>,
    validated: BTreeMap<(String, String), ValidatedThreepid>,
    is_down: bool,
}

impl FakeIdentityServer {
    /// Vouches for an identifier from now on.
    pub fn vouch(&self, sid: &str, client_secret: &str, validated: ValidatedThreepid) {
        let key = (sid.to_owned(), client_secret.to_owned());
        self.state().validated.insert(key, validated);
    }

    /// Does not answer in time from now on, or answers again.
    pub fn be_down(&self, is_down: bool) {
        self.state().is_down = is_down;
    }

    /// The requests for mails so far, oldest first.
    pub fn emails(&self) -> Vec<EmailTokenRequest> {
        self.state().emails.clone()
    }

    /// The requests for text messages so far, oldest first.
    pub fn msisdns(&self) -> Vec<MsisdnTokenRequest> {
        self.state().msisdns.clone()
    }

    fn state(&self) -> MutexGuard<'_, FakeState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answering(&self) -> Result<MutexGuard<'_, FakeState>, IdentityServerError> {
        let state = self.state();
        if state.is_down {
            return Err(IdentityServerError::TimedOut);
        }
        Ok(state)
    }
}

fn fake_reply(number: usize) -> RequestTokenReply {
    RequestTokenReply {
        sid: ValidationSessionId::new(number.to_string()),
        answer: Verbatim::new(200, format!(r#"{{"sid":"{number}"}}"#)),
    }
}

#[async_trait]
impl IdentityServer for FakeIdentityServer {
    fn name(&self) -> &'static str {
        "https://is.example.org"
    }

    async fn request_email_token(
        &self,
        request: &EmailTokenRequest,
    ) -> Result<RequestTokenReply, IdentityServerError> {
        let mut state = self.answering()?;
        state.emails.push(request.clone());
        Ok(fake_reply(state.emails.len()))
    }

    async fn request_msisdn_token(
        &self,
        request: &MsisdnTokenRequest,
    ) -> Result<RequestTokenReply, IdentityServerError> {
        let mut state = self.answering()?;
        state.msisdns.push(request.clone());
        Ok(fake_reply(state.msisdns.len()))
    }

    async fn submit_msisdn_token(
        &self,
        sid: &str,
        client_secret: &ClientSecret,
        _token: &str,
    ) -> Result<SubmitTokenReply, IdentityServerError> {
        let key = (sid.to_owned(), client_secret.expose().to_owned());
        let accepted = self.answering()?.validated.contains_key(&key);
        Ok(SubmitTokenReply {
            accepted,
            answer: Verbatim::new(200, format!(r#"{{"success":{accepted}}}"#)),
        })
    }

    async fn validated(
        &self,
        sid: &str,
        client_secret: &ClientSecret,
    ) -> Result<Option<ValidatedThreepid>, IdentityServerError> {
        let key = (sid.to_owned(), client_secret.expose().to_owned());
        Ok(self.answering()?.validated.get(&key).cloned())
    }
}
