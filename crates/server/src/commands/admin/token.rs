//! `registrar admin token`.

use std::time::Duration;

use registrar_domain::given::Given;
use registrar_domain::ports::Clock as _;
use registrar_domain::registration_token::RegistrationToken;
use registrar_domain::registration_token::admin::{NewToken, TokenChanges};
use registrar_domain::time::Timestamp;
use serde_json::{Value, json};

use super::output::{relative, table};
use super::with_console;
use crate::cli::admin::{ConsoleArgs, TokenCommand};
use crate::system::SystemClock;

pub(super) fn run(command: TokenCommand) -> anyhow::Result<String> {
    match command {
        TokenCommand::List {
            console,
            valid,
            invalid,
        } => list(&console, valid, invalid),
        TokenCommand::Create {
            console,
            token,
            length,
            uses,
            expires_in,
        } => {
            let new = NewToken {
                token: token.into(),
                length: length.into(),
                uses_allowed: uses.into(),
                expiry_time: expires_in.map(from_now).into(),
            };
            let token = with_console(&console.config, async |it| {
                Ok(it.console.tokens.create(&it.console.operator, &new).await?)
            })?;
            Ok(shown(&console, &token))
        }
        TokenCommand::Show { console, token } => {
            let token = with_console(&console.config, async |it| {
                Ok(it.console.tokens.find(&it.console.operator, &token).await?)
            })?;
            Ok(shown(&console, &token))
        }
        TokenCommand::Edit {
            console,
            token,
            uses,
            unlimited,
            expires_in,
            never_expires,
        } => {
            let changes = TokenChanges {
                uses_allowed: changed(uses, unlimited),
                expiry_time: changed(expires_in.map(from_now), never_expires),
            };
            let token = with_console(&console.config, async |it| {
                let tokens = &it.console.tokens;
                Ok(tokens
                    .update(&it.console.operator, &token, &changes)
                    .await?)
            })?;
            Ok(shown(&console, &token))
        }
        TokenCommand::Revoke { console, token } => {
            with_console(&console.config, async |it| {
                Ok(it
                    .console
                    .tokens
                    .remove(&it.console.operator, &token)
                    .await?)
            })?;
            let answer = json!({ "token": token, "revoked": true });
            Ok(console.answer(&answer, || format!("{token} is revoked\n")))
        }
    }
}

fn list(console: &ConsoleArgs, valid: bool, invalid: bool) -> anyhow::Result<String> {
    let filter = match (valid, invalid) {
        (true, _) => Given::Value("true".to_owned()),
        (false, true) => Given::Value("false".to_owned()),
        (false, false) => Given::Absent,
    };
    let tokens = with_console(&console.config, async |it| {
        Ok(it
            .console
            .tokens
            .list(&it.console.operator, &filter)
            .await?)
    })?;
    let answer = tokens.iter().map(json).collect();
    Ok(console.answer(&answer, || rows(&tokens)))
}

/// `null` takes a limit away.
fn changed(value: Option<i64>, unlimited: bool) -> Given<i64> {
    if unlimited { Given::Null } else { value.into() }
}

fn from_now(duration: Duration) -> i64 {
    SystemClock.now().after(duration).unix_ms()
}

fn shown(console: &ConsoleArgs, token: &RegistrationToken) -> String {
    console.answer(&json(token), || rows(std::slice::from_ref(token)))
}

/// A token with the keys of the admin API.
fn json(token: &RegistrationToken) -> Value {
    json!({
        "token": token.id.expose(),
        "uses_allowed": token.uses_allowed,
        "pending": token.pending,
        "completed": token.completed,
        "expiry_time": token.expires.map(Timestamp::unix_ms),
    })
}

fn rows(tokens: &[RegistrationToken]) -> String {
    if tokens.is_empty() {
        return "no tokens\n".to_owned();
    }
    let now = SystemClock.now();
    let row = |token: &RegistrationToken| {
        let used = match token.uses_allowed {
            None => token.completed.to_string(),
            Some(allowed) => format!("{} of {allowed}", token.completed),
        };
        let expires = token.expires.map(|expires| relative(expires, now));
        let state = if token.is_valid(now) {
            "valid"
        } else {
            "invalid"
        };
        [
            token.id.expose().to_owned(),
            state.to_owned(),
            used,
            token.pending.to_string(),
            expires.unwrap_or_else(|| "never".to_owned()),
        ]
    };
    let rows: Vec<_> = tokens.iter().map(row).collect();
    table(["TOKEN", "STATE", "USED", "PENDING", "EXPIRES"], &rows)
}
