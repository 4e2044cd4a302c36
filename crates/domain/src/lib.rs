//! Account registration for Matrix as a hexagon: rules and flows, without any I/O.
//!
//! Start at [`services`]: [`Ports`](services::Ports) and a [`Policy`](policy::Policy) in,
//! [`Services`](services::Services) out. Each use-case is one file:
//!
//! | what a client wants | use-case |
//! |---|---|
//! | `POST /register` | [`account::register`] |
//! | `GET /register/available` | [`account::available`] |
//! | `GET`, `POST /login` | [`account::login`] |
//! | `/_synapse/admin/v1/register` | [`account::shared_secret`] |
//! | `GET /register/m.login.registration_token/validity` | [`registration_token::validity`] |
//! | `/_synapse/admin/v1/registration_tokens` | [`registration_token::admin`] |
//! | `/_synapse/admin/v2/users` and all else about accounts there | [`account::admin`] |
//! | `registrar admin …` on the command line | the same, through [`console`] |
//! | `POST /logout`, `/logout/all` | [`token::logout`] |
//! | `POST /refresh` | [`token::refresh`] |
//! | `POST …/requestToken` | [`threepid::request`] |
//! | `…/submit_token` | [`threepid::submit`] |
//! | `/account/password` | [`account::change_password`] |
//! | `/account/3pid` and what lies below | [`threepid::manage`] |
//! | `/account/deactivate` | [`account::deactivate`] |
//! | `/profile/{userId}/displayname` | [`account::profile`] |
//! | `/_matrix/consent` | [`account::consent`] |
//! | `/auth/{stage}/fallback/web` | [`uia::fallback`] |
//! | any request with an access token | [`token::authenticate`] |
//! | `/devices`, `/delete_devices` | [`device::manage`] |
//!
//! Around them: [`uia`] (user-interactive authentication), [`password`], [`threepid`], [`limit`], and
//! the doors to the outside in [`ports`].

pub mod account;
pub mod appservice;
pub mod console;
pub mod context;
mod core;
pub mod device;
pub mod given;
pub mod housekeeping;
pub mod id;
pub mod limit;
pub mod password;
pub mod pattern;
pub mod policy;
pub mod ports;
pub mod registration_token;
mod retry;
pub mod secret;
pub mod services;
pub mod threepid;
pub mod time;
pub mod token;
pub mod uia;
