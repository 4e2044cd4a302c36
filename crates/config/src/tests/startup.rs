//! What stops a homeserver from starting stops this server, too.

use super::{config, expect_mistake, mistakes};

#[test]
fn each_start_up_failure_names_its_key() {
    let rows: &[(&str, &str, &str)] = &[
        (
            "enable_registration: maybe",
            "enable_registration",
            "true or false",
        ),
        (
            "disable_registration: maybe",
            "disable_registration",
            "true or false",
        ),
        (
            "enable_registration: true",
            "enable_registration",
            "enable_registration_without_verification",
        ),
        (
            "disable_registration: false",
            "enable_registration",
            "registrations_require_3pid",
        ),
        (
            // Neither of them keeps anybody out.
            "enable_registration: true\nenable_registration_token_3pid_bypass: true",
            "enable_registration",
            "registration_requires_token",
        ),
        (
            "registrations_require_3pid: [email]",
            "registrations_require_3pid",
            "email",
        ),
        (
            "registrations_require_3pid: [msisdn]",
            "registrations_require_3pid",
            "phone",
        ),
        (
            "registrations_require_3pid: [emial]",
            "registrations_require_3pid[0]",
            "`emial`",
        ),
        (
            "registrations_require_3pid: email",
            "registrations_require_3pid",
            "list",
        ),
        ("email: {smtp_host: x}", "email.notif_from", "required"),
        ("email: {notif_from: nobody}", "email.notif_from", "address"),
        (
            "email: {notif_from: \"a@b.c\\nBcc: d@e.f\"}",
            "email.notif_from",
            "address",
        ),
        (
            "email: {enable_notifs: true}\naccount_threepid_delegates: {email: 'https://id.org'}",
            "email.notif_from",
            "enable_notifs",
        ),
        (
            "email: {notif_from: a@b.c, force_tls: true, enable_tls: false}",
            "email.force_tls",
            "enable_tls",
        ),
        (
            "email: {notif_from: a@b.c, require_transport_security: true, enable_tls: false}",
            "email.require_transport_security",
            "enable_tls",
        ),
        (
            "email: {notif_from: a@b.c, template_dir: 5}",
            "email.template_dir",
            "string",
        ),
        (
            "session_lifetime: 1m\nrefreshable_access_token_lifetime: 2m",
            "refreshable_access_token_lifetime",
            "session_lifetime",
        ),
        (
            "session_lifetime: 1m\nnonrefreshable_access_token_lifetime: 2m",
            "nonrefreshable_access_token_lifetime",
            "session_lifetime",
        ),
        (
            "session_lifetime: 1m\nrefresh_token_lifetime: 2m",
            "refresh_token_lifetime",
            "session_lifetime",
        ),
        ("session_lifetime: 0", "session_lifetime", "end"),
        (
            "recaptcha_private_key: 5",
            "recaptcha_private_key",
            "quotes",
        ),
        ("recaptcha_public_key: 5", "recaptcha_public_key", "quotes"),
        (
            "enable_registration_captcha: true\nrecaptcha_public_key: x",
            "recaptcha_private_key",
            "required",
        ),
        (
            "recaptcha_siteverify_api: ftp://x/",
            "recaptcha_siteverify_api",
            "http",
        ),
        (
            "auto_join_rooms: ['!id:example.org']",
            "auto_join_rooms[0]",
            "alias",
        ),
        (
            "autocreate_auto_join_room_preset: x",
            "autocreate_auto_join_room_preset",
            "public_chat",
        ),
        (
            "autocreate_auto_join_room_preset: private_chat",
            "auto_join_mxid_localpart",
            "required",
        ),
        ("invite_3pid_guest: true", "invite_3pid_guest", "no longer"),
        (
            "next_link_domain_whitelist: good.example",
            "next_link_domain_whitelist",
            "list",
        ),
        (
            "public_baseurl: ftp://example.org",
            "public_baseurl",
            "http or https",
        ),
        (
            "public_baseurl: 'https://example.org/?x=1'",
            "public_baseurl",
            "query",
        ),
        (
            "public_baseurl: 'https://example.org/#x'",
            "public_baseurl",
            "fragment",
        ),
        ("public_baseurl: example.org", "public_baseurl", "URL"),
        (
            "public_baseurl: 'https://u:p@example.org'",
            "public_baseurl",
            "user",
        ),
        (
            "user_consent: {version: 1, template_dir: /nonexistent}",
            "user_consent.template_dir",
            "no folder",
        ),
        (
            "user_consent: {template_dir: /}",
            "user_consent.version",
            "required",
        ),
        (
            "user_consent: {version: 1}",
            "user_consent.template_dir",
            "required",
        ),
        (
            "user_consent: {version: 1, template_dir: /}\n\
             listeners: [{port: 1, resources: [{names: [client, consent]}]}]",
            "form_secret",
            "required",
        ),
        (
            "form_secret: x\nlisteners: [{port: 1, resources: [{names: [client, consent]}]}]",
            "user_consent",
            "required",
        ),
        (
            "account_validity: {enabled: true}",
            "account_validity.period",
            "required",
        ),
        (
            "extra_well_known_client_content: {m.homeserver: {}}",
            "extra_well_known_client_content",
            "public_baseurl",
        ),
        (
            "default_identity_server: id.org",
            "default_identity_server",
            "URL",
        ),
        (
            "account_threepid_delegates: {msisdn: id.org}",
            "account_threepid_delegates.msisdn",
            "URL",
        ),
        (
            "allowed_local_3pids: [{medium: email}]",
            "allowed_local_3pids[0].pattern",
            "required",
        ),
        (
            "allowed_local_3pids: [{medium: email, pattern: '('}]",
            "allowed_local_3pids[0].pattern",
            "regular",
        ),
        (
            "mau_limit_reserved_threepids: [{medium: email}]",
            "mau_limit_reserved_threepids[0].address",
            "required",
        ),
        (
            "app_service_config_files: [/nonexistent.yaml]",
            "app_service_config_files[0]",
            "No such file",
        ),
        (
            "app_service_config_files: [/dev/null]",
            "app_service_config_files[0]",
            "registration file",
        ),
        (
            "registrar: {log: {filter: 'foo=bar=baz'}}",
            "registrar.log.filter",
            "log filter",
        ),
        (
            "templates: {custom_template_directory: /nonexistent}",
            "templates.custom_template_directory",
            "no folder",
        ),
        (
            "server_notices: {system_mxid_localpart: '@a:b'}",
            "server_notices.system_mxid_localpart",
            "localpart",
        ),
        (
            "rc_registration: {per_second: -1}",
            "rc_registration.per_second",
            "from 0",
        ),
        (
            "registrar: {hashing: {lanes: 4, memory_kib: 16}}",
            "registrar.hashing.memory_kib",
            "8 KiB",
        ),
        (
            "registrar: {hashing: {max_memory_kib: 1024}}",
            "registrar.hashing.max_memory_kib",
            "19456",
        ),
        (
            "registrar: {http: {request_timeout: 0}}",
            "registrar.http.request_timeout",
            "longer",
        ),
        (
            "registrar: {trusted_proxies: [10.0.0.0/33]}",
            "registrar.trusted_proxies",
            "10.0.0.0/33",
        ),
        (
            "registrar: {database_pool: {lock_timeout: 0}}",
            "registrar.database_pool.lock_timeout",
            "longer",
        ),
    ];
    for (yaml, key, words) in rows {
        expect_mistake(yaml, key, words);
    }
}

