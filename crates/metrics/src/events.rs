//! What the use-cases tell of: registrations, logins, stages, limits, hashes.

use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec};
use registrar_domain::model::account::AccountKind;
use registrar_domain::model::job::Job;
use registrar_domain::model::threepid::{Medium, Purpose};
use registrar_domain::model::uia::Stage;
use registrar_domain::ports::observer::{Applicant, Event, JobOutcome, Limit, StageOutcome};

use crate::family::Families;

/// The identity provider in Synapse's counts of registrations and logins: nobody else
/// does that here.
const AUTH_PROVIDER: &str = "";
/// A name in Synapse's style for the limiter of `/register/available`, which has none there.
pub(crate) const AVAILABILITY: &str = "username_availability";

const SEND_ATTEMPTS: [f64; 6] = [1.0, 2.0, 3.0, 4.0, 5.0, 10.0];
const QUEUE_SECONDS: [f64; 13] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0, 20.0,
];

pub(crate) struct EventMetrics {
    registrations: IntCounterVec,
    applicants: IntCounterVec,
    logins: IntCounterVec,
    token_requests: HistogramVec,
    sessions: IntCounter,
    stages: IntCounterVec,
    limits: IntCounterVec,
    availability: AvailabilityMetrics,
    hashes: HashMetrics,
    jobs: IntCounterVec,
    jobs_started: IntCounterVec,
    retries: IntCounter,
}

struct AvailabilityMetrics {
    delayed: IntCounter,
    refused: IntCounter,
    waited: Histogram,
}

struct HashMetrics {
    waited: Histogram,
    worked: Histogram,
    refused: IntCounter,
}

impl EventMetrics {
    pub(crate) fn new(families: &mut Families) -> Self {
        let metrics = Self {
            registrations: families.counters(
                "synapse_user_registrations_total",
                "Accounts registered, without those of application services.",
                &["guest", "shadow_banned", "auth_provider"],
            ),
            applicants: families.counters(
                "registrar_accounts_registered_total",
                "Accounts registered, by who requested them.",
                &["applicant"],
            ),
            logins: families.counters(
                "synapse_user_logins_total",
                "Logins, including registrations; refreshed tokens do not count.",
                &["guest", "auth_provider"],
            ),
            token_requests: families.histograms(
                "synapse_threepid_send_requests_with_tries",
                "Requests for a validation token, by the send attempt of the client.",
                &["type", "reason"],
                &SEND_ATTEMPTS,
            ),
            sessions: families.counter(
                "registrar_uia_sessions_opened_total",
                "UIA sessions started.",
            ),
            stages: families.counters(
                "registrar_uia_stage_attempts_total",
                "Attempts at UIA stages.",
                &["stage", "outcome"],
            ),
            limits: families.counters(
                "registrar_rate_limit_rejections_total",
                "Requests refused by a rate limit.",
                &["limit"],
            ),
            availability: AvailabilityMetrics::new(families),
            hashes: HashMetrics::new(families),
            jobs: families.counters(
                "registrar_job_runs_total",
                "Runs of periodic jobs, by outcome.",
                &["job", "outcome"],
            ),
            jobs_started: families.counters(
                "synapse_background_process_start_count_total",
                "Runs of periodic jobs in this process.",
                &["name"],
            ),
            retries: families.counter(
                "registrar_db_retries_total",
                "Units of work retried because of a conflicting transaction.",
            ),
        };
        metrics.begin_at_zero();
        metrics
    }

    /// Shows every combination of labels from the start: what appears with its first event looks to
    /// Prometheus as if it had never risen.
    fn begin_at_zero(&self) {
        for kind in [AccountKind::User, AccountKind::Guest] {
            for shadow_banned in [false, true] {
                let labels = [guest(kind), flag(shadow_banned), AUTH_PROVIDER];
                self.registrations.with_label_values(&labels);
            }
            self.logins.with_label_values(&[guest(kind), AUTH_PROVIDER]);
        }
        for by in Applicant::ALL {
            self.applicants.with_label_values(&[applicant(by)]);
        }
        for medium in [Medium::Email, Medium::Msisdn] {
            for purpose in Purpose::ALL {
                let labels = [medium.as_str(), reason(purpose)];
                self.token_requests.with_label_values(&labels);
            }
        }
        for stage in Stage::ALL {
            for result in StageOutcome::ALL {
                let labels = [stage.as_str(), outcome(result)];
                self.stages.with_label_values(&labels);
            }
        }
        for job in Job::ALL {
            self.jobs_started.with_label_values(&[job.name()]);
            for outcome in JobOutcome::ALL {
                self.jobs.with_label_values(&[job.name(), ended(outcome)]);
            }
        }
        for it in Limit::ALL {
            self.limits.with_label_values(&[limit(it)]);
        }
    }

