//! Top-level keys of `homeserver.yaml` that have no effect on this server, and where what they ask for
//! is done instead.

/// Beginnings of names that belong to a homeserver whatever follows.
pub(crate) const PREFIXES: [&str; 4] = ["federation_", "turn_", "url_preview_", "worker_"];

/// What takes care of options with those beginnings.
pub(crate) const BY_PREFIX: &str =
    "federation, workers, calls and previews of links: the homeserver";

/// What options are about and who takes care of it, and their names in alphabetical order.
pub(crate) const AREAS: &[(&str, &str)] = &[
    (
        "decides who gets in; see the list of unsupported options",
        "cas_config jwt_config ldap_config login_via_existing_session \
         matrix_authentication_service modules oidc_config oidc_providers password_providers \
         saml2_config spam_checker third_party_event_rules",
    ),
    (
        "rooms, invitations and events: the homeserver",
        "alias_creation_rules allow_per_room_profiles allow_public_rooms_over_federation \
         allow_public_rooms_without_auth auto_accept_invites block_non_admin_invites \
         cleanup_extremities_with_dummy_events default_power_level_content_override \
         default_room_version dummy_events_threshold enable_ephemeral_messages \
         enable_room_list_search enable_search encryption_enabled_by_default_for_room_type \
         exclude_rooms_from_presence exclude_rooms_from_sync filter_timeline_limit \
         forget_rooms_on_leave forgotten_room_retention_period include_profile_data_on_invite \
         include_profile_updates_in_sync limit_remote_rooms matrix_rtc max_event_delay_duration \
         presence push_rules redaction_allowed_period redaction_retention_period \
         require_membership_for_aliases restrict_public_rooms_to_local_users retention \
         room_invite_state_types room_list_publication_rules room_prejoin_state use_presence",
    ),
    (
        "profiles, pictures and the user directory: the homeserver",
        "allow_device_name_lookup_over_federation allow_profile_lookup_over_federation \
         allowed_avatar_mimetypes enable_set_avatar_url enable_set_displayname max_avatar_size \
         update_user_directory_from_worker user_directory",
    ),
    (
        "media: the homeserver",
        "backup_media_store_path dynamic_thumbnails enable_authenticated_media \
         enable_local_media_storage enable_media_repo max_image_pixels \
         max_pending_media_uploads max_spider_size media_instance_running_background_jobs \
         media_retention media_storage_providers media_store_path media_upload_limits oembed \
         prevent_media_downloads_from synchronous_backup_media_store thumbnail_sizes \
         unused_expiration_time",
    ),
    (
        "federation and its keys: the homeserver",
        "federation key_refresh_interval key_server_signing_keys_path old_signing_keys \
         outbound_federation_restricted_to perspectives send_federation serve_server_wellknown \
         signing_key signing_key_path suppress_key_server_warning tls_certificate_path \
         tls_private_key_path trusted_key_servers \
         use_insecure_ssl_client_just_for_testing_do_not_use",
    ),
    (
        "notifications: the homeserver",
        "push pusher_instances start_pushers",
    ),
    (
        "limits on rooms, messages and media: the homeserver",
        "rc_admin_redaction rc_delayed_event_mgmt rc_federation rc_invites rc_joins \
         rc_joins_per_room rc_key_requests rc_media_create rc_message rc_message_burst_count \
         rc_messages rc_messages_per_second rc_presence rc_profile rc_remote_media_downloads \
         rc_reports rc_room_creation rc_third_party_invite rc_user_directory \
         remote_media_download_burst_count remote_media_download_per_second",
    ),
    (
        "accounts and devices: `registrar admin` and the admin API",
        "delete_stale_devices_after dont_notify_new_devices_for enable_3pid_lookup \
         track_puppeted_user_ips trust_identity_server_for_password_resets \
         use_account_validity_in_account_status use_appservice_legacy_authorization \
         user_ips_max_age",
    ),
    (
        "connections to strangers: this server connects only to servers that its operator names",
        "ip_range_blacklist ip_range_whitelist user_agent_suffix",
    ),
    (
        "the database: `database`, or `registrar.database`",
        "database_path",
    ),
    (
        "logs: `registrar.log`",
        "log_config log_file no_redirect_stdio",
    ),
    (
        "listening: `listeners`",
        "bind_host bind_port gzip_responses manhole manhole_settings metrics_bind_host \
         metrics_port no_tls unsecure_port web_client_location",
    ),
    (
        "the process: systemd, or whatever starts it",
        "daemonize pid_file print_pidfile soft_file_limit",
    ),
    (
        "measuring: `enable_metrics`",
        "metrics_flags opentracing report_stats report_stats_endpoint sentry stats",
    ),
    ("single sign-on, which is not served here", "sso"),
    (
        "the insides of Synapse",
        "allow_unsafe_locale background_updates caches event_cache_size experimental_features \
         gc_min_interval gc_thresholds instance_map notify_appservices_from_worker redis \
         replication_torture_level run_background_tasks_on server_context stream_writers \
         task_scheduler use_frozen_dicts",
    ),
];
