//! The endpoints, in files that mirror the sources: what each answers, and what it refuses in which
//! order.

mod account;
mod admin;
mod auth_fallback;
mod capabilities;
mod consent;
mod devices;
mod health;
mod login;
mod logout;
mod metrics;
mod password_policy;
mod profile;
mod refresh;
mod register;
mod submit_token;
mod versions;
mod well_known;
