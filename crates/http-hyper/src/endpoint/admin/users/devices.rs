//! `/_synapse/admin/v2/users/{userId}/devices`, `/devices/{deviceId}` and `/delete_devices`

use registrar_domain::model::device::{Device, DisplayName};
use registrar_domain::model::id::UserId;
use registrar_domain::usecase::device::MAX_DEVICES;
use serde::Serialize;

use crate::app::{App, Reply};
use crate::endpoint::admin::admin_and_user;
use crate::endpoint::devices::Body;
use crate::error::FieldError;
use crate::request::{Fields, Request, field};
use crate::response;

#[derive(Serialize)]
struct Devices {
    devices: Vec<AdminBody>,
    total: usize,
}

/// What administrators see of a device, besides what its owner sees.
#[derive(Serialize)]
struct AdminBody {
    #[serde(flatten)]
    device: Body,
    last_seen_user_agent: Option<String>,
}

impl AdminBody {
    fn new(mut device: Device, owner: &UserId) -> Self {
        Self {
            last_seen_user_agent: device.last_seen_user_agent.take(),
            device: Body::new(device, owner),
        }
    }
}

pub(crate) async fn list(app: &App, request: &Request) -> Reply {
    let (admin, user) = admin_and_user(app, request).await?;
    let devices = app.services.user_admin.devices(&admin, &user).await?;
    let devices = devices.into_iter();
    let devices = devices.map(|device| AdminBody::new(device, user.user_id()));
    let devices: Vec<_> = devices.collect();
    Ok(response::ok(&Devices {
        total: devices.len(),
        devices,
    }))
}

pub(crate) async fn get(app: &App, request: &Request) -> Reply {
    let (admin, user) = admin_and_user(app, request).await?;
    let device_id = request.parameter("device_id");
    let users = &app.services.user_admin;
    let device = users.device(&admin, &user, device_id).await?;
    Ok(response::ok(&AdminBody::new(device, user.user_id())))
}

pub(crate) async fn put(app: &App, request: &Request) -> Reply {
    let (admin, user) = admin_and_user(app, request).await?;
    let body = request.json_or_nothing()?;
    let name = field(body, "display_name", Fields::string).optional(FieldError::Malformed)?;
    let name = name.map(|name| DisplayName::parse(&name)).transpose()?;
    let device_id = request.parameter("device_id");
    let users = &app.services.user_admin;
    users
        .rename_device(&admin, &user, device_id, name.as_ref())
        .await?;
    Ok(response::nothing())
}

pub(crate) async fn delete(app: &App, request: &Request) -> Reply {
    let (admin, user) = admin_and_user(app, request).await?;
    let devices = [request.parameter("device_id").to_owned()];
    let users = &app.services.user_admin;
    users.remove_devices(&admin, &user, &devices).await?;
    Ok(response::nothing())
}

pub(crate) async fn delete_several(app: &App, request: &Request) -> Reply {
    let (admin, user) = admin_and_user(app, request).await?;
    let devices = field(request.json()?, "devices", Fields::strings)
        .parsed(|devices| Some(devices).filter(|devices| devices.len() <= MAX_DEVICES))
        .required(FieldError::Malformed)?;
    let users = &app.services.user_admin;
    users.remove_devices(&admin, &user, &devices).await?;
    Ok(response::nothing())
}
