//! The door to what counts events: metrics, alarms.

use std::time::Duration;

use crate::model::account::AccountKind;
use crate::model::job::Job;
use crate::model::threepid::{Medium, Purpose};
use crate::model::uia::Stage;

/// Takes note of what happens.
///
/// What is observed has happened already: an account is told of when its transaction has committed.
pub trait Observer: Send + Sync {
    /// Takes note of an event. Requests wait for it, so it must be quick, and it cannot fail.
    fn observe(&self, event: &Event);
}

/// Something that happened. A closed set without names, addresses or strings, so that a program that keeps
/// counts by its parts keeps a bounded number of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// There is a new account, or a guest has become a user.
    AccountRegistered {
        /// A user or a guest.
        kind: AccountKind,
        /// Who asked for it.
        applicant: Applicant,
        /// Is it shadow-banned from the start?
        shadow_banned: bool,
    },
    /// Somebody was given the tokens of a login; refreshing them is none.
    LoggedIn {
        /// A user or a guest.
        kind: AccountKind,
    },
    /// A client asked for a validation token, and the answer was a validation session that exists.
    TokenRequested {
        /// Of which kind of address.
        medium: Medium,
        /// What for.
        purpose: Purpose,
        /// The client's `send_attempt`.
        send_attempt: i64,
    },
    /// A session of user-interactive authentication was opened.
    UiaSessionOpened,
    /// A client attempted a stage of user-interactive authentication.
    StageAttempted {
        /// Which one.
        stage: Stage,
        /// What became of it.
        outcome: StageOutcome,
    },
    /// A request was refused by a limit.
    LimitExceeded {
        /// Which one.
        limit: Limit,
    },
    /// A question about username availability was made to wait because its client asks so often.
    AvailabilityDelayed,
    /// A question about username availability may be answered.
    AvailabilityAdmitted {
        /// How long it had to wait.
        waited: Duration,
    },
    /// A password was hashed or compared.
    PasswordHashed {
        /// How long it had to wait for its turn.
        waited: Duration,
        /// How long the work took.
        worked: Duration,
    },
    /// A password was not hashed or compared because too many wait already.
    PasswordHashRefused,
    /// A periodic job has ended.
    JobEnded {
        /// Which one.
        job: Job,
        /// How.
        outcome: JobOutcome,
    },
    /// A unit of work is tried again because another transaction stood in its way.
    UnitOfWorkRetried,
}

/// Who asked for an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applicant {
    /// A person who completed `POST /register`, or a guest.
    Client,
    /// An application service.
    ApplicationService,
    /// A client that knows the shared secret.
    Operator,
}

impl Applicant {
    /// Every applicant.
    pub const ALL: [Self; 3] = [Self::Client, Self::ApplicationService, Self::Operator];
}

/// What became of an attempted stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StageOutcome {
    /// It is passed.
    Passed,
    /// What the client showed does not pass it; the session stays open.
    Failed,
    /// The request was refused before anybody could tell.
    Refused,
}

impl StageOutcome {
    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Passed, Self::Failed, Self::Refused];
}

/// How a periodic job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobOutcome {
    /// With everything done.
    Done,
    /// At once, because another process has it.
    Elsewhere,
    /// With an error.
    Failed,
}

impl JobOutcome {
    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Done, Self::Elsewhere, Self::Failed];
}

/// The limits that requests run into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// `rc_registration`.
    Registration,
    /// `rc_registration_token_validity`.
    RegistrationTokenValidity,
    /// `registrar.rates.failed_registration_tokens`.
    FailedRegistrationTokens,
    /// Passwords that are hashed for clients that have proved nothing.
    UnprovedHashes,
    /// `rc_3pid_validation`, per client address.
    ThreepidByClient,
    /// `rc_3pid_validation`, per address to be validated.
    ThreepidByAddress,
    /// `rc_login.address`.
    LoginAddress,
    /// `rc_login.account`.
    LoginAccount,
    /// `rc_login.failed_attempts`.
    LoginFailedAttempts,
    /// The pacing of questions about username availability.
    Availability,
}

impl Limit {
    /// Every limit.
    pub const ALL: [Self; 10] = [
        Self::Registration,
        Self::RegistrationTokenValidity,
        Self::FailedRegistrationTokens,
        Self::UnprovedHashes,
        Self::ThreepidByClient,
        Self::ThreepidByAddress,
        Self::LoginAddress,
        Self::LoginAccount,
        Self::LoginFailedAttempts,
        Self::Availability,
    ];
}

/// Takes no notice.
#[derive(Clone, Copy, Debug, Default)]
pub struct NullObserver;

impl Observer for NullObserver {
    fn observe(&self, _event: &Event) {}
}
