//! [`ROUTES`]: every endpoint in one table.

use super::Route;
use super::Verb::{Delete, Get, Post, Put};
use crate::endpoint::{
    account, admin, auth_fallback, capabilities, consent, devices, health, login, logout, metrics,
    password_policy, profile, refresh, register, submit_token, versions, well_known,
};
use crate::options::Resource::{Consent, Health, Metrics};

/// Makes a `[Route]` of rows: method, base paths, the rest of the path, the function that answers,
/// and the name that requests are counted under, with what else is particular to the route.
macro_rules! table {
    ($(
        $verb:ident $bases:ident $path:literal => $handler:path,
        $servlet:ident $(.$particular:ident($($argument:expr)?))*;
    )*) => {
        &[$(
            Route::new(
                stringify!($servlet),
                $verb,
                $bases,
                $path,
                |app, request| Box::pin($handler(app, request)),
            )
            $(.$particular($($argument)?))*,
        )*]
    };
}

pub(super) const ROOT: &[&str] = &[""];
/// Without a version.
pub(super) const BARE: &[&str] = &["/_matrix/client"];
const UNSTABLE: &[&str] = &["/_matrix/client/unstable"];
const V1: &[&str] = &["/_matrix/client/v1", "/_matrix/client/unstable"];
pub(super) const V3: &[&str] = &[
    "/_matrix/client/r0",
    "/_matrix/client/v3",
    "/_matrix/client/unstable",
];
/// Where clients look for `/refresh`: it was first published under `v1`.
const V1_V3: &[&str] = &[
    "/_matrix/client/v1",
    "/_matrix/client/r0",
    "/_matrix/client/v3",
    "/_matrix/client/unstable",
];
/// Where clients look for `/login`: it is older than the numbered versions.
const API_V1: &[&str] = &[
    "/_matrix/client/api/v1",
    "/_matrix/client/r0",
    "/_matrix/client/v3",
    "/_matrix/client/unstable",
];
/// Synapse's pages.
const SYNAPSE: &[&str] = &["/_synapse/client"];
const ADMIN_V1: &[&str] = &["/_synapse/admin/v1"];
const ADMIN_V2: &[&str] = &["/_synapse/admin/v2"];
const ADMIN_V3: &[&str] = &["/_synapse/admin/v3"];
/// `/whois` is part of the specification and of Synapse's admin API.
const WHOIS: &[&str] = &[
    "/_synapse/admin/v1",
    "/_matrix/client/api/v1/admin",
    "/_matrix/client/r0/admin",
    "/_matrix/client/v3/admin",
    "/_matrix/client/unstable/admin",
];
/// Synapse's path, and the path that most programs have.
const METRICS: &[&str] = &["/_synapse/metrics", "/metrics"];

