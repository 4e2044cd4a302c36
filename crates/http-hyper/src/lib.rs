//! The Matrix client-server API around account registration, over hyper and tower.
//!
//! [`App::new`] takes the use-cases, [`service`] makes of them what a listener serves, and
//! [`serve`] serves it. A request goes down through the layers of `stack.rs` and finds its endpoint in
//! `router.rs`, which decodes it, calls a use-case and encodes the outcome; and back up again.
//!
//! | to find | look in |
//! |---|---|
//! | what answers at a path | `router.rs`, then `endpoint/` |
//! | what happens to every request | `stack.rs`, then `layer/` |
//! | what a request looks like to an endpoint | [`request`] |
//! | the status and code of a refusal | [`error`] |
//! | connections, their limits, shutting down | [`server`] |

mod endpoint;
pub mod error;
mod layer;
pub mod options;
pub mod request;
pub mod response;
mod router;
pub mod server;
mod stack;

use std::sync::Arc;

use registrar_domain::services::Services;
use registrar_domain::token::authenticate::{Audience, Requester};
use tokio::sync::Semaphore;

pub use options::{ListenerOptions, Options, Resource};
pub use server::serve;
pub use stack::Service;

use error::MatrixError;
use request::Request;
use response::Response;

/// What an endpoint answers.
pub(crate) type Reply = Result<Response, MatrixError>;

/// What all endpoints of all listeners share.
pub struct App {
    pub(crate) services: Services,
    pub(crate) options: Options,
    /// One permit a request in progress.
    pub(crate) slots: Arc<Semaphore>,
}

impl App {
    /// Puts the use-cases and the operator's choices together.
    pub fn new(services: Services, options: Options) -> Arc<Self> {
        let slots = Arc::new(Semaphore::new(
            options.max_requests.min(Semaphore::MAX_PERMITS),
        ));
        Arc::new(Self {
            services,
            options,
            slots,
        })
    }
}

impl App {
    /// Who makes a request.
    pub(crate) async fn requester(
        &self,
        request: &Request,
        audience: Audience,
    ) -> Result<Requester, MatrixError> {
        let authentication = &self.services.authentication;
        let bearer = request.bearer();
        Ok(authentication
            .authenticate(request.context(), &bearer, audience)
            .await?)
    }
}

/// What a listener serves: the endpoints of its resources behind the whole stack of layers.
pub fn service(app: &Arc<App>, options: ListenerOptions) -> Service {
    stack::build(app, router::ROUTES, options)
}
