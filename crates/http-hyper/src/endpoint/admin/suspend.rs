//! `PUT /_synapse/admin/v1/suspend/{userId}`

use std::collections::BTreeMap;

use registrar_domain::usecase::admin::close::Suspension;

use crate::app::{App, Reply};
use crate::endpoint::admin::admin_and_user;
use crate::error::FieldError;
use crate::request::{Fields, Request, field};
use crate::response;

pub(crate) async fn put(app: &App, request: &Request) -> Reply {
    let (admin, user) = admin_and_user(app, request).await?;
    let body = request.json()?;
    let suspended = field(body, "suspend", Fields::boolean).required(FieldError::NotBoolean)?;
    let suspension = if suspended {
        Suspension::Imposed
    } else {
        Suspension::Lifted
    };
    let users = &app.services.user_admin;
    users.set_suspension(&admin, &user, suspension).await?;
    // Synapse names the user in the key.
    let key = format!("user_{}_suspended", user.user_id());
    Ok(response::ok(&BTreeMap::from([(key, suspended)])))
}
