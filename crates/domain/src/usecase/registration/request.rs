use crate::model::account::AccountKind;
use crate::model::given::Given;
use crate::model::id::UserId;
use crate::model::uia::OperationDigest;
use crate::ports::observer::{Applicant, Event};
use crate::usecase::shared::Shared;
use crate::usecase::token::authenticate::Bearer;
use crate::usecase::token::issue::IssuedTokens;
use crate::usecase::uia::auth::Auth;
use crate::usecase::uia::prompt::UiaPrompt;

/// `POST /register`, as sent.
#[derive(Clone, Debug)]
pub struct RegisterRequest {
    /// The query parameter `kind`; malformed when it is not ASCII.
    pub kind: Given<String>,
    /// The access token that came with the request: only application services may send one.
    pub bearer: Bearer,
    /// `refresh_token`: does the client want one?
    pub refresh_token: Given<bool>,
    /// `username`.
    pub username: Given<String>,
    /// `type`.
    pub login_type: Given<String>,
    /// `password`.
    pub password: Given<String>,
    /// `device_id`.
    pub device_id: Given<String>,
    /// `initial_device_display_name`.
    pub initial_device_display_name: Given<String>,
    /// `guest_access_token`.
    pub guest_access_token: Given<String>,
    /// Whether `inhibit_login` is anything that counts as true.
    pub inhibit_login: bool,
    /// `auth`.
    pub auth: Given<Auth>,
    /// The body has a key besides `auth`, `password` and `initial_device_display_name`.
    pub has_other_fields: bool,
    /// Method and target of the request.
    pub operation: OperationDigest,
}

/// The outcome of `POST /register`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegisterOutcome {
    /// There is an account.
    Registered(RegisteredAccount),
    /// Something is still to be proved.
    AuthRequired(UiaPrompt),
}

/// A registered account, as its owner is told about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredAccount {
    /// Who they are now.
    pub user_id: UserId,
    /// Their tokens, unless they wanted none.
    pub tokens: Option<IssuedTokens>,
}

impl RegisteredAccount {
    /// Tells observers of the new account, and of its login if there was one.
    pub(crate) fn announce(
        &self,
        shared: &Shared,
        kind: AccountKind,
        applicant: Applicant,
        shadow_banned: bool,
    ) {
        shared.observe(Event::AccountRegistered {
            kind,
            applicant,
            shadow_banned,
        });
        self.announce_login(shared, kind);
    }

    /// Tells observers of the login, if there was one.
    pub(crate) fn announce_login(&self, shared: &Shared, kind: AccountKind) {
        if self.tokens.is_some() {
            shared.observe(Event::LoggedIn { kind });
        }
    }
}
