use http_body_util::BodyExt as _;

use super::*;

/// The status, `Retry-After` and the body.
async fn wire(error: MatrixError) -> String {
    let (head, body) = error.into_response().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let retry_after = head
        .headers
        .get(RETRY_AFTER)
        .map_or("-", |it| it.to_str().unwrap());
    format!(
        "{} {retry_after} {}",
        head.status.as_u16(),
        String::from_utf8_lossy(&body)
    )
}

#[tokio::test]
async fn keys_are_sorted_and_only_there_when_they_mean_something() {
    let rows = [
        (
            MatrixError::bad_request(ErrCode::MissingParam, "ü"),
            r#"400 - {"errcode":"M_MISSING_PARAM","error":"ü"}"#,
        ),
        (
            MatrixError::unknown_token(SoftLogout::No, "x"),
            r#"401 - {"errcode":"M_UNKNOWN_TOKEN","error":"x","soft_logout":false}"#,
        ),
        (
            MatrixError::unknown_token(SoftLogout::Yes, "x"),
            r#"401 - {"errcode":"M_UNKNOWN_TOKEN","error":"x","soft_logout":true}"#,
        ),
        (
            MatrixError::resource_limit("hs_disabled", Some("mailto:a@b.c".to_owned()), "x"),
            concat!(
                r#"403 - {"admin_contact":"mailto:a@b.c","errcode":"M_RESOURCE_LIMIT_EXCEEDED","#,
                r#""error":"x","limit_type":"hs_disabled"}"#
            ),
        ),
        (
            MatrixError::resource_limit("hs_disabled", None, "x"),
            concat!(
                r#"403 - {"admin_contact":null,"errcode":"M_RESOURCE_LIMIT_EXCEEDED","#,
                r#""error":"x","limit_type":"hs_disabled"}"#
            ),
        ),
        (
            MatrixError::unrecognized(),
            r#"404 - {"errcode":"M_UNRECOGNIZED","error":"unknown endpoint"}"#,
        ),
    ];
    for (error, expected) in rows {
        assert_eq!(wire(error).await, expected);
    }
}

#[tokio::test]
async fn waiting_is_in_whole_seconds_and_never_too_short() {
    for (milliseconds, seconds) in [
        (0, "0"),
        (1, "1"),
        (1000, "1"),
        (1001, "2"),
        (3_600_000, "3600"),
    ] {
        let wire = wire(MatrixError::limit_exceeded(milliseconds)).await;
        assert!(wire.starts_with(&format!("429 {seconds} {{")), "{wire}");
        assert!(
            wire.ends_with(&format!("\"retry_after_ms\":{milliseconds}}}")),
            "{wire}"
        );
    }
}

#[tokio::test]
async fn failures_inside_are_not_told_outside() {
    let error = std::io::Error::other("password of the database");
    for error in [
        MatrixError::internal(&error),
        MatrixError::unavailable(&error, 1000),
    ] {
        let wire = wire(error).await;
        assert!(
            wire.starts_with('5') && !wire.contains("password"),
            "{wire}"
        );
    }
}

#[test]
fn codes_are_what_serde_writes() {
    for code in ErrCode::ALL {
        assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
    }
}
