//! Everything under `/_synapse/admin`, in the shape that operators' tools expect.

pub(crate) mod deactivate;
pub(crate) mod register;
pub(crate) mod registration_tokens;
pub(crate) mod reset_password;
pub(crate) mod server_version;
pub(crate) mod suspend;
pub(crate) mod threepid;
pub(crate) mod username_available;
pub(crate) mod users;
pub(crate) mod whois;

use registrar_domain::usecase::token::authenticate::Administrator;

use crate::app::App;
use crate::error::MatrixError;
use crate::request::Fields;

/// The body of a request about a user. Where it cannot be read, an unknown user is still told first,
/// as the use-cases do with fields that cannot be used.
async fn body_about<'r>(
    app: &App,
    admin: &Administrator,
    user_id: &str,
    body: Result<Fields<'r>, MatrixError>,
) -> Result<Fields<'r>, MatrixError> {
    if body.is_err() {
        app.services.user_admin.require(admin, user_id).await?;
    }
    body
}
