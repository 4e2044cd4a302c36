//! [`App`]: what every endpoint works with.

use std::sync::Arc;

use registrar_domain::given::Given;
use registrar_domain::services::Services;
use registrar_domain::token::authenticate::{Administrator, Assertion, Audience, Requester};
use tokio::sync::Semaphore;

use crate::error::MatrixError;
use crate::options::Options;
use crate::pages::Pages;
use crate::request::Request;
use crate::response::Response;

/// What an endpoint answers.
pub(crate) type Reply = Result<Response, MatrixError>;

/// What all endpoints of all listeners share.
pub struct App {
    pub(crate) services: Services,
    pub(crate) pages: Pages,
    pub(crate) options: Options,
    /// One permit a request in progress.
    pub(crate) slots: Arc<Semaphore>,
}

impl App {
    /// Puts the use-cases and the operator's choices together.
    pub fn new(services: Services, pages: Pages, options: Options) -> Arc<Self> {
        let slots = Arc::new(Semaphore::new(
            options.max_requests.min(Semaphore::MAX_PERMITS),
        ));
        Arc::new(Self {
            services,
            pages,
            options,
            slots,
        })
    }

    /// Which administrator makes a request.
    pub(crate) async fn administrator(
        &self,
        request: &Request,
    ) -> Result<Administrator, MatrixError> {
        let authentication = &self.services.authentication;
        Ok(authentication
            .authenticate_admin(request.context(), &request.bearer())
            .await?)
    }

    /// Who makes a request.
    pub(crate) async fn requester(
        &self,
        request: &Request,
        audience: Audience,
    ) -> Result<Requester, MatrixError> {
        let authentication = &self.services.authentication;
        let bearer = request.bearer();
        let device_id = match request.argument("device_id") {
            Given::Absent => request.argument("org.matrix.msc3202.device_id"),
            stable => stable,
        };
        let assertion = Assertion {
            user_id: request.argument("user_id"),
            device_id,
        };
        Ok(authentication
            .authenticate(request.context(), &bearer, &assertion, audience)
            .await?)
    }
}