    pub(crate) fn observe(&self, event: &Event) {
        match *event {
            Event::AccountRegistered {
                kind,
                applicant: by,
                shadow_banned,
            } => {
                self.applicants.with_label_values(&[applicant(by)]).inc();
                if by != Applicant::ApplicationService {
                    let labels = [guest(kind), flag(shadow_banned), AUTH_PROVIDER];
                    self.registrations.with_label_values(&labels).inc();
                }
            }
            Event::LoggedIn { kind } => {
                let labels = [guest(kind), AUTH_PROVIDER];
                self.logins.with_label_values(&labels).inc();
            }
            Event::TokenRequested {
                medium,
                purpose,
                send_attempt,
            } => {
                let labels = [medium.as_str(), reason(purpose)];
                #[expect(clippy::cast_precision_loss, reason = "only small ones are told apart")]
                let send_attempt = send_attempt as f64;
                self.token_requests
                    .with_label_values(&labels)
                    .observe(send_attempt);
            }
            Event::UiaSessionOpened => self.sessions.inc(),
            Event::StageAttempted {
                stage,
                outcome: result,
            } => {
                let labels = [stage.as_str(), outcome(result)];
                self.stages.with_label_values(&labels).inc();
            }
            Event::LimitExceeded { limit: it } => {
                if it == Limit::Availability {
                    self.availability.refused.inc();
                }
                self.limits.with_label_values(&[limit(it)]).inc();
            }
            Event::AvailabilityDelayed => self.availability.delayed.inc(),
            Event::AvailabilityAdmitted { waited } => {
                self.availability.waited.observe(waited.as_secs_f64());
            }
            Event::PasswordHashed { waited, worked } => {
                self.hashes.waited.observe(waited.as_secs_f64());
                self.hashes.worked.observe(worked.as_secs_f64());
            }
            Event::PasswordHashRefused => self.hashes.refused.inc(),
            Event::JobEnded { job, outcome } => {
                let labels = [job.name(), ended(outcome)];
                self.jobs.with_label_values(&labels).inc();
                if outcome != JobOutcome::Elsewhere {
                    self.jobs_started.with_label_values(&[job.name()]).inc();
                }
            }
            Event::UnitOfWorkRetried => self.retries.inc(),
        }
    }
}

impl AvailabilityMetrics {
    fn new(families: &mut Families) -> Self {
        let label = ["rate_limiter_name"];
        let delayed = families.counters(
            "synapse_rate_limit_sleep_total",
            "Requests for username availability that were delayed.",
            &label,
        );
        let refused = families.counters(
            "synapse_rate_limit_reject_total",
            "Requests for username availability that were refused.",
            &label,
        );
        let waited = families.histograms(
            "synapse_rate_limit_queue_wait_time_seconds",
            "How long requests for username availability were delayed, in seconds.",
            &label,
            &QUEUE_SECONDS,
        );
        Self {
            delayed: delayed.with_label_values(&[AVAILABILITY]),
            refused: refused.with_label_values(&[AVAILABILITY]),
            waited: waited.with_label_values(&[AVAILABILITY]),
        }
    }
}

impl HashMetrics {
    fn new(families: &mut Families) -> Self {
        Self {
            waited: families.seconds(
                "registrar_password_hash_wait_seconds",
                "How long passwords waited for a hashing thread, in seconds.",
            ),
            worked: families.seconds(
                "registrar_password_hash_seconds",
                "How long hashing or verifying a password took, in seconds.",
            ),
            refused: families.counter(
                "registrar_password_hash_refused_total",
                "Passwords refused because the queue was full.",
            ),
        }
    }
}

/// A flag as Synapse writes it.
fn flag(flag: bool) -> &'static str {
    if flag { "True" } else { "False" }
}

fn guest(kind: AccountKind) -> &'static str {
    flag(kind == AccountKind::Guest)
}

fn applicant(applicant: Applicant) -> &'static str {
    match applicant {
        Applicant::Client => "client",
        Applicant::ApplicationService => "application_service",
        Applicant::Operator => "operator",
    }
}

/// A purpose as Synapse calls it.
fn reason(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Registration => "register",
        Purpose::Addition => "add_threepid",
        Purpose::PasswordReset => "password_reset",
    }
}

fn outcome(outcome: StageOutcome) -> &'static str {
    match outcome {
        StageOutcome::Passed => "passed",
        StageOutcome::Failed => "failed",
        StageOutcome::Refused => "refused",
    }
}

fn ended(outcome: JobOutcome) -> &'static str {
    match outcome {
        JobOutcome::Done => "done",
        JobOutcome::Elsewhere => "elsewhere",
        JobOutcome::Failed => "failed",
    }
}

/// A limit as its option is called.
fn limit(limit: Limit) -> &'static str {
    match limit {
        Limit::Registration => "rc_registration",
        Limit::RegistrationTokenValidity => "rc_registration_token_validity",
        Limit::FailedRegistrationTokens => "failed_registration_tokens",
        Limit::UnprovedHashes => "unproved_hashes",
        Limit::ThreepidByClient => "rc_3pid_validation.client",
        Limit::ThreepidByAddress => "rc_3pid_validation.address",
        Limit::LoginAddress => "rc_login.address",
        Limit::LoginAccount => "rc_login.account",
        Limit::LoginFailedAttempts => "rc_login.failed_attempts",
        Limit::Availability => AVAILABILITY,
    }
}
