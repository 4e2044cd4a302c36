use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::id::{DeviceId, Localpart};
use crate::password::PasswordHash;
use crate::ports::{Entropy, Trust};
use crate::registration_token::RegistrationTokenId;
use crate::secret::{LETTERS, TokenDigest, random_text};
use crate::threepid::{ClientSecret, ValidatedThreepid, ValidationSessionId};
use crate::time::Timestamp;
use crate::uia::Stage;

/// The ID of a UIA session: 24 random letters (about 137 bits). Whoever knows it holds the session.
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
}

impl std::fmt::Debug for UiaSessionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UiaSessionId(…)")
    }
}

/// A dialogue in which a client proves, stage by stage, that it may do one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UiaSession {
    /// Its ID.
    pub id: UiaSessionId,
    /// When it was opened. It expires [`LIFETIME`](Self::LIFETIME) later.
    pub created: Timestamp,
    /// The operation it was opened for. OtherDevices are refused.
    pub operation: OperationDigest,
    /// What the client wants, from its last request that said so.
    pub parameters: Parameters,
    /// The hash of a password sent in a request that did not complete the dialogue.
    pub password_hash: Option<PasswordHash>,
    /// The signed-in account that opened it, if the operation needs one.
    pub requester: Option<Localpart>,
    /// The registration token with which the stage was passed.
    pub registration_token: Option<RegistrationTokenId>,
    /// The account that the session has registered.
    pub registered: Option<Registered>,
    /// What the client has proved so far, in order.
    pub completed: Vec<CompletedStage>,
}

impl UiaSession {
    /// How long a session lives, from its creation and not from its last use.
    pub const LIFETIME: Duration = Duration::from_hours(48);

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

/// The account that a session has registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The account.
    pub localpart: Localpart,
    /// Its first device, chosen with it even if the client wanted no tokens: every repeated final
    /// request gets new tokens for the same one.
    pub device_id: DeviceId,
}

/// What the client wants to do once the dialogue is complete. An empty request body keeps what was
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
    Deactivate(Traces),
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
pub enum Traces {
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
    /// `initial_device_display_name`; its length is checked when the dialogue is complete.
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
