//! [`FieldError`]: what is wrong with a single field, whatever the state of the server.

use registrar_domain::model::registration_token::RegistrationTokenId;

/// A field or an argument of a request to the admin API that cannot be used.
///
/// Fields whose order of checks clients can see are refused by use-cases instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// It must be there.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// A strict switch that is not a boolean.
    #[error("`{0}` must be true or false")]
    NotBoolean(&'static str),
    /// It has the wrong type, or a value that means nothing.
    #[error("`{0}` cannot be read")]
    Malformed(&'static str),
    /// It has a value that this server does not take.
    #[error("`{0}` has a value that cannot be used")]
    BadValue(&'static str),
    /// It asks for what this server does not do.
    #[error("this server does not support `{0}`")]
    Unsupported(&'static str),
    /// `threepids` with something that is not an email address or a phone number.
    #[error("`threepids` must hold email addresses and phone numbers in international form")]
    BadThreepid,
    /// `valid` of registration tokens.
    #[error("the query parameter `valid` must be `true` or `false`")]
    BadValidity,
    /// `token`, where a registration token shall be made.
    #[error(
        "`token` must be 1 to {} characters of A-Z, a-z, 0-9 and . _ ~ -",
        RegistrationTokenId::MAX_CHARS
    )]
    BadToken,
    /// `length` of a registration token.
    #[error(
        "`length` must be an integer from 1 to {}",
        RegistrationTokenId::MAX_CHARS
    )]
    BadLength,
    /// `uses_allowed` of a registration token.
    #[error("`uses_allowed` must be null or a non-negative integer")]
    BadUsesAllowed,
    /// `expiry_time` of a registration token.
    #[error("`expiry_time` must be null or a time to come, in milliseconds")]
    BadExpiryTime,
}
