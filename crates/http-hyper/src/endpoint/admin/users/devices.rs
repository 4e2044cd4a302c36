//! `/_synapse/admin/v2/users/{userId}/devices`, `/devices/{deviceId}` and `/delete_devices`

use serde::Serialize;

use crate::app::{App, Reply};
use crate::endpoint::devices::Body;
use crate::request::Request;
use crate::response;

#[derive(Serialize)]
struct Devices {
    devices: Vec<Body>,
    total: usize,
}

pub(crate) async fn list(app: &App, request: &Request) -> Reply {
    let admin = app.administrator(request).await?;
    let user_id = request.parameter("user_id");
    let (owner, devices) = app.services.user_admin.devices(&admin, user_id).await?;
    let devices = devices.into_iter().map(|device| Body::new(device, &owner));
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
    Ok(response::ok(&Body::new(device, &owner)))
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
    let devices = request.json()?.strings("devices");
    let user_id = request.parameter("user_id");
    let users = &app.services.user_admin;
    users.remove_devices(&admin, user_id, &devices).await?;
    Ok(response::nothing())
}
