//! Everything under `/_matrix/client/v3/account`.

pub(crate) mod deactivate;
pub(crate) mod password;
pub(crate) mod threepid;
pub(crate) mod whoami;

use serde::Serialize;

use crate::response::{self, Response};

/// What became of identifiers at identity servers.
#[derive(Clone, Copy, Serialize)]
enum Unbinding {
    #[serde(rename = "success")]
    Success,
    #[serde(rename = "no-support")]
    NoSupport,
}

#[derive(Serialize)]
struct Unbound {
    id_server_unbind_result: Unbinding,
}

fn unbound(id_server_unbind_result: Unbinding) -> Response {
    response::ok(&Unbound {
        id_server_unbind_result,
    })
}
