//! A sample of every refusal that a use-case knows.

use std::fmt::{self, Display};

use http::StatusCode;
use registrar_domain::model::device::DisplayNameError;
use registrar_domain::model::id::{DeviceIdError, LocalpartError};
use registrar_domain::model::limit::LimitExceeded;
use registrar_domain::model::password::BadHash;
use registrar_domain::model::password::strength::WeakPassword;
use registrar_domain::model::policy::ServerDisabled;
use registrar_domain::model::threepid::{
    ClientSecretError, EmailAddressError, Medium, NextLinkError, PhoneNumberError, Purpose,
};
use registrar_domain::model::uia::{Stage, StageFailure};
use registrar_domain::model::verbatim::Verbatim;
use registrar_domain::ports::store::{Constraint, StoreErrorKind};
use registrar_domain::ports::{
    CaptchaError, HashError, HookError, IdentityServerError, MailError, StoreError,
};
use registrar_domain::usecase::account::change_password::ChangePasswordError;
use registrar_domain::usecase::account::consent::ConsentError;
use registrar_domain::usecase::account::deactivate::own::DeactivationError;
use registrar_domain::usecase::account::profile::ProfileError;
use registrar_domain::usecase::admin::UserAdminError;
use registrar_domain::usecase::credentials::CredentialError;
use registrar_domain::usecase::credentials::identifier::IdentifierError;
use registrar_domain::usecase::device::DeviceError;
use registrar_domain::usecase::login::LoginError;
use registrar_domain::usecase::name::NameError;
use registrar_domain::usecase::password::NewPasswordError;
use registrar_domain::usecase::registration::available::AvailabilityError;
use registrar_domain::usecase::registration::shared_secret::SharedSecretError;
use registrar_domain::usecase::registration::{RegisterError, RuleError};
use registrar_domain::usecase::registration_token::admin::TokenAdminError;
use registrar_domain::usecase::registration_token::validity::TokenValidityError;
use registrar_domain::usecase::threepid::manage::ThreepidError;
use registrar_domain::usecase::threepid::request::RequestTokenError;
use registrar_domain::usecase::threepid::submit::{LinkError, SubmitError};
use registrar_domain::usecase::token::authenticate::AuthenticateError;
use registrar_domain::usecase::token::logout::LogoutError;
use registrar_domain::usecase::token::refresh::RefreshError;
use registrar_domain::usecase::uia::gate::GateError;
use registrar_domain::usecase::usage::UsageError;
use registrar_http_hyper::error::{ErrCode, FieldError, MatrixError};

use super::chapter::{Chapter, Entry, Row, own, single};

pub(super) fn chapters() -> Vec<Chapter> {
    let mut chapters = registration();
    chapters.extend(logins());
    chapters.extend(tokens_and_devices());
    chapters.extend(threepids());
    chapters.extend(operators());
    chapters.extend(values());
    chapters.extend(ports());
    chapters
}

