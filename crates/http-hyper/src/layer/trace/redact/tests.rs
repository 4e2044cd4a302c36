use super::*;

#[test]
fn only_harmless_values_are_left() {
    let rows = [
        ("kind=guest", "kind=guest"),
        ("access_token=syt_x", "access_token=<redacted>"),
        ("access%5ftoken=syt_x", "access_token=<redacted>"),
        ("%61ccess_token=syt_x", "access_token=<redacted>"),
        ("access%255ftoken=syt_x", "access%5ftoken=<redacted>"),
        (
            "client_secret=s;sid=1;token=t",
            "client_secret=<redacted>&sid=<redacted>&token=<redacted>",
        ),
        ("session=s&kind=user", "session=<redacted>&kind=user"),
        ("ACCESS_TOKEN=syt_x", "ACCESS_TOKEN=<redacted>"),
        ("kind=a=access_token=b", "kind=a=access_token=b"),
        ("syt_x", ""),
        ("syt_x&kind=user", "kind=user"),
        ("a%0Ab=x", "a\\nb=<redacted>"),
        ("", ""),
    ];
    for (query, expected) in rows {
        assert_eq!(super::query(query), expected, "{query}");
    }
}

#[test]
fn long_texts_are_shortened_between_characters() {
    let long = "ü".repeat(MAX_BYTES);
    assert_eq!(shorten(&long), format!("{}…", "ü".repeat(MAX_BYTES / 2)));
    assert_eq!(shorten("ü"), "ü");
}

#[test]
fn tokens_in_unknown_paths_are_left_out() {
    let long = "x".repeat(41);
    for (written, expected) in [
        ("/_matrix/client/v3/nosuch", "/_matrix/client/v3/nosuch"),
        ("/_matrix/syt_YQ_abc_123456/x", "/_matrix/<redacted>/x"),
        ("/=syr_YQ_abc", "/<redacted>"),
        (&format!("/{long}"), "/<redacted>"),
    ] {
        assert_eq!(path(written), expected);
    }
}