#[test]
fn the_server_name_is_required_and_checked() {
    for (yaml, words) in [
        ("{}", "required"),
        ("server_name: ''", "required"),
        ("server_name: a b", "`a b`"),
    ] {
        let reading = super::super::load_text(yaml, "test.yaml", []);
        let error = reading.into_config().unwrap_err();
        assert_eq!(error.0.len(), 1, "{yaml}: {error}");
        assert_eq!(error.0[0].key, "server_name");
        assert!(error.0[0].message.contains(words), "{error}");
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let all = mistakes(
        "enable_registration: true\nsession_lifetime: soon\nlisteners: [{port: x}]\n\
         email: {smtp_port: 0}\nregistrar: {x: 1, hashing: {memory_kib: much}}\n\
         database: {name: oracle}\nallowed_local_3pids: {}",
    );
    for key in [
        "enable_registration",
        "session_lifetime",
        "listeners[0].port",
        "email.smtp_port",
        "email.notif_from",
        "registrar.x",
        "registrar.hashing.memory_kib",
        "database.name",
        "allowed_local_3pids",
    ] {
        let told = all
            .iter()
            .filter(|mistake| mistake.contains(&format!(" {key}: ")))
            .count();
        assert_eq!(told, 1, "{key}: {all:#?}");
    }
}

#[test]
fn a_default_lifetime_never_contradicts_a_short_session() {
    let config = config("session_lifetime: 3s");
    assert_eq!(
        config
            .policy
            .lifetimes
            .refreshable_access
            .unwrap()
            .as_secs(),
        300
    );
}