fn registration() -> Vec<Chapter> {
    vec![
        chapter! {
            RegisterError, "`POST /register`, in the order of the checks.":
            Limited => LimitExceeded,
            KindNotAscii,
            UnknownKind("admin".to_owned()),
            GuestsForbidden,
            RefreshTokenNotBoolean,
            UsernameUnreadable,
            AppserviceTokenMissing,
            AppserviceTokenMalformed,
            AppserviceUsernameMissing,
            AppserviceTokenUnknown,
            AppserviceNameForeign,
            AccessTokenGiven,
            Closed,
            PasswordUnreadable,
            PasswordWithNul,
            WeakPassword => WeakPassword,
            MalformedField("device_id"),
            DeviceId => DeviceIdError,
            Name => NameError,
            Gate => GateError,
            DisplayName => DisplayNameError,
            Rule => RuleError,
            Deactivated,
            PasswordMissing,
            ThreepidTaken(Medium::Email),
            Usage => UsageError,
            NoNumberFree,
            Hash => HashError,
            Store => StoreError,
        },
        chapter! {
            AvailabilityError, "`GET /register/available`, in the order of the checks.":
            Closed,
            Limited => LimitExceeded,
            UsernameMissing,
            UsernameNotAscii,
            Name => NameError,
        },
        chapter! {
            ProfileError, "`GET /profile/{userId}/displayname`, in the order of the checks.":
            Hidden,
            Unknown,
            Store => StoreError,
        },
        chapter! {
            ConsentError, "`/_matrix/consent`, in the order of the checks. They are shown as pages.":
            NoPolicy,
            NotAscii("v"),
            Missing("v"),
            WrongMac,
            UnknownUser,
            UnknownVersion,
            Store => StoreError,
        },
        chapter! {
            NameError, "A name that shall be registered, in the order of the checks.":
            Invalid(LocalpartError::Characters)
                (LocalpartError::Empty)
                (LocalpartError::LeadingUnderscore)
                (LocalpartError::TooLong),
            DifferentUserRegistered,
            Reserved,
            Exclusive,
            Taken,
            GuestMismatch,
            GuestTokenUnknown,
            GuestTokenExpired,
            Numeric,
            Store => StoreError,
        },
        chapter! {
            GateError, "User-interactive authentication, wherever it is asked for.":
            MalformedAuth,
            UnknownSession,
            OperationChanged,
            UnknownStage { with_identity: false } { with_identity: true },
            MissingField("client_secret"),
            MalformedField("password"),
            ClientSecret(ClientSecretError),
            IdentityServer => IdentityServerError,
            Captcha => CaptchaError,
            PasswordLoginDisabled,
            AnotherUser,
            Withdrawn,
            Identifier => IdentifierError,
            Credential => CredentialError,
            Limited => LimitExceeded,
            Hash => HashError,
            Store => StoreError,
        },
        Chapter {
            error: "StageFailure",
            ..chapter! {
                StageFailure as InPrompt,
                "A stage that was not passed, inside the 401 that goes on with the UIA session.":
                WrongPassword,
                CaptchaMissing,
                CaptchaRejected,
                CredentialsMissing,
                NotValidated,
                WrongMedium,
                TokenMissing,
                TokenUnreadable,
                SessionMissing,
                TokenChanged,
                TokenInvalid,
            }
        },
    ]
}

/// A failure as it stands beside what is left to do.
struct InPrompt(StageFailure);

impl From<StageFailure> for InPrompt {
    fn from(failure: StageFailure) -> Self {
        Self(failure)
    }
}

impl Display for InPrompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<InPrompt> for MatrixError {
    fn from(InPrompt(failure): InPrompt) -> Self {
        let errcode = ErrCode::from(failure);
        Self::new(StatusCode::UNAUTHORIZED, errcode, failure.to_string())
    }
}

fn logins() -> Vec<Chapter> {
    vec![
        chapter! {
            LoginError, "`POST /login`.":
            RefreshTokenNotBoolean,
            TypeMissing,
            AppserviceTokenMissing,
            AppserviceTokenUnknown,
            AppserviceUserForeign,
            AppserviceUserUnknown,
            Limited => LimitExceeded,
            MalformedField("password"),
            PasswordLoginDisabled,
            Identifier => IdentifierError,
            UnknownType,
            Credential => CredentialError,
            DeviceId => DeviceIdError,
            DisplayName => DisplayNameError,
            Usage => UsageError,
            Store => StoreError,
        },
        chapter! {
            IdentifierError, "Who logs in, or passes the password stage.":
            Missing,
            Malformed,
            TypeMissing,
            BadPhone,
            BadThreepid,
            BadEmail,
            UnknownType,
            UserMissing,
            Store => StoreError,
        },
        chapter! {
            CredentialError, "Whether the password is right.":
            Limited => LimitExceeded,
            Wrong,
            Deactivated,
            Hash => HashError,
            Store => StoreError,
        },
    ]
}

