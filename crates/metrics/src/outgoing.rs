//! Requests that this server makes: to identity servers and captcha providers.

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use prometheus::{Histogram, HistogramVec, IntCounterVec};
use registrar_domain::model::threepid::{ClientSecret, ValidatedThreepid};
use registrar_domain::ports::captcha::{CaptchaError, CaptchaVerdict};
use registrar_domain::ports::identity_server::{
    EmailTokenRequest, MsisdnTokenRequest, RequestTokenReply, SubmitTokenReply,
};
use registrar_domain::ports::{CaptchaVerifier, IdentityServer, IdentityServerError};

use crate::family::Families;
use crate::stopwatch::Stopwatch;

/// What a success counts as, whatever kind of success it was.
const SUCCESS: &str = "200";
/// Synapse's code for requests without an answer.
const NO_ANSWER: &str = "ERR";
const OUTCOMES: [&str; 5] = ["done", "refused", "timed_out", "unaskable", "unusable"];
const CAPTCHA_OUTCOMES: [&str; 4] = ["human", "rejected", "timed_out", "unusable"];

#[derive(Clone)]
pub(crate) struct OutgoingMetrics {
    requests: IntCounterVec,
    responses: IntCounterVec,
    calls: IntCounterVec,
    seconds: HistogramVec,
    captchas: IntCounterVec,
    captcha_seconds: Histogram,
}

/// The calls of the identity service API.
#[derive(Clone, Copy, Debug)]
struct Call {
    name: &'static str,
    method: &'static str,
}

const REQUEST_EMAIL_TOKEN: Call = Call {
    name: "request_email_token",
    method: "POST",
};
const REQUEST_MSISDN_TOKEN: Call = Call {
    name: "request_msisdn_token",
    method: "POST",
};
const SUBMIT_MSISDN_TOKEN: Call = Call {
    name: "submit_msisdn_token",
    method: "POST",
};
const VALIDATED: Call = Call {
    name: "validated",
    method: "GET",
};
const CALLS: [Call; 4] = [
    REQUEST_EMAIL_TOKEN,
    REQUEST_MSISDN_TOKEN,
    SUBMIT_MSISDN_TOKEN,
    VALIDATED,
];

impl OutgoingMetrics {
    pub(crate) fn new(families: &mut Families) -> Self {
        let metrics = Self {
            requests: families.counters(
                "synapse_http_client_requests_total",
                "HTTP requests to other servers.",
                &["method"],
            ),
            responses: families.counters(
                "synapse_http_client_responses_total",
                "Responses of other servers, by status; ERR for none.",
                &["method", "code"],
            ),
            calls: families.counters(
                "registrar_identity_server_calls_total",
                "Calls to identity servers, by outcome.",
                &["call", "outcome"],
            ),
            seconds: families.seconds_by(
                "registrar_identity_server_seconds",
                "How long calls to identity servers took, in seconds.",
                &["call"],
            ),
            captchas: families.counters(
                "registrar_captcha_verifications_total",
                "Captcha verifications, by outcome.",
                &["outcome"],
            ),
            captcha_seconds: families.seconds(
                "registrar_captcha_seconds",
                "How long captcha verifications took, in seconds.",
            ),
        };
        for outcome in CAPTCHA_OUTCOMES {
            metrics.captchas.with_label_values(&[outcome]);
        }
        for Call { name, method } in CALLS {
            metrics.requests.with_label_values(&[method]);
            for code in [SUCCESS, NO_ANSWER] {
                metrics.responses.with_label_values(&[method, code]);
            }
            for outcome in OUTCOMES {
                metrics.calls.with_label_values(&[name, outcome]);
            }
            metrics.seconds.with_label_values(&[name]);
        }
        metrics
    }

