//! What is allowed and probably not meant.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::super::findings::Ignored;
use super::super::{Reading, load};
use super::{MINIMAL, read};

/// The warnings of a configuration, as an operator sees them.
fn warnings(reading: &Reading) -> Vec<String> {
    assert!(
        reading.findings.mistakes.is_empty(),
        "{:?}",
        reading.findings.mistakes
    );
    reading.warnings().map(ToString::to_string).collect()
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
        let found = warnings(&load(std::slice::from_ref(&path), []));
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

/// Every top-level key of a `homeserver.yaml` for Synapse 1.163.2, present and past.
const SYNAPSE_KEYS: &str = "\
    account_threepid_delegates account_validity admin_contact alias_creation_rules \
    allow_device_name_lookup_over_federation allow_guest_access allow_per_room_profiles \
    allow_profile_lookup_over_federation allow_public_rooms_over_federation \
    allow_public_rooms_without_auth allow_underscore_prefixed_localpart \
    allowed_avatar_mimetypes allowed_local_3pids \
    app_service_config_files auto_accept_invites auto_join_mxid_localpart auto_join_rooms \
    auto_join_rooms_for_guests autocreate_auto_join_room_preset autocreate_auto_join_rooms \
    autocreate_auto_join_rooms_federated background_updates backup_media_store_path \
    bcrypt_rounds bind_host bind_port block_non_admin_invites caches cas_config \
    cleanup_extremities_with_dummy_events daemonize database database_path databases \
    default_identity_server default_power_level_content_override default_room_version \
    delete_stale_devices_after disable_msisdn_registration disable_registration \
    dont_notify_new_devices_for dummy_events_threshold dynamic_thumbnails email \
    enable_3pid_changes enable_3pid_lookup enable_authenticated_media \
    enable_ephemeral_messages enable_local_media_storage enable_media_repo enable_metrics \
    enable_registration enable_registration_captcha enable_registration_token_3pid_bypass \
    enable_registration_without_verification enable_room_list_search enable_search \
    enable_set_avatar_url enable_set_displayname encryption_enabled_by_default_for_room_type \
    event_cache_size exclude_rooms_from_presence exclude_rooms_from_sync \
    experimental_features extra_well_known_client_content federation \
    federation_certificate_verification_whitelist federation_client_minimum_tls_version \
    federation_custom_ca_list federation_domain_whitelist federation_ip_range_blacklist \
    federation_metrics_domains federation_rc_concurrent federation_rc_reject_limit \
    federation_rc_sleep_delay federation_rc_sleep_limit federation_rc_window_size \
    federation_rr_transactions_per_room_per_second federation_sender_instances \
    federation_verify_certificates federation_whitelist_endpoint_enabled \
    filter_timeline_limit forget_rooms_on_leave forgotten_room_retention_period form_secret \
    form_secret_path gc_min_interval gc_thresholds gzip_responses hs_disabled \
    hs_disabled_message http_proxy https_proxy include_profile_data_on_invite \
    include_profile_updates_in_sync inhibit_user_in_use_error instance_map invite_3pid_guest \
    ip_range_blacklist ip_range_whitelist jwt_config key_refresh_interval \
    key_server_signing_keys_path ldap_config limit_profile_requests_to_users_who_share_rooms \
    limit_remote_rooms limit_usage_by_mau listeners log_config log_file \
    login_via_existing_session macaroon_secret_key macaroon_secret_key_path manhole \
    manhole_settings matrix_authentication_service matrix_rtc mau_appservice_trial_days \
    mau_limit_alerting mau_limit_reserved_threepids mau_stats_only mau_trial_days \
    max_avatar_size max_event_delay_duration max_image_pixels max_mau_value \
    max_pending_media_uploads max_spider_size max_upload_size \
    media_instance_running_background_jobs media_retention media_storage_providers \
    media_store_path media_upload_limits metrics_bind_host metrics_flags metrics_port \
    modules next_link_domain_whitelist no_proxy_hosts no_redirect_stdio no_tls \
    nonrefreshable_access_token_lifetime notify_appservices_from_worker oembed oidc_config \
    oidc_providers old_signing_keys opentracing outbound_federation_restricted_to \
    password_config password_providers perspectives pid_file presence \
    prevent_media_downloads_from print_pidfile public_baseurl push push_rules \
    pusher_instances rc_3pid_validation rc_admin_redaction rc_delayed_event_mgmt \
    rc_federation rc_invites rc_joins rc_joins_per_room rc_key_requests rc_login \
    rc_media_create rc_message rc_message_burst_count rc_messages rc_messages_per_second \
    rc_presence rc_profile rc_registration rc_registration_token_validity \
    rc_remote_media_downloads rc_reports rc_room_creation rc_third_party_invite \
    rc_user_directory recaptcha_private_key recaptcha_private_key_path recaptcha_public_key \
    recaptcha_public_key_path recaptcha_siteverify_api redaction_allowed_period \
    redaction_retention_period redis refresh_token_lifetime \
    refreshable_access_token_lifetime registration_requires_token registration_shared_secret \
    registration_shared_secret_path registrations_require_3pid \
    remote_media_download_burst_count remote_media_download_per_second \
    replication_torture_level report_stats report_stats_endpoint \
    request_token_inhibit_3pid_errors require_auth_for_profile_requests \
    require_membership_for_aliases restrict_public_rooms_to_local_users retention \
    room_invite_state_types room_list_publication_rules room_prejoin_state \
    run_background_tasks_on saml2_config send_federation sentry serve_server_wellknown \
    server_context server_notices session_lifetime signing_key signing_key_path \
    soft_file_limit spam_checker sso start_pushers stats stream_writers \
    suppress_key_server_warning synchronous_backup_media_store task_scheduler templates \
    third_party_event_rules thumbnail_sizes tls_certificate_path tls_private_key_path \
    track_appservice_user_ips track_puppeted_user_ips \
    trust_identity_server_for_password_resets trusted_key_servers turn_allow_guests \
    turn_password turn_shared_secret turn_shared_secret_path turn_uris turn_user_lifetime \
    turn_username ui_auth unsecure_port unused_expiration_time \
    update_user_directory_from_worker url_preview_accept_language url_preview_enabled \
    url_preview_ip_range_blacklist url_preview_ip_range_whitelist url_preview_url_blacklist \
    use_account_validity_in_account_status use_appservice_legacy_authorization \
    use_frozen_dicts use_insecure_ssl_client_just_for_testing_do_not_use use_presence \
    user_agent_suffix user_consent user_directory user_ips_max_age user_types \
    web_client_location worker_app worker_daemonize worker_listeners worker_log_config \
    worker_main_http_uri worker_manhole worker_name worker_pid_file worker_replication_host \
    worker_replication_http_port worker_replication_http_tls worker_replication_port \
    worker_replication_secret worker_replication_secret_path";

#[test]
fn no_key_of_synapse_is_unknown() {
    let yaml: String = SYNAPSE_KEYS
        .split_whitespace()
        .filter(|name| *name != "server_name")
        .map(|name| format!("{name}:\n"))
        .collect();
    let findings = read(&yaml).findings;
    let unknown: Vec<&String> = findings
        .ignored
        .iter()
        .filter(|(_, why)| *why == Ignored::Unknown)
        .map(|(name, _)| name)
        .collect();
    assert_eq!(unknown, Vec::<&String>::new());
}

#[test]
fn what_decides_who_gets_in_and_is_unsupported_comes_first() {
    for yaml in [
        "account_validity: {enabled: true, period: 30d}",
        "modules: [{module: my.Module}]",
        "spam_checker: [{module: my.Module}]",
        "third_party_event_rules: {module: my.Module}",
        "password_providers: [{module: my.Provider}]",
        "ldap_config: {enabled: true}",
        "oidc_providers: [{idp_id: x}]",
        "oidc_config: {enabled: true}",
        "saml2_config: {sp_config: {}}",
        "cas_config: {enabled: true}",
        "jwt_config: {enabled: true}",
        "login_via_existing_session: {enabled: true}",
        "matrix_authentication_service: {enabled: true}",
        "experimental_features: {msc3861: {enabled: true}}",
        "experimental_features: {msc3866: {enabled: true, require_approval_for_new_accounts: true}}",
    ] {
        let reading = read(&format!("form_secret: short\n{yaml}"));
        let found = warnings(&reading);
        assert_eq!(found.len(), 2, "{yaml}: {found:?}");
        let key = yaml.split(':').next().unwrap();
        assert!(
            found[0].contains(key) && found[0].contains("unsupported"),
            "{yaml}: {found:?}"
        );
        assert!(found[0].starts_with("test.yaml:3: "), "{yaml}: {found:?}");
        assert!(
            reading.report().contains("\nNOT OBEYED"),
            "{}",
            reading.report()
        );
    }
    for yaml in [
        "account_validity: {enabled: false}",
        "account_validity:",
        "modules: []",
        "cas_config: {enabled: false, server_url: x}",
        "experimental_features: {msc3861: {enabled: false}}",
        "experimental_features: {msc4140_enabled: true}",
        "matrix_authentication_service: {enabled: false}",
        "user_types: {extra_user_types: [x], default_user_type: x}",
        "user_types: {default_user_type: bot}",
    ] {
        assert_eq!(warnings(&read(yaml)), Vec::<String>::new(), "{yaml}");
    }
}