fn tokens_and_devices() -> Vec<Chapter> {
    vec![
        chapter! {
            AuthenticateError, "Every request that needs an access token.":
            Missing,
            Malformed,
            Unknown,
            Expired,
            AppserviceUserForeign,
            AppserviceDeviceUnknown,
            GuestForbidden,
            NotAdministrator,
            Store => StoreError,
        },
        chapter! {
            LogoutError, "`POST /logout`.":
            ApplicationService,
            Store => StoreError,
        },
        chapter! {
            RefreshError, "`POST /refresh`.":
            SwitchedOff,
            Missing,
            Malformed,
            Unknown,
            Superseded,
            Expired,
            SessionExpired,
            Usage => UsageError,
            Store => StoreError,
        },
        chapter! {
            ChangePasswordError, "`POST /account/password`, in the order of the checks.":
            NewPassword => NewPasswordError,
            MalformedField("logout_devices"),
            Gate => GateError,
            NobodyHasAddress(Medium::Email),
            PasswordMissing,
            PasswordsDisabled,
            Hash => HashError,
            Deactivated,
            Store => StoreError,
        },
        chapter! {
            DeactivationError, "`POST /account/deactivate`.":
            MalformedField("erase"),
            Gate => GateError,
            Store => StoreError,
        },
        chapter! {
            DeviceError, "`/devices` and `/delete_devices`.":
            NotFound,
            DisplayName => DisplayNameError,
            DevicesMissing,
            MalformedField("devices"),
            Gate => GateError,
            Store => StoreError,
        },
    ]
}

fn threepids() -> Vec<Chapter> {
    vec![
        chapter! {
            RequestTokenError, "`POST …/requestToken`, in the order of the checks.":
            EmailNotSupported,
            RegistrationClosed,
            ChangesForbidden,
            ParametersMissing(vec!["client_secret", "email"]),
            ClientSecret(ClientSecretError),
            MalformedField("email"),
            Email(EmailAddressError),
            Unreadable("email"),
            PhoneNumber(PhoneNumberError),
            NextLink(NextLinkError::NotAllowed)(NextLinkError::ForeignHost),
            StagesRequired(vec![Stage::Recaptcha]),
            Denied(Medium::Email),
            Limited => LimitExceeded,
            InUse(Medium::Msisdn),
            NotFound(Medium::Email),
            MsisdnNotSupported(Purpose::Registration)(Purpose::Addition),
            CapReached { medium: Medium::Email, retry_after_ms: 1_000 },
            Busy,
            Mail => MailError,
            IdentityServer => IdentityServerError,
            Hook => HookError,
            Store => StoreError,
        },
        chapter! {
            SubmitError, "`…/submit_token`. Who opens a link that does not work sees a page.":
            EmailNotSupported,
            MsisdnNotSupported,
            ParameterMissing("sid"),
            NotAscii("sid"),
            MalformedField("sid"),
            ClientSecret(ClientSecretError),
            Link(LinkError::UnknownSession)
                (LinkError::UnknownToken)
                (LinkError::WrongSecret)
                (LinkError::Expired),
            CodeNotAccepted,
            IdentityServer => IdentityServerError,
            Store => StoreError,
        },
        chapter! {
            ThreepidError, "`/account/3pid` and what lies below, in the order of the checks.":
            ChangesForbidden,
            ParameterMissing("client_secret"),
            MalformedField("sid"),
            ClientSecret(ClientSecretError),
            Email(EmailAddressError),
            ServerNotTrusted,
            Gate => GateError,
            NotValidated,
            Denied(Medium::Email),
            InUse(Medium::Msisdn),
            Deactivated,
            IdentityServer => IdentityServerError,
            Hook => HookError,
            Store => StoreError,
        },
        chapter! {
            RuleError, "The operator's own rules about registration.":
            ThreepidDenied,
            Denied,
            Hook => HookError,
            Store => StoreError,
        },
    ]
}

