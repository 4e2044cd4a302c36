//! `GET /_matrix/client/v3/profile/{userId}/displayname`
//!
//! The one field of a profile that registration sets. Spec:
//! <https://spec.matrix.org/v1.16/client-server-api/#get_matrixclientv3profileuseriddisplayname>

use http::StatusCode;
use serde::Serialize;

use crate::app::{App, Reply};
use crate::error::{ErrCode, MatrixError};
use crate::request::Request;
use crate::response;

#[derive(Serialize)]
struct Body {
    #[serde(skip_serializing_if = "Option::is_none")]
    displayname: Option<String>,
}

pub(crate) async fn display_name(app: &App, request: &Request) -> Reply {
    let user_id = request.parameter("user_id");
    let found = app.services.profiles.display_name(user_id).await?;
    let displayname = found.ok_or_else(|| {
        MatrixError::new(
            StatusCode::NOT_FOUND,
            ErrCode::NotFound,
            "there is no such user here",
        )
    })?;
    Ok(response::ok(&Body { displayname }))
}
