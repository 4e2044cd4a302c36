//! Requests and answers.

use std::time::Duration;

use crate::numbers::{Numbers, assert_risen, metrics};

#[test]
fn an_answer_is_counted_by_method_servlet_and_status() {
    let metrics = metrics();
    let before = Numbers::of(&metrics);
    metrics.http().received("POST", "RegisterRestServlet");
    let during = Numbers::of(&metrics);
    let in_flight = r#"synapse_http_server_in_flight_requests_count{method="POST",servlet="RegisterRestServlet"}"#;
    assert_risen(
        &before,
        &during,
        &[
            in_flight,
            r#"synapse_http_server_requests_received_total{method="POST",servlet="RegisterRestServlet"}"#,
        ],
    );
    let duration = Duration::from_millis(60);
    metrics
        .http()
        .answered("POST", "RegisterRestServlet", 401, 120, duration);
    let after = Numbers::of(&metrics);
    assert!(after.value(in_flight).abs() < f64::EPSILON);
    let of = |name: &str, code: &str| {
        format!(r#"{name}{{{code}method="POST",servlet="RegisterRestServlet",tag=""}}"#)
    };
    let seconds = "synapse_http_server_response_time_seconds";
    let rows = [
        (of("synapse_http_server_response_count_total", ""), 1.0),
        (of("synapse_http_server_response_size_total", ""), 120.0),
        (of(&format!("{seconds}_count"), r#"code="401","#), 1.0),
        (of(&format!("{seconds}_sum"), r#"code="401","#), 0.06),
        (
            r#"synapse_http_server_responses_total{code="401",method="POST"}"#.to_owned(),
            1.0,
        ),
    ];
    for (series, expected) in rows {
        assert!((after.value(&series) - expected).abs() < 1e-9, "{series}");
    }
}

#[test]
fn statuses_count_whether_they_are_usual_or_not() {
    let metrics = metrics();
    for status in [200, 200, 418, 418, 418] {
        metrics.http().received("GET", "LoginRestServlet");
        metrics
            .http()
            .answered("GET", "LoginRestServlet", status, 0, Duration::ZERO);
    }
    let numbers = Numbers::of(&metrics);
    let of = |code| {
        numbers.value(&format!(
            r#"synapse_http_server_responses_total{{code="{code}",method="GET"}}"#
        ))
    };
    assert_eq!([of(200), of(418)], [2.0, 3.0]);
}

#[test]
fn a_client_that_goes_away_leaves_nothing_in_flight() {
    let metrics = metrics();
    metrics.http().received("GET", "LoginRestServlet");
    metrics.http().dropped("GET", "LoginRestServlet");
    let numbers = Numbers::of(&metrics);
    let in_flight =
        r#"synapse_http_server_in_flight_requests_count{method="GET",servlet="LoginRestServlet"}"#;
    assert!(numbers.value(in_flight).abs() < f64::EPSILON);
    assert!((numbers.value("registrar_http_requests_dropped_total") - 1.0).abs() < f64::EPSILON);
}

/// Whatever a caller says, the number of series stays bounded.
#[test]
fn names_that_nobody_knows_count_as_one() {
    let metrics = metrics();
    for name in 0..100 {
        let (method, servlet) = (format!("M{name}"), format!("S{name}"));
        metrics.http().received(&method, &servlet);
        metrics
            .http()
            .answered(&method, &servlet, 404, 0, Duration::ZERO);
    }
    let numbers = Numbers::of(&metrics);
    let series = r#"synapse_http_server_requests_received_total{method="OTHER",servlet="unrecognised_request_handler"}"#;
    assert!((numbers.value(series) - 100.0).abs() < f64::EPSILON);
    let count = |name: &str| {
        let of_family = |it: &&String| it.split('{').next() == Some(name);
        numbers.values.keys().filter(of_family).count()
    };
    assert_eq!(count("synapse_http_server_requests_received_total"), 1);
    assert_eq!(count("synapse_http_server_responses_total"), 1);
}
