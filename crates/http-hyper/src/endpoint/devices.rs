//! `/_matrix/client/v3/devices`, `/devices/{deviceId}` and `/delete_devices`
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#device-management>

use registrar_domain::model::device::Device;
use registrar_domain::model::id::UserId;
use registrar_domain::usecase::device::{RemoveOutcome, RemoveRequest};
use registrar_domain::usecase::token::authenticate::Audience;
use serde::Serialize;

use crate::app::{App, Reply};
use crate::endpoint::auth;
use crate::request::Request;
use crate::response::{self, Response};

#[derive(Serialize)]
struct Devices {
    devices: Vec<Body>,
}

/// A device on the wire, for its owner and for administrators.
#[derive(Serialize)]
pub(super) struct Body {
    device_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    last_seen_ip: Option<String>,
    last_seen_ts: i64,
    user_id: String,
}

impl Body {
    pub(super) fn new(device: Device, owner: &UserId) -> Self {
        Self {
            device_id: device.device_id.to_string(),
            // The empty name is none.
            display_name: device.display_name.filter(|name| !name.is_empty()),
            last_seen_ip: device.last_seen_ip,
            last_seen_ts: device.last_seen.unix_ms(),
            user_id: owner.to_string(),
        }
    }
}

pub(crate) async fn list(app: &App, request: &Request) -> Reply {
    let requester = app.requester(request, Audience::Everyone).await?;
    let devices = app.services.devices.list(&requester).await?.into_iter();
    let devices = devices
        .map(|device| Body::new(device, &requester.user_id))
        .collect();
    Ok(response::ok(&Devices { devices }))
}

pub(crate) async fn get(app: &App, request: &Request) -> Reply {
    let requester = app.requester(request, Audience::Everyone).await?;
    let device_id = request.parameter("device_id");
    let device = app.services.devices.find(&requester, device_id).await?;
    Ok(response::ok(&Body::new(device, &requester.user_id)))
}

pub(crate) async fn put(app: &App, request: &Request) -> Reply {
    let requester = app.requester(request, Audience::Everyone).await?;
    let display_name = request.json()?.string("display_name");
    let device_id = request.parameter("device_id");
    app.services
        .devices
        .rename(&requester, device_id, &display_name)
        .await?;
    Ok(response::nothing())
}

pub(crate) async fn delete(app: &App, request: &Request) -> Reply {
    let requester = app.requester(request, Audience::Users).await?;
    let remove = RemoveRequest {
        operation: auth::operation(request),
        auth: &auth::auth(request.json_or_empty()?),
    };
    let device_id = request.parameter("device_id");
    let outcome = app
        .services
        .devices
        .remove(request.context(), &requester, &remove, device_id)
        .await?;
    Ok(encode(&outcome))
}

pub(crate) async fn delete_several(app: &App, request: &Request) -> Reply {
    let requester = app.requester(request, Audience::Users).await?;
    let body = request.json_or_empty()?;
    let remove = RemoveRequest {
        operation: auth::operation(request),
        auth: &auth::auth(body),
    };
    let devices = body.strings("devices");
    let outcome = app
        .services
        .devices
        .remove_several(request.context(), &requester, &remove, &devices)
        .await?;
    Ok(encode(&outcome))
}

fn encode(outcome: &RemoveOutcome) -> Response {
    match outcome {
        RemoveOutcome::Removed => response::nothing(),
        RemoveOutcome::AuthRequired(prompt) => auth::prompt(prompt),
    }
}
