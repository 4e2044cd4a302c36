use super::{RegisterError, RegisterRequest};
use crate::model::device::DisplayName;
use crate::model::id::DeviceId;
use crate::model::uia::{GuestClaim, RegisterParameters};
use crate::usecase::password::NewPassword;
use crate::usecase::shared::Shared;
use crate::usecase::token::authenticate::Bearer;
use crate::usecase::token::issue::RefreshChoice;

/// The longest `username` that is looked at, in Unicode code points.
const MAX_USERNAME_CHARS: usize = 512;

/// A request for a user account, its fields checked.
pub(super) struct CheckedRequest {
    /// `password`.
    pub(super) password: NewPassword,
    /// What the UIA session keeps for later requests.
    pub(super) parameters: RegisterParameters,
    /// Does the request bring parameters of its own, or do the stored ones stand?
    pub(super) has_parameters: bool,
}

impl CheckedRequest {
    /// Checks the remaining fields of a request for a user account, in Synapse's order of
    /// complaints.
    pub(super) fn parse(
        shared: &Shared,
        request: &RegisterRequest,
        username: Option<&String>,
    ) -> Result<Self, RegisterError> {
        if request.bearer != Bearer::Absent {
            return Err(RegisterError::AccessTokenGiven);
        }
        if !shared.policy.registration.enabled {
            return Err(RegisterError::Closed);
        }
        let password = NewPassword::read(&shared.policy.password, &request.password)?;
        let display_name = display_name(request, password.was_sent())?;
        let device_id = request
            .device_id
            .optional(RegisterError::MalformedField("device_id"))?;
        let guest = request
            .guest_access_token
            .optional(RegisterError::MalformedField("guest_access_token"))?;
        Ok(Self {
            password,
            has_parameters: request.has_other_fields || display_name.is_some(),
            parameters: RegisterParameters {
                username: username.map(|text| text.to_lowercase()),
                guest_claim: guest.map(|token| GuestClaim::of(token)),
                device_id: device_id.map(|text| DeviceId::parse(text)).transpose()?,
                initial_device_display_name: display_name,
                inhibit_login: request.inhibit_login,
            },
        })
    }
}

/// `refresh_token`: does the client request one?
pub(super) fn refresh(request: &RegisterRequest) -> Result<RefreshChoice, RegisterError> {
    let wanted = request
        .refresh_token
        .optional_not_null(RegisterError::RefreshTokenNotBoolean)?;
    Ok(wanted.copied().unwrap_or(false).into())
}

/// `username`, if it can be looked at.
pub(super) fn username(request: &RegisterRequest) -> Result<Option<&String>, RegisterError> {
    let username = request
        .username
        .optional_not_null(RegisterError::UsernameUnreadable)?;
    if username.is_some_and(|text| text.chars().count() > MAX_USERNAME_CHARS) {
        return Err(RegisterError::UsernameUnreadable);
    }
    Ok(username)
}

/// The device's name, if a password came with it.
///
/// Some clients repeat the name in every request of the session, and nothing else of what they sent
/// first. Without a password it does not count, so that such a body is empty and what was stored
/// stands.
fn display_name(
    request: &RegisterRequest,
    has_password: bool,
) -> Result<Option<String>, RegisterError> {
    if !has_password {
        if request.initial_device_display_name.is_present() {
            tracing::debug!("initial_device_display_name ignored without a password");
        }
        return Ok(None);
    }
    let name = request
        .initial_device_display_name
        .optional(RegisterError::MalformedField("initial_device_display_name"))?;
    // One more than allowed, so that what is too long still is; the rest has no business in the
    // database, where it would stay for as long as the session does.
    Ok(name.map(|text| text.chars().take(DisplayName::MAX_CHARS + 1).collect()))
}
