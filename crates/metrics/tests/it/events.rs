//! What each event counts as.

use std::time::Duration;

use registrar_domain::model::account::AccountKind;
use registrar_domain::model::job::Job;
use registrar_domain::model::threepid::{Medium, Purpose};
use registrar_domain::model::uia::Stage;
use registrar_domain::ports::Observer as _;
use registrar_domain::ports::observer::{Applicant, Event, JobOutcome, Limit, StageOutcome};

use crate::numbers::{Numbers, assert_risen, metrics};

#[test]
fn each_event_raises_its_counts_and_no_others() {
    let registered = |kind, applicant, shadow_banned| Event::AccountRegistered {
        kind,
        applicant,
        shadow_banned,
    };
    let limited = |limit| Event::LimitExceeded { limit };
    let ended = |outcome| Event::JobEnded {
        job: Job::UiaSessions,
        outcome,
    };
    let rows: [(Event, &[&str]); 16] = [
        (
            registered(AccountKind::User, Applicant::Client, false),
            &[
                r#"synapse_user_registrations_total{auth_provider="",guest="False",shadow_banned="False"}"#,
                r#"registrar_accounts_registered_total{applicant="client"}"#,
            ],
        ),
        (
            registered(AccountKind::Guest, Applicant::Client, true),
            &[
                r#"synapse_user_registrations_total{auth_provider="",guest="True",shadow_banned="True"}"#,
                r#"registrar_accounts_registered_total{applicant="client"}"#,
            ],
        ),
        (
            registered(AccountKind::User, Applicant::Operator, false),
            &[
                r#"synapse_user_registrations_total{auth_provider="",guest="False",shadow_banned="False"}"#,
                r#"registrar_accounts_registered_total{applicant="operator"}"#,
            ],
        ),
        // Synapse leaves out the accounts of application services.
        (
            registered(AccountKind::User, Applicant::ApplicationService, false),
            &[r#"registrar_accounts_registered_total{applicant="application_service"}"#],
        ),
        (
            Event::LoggedIn {
                kind: AccountKind::Guest,
            },
            &[r#"synapse_user_logins_total{auth_provider="",guest="True"}"#],
        ),
        (
            Event::TokenRequested {
                medium: Medium::Msisdn,
                purpose: Purpose::Registration,
                send_attempt: 3,
            },
            &[
                r#"synapse_threepid_send_requests_with_tries_count{reason="register",type="msisdn"}"#,
            ],
        ),
        (
            Event::UiaSessionOpened,
            &["registrar_uia_sessions_opened_total"],
        ),
        (
            Event::StageAttempted {
                stage: Stage::Email,
                outcome: StageOutcome::Failed,
            },
            &[
                r#"registrar_uia_stage_attempts_total{outcome="failed",stage="m.login.email.identity"}"#,
            ],
        ),
        (
            limited(Limit::LoginFailedAttempts),
            &[r#"registrar_rate_limit_rejections_total{limit="rc_login.failed_attempts"}"#],
        ),
        (
            limited(Limit::Availability),
            &[
                r#"registrar_rate_limit_rejections_total{limit="username_availability"}"#,
                r#"synapse_rate_limit_reject_total{rate_limiter_name="username_availability"}"#,
            ],
        ),
        (
            Event::AvailabilityDelayed,
            &[r#"synapse_rate_limit_sleep_total{rate_limiter_name="username_availability"}"#],
        ),
        (
            Event::AvailabilityAdmitted {
                waited: Duration::from_secs(1),
            },
            &[
                r#"synapse_rate_limit_queue_wait_time_seconds_count{rate_limiter_name="username_availability"}"#,
            ],
        ),
        (
            Event::PasswordHashed {
                waited: Duration::ZERO,
                worked: Duration::from_millis(14),
            },
            &[
                "registrar_password_hash_wait_seconds_count",
                "registrar_password_hash_seconds_count",
            ],
        ),
        (
            Event::PasswordHashRefused,
            &["registrar_password_hash_refused_total"],
        ),
        (
            ended(JobOutcome::Done),
            &[
                r#"registrar_job_runs_total{job="expire_uia_sessions",outcome="done"}"#,
                r#"synapse_background_process_start_count_total{name="expire_uia_sessions"}"#,
            ],
        ),
        (
            ended(JobOutcome::Elsewhere),
            &[r#"registrar_job_runs_total{job="expire_uia_sessions",outcome="elsewhere"}"#],
        ),
    ];
    let metrics = metrics();
    for (event, expected) in rows {
        let before = Numbers::of(&metrics);
        metrics.observe(&event);
        assert_risen(&before, &Numbers::of(&metrics), expected);
    }
}

/// A counter that appears with its first event looks as if it had never risen.
#[test]
fn closed_sets_of_labels_are_there_from_the_start() {
    let numbers = Numbers::of(&metrics());
    let series = |name: &str| {
        let of_family = |it: &&String| it.split('{').next() == Some(name);
        numbers.values.keys().filter(of_family).count()
    };
    let rows = [
        ("synapse_user_registrations_total", 4),
        ("synapse_user_logins_total", 2),
        ("synapse_threepid_send_requests_with_tries_count", 6),
        ("synapse_emails_sent_total", 4),
        ("registrar_uia_stage_attempts_total", 3 * Stage::ALL.len()),
        ("registrar_rate_limit_rejections_total", Limit::ALL.len()),
        ("registrar_mails_total", 20),
        ("registrar_db_units_of_work_total", 10),
    ];
    for (name, expected) in rows {
        assert_eq!(series(name), expected, "{name}");
    }
    assert!(
        numbers
            .values
            .contains_key(r#"registrar_build_info{version="1.2.3"}"#)
    );
}

#[test]
fn send_attempts_fall_into_the_buckets_of_synapse() {
    let metrics = metrics();
    for send_attempt in [1, 5, 6, 1000] {
        metrics.observe(&Event::TokenRequested {
            medium: Medium::Email,
            purpose: Purpose::Registration,
            send_attempt,
        });
    }
    let numbers = Numbers::of(&metrics);
    let buckets: Vec<_> = ["1", "2", "3", "4", "5", "10", "+Inf"]
        .map(|le| {
            let name = "synapse_threepid_send_requests_with_tries_bucket";
            numbers.value(&format!(
                r#"{name}{{reason="register",type="email",le="{le}"}}"#
            ))
        })
        .to_vec();
    assert_eq!(buckets, [1.0, 1.0, 1.0, 1.0, 2.0, 3.0, 4.0]);
}
