//! Everything under `/_matrix/client/v3/account`.

pub(crate) mod whoami;
