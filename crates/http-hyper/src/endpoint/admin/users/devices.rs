//! `/_synapse/admin/v2/users/{userId}/devices`, `/devices/{deviceId}` and `/delete_devices`

use registrar_domain::model::device::Device;
use registrar_domain::model::id::UserId;
use serde::Serialize;

use crate::app::{App, Reply};
use crate::endpoint::admin::body_about;
use crate::endpoint::devices::Body;
use crate::request::Request;
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
    let admin = app.administrator(request).await?;
    let user_id = request.parameter("user_id");
    let (owner, devices) = app.services.user_admin.devices(&admin, user_id).await?;
    let devices = devices.into_iter();
    let devices = devices.map(|device| AdminBody::new(device, &owner));
    let devices: Vec<_> = devices.collect();
    Ok(response::ok(&Devices {
        total: devices.len(),
        devices,
    }))
}

pub(crate) async fn get(app: &App, request: &Request) -> Reply {
    let admin = app.administrator(request).await?;
    let (user_id, device_id) = (request.parameter("user_id"), request.parameter("device_id"));
    let users = &app.services.user_admin;
    let (owner, device) = users.device(&admin, user_id, device_id).await?;
    Ok(response::ok(&AdminBody::new(device, &owner)))
}

pub(crate) async fn put(app: &App, request: &Request) -> Reply {
    let admin = app.administrator(request).await?;
    let (user_id, device_id) = (request.parameter("user_id"), request.parameter("device_id"));
    let body = body_about(app, &admin, user_id, request.json_or_nothing()).await?;
    let display_name = body.string("display_name");
    let users = &app.services.user_admin;
    users
        .rename_device(&admin, user_id, device_id, &display_name)
        .await?;
    Ok(response::nothing())
}

pub(crate) async fn delete(app: &App, request: &Request) -> Reply {
    let admin = app.administrator(request).await?;
    let (user_id, device_id) = (request.parameter("user_id"), request.parameter("device_id"));
    let users = &app.services.user_admin;
    users.remove_device(&admin, user_id, device_id).await?;
    Ok(response::nothing())
}

pub(crate) async fn delete_several(app: &App, request: &Request) -> Reply {
    let admin = app.administrator(request).await?;
    let user_id = request.parameter("user_id");
    let body = body_about(app, &admin, user_id, request.json()).await?;
    let devices = body.strings("devices");
    let users = &app.services.user_admin;
    users.remove_devices(&admin, user_id, &devices).await?;
    Ok(response::nothing())
}
