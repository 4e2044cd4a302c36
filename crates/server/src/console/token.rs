//! Registration tokens: `registrar admin token`.

use std::time::Duration;

use registrar_domain::model::clock::Clock as _;
use registrar_domain::model::given::Given;
use registrar_domain::model::registration_token::RegistrationToken;
use registrar_domain::model::time::Timestamp;
use registrar_domain::usecase::registration_token::admin::{NewToken, TokenChanges};
use registrar_runtime::SystemClock;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::output::{date, table};
use super::{Desk, Request};

/// What is to be done with registration tokens.
#[derive(Serialize, Deserialize)]
pub(crate) enum TokenTask {
    List {
        /// Only those that can be used, or only others.
        valid: Option<bool>,
    },
    Create {
        token: Option<String>,
        length: Option<i64>,
        uses: Option<i64>,
        expires_in: Option<Duration>,
    },
    Show {
        token: String,
    },
    Edit {
        token: String,
        uses: Option<i64>,
        unlimited: bool,
        expires_in: Option<Duration>,
        never_expires: bool,
    },
    Revoke {
        token: String,
    },
}

impl TokenTask {
    pub(super) async fn run(&self, desk: &Desk, request: &Request) -> anyhow::Result<String> {
        let (tokens, operator) = (&desk.console.tokens, &desk.console.operator);
        let token = match self {
            Self::List { valid } => {
                let filter = valid.map(|valid| valid.to_string()).into();
                let tokens = tokens.list(operator, &filter).await?;
                let answer = tokens.iter().map(json).collect();
                return Ok(request.form(&answer, || rows(&tokens)));
            }
            Self::Create {
                token,
                length,
                uses,
                expires_in,
            } => {
                let new = NewToken {
                    token: token.clone().into(),
                    length: (*length).into(),
                    uses_allowed: (*uses).into(),
                    expiry_time: expires_in.map(from_now).into(),
                };
                tokens.create(operator, &new).await?
            }
            Self::Show { token } => tokens.find(operator, token).await?,
            Self::Edit {
                token,
                uses,
                unlimited,
                expires_in,
                never_expires,
            } => {
                let changes = TokenChanges {
                    uses_allowed: changed(*uses, *unlimited),
                    expiry_time: changed(expires_in.map(from_now), *never_expires),
                };
                tokens.update(operator, token, &changes).await?
            }
            Self::Revoke { token } => {
                tokens.remove(operator, token).await?;
                let answer = json!({ "token": token, "revoked": true });
                return Ok(request.form(&answer, || format!("{token} is revoked\n")));
            }
        };
        Ok(request.form(&json(&token), || rows(std::slice::from_ref(&token))))
    }
}

/// `null` takes a limit away.
fn changed(value: Option<i64>, unlimited: bool) -> Given<i64> {
    if unlimited { Given::Null } else { value.into() }
}

fn from_now(duration: Duration) -> i64 {
    SystemClock.now().after(duration).unix_ms()
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
        let expires = token.expires.map(date);
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
