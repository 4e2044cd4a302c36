//! The tables of both databases. The migrations make them; a test compares.

/// Every table, without the one in which migrations are recorded.
pub(crate) const TABLES: [&str; 16] = [
    "access_tokens",
    "accounts",
    "counters",
    "delegated_proofs",
    "devices",
    "leases",
    "message_counts",
    "monthly_active_users",
    "refresh_tokens",
    "registration_tokens",
    "threepids",
    "uia_clients",
    "uia_sessions",
    "uia_stages",
    "validation_sessions",
    "validation_tokens",
];

diesel::table! {
    access_tokens (access_token_id) {
        access_token_id -> BigInt,
        digest -> Binary,
        localpart -> Text,
        device_id -> Nullable<Text>,
        issued_ts -> BigInt,
        validated_ts -> BigInt,
        expires_ts -> Nullable<BigInt>,
        refresh_token_id -> Nullable<BigInt>,
        used -> Bool,
        made_by -> Nullable<Text>,
    }
}

diesel::table! {
    accounts (localpart) {
        localpart -> Text,
        localpart_folded -> Text,
        password_hash -> Nullable<Text>,
        former_password_hash -> Nullable<Text>,
        created_ts -> BigInt,
        upgraded_ts -> Nullable<BigInt>,
        is_guest -> Bool,
        admin -> Bool,
        appservice_id -> Nullable<Text>,
        display_name -> Nullable<Text>,
        user_type -> Nullable<Text>,
        consent_version -> Nullable<Text>,
        deactivated -> Bool,
        shadow_banned -> Bool,
        consent_ts -> Nullable<BigInt>,
        erased -> Bool,
        suspended -> Bool,
        last_seen_ts -> Nullable<BigInt>,
    }
}

diesel::table! {
    counters (name) {
        name -> Text,
        value -> BigInt,
    }
}

diesel::table! {
    delegated_proofs (proof_digest) {
        proof_digest -> Binary,
        purpose -> Nullable<Text>,
        used -> Bool,
        expires_ts -> BigInt,
    }
}

diesel::table! {
    devices (localpart, device_id) {
        localpart -> Text,
        device_id -> Text,
        display_name -> Nullable<Text>,
        created_ts -> BigInt,
        last_seen_ts -> BigInt,
        last_seen_ip -> Nullable<Text>,
        last_seen_user_agent -> Nullable<Text>,
    }
}

diesel::table! {
    leases (name) {
        name -> Text,
        holder -> Text,
        expires_ts -> BigInt,
    }
}

diesel::table! {
    message_counts (medium, window_ts) {
        medium -> Text,
        window_ts -> BigInt,
        sent -> BigInt,
    }
}

diesel::table! {
    monthly_active_users (localpart) {
        localpart -> Text,
        last_active_ts -> BigInt,
    }
}

diesel::table! {
    refresh_tokens (refresh_token_id) {
        refresh_token_id -> BigInt,
        digest -> Binary,
        localpart -> Text,
        device_id -> Text,
        expires_ts -> Nullable<BigInt>,
        session_expires_ts -> Nullable<BigInt>,
        successor_id -> Nullable<BigInt>,
        family -> Nullable<Binary>,
        generation -> BigInt,
    }
}

diesel::table! {
    registration_tokens (registration_token_id) {
        registration_token_id -> BigInt,
        registration_token -> Text,
        uses_allowed -> Nullable<BigInt>,
        pending -> BigInt,
        completed -> BigInt,
        expires_ts -> Nullable<BigInt>,
    }
}

diesel::table! {
    threepids (medium, address) {
        medium -> Text,
        address -> Text,
        localpart -> Text,
        validated_ts -> BigInt,
        added_ts -> BigInt,
    }
}

diesel::table! {
    uia_clients (uia_client_id) {
        uia_client_id -> BigInt,
        session_digest -> Binary,
        client_digest -> Binary,
        ip -> Text,
        user_agent -> Text,
    }
}

diesel::table! {
    uia_sessions (digest) {
        digest -> Binary,
        created_ts -> BigInt,
        operation_digest -> Binary,
        parameters -> Text,
        password_hash -> Nullable<Text>,
        requester -> Nullable<Text>,
        requester_device_id -> Nullable<Text>,
        requester_token_id -> Nullable<BigInt>,
        registered_localpart -> Nullable<Text>,
        registered_device_id -> Nullable<Text>,
        registered_ts -> Nullable<BigInt>,
        answer_access_digest -> Nullable<Binary>,
        answer_refresh_digest -> Nullable<Binary>,
        registration_token_id -> Nullable<BigInt>,
        registration_token -> Nullable<Text>,
    }
}

diesel::table! {
    uia_stages (uia_stage_id) {
        uia_stage_id -> BigInt,
        session_digest -> Binary,
        stage -> Text,
        result -> Text,
        completed_ts -> BigInt,
    }
}

diesel::table! {
    validation_sessions (validation_session_id) {
        validation_session_id -> Text,
        medium -> Text,
        address -> Text,
        purpose -> Text,
        client_secret_digest -> Binary,
        last_send_attempt -> Nullable<BigInt>,
        validated_ts -> Nullable<BigInt>,
        consumed -> Bool,
        delegate_sid -> Nullable<Text>,
    }
}

diesel::table! {
    validation_tokens (digest) {
        digest -> Binary,
        validation_session_id -> Text,
        next_link -> Nullable<Text>,
        expires_ts -> BigInt,
    }
}

diesel::joinable!(access_tokens -> accounts (localpart));
diesel::joinable!(devices -> accounts (localpart));
diesel::joinable!(uia_stages -> uia_sessions (session_digest));
diesel::allow_tables_to_appear_in_same_query!(access_tokens, accounts);
diesel::allow_tables_to_appear_in_same_query!(access_tokens, refresh_tokens);
diesel::allow_tables_to_appear_in_same_query!(accounts, devices);
diesel::allow_tables_to_appear_in_same_query!(uia_sessions, uia_stages);
diesel::allow_tables_to_appear_in_same_query!(validation_sessions, validation_tokens);
