//! Account registration for Matrix as a hexagon: rules and flows, without any I/O.
//!
//! Three floors, and arrows go down only: [`usecase`] (what the endpoints call) stands on [`ports`] (the
//! doors to the outside) and both on [`model`] (values, entities, pure rules). Above them
//! [`services`] makes the use-cases: [`Ports`](ports::Ports) and a [`Policy`](model::policy::Policy)
//! in, [`Services`](services::Services) out. Each use-case is one file:
//!
//! | what a client wants | use-case |
//! |---|---|
//! | `POST /register` | [`usecase::registration`] |
//! | `GET /register/available` | [`usecase::registration::available`] |
//! | `GET`, `POST /login` | [`usecase::login`] |
//! | `/_synapse/admin/v1/register` | [`usecase::registration::shared_secret`] |
//! | `GET /register/m.login.registration_token/validity` | [`usecase::registration_token::validity`] |
//! | `/_synapse/admin/v1/registration_tokens` | [`usecase::registration_token::admin`] |
//! | `/_synapse/admin/v2/users` and all else about accounts there | [`usecase::admin`] |
//! | `registrar admin …` on the command line | the same, through [`console`] |
//! | `POST /logout`, `/logout/all` | [`usecase::token::logout`] |
//! | `POST /refresh` | [`usecase::token::refresh`] |
//! | `POST …/requestToken` | [`usecase::threepid::request`] |
//! | `…/submit_token` | [`usecase::threepid::submit`] |
//! | `/account/password` | [`usecase::account::change_password`] |
//! | `/account/3pid` and what lies below | [`usecase::threepid::manage`] |
//! | `/account/deactivate` | [`usecase::account::deactivate`] |
//! | `/profile/{userId}/displayname` | [`usecase::account::profile`] |
//! | `/_matrix/consent` | [`usecase::account::consent`] |
//! | `/auth/{stage}/fallback/web` | [`usecase::uia::fallback`] |
//! | any request with an access token | [`usecase::token::authenticate`] |
//! | `/devices`, `/delete_devices` | [`usecase::device`] |

pub mod console;
pub mod model;
pub mod ports;
pub mod services;
pub mod usecase;
