//! The text format.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use registrar_metrics::{Level, Pool, Reading};

use crate::numbers::{Numbers, metrics};

/// A family without series is not shown, so some need an event first.
fn touched() -> registrar_metrics::Metrics {
    let metrics = metrics();
    metrics.http().received("GET", "LoginRestServlet");
    metrics
        .http()
        .answered("GET", "LoginRestServlet", 200, 1, Duration::ZERO);
    let rows = [
        (Reading::ConnectionsInUse(Pool::Readers), 2),
        (Reading::ConnectionsIdle(Pool::Writers), 1),
        (Reading::ConnectionsMax(Pool::Writers), 8),
        (Reading::HashQueueLength, 3),
        (Reading::HashQueueBusy, 2),
        (Reading::HashQueueCapacity, 280),
        (Reading::DelayedClients, 5),
        (Reading::RefusedClients, 4),
        (Reading::LogLines(Level::Warn), 7),
        (Reading::LogLines(Level::Error), 6),
        (Reading::LogLinesLeftOut, 9),
    ];
    for (reading, number) in rows {
        metrics.show(reading, move || Some(number));
    }
    metrics
}

#[test]
fn what_is_shown_is_what_the_catalog_says() {
    let metrics = touched();
    let shown = Numbers::of(&metrics).types;
    let catalog = metrics
        .catalog()
        .iter()
        .map(|it| (it.name.to_owned(), it.kind.as_str().to_owned()))
        .collect();
    assert_eq!(shown, catalog);
}

#[test]
fn every_number_but_those_of_the_process_says_whose_it_is() {
    let metrics = touched();
    for line in metrics.render().lines() {
        if line.starts_with('#') {
            continue;
        }
        let is_labeled = line.contains(r#"server_name="example.org""#);
        assert_eq!(is_labeled, !line.starts_with("process_"), "{line}");
    }
    for entry in metrics.catalog() {
        let is_process = entry.name.starts_with("process_");
        assert_eq!(entry.has_server_name, !is_process, "{}", entry.name);
        let is_counter = entry.kind == registrar_metrics::Kind::Counter;
        assert_eq!(entry.name.ends_with("_total"), is_counter, "{}", entry.name);
    }
}

#[test]
fn numbers_kept_elsewhere_are_read_when_they_are_rendered() {
    let metrics = touched();
    let numbers = Numbers::of(&metrics);
    let rows = [
        (
            r#"registrar_db_connections{pool="readers",state="in_use"}"#,
            2.0,
        ),
        (
            r#"registrar_db_connections{pool="writers",state="idle"}"#,
            1.0,
        ),
        (r#"registrar_db_connections_max{pool="writers"}"#, 8.0),
        ("registrar_password_hash_queue_length", 3.0),
        ("registrar_password_hash_queue_busy", 2.0),
        ("registrar_password_hash_queue_capacity", 280.0),
        (
            r#"synapse_rate_limit_sleep_affected_hosts{rate_limiter_name="username_availability"}"#,
            5.0,
        ),
        (
            r#"synapse_rate_limit_reject_affected_hosts{rate_limiter_name="username_availability"}"#,
            4.0,
        ),
        (r#"registrar_log_lines_total{level="warn"}"#, 7.0),
        (r#"registrar_log_lines_total{level="error"}"#, 6.0),
        ("registrar_log_lines_left_out_total", 9.0),
    ];
    for (series, expected) in rows {
        assert!(
            (numbers.value(series) - expected).abs() < f64::EPSILON,
            "{series}"
        );
    }
}

#[test]
fn a_number_that_is_no_longer_kept_stays_as_it_was() {
    let metrics = metrics();
    let kept = Arc::new(AtomicU64::new(5));
    let weak = Arc::downgrade(&kept);
    let read = move || Some(weak.upgrade()?.load(Ordering::Relaxed));
    metrics.show(Reading::HashQueueLength, read);
    let series = "registrar_password_hash_queue_length";
    assert_eq!(Numbers::of(&metrics).value(series).to_string(), "5");
    kept.store(7, Ordering::Relaxed);
    assert_eq!(Numbers::of(&metrics).value(series).to_string(), "7");
    drop(kept);
    assert_eq!(Numbers::of(&metrics).value(series).to_string(), "7");
}

#[cfg(target_os = "linux")]
#[test]
fn the_process_is_measured() {
    let numbers = Numbers::of(&metrics());
    for name in [
        "process_resident_memory_bytes",
        "process_virtual_memory_bytes",
        "process_open_fds",
        "process_max_fds",
        "process_threads",
        "process_start_time_seconds",
    ] {
        assert!(numbers.value(name) >= 1.0, "{name}");
    }
    assert!(numbers.value("process_cpu_seconds_total") >= 0.0);
}
