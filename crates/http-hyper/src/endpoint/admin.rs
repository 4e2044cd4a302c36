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

use registrar_domain::usecase::admin::ExistingUser;
use registrar_domain::usecase::token::authenticate::Administrator;

use crate::app::App;
use crate::error::MatrixError;
use crate::request::Request;

/// The administrator who asks, and the user whom the path names. An unknown user is told before
/// anything about the body.
async fn admin_and_user(
    app: &App,
    request: &Request,
) -> Result<(Administrator, ExistingUser), MatrixError> {
    let admin = app.administrator(request).await?;
    let user_id = request.parameter("user_id");
    let user = app.services.user_admin.user(&admin, user_id).await?;
    Ok((admin, user))
}
