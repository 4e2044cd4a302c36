//! What is allowed and probably not meant.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::super::{Reading, load};
use super::{MINIMAL, read};

/// The warnings of a configuration, as an operator sees them.
fn warnings(reading: &Reading) -> Vec<String> {
    assert!(
        reading.findings.mistakes.is_empty(),
        "{:?}",
        reading.findings.mistakes
    );
    let warnings = reading.warnings().iter();
    warnings.map(ToString::to_string).collect()
}

#[test]
fn what_is_probably_not_meant_is_a_warning_with_a_cure() {
    let public = "listeners: [{port: 8008, bind_addresses: ['0.0.0.0'], x_forwarded: true}]";
    let rows = [
        (public.to_owned(), "registrar.trusted_proxies"),
        (public.replace("0.0.0.0", "::"), "registrar.trusted_proxies"),
        (
            public.replace("0.0.0.0", "192.0.2.1"),
            "registrar.trusted_proxies",
        ),
        (public.replace("'0.0.0.0'", ""), "registrar.trusted_proxies"),
        ("registration_shared_secret: abc".to_owned(), "openssl rand"),
        (
            "registration_shared_secret: aaaaaaaaaaaaaaaaaaaaaaaa".to_owned(),
            "openssl rand",
        ),
        ("form_secret: changeme".to_owned(), "openssl rand"),
        (
            "registrar: {webhook: {url: 'http://localhost/', secret: short}}".to_owned(),
            "openssl rand",
        ),
        (
            "allowed_local_3pids: [{medium: email, pattern: '.*@example\\.org'}]".to_owned(),
            "end it with `$`",
        ),
        (
            "allowed_local_3pids: [{medium: msisdn, pattern: '\\+49.*'}]".to_owned(),
            "write `49` for `+49`",
        ),
    ];
    for (yaml, cure) in rows {
        let found = warnings(&read(&yaml));
        assert_eq!(found.len(), 1, "{yaml}: {found:?}");
        assert!(found[0].contains(cure), "{yaml}: {found:?}");
    }
}

#[test]
fn what_is_meant_is_no_warning() {
    let long = "registration_shared_secret: 0123456789abcdef0123456789abcdef";
    for yaml in [
        "listeners: [{port: 8008, bind_addresses: ['127.0.0.1', '::1'], x_forwarded: true}]",
        "listeners: [{port: 8008, bind_addresses: [10.0.0.2, 'fd00::1'], x_forwarded: true}]",
        "listeners: [{port: 8008, bind_addresses: ['0.0.0.0']}]",
        "listeners: [{path: /run/x.sock, x_forwarded: true}]",
        "listeners: [{port: 8008, x_forwarded: true}]\nregistrar: {trusted_proxies: [10.0.0.1]}",
        long,
        "allowed_local_3pids: [{medium: email, pattern: '^[^@]+@example\\.org$'}]",
        "allowed_local_3pids: [{medium: email, pattern: '^(?!.*@trash\\.example$).+$'}]",
        "allowed_local_3pids: [{medium: msisdn, pattern: '49.*'}]",
    ] {
        assert_eq!(warnings(&read(yaml)), Vec::<String>::new(), "{yaml}");
    }
}

#[test]
fn secrets_that_others_can_read_are_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str, mode: u32| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    };
    let secret = "0123456789abcdef0123456789abcdef";
    let in_place = format!("{MINIMAL}form_secret: {secret}\n");
    let rows = [
        (write("open.yaml", &in_place, 0o644), 1),
        (write("group.yaml", &in_place, 0o640), 0),
        (write("own.yaml", &in_place, 0o600), 0),
        (write("nothing.yaml", MINIMAL, 0o644), 0),
    ];
    for (path, expected) in rows {
        let found = warnings(&load(&[path.clone()], []));
        assert_eq!(found.len(), expected, "{}: {found:?}", path.display());
        assert!(
            found
                .iter()
                .all(|it| it.contains("chmod o=") && !it.contains(secret))
        );
    }
    let file = write("secret", secret, 0o604);
    let yaml = format!("form_secret_path: {}", file.display());
    let found = warnings(&read(&yaml));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("form_secret_path"), "{found:?}");

    let service = |name: &str, token: &str, regex: &str| {
        let text = format!(
            "id: {name}\nas_token: {token}\nsender_localpart: bot\n\
             namespaces: {{users: [{{regex: '{regex}', exclusive: true}}]}}\n"
        );
        let path = write(name, &text, 0o600);
        read(&format!("app_service_config_files: [{}]", path.display()))
    };
    assert!(warnings(&service("fine", secret, "@irc_.*")).is_empty());
    assert!(warnings(&service("named", secret, "@irc:example\\.org")).is_empty());
    assert!(warnings(&service("short", "abc", "@irc_.*"))[0].contains("as_token"));
    assert!(warnings(&service("open", secret, "@irc"))[0].contains("longer names"));
}