    async fn watch<T>(
        &self,
        call: Call,
        work: impl Future<Output = Result<T, IdentityServerError>>,
    ) -> Result<T, IdentityServerError> {
        let Call { name, method } = call;
        self.requests.with_label_values(&[method]).inc();
        let began = Stopwatch::start();
        let result = work.await;
        self.seconds
            .with_label_values(&[name])
            .observe(began.seconds());
        let status;
        let (outcome, code) = match &result {
            Ok(_) => ("done", SUCCESS),
            Err(IdentityServerError::Refused(answer)) => {
                status = answer.code().to_string();
                ("refused", status.as_str())
            }
            Err(IdentityServerError::TimedOut) => ("timed_out", NO_ANSWER),
            // Nothing was sent, so this is no failure of the other server.
            Err(IdentityServerError::Unaskable(_)) => ("unaskable", NO_ANSWER),
            Err(IdentityServerError::Unusable(_)) => ("unusable", NO_ANSWER),
        };
        self.responses.with_label_values(&[method, code]).inc();
        self.calls.with_label_values(&[name, outcome]).inc();
        result
    }
}

/// An identity server that is watched.
pub(crate) struct ObservedIdentityServer {
    inner: Arc<dyn IdentityServer>,
    metrics: OutgoingMetrics,
}

impl ObservedIdentityServer {
    pub(crate) fn new(inner: Arc<dyn IdentityServer>, metrics: OutgoingMetrics) -> Self {
        Self { inner, metrics }
    }
}

#[async_trait]
impl IdentityServer for ObservedIdentityServer {
    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn request_email_token(
        &self,
        request: &EmailTokenRequest,
    ) -> Result<RequestTokenReply, IdentityServerError> {
        let work = self.inner.request_email_token(request);
        self.metrics.watch(REQUEST_EMAIL_TOKEN, work).await
    }

    async fn request_msisdn_token(
        &self,
        request: &MsisdnTokenRequest,
    ) -> Result<RequestTokenReply, IdentityServerError> {
        let work = self.inner.request_msisdn_token(request);
        self.metrics.watch(REQUEST_MSISDN_TOKEN, work).await
    }

    async fn submit_msisdn_token(
        &self,
        sid: &str,
        client_secret: &ClientSecret,
        token: &str,
    ) -> Result<SubmitTokenReply, IdentityServerError> {
        let work = self.inner.submit_msisdn_token(sid, client_secret, token);
        self.metrics.watch(SUBMIT_MSISDN_TOKEN, work).await
    }

    async fn validated(
        &self,
        sid: &str,
        client_secret: &ClientSecret,
    ) -> Result<Option<ValidatedThreepid>, IdentityServerError> {
        let work = self.inner.validated(sid, client_secret);
        self.metrics.watch(VALIDATED, work).await
    }
}

/// A captcha provider that is watched.
pub(crate) struct ObservedCaptcha {
    inner: Arc<dyn CaptchaVerifier>,
    metrics: OutgoingMetrics,
}

impl ObservedCaptcha {
    pub(crate) fn new(inner: Arc<dyn CaptchaVerifier>, metrics: OutgoingMetrics) -> Self {
        Self { inner, metrics }
    }
}

#[async_trait]
impl CaptchaVerifier for ObservedCaptcha {
    async fn verify(
        &self,
        response: &str,
        client_ip: Option<IpAddr>,
    ) -> Result<CaptchaVerdict, CaptchaError> {
        const METHOD: &str = "POST";
        let metrics = &self.metrics;
        metrics.requests.with_label_values(&[METHOD]).inc();
        let began = Stopwatch::start();
        let result = self.inner.verify(response, client_ip).await;
        metrics.captcha_seconds.observe(began.seconds());
        let (outcome, code) = match &result {
            Ok(CaptchaVerdict::Human) => ("human", SUCCESS),
            Ok(CaptchaVerdict::Rejected) => ("rejected", SUCCESS),
            Err(CaptchaError::TimedOut) => ("timed_out", NO_ANSWER),
            Err(CaptchaError::Unusable(_)) => ("unusable", NO_ANSWER),
        };
        metrics.responses.with_label_values(&[METHOD, code]).inc();
        metrics.captchas.with_label_values(&[outcome]).inc();
        result
    }
}
