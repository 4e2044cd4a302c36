use std::collections::BTreeMap;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::model::context::Trust;
use crate::model::entropy::Entropy;
use crate::model::id::{DeviceId, Localpart};
use crate::model::password::PasswordHash;
use crate::model::registration_token::{HeldRegistrationToken, RegistrationTokenKey};
use crate::model::secret::{LETTERS, TokenDigest, random_text};
use crate::model::threepid::{
    ClientSecret, ValidatedThreepid, ValidationSession, ValidationSessionId,
};
use crate::model::time::Timestamp;
use crate::model::token::AccessTokenKey;
use crate::model::uia::Stage;

/// The ID of a UIA session: 24 random letters (about 137 bits). Knowing it is enough to use the session.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct UiaSessionId(String);

impl UiaSessionId {
    /// The longest ID that is looked up, in bytes. Longer ones are unknown without asking.
    const MAX_BYTES: usize = 255;

    /// Makes a new random ID.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(random_text(entropy, LETTERS, 24))
    }

    /// Takes what a client presents; `None` for text that cannot be the ID of a session.
    pub fn parse(text: &str) -> Option<Self> {
        let plausible = (1..=Self::MAX_BYTES).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_graphic());
        plausible.then(|| Self(text.to_owned()))
    }

    /// The ID as text, to hand to the client.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the database holds instead of the ID: a copy of the database gives nobody a session.
    pub fn digest(&self) -> TokenDigest {
        TokenDigest::of(&self.0)
    }
}

impl std::fmt::Debug for UiaSessionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UiaSessionId(…)")
    }
}

/// A session in which a client proves, stage by stage, that it may perform one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UiaSession {
    /// Its ID.
    pub id: UiaSessionId,
    /// When it was opened. It expires [`LIFETIME`](Self::LIFETIME) later.
    pub created: Timestamp,
    /// The operation it was opened for. Others are refused.
    pub operation: OperationDigest,
    /// What the client wants, from its last request that said so.
    pub parameters: Parameters,
    /// The hash of a password sent in a request that did not complete the session.
    pub password_hash: Option<PasswordHash>,
    /// The login that opened it, if the operation needs one. Other logins are refused, also those of
    /// the same account.
    pub requester: Option<UiaRequester>,
    /// The registration token with which the stage was passed.
    pub registration_token: Option<HeldRegistrationToken>,
    /// The account that the session has registered.
    pub registered: Option<Registered>,
    /// What the client has proved so far, in order.
    pub completed: Vec<CompletedStage>,
}

impl UiaSession {
    /// How long a session lives, from its creation and not from its last use.
    pub const LIFETIME: Duration = ValidationSession::USABLE_FOR;
    /// How long the final request of a registration can be repeated, from the registration and not
    /// from the last repetition. A client whose answer was lost repeats it at once.
    pub const REPEATABLE_FOR: Duration = Duration::from_mins(5);
    /// How many clients of a session are remembered from its beginning: those that opened it.
    pub const FIRST_CLIENTS: usize = 4;
    /// How many clients of a session are remembered beside the first ones: those that came last.
    pub const LAST_CLIENTS: usize = 8;

    /// Can the session still be continued? The job that removes sessions runs only now and then, so
    /// this is asked wherever one is used.
    pub fn is_open(&self, now: Timestamp) -> bool {
        // In both directions: the clock may have been set back, or be another machine's.
        let is_repeatable = |registered: &Registered| {
            let from = registered.at.before(Self::REPEATABLE_FOR);
            (from..registered.at.after(Self::REPEATABLE_FOR)).contains(&now)
        };
        now < self.created.after(Self::LIFETIME)
            && self.registered.as_ref().is_none_or(is_repeatable)
    }

    /// How far the client has earned expensive work: a declaration, which costs nothing to repeat in
    /// any number of sessions, earns none.
    pub(crate) fn trust(&self) -> Trust {
        let proves = |stage: Stage| stage.proves_something();
        let proved = self.requester.is_some() || self.completed.iter().any(|it| proves(it.stage));
        if proved {
            Trust::Proved
        } else {
            Trust::Unproved
        }
    }

    /// Has the client passed this stage?
    pub fn has_passed(&self, stage: Stage) -> bool {
        self.completed
            .iter()
            .any(|completed| completed.stage == stage)
    }
}

/// What a session held when it was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EndedSession {
    /// The registration token of which it had reserved a use.
    pub registration_token: Option<RegistrationTokenKey>,
    /// It has registered an account.
    pub has_registered: bool,
}

