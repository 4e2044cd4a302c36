//! [`Console`]: what the operator may do who sits at the server.

use std::sync::Arc;

use crate::model::policy::Policy;
use crate::ports::Ports;
use crate::usecase::admin::UserAdmin;
use crate::usecase::registration_token::admin::TokenAdmin;
use crate::usecase::shared::Shared;
use crate::usecase::token::authenticate::Administrator;

/// The use-cases of the admin API without an access token.
///
/// It is made of [`Ports`], that is, by a program that can open the database. It could write
/// anything into it, so requiring a token would protect nothing. A front end gets
/// [`Services`](crate::services::Services) and no ports, so no request of a client can come by a
/// console.
#[derive(Clone)]
pub struct Console {
    /// The proof that the use-cases ask for.
    pub operator: Administrator,
    /// Accounts.
    pub users: UserAdmin,
    /// Registration tokens.
    pub tokens: TokenAdmin,
}

impl Console {
    /// Wires the use-cases to the outside world.
    pub fn new(ports: Ports, policy: Policy) -> Self {
        let shared = Arc::new(Shared::new(ports, Arc::new(policy)));
        Self {
            operator: Administrator::at_console(),
            users: UserAdmin::new(Arc::clone(&shared)),
            tokens: TokenAdmin::new(shared),
        }
    }
}