fn operators() -> Vec<Chapter> {
    vec![
        chapter! {
            FieldError, "A field or an argument under `/_synapse/admin`, of users and of registration tokens.":
            Missing("new_password"),
            NotBoolean("admin"),
            Malformed("order_by"),
            BadValue("password"),
            Unsupported("locked"),
            BadThreepid,
            BadValidity,
            BadToken,
            BadLength,
            BadUsesAllowed,
            BadExpiryTime,
        },
        chapter! {
            TokenValidityError,
            "`GET /register/m.login.registration_token/validity`, in the order of the checks.":
            Limited => LimitExceeded,
            Closed,
            TokenMissing,
            TokenNotAscii,
            Store => StoreError,
        },
        chapter! {
            TokenAdminError, "`/_synapse/admin/v1/registration_tokens`.":
            ExpiryPast,
            Exists,
            NotFound,
            NoneFree,
            Store => StoreError,
        },
        chapter! {
            UserAdminError, "Everything about users under `/_synapse/admin`.":
            NotAUserId,
            Foreign,
            NotFound("user")("device"),
            Forbidden,
            UnknownUserType,
            ThreepidInUse,
            OwnDemotion,
            OwnLogin,
            Deactivated,
            NotDeactivated,
            PasswordsDisabled,
            Name => NameError,
            Hash => HashError,
            Rule => RuleError,
            Store => StoreError,
        },
        chapter! {
            SharedSecretError, "`/_synapse/admin/v1/register`.":
            SwitchedOff,
            Missing("nonce"),
            UnknownNonce,
            Unreadable("username"),
            WrongMac,
            Name => NameError,
            DeviceId => DeviceIdError,
            DisplayName => DisplayNameError,
            Rule => RuleError,
            Hash => HashError,
            Store => StoreError,
        },
    ]
}

fn values() -> Vec<Chapter> {
    vec![
        chapter! {
            NewPasswordError, "A password that shall be set.":
            Unreadable,
            Nul,
            Weak => WeakPassword,
        },
        chapter! {
            WeakPassword, "The operator's `password_config.policy`, in the order of the checks.":
            TooShort { minimum_length: 8 },
            NoDigit,
            NoSymbol,
            NoUppercase,
            NoLowercase,
        },
        chapter! {
            DeviceIdError, "`device_id`.":
            TooLong,
            Nul,
        },
        chapter! {
            DisplayNameError, "`initial_device_display_name` and `display_name`.":
            TooLong,
            Nul,
        },
    ]
}

fn ports() -> Vec<Chapter> {
    let limit = LimitExceeded {
        retry_after_ms: 1000,
    };
    let disabled = ServerDisabled {
        message: "closed for repairs".to_owned(),
        admin_contact: None,
    };
    vec![
        Chapter {
            error: "LimitExceeded",
            about: "The `rc_*` options, and the fixed limit of `GET /register/available`.",
            rows: vec![single("LimitExceeded", own(limit))],
        },
        chapter! {
            UsageError, "Whether the server can be used at all.":
            Disabled(disabled),
            Full { admin_contact: None },
            Store => StoreError,
        },
        chapter! {
            HashError, "The threads that hash passwords.":
            Busy { retry_after_ms: 1000 },
            UnusableHash(BadHash::Unknown),
            Failed("the pool is gone".to_owned()),
        },
        chapter! {
            MailError, "The mail server.":
            Transient("busy".into()),
            Unaddressable("no host name".into()),
            Refused("unknown user".into()),
            Compose("no such variable".into()),
        },
        chapter! {
            IdentityServerError, "The identity server; what it refuses itself is handed on.":
            TimedOut,
            Refused(Verbatim::new(400, "")),
            Unaskable("too long".into()),
            Unusable("not JSON".into()),
        },
        chapter! {
            CaptchaError, "The captcha provider.":
            TimedOut,
            Unusable("not JSON".into()),
        },
        chapter! {
            HookError, "The operator's own rules, when they cannot be asked.":
            TimedOut,
            Unaskable("too long".into()),
            Unusable("not JSON".into()),
        },
        chapter! {
            StoreErrorKind as StoreError, "The database.":
            Conflict(Constraint::MissingReference),
            Contended,
            Unavailable,
            Lost,
            Corrupt { table: "accounts", column: "created" },
            Other,
        },
    ]
}