impl EndedSession {
    /// The uses of registration tokens that these sessions reserved and that became no account: so many
    /// of each token, in the order of their numbers, so that two who release them never wait for each
    /// other.
    pub fn unused(ended: &[Self]) -> BTreeMap<RegistrationTokenKey, u32> {
        let mut unused = BTreeMap::new();
        for session in ended.iter().filter(|session| !session.has_registered) {
            if let Some(token) = session.registration_token {
                *unused.entry(token).or_default() += 1;
            }
        }
        unused
    }
}

/// A request's method and target, query included, byte for byte, as a digest: a target can hold an
/// access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperationDigest([u8; 32]);

impl OperationDigest {
    /// The digest of a request's method and target.
    pub fn of(method: &str, uri: &str) -> Self {
        let digest = Sha256::new()
            .chain_update(method)
            .chain_update(" ")
            .chain_update(uri);
        Self(digest.finalize().into())
    }

    /// Takes a stored digest; `None` unless it has exactly 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The 32 bytes to store.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The login that a session was opened with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UiaRequester {
    /// The account.
    pub localpart: Localpart,
    /// Which of its logins.
    pub login: UiaLogin,
}

/// One of the logins of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UiaLogin {
    /// That of a device, whose access tokens change when they are refreshed.
    Device(DeviceId),
    /// An access token without a device.
    AccessToken(AccessTokenKey),
    /// An application service speaks for the account.
    ApplicationService,
}

/// The account that a session has registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The account.
    pub localpart: Localpart,
    /// Its first device, chosen with it even if the client wanted no tokens: every repeated final
    /// request gets new tokens for the same one.
    pub device_id: DeviceId,
    /// When.
    pub at: Timestamp,
    /// The tokens that the last answer gave. A repeated final request gets no others than these were,
    /// and nothing once they are gone; `None` when the client wanted none.
    pub answer: Option<AnsweredTokens>,
}

/// The tokens of an answer, as digests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnsweredTokens {
    /// The access token.
    pub access: TokenDigest,
    /// The refresh token, if there was one.
    pub refresh: Option<TokenDigest>,
}

/// What the client wants to do once the session is complete. An empty request body keeps what was
/// stored; any other replaces it as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parameters {
    /// The target and the method say everything.
    None,
    /// `POST /register`.
    Register(RegisterParameters),
    /// `POST /delete_devices`.
    DeleteDevices(Vec<DeviceId>),
    /// `POST /account/password`.
    ChangePassword(OtherDevices),
    /// `POST /account/3pid/add`: the validation session that proves the address.
    AddThreepid(ClientSecret, ValidationSessionId),
    /// `POST /account/deactivate`.
    Deactivate(ErasePolicy),
}

/// What becomes of the other devices when a password changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherDevices {
    /// They are logged out.
    LogOut,
    /// They stay logged in.
    Keep,
}

/// What becomes of what a deactivated account tells about its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErasePolicy {
    /// It stays.
    Keep,
    /// The display name goes.
    Erase,
}

/// The parameters of `POST /register` that survive from one request to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegisterParameters {
    /// `username`, lower-cased.
    pub username: Option<String>,
    /// `guest_access_token`: the guest account to upgrade.
    pub guest_claim: Option<GuestClaim>,
    /// `device_id`.
    pub device_id: Option<DeviceId>,
    /// `initial_device_display_name`; its length is checked when the session is complete.
    pub initial_device_display_name: Option<String>,
    /// `inhibit_login`: make no device and no tokens.
    pub inhibit_login: bool,
}

/// What a client offers to show that it is a certain guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuestClaim {
    /// An empty token: nothing at all.
    Empty,
    /// The digest of a token, as of every token that is stored.
    Token(TokenDigest),
}

impl GuestClaim {
    /// Takes a `guest_access_token` as the client sent it. Whether it is one is found out by looking.
    pub fn of(token: &str) -> Self {
        if token.is_empty() {
            Self::Empty
        } else {
            Self::Token(TokenDigest::of(token))
        }
    }
}

/// A stage that the client has passed, with what it proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompletedStage {
    /// The stage.
    pub stage: Stage,
    /// What it proved.
    pub result: StageResult,
}

/// What a passed stage proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StageResult {
    /// Nothing beyond having been passed.
    Passed,
    /// That the client speaks for this account, by the password with the hash of this digest. It
    /// proves nothing once the account has another password.
    Account(Localpart, TokenDigest),
    /// That the client's user owns this address.
    Threepid(ValidatedThreepid),
}
