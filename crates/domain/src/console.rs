//! [`Console`]: what the operator may do who sits at the server.

use std::sync::Arc;

use crate::account::admin::UserAdmin;
use crate::core::{Core, Ports};
use crate::policy::Policy;
use crate::registration_token::admin::TokenAdmin;
use crate::token::authenticate::Administrator;

/// The use-cases of the admin API without an access token.
///
/// It is made of [`Ports`], that is, by whoever can open the database: they could write into it
/// whatever they like, so asking them for a token would protect nothing. A front end gets
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
        let core = Arc::new(Core::new(ports, Arc::new(policy)));
        Self {
            operator: Administrator::at_console(),
            users: UserAdmin::new(Arc::clone(&core)),
            tokens: TokenAdmin::new(core),
        }
    }
}