/// Every endpoint.
pub(crate) const ROUTES: &[Route] = table! {
    Get    ROOT     "/health"                                  => health::get,                              HealthResource.of(Health).quiet();
    Get    ROOT     "/ready"                                   => health::ready,                            ReadyResource.of(Health).quiet();
    Get    METRICS  ""                                         => metrics::get,                             MetricsResource.of(Metrics).quiet();
    Get    ROOT     "/.well-known/matrix/client"               => well_known::get,                          ClientWellKnownResource;
    Get    BARE     "/versions"                                => versions::get,                            VersionsRestServlet;
    // Registration.
    Post   V3       "/register"                                => register::post,                           RegisterRestServlet;
    Get    V3       "/register/available"                      => register::available::get,                 UsernameAvailabilityRestServlet.open();
    Get    V3       "/password_policy"                         => password_policy::get,                     PasswordPolicyServlet;
    Get    V1       "/register/m.login.registration_token/validity" => register::token_validity::get,       RegistrationTokenValidityRestServlet.open();
    Post   V3       "/register/email/requestToken"             => register::request_token::email,           EmailRegisterRequestTokenRestServlet;
    Post   V3       "/register/msisdn/requestToken"            => register::request_token::msisdn,          MsisdnRegisterRequestTokenRestServlet;
    // The links in mails, and the codes of text messages. The links of registration and addition have no
    // `POST`, as in Synapse: the buttons on their pages send to paths of their own.
    Get    UNSTABLE "/registration/{medium}/submit_token"      => submit_token::registration,               RegistrationSubmitTokenServlet.page();
    Get    UNSTABLE "/add_threepid/email/submit_token"         => submit_token::addition,                   AddThreepidEmailSubmitTokenServlet.page();
    Get    SYNAPSE  "/password_reset/email/submit_token"       => submit_token::confirm_reset,              PasswordResetSubmitTokenResource.page();
    Post   SYNAPSE  "/password_reset/email/submit_token"       => submit_token::reset,                      PasswordResetSubmitTokenResource.page();
    Post   SYNAPSE  "/registration/email/submit_token"         => submit_token::confirm_registration,       RegistrationSubmitTokenServlet.page();
    Post   SYNAPSE  "/add_threepid/email/submit_token"         => submit_token::confirm_addition,           AddThreepidEmailSubmitTokenServlet.page();
    Post   UNSTABLE "/add_threepid/msisdn/submit_token"        => submit_token::msisdn,                     AddThreepidMsisdnSubmitTokenServlet;
    Get    V3       "/auth/{auth_type}/fallback/web"           => auth_fallback::get,                       AuthRestServlet.page().open();
    Post   V3       "/auth/{auth_type}/fallback/web"           => auth_fallback::post,                      AuthRestServlet.page().open();
    // The operator's policy.
    Get    ROOT     "/_matrix/consent"                         => consent::get,                             ConsentResource.of(Consent).page();
    Post   ROOT     "/_matrix/consent"                         => consent::post,                            ConsentResource.of(Consent).page();
    // Logging in and out.
    Get    API_V1   "/login"                                   => login::get,                               LoginRestServlet;
    Post   API_V1   "/login"                                   => login::post,                              LoginRestServlet;
    Post   API_V1   "/logout"                                  => logout::one,                              LogoutRestServlet;
    Post   API_V1   "/logout/all"                              => logout::all,                              LogoutAllRestServlet;
    Post   V1_V3    "/refresh"                                 => refresh::post,                            RefreshTokenServlet;
    // The account and its devices.
    Get    V3       "/account/whoami"                          => account::whoami::get,                     WhoamiRestServlet;
    Post   V3       "/account/password"                        => account::password::post,                  PasswordRestServlet;
    Post   V3       "/account/password/email/requestToken"     => account::password::request_token::email,  EmailPasswordRequestTokenRestServlet;
    Post   V3       "/account/password/msisdn/requestToken"    => account::password::request_token::msisdn, MsisdnPasswordRequestTokenRestServlet;
    Post   V3       "/account/deactivate"                      => account::deactivate::post,                DeactivateAccountRestServlet;
    Get    V3       "/account/3pid"                            => account::threepid::get,                   ThreepidRestServlet;
    Post   V3       "/account/3pid"                            => account::threepid::post,                  ThreepidRestServlet;
    Post   V3       "/account/3pid/add"                        => account::threepid::add,                   ThreepidAddRestServlet;
    Post   V3       "/account/3pid/bind"                       => account::threepid::bind,                  ThreepidBindRestServlet;
    Post   V3       "/account/3pid/unbind"                     => account::threepid::unbind,                ThreepidUnbindRestServlet;
    Post   V3       "/account/3pid/delete"                     => account::threepid::delete,                ThreepidDeleteRestServlet;
    Post   V3       "/account/3pid/email/requestToken"         => account::threepid::request_token::email,  EmailThreepidRequestTokenRestServlet;
    Post   V3       "/account/3pid/msisdn/requestToken"        => account::threepid::request_token::msisdn, MsisdnThreepidRequestTokenRestServlet;
    Get    V3       "/capabilities"                            => capabilities::get,                        CapabilitiesRestServlet;
    Get    V3       "/devices"                                 => devices::list,                            DevicesRestServlet;
    Get    V3       "/devices/{device_id}"                     => devices::get,                             DeviceRestServlet;
    Put    V3       "/devices/{device_id}"                     => devices::put,                             DeviceRestServlet;
    Delete V3       "/devices/{device_id}"                     => devices::delete,                          DeviceRestServlet;
    Post   V3       "/delete_devices"                          => devices::delete_several,                  DeleteDevicesRestServlet;
    Get    V3       "/profile/{user_id}/displayname"           => profile::display_name,                    ProfileDisplaynameRestServlet;
    // Administration.
    Get    ADMIN_V1 "/register"                                => admin::register::get,                     UserRegisterServlet;
    Post   ADMIN_V1 "/register"                                => admin::register::post,                    UserRegisterServlet;
    Get    ADMIN_V1 "/registration_tokens"                     => admin::registration_tokens::list,         ListRegistrationTokensRestServlet;
    Post   ADMIN_V1 "/registration_tokens/new"                 => admin::registration_tokens::create,       NewRegistrationTokenRestServlet;
    Get    ADMIN_V1 "/registration_tokens/{token}"             => admin::registration_tokens::get,          RegistrationTokenRestServlet;
    Put    ADMIN_V1 "/registration_tokens/{token}"             => admin::registration_tokens::put,          RegistrationTokenRestServlet;
    Delete ADMIN_V1 "/registration_tokens/{token}"             => admin::registration_tokens::delete,       RegistrationTokenRestServlet;
    Get    ADMIN_V1 "/server_version"                          => admin::server_version::get,               VersionServlet;
    Get    ADMIN_V1 "/username_available"                      => admin::username_available::get,           UsernameAvailableRestServlet;
    Get    ADMIN_V1 "/threepid/{medium}/users/{address}"       => admin::threepid::get,                     UserByThreePid;
    Get    WHOIS    "/whois/{user_id}"                         => admin::whois::get,                        WhoisRestServlet;
    Post   ADMIN_V1 "/deactivate/{user_id}"                    => admin::deactivate::post,                  DeactivateAccountRestServlet;
    Put    ADMIN_V1 "/suspend/{user_id}"                       => admin::suspend::put,                      SuspendAccountRestServlet;
    Post   ADMIN_V1 "/reset_password/{user_id}"                => admin::reset_password::post,              ResetPasswordRestServlet;
    Get    ADMIN_V1 "/users/{user_id}/admin"                   => admin::users::admin::get,                 UserAdminServlet;
    Put    ADMIN_V1 "/users/{user_id}/admin"                   => admin::users::admin::put,                 UserAdminServlet;
    Post   ADMIN_V1 "/users/{user_id}/login"                   => admin::users::login::post,                UserTokenRestServlet;
    Get    ADMIN_V1 "/users/{user_id}/joined_rooms"            => admin::users::joined_rooms::get,          UserJoinedRoomsRestServlet;
    Get    ADMIN_V2 "/users"                                   => admin::users::list_v2,                    UsersRestServletV2;
    Get    ADMIN_V3 "/users"                                   => admin::users::list_v3,                    UsersRestServletV3;
    Get    ADMIN_V2 "/users/{user_id}"                         => admin::users::get,                        UserRestServletV2;
    Put    ADMIN_V2 "/users/{user_id}"                         => admin::users::put,                        UserRestServletV2;
    Get    ADMIN_V2 "/users/{user_id}/devices"                 => admin::users::devices::list,              DevicesRestServlet;
    Get    ADMIN_V2 "/users/{user_id}/devices/{device_id}"     => admin::users::devices::get,               DeviceRestServlet;
    Put    ADMIN_V2 "/users/{user_id}/devices/{device_id}"     => admin::users::devices::put,               DeviceRestServlet;
    Delete ADMIN_V2 "/users/{user_id}/devices/{device_id}"     => admin::users::devices::delete,            DeviceRestServlet;
    Post   ADMIN_V2 "/users/{user_id}/delete_devices"          => admin::users::devices::delete_several,    DeleteDevicesRestServlet;
};
