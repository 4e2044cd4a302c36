//! [`App`]: the state that all endpoints share.

use std::sync::Arc;

use registrar_domain::model::given::Given;
use registrar_domain::services::Services;
use registrar_domain::usecase::token::authenticate::{
    Administrator, Assertion, Audience, Requester,
};

use crate::error::MatrixError;
use crate::layer::admission::Rooms;
use crate::layer::body::budget::Budget;
use crate::options::Options;
use crate::pages::Pages;
use crate::request::Request;
use crate::response::Response;

/// The response of an endpoint.
pub(crate) type Reply = Result<Response, MatrixError>;

/// The state that all endpoints of all listeners share.
pub struct App {
    pub(crate) services: Services,
    pub(crate) pages: Pages,
    pub(crate) options: Options,
    /// Room for requests in progress.
    pub(crate) rooms: Arc<Rooms>,
    /// Memory for their bodies.
    pub(crate) budget: Arc<Budget>,
}

impl App {
    /// Combines the use-cases with the configuration.
    pub fn new(services: Services, pages: Pages, options: Options) -> Arc<Self> {
        let per_client = options.max_requests_per_address;
        let rooms = Rooms::new(options.max_requests, per_client);
        let budget = Budget::new(options.body_memory_bytes, options.body_limit_bytes);
        Arc::new(Self {
            services,
            pages,
            options,
            rooms: Arc::new(rooms),
            budget: Arc::new(budget),
        })
    }

    /// Authenticates the administrator who makes a request.
    pub(crate) async fn administrator(
        &self,
        request: &Request,
    ) -> Result<Administrator, MatrixError> {
        let authentication = &self.services.authentication;
        Ok(authentication
            .authenticate_admin(request.context(), &request.bearer())
            .await?)
    }

    /// Authenticates the user who makes a request.
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
