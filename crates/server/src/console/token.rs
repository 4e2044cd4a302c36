//! Registration tokens: `registrar admin token`.

use std::time::Duration;

use registrar_domain::model::clock::Clock as _;
use registrar_domain::model::registration_token::{
    RegistrationToken, RegistrationTokenId, RegistrationTokenLength,
};
use registrar_domain::model::time::Timestamp;
use registrar_domain::ports::store::Change;
use registrar_domain::usecase::registration_token::admin::{NewToken, TokenChanges, TokenFilter};
use registrar_runtime::SystemClock;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::output::{date, table};
use super::{Desk, Request};

/// What is to be done with registration tokens.
#[derive(Serialize, Deserialize)]
pub(crate) enum TokenTask {
    List {
        filter: Filter,
    },
    Create {
        token: Option<String>,
        length: Option<usize>,
        uses: Option<u32>,
        expires_in: Option<Duration>,
    },
    Show {
        token: String,
    },
    Edit {
        token: String,
        uses: Limit<u32>,
        expires_in: Limit<Duration>,
    },
    Revoke {
        token: String,
    },
}

/// Which tokens are listed.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Filter {
    All,
    Valid,
    Invalid,
}

/// What becomes of a limit.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Limit<T> {
    Keep,
    Remove,
    Set(T),
}

impl From<Filter> for TokenFilter {
    fn from(filter: Filter) -> Self {
        match filter {
            Filter::All => Self::All,
            Filter::Valid => Self::Valid,
            Filter::Invalid => Self::Invalid,
        }
    }
}

impl<T> From<Limit<T>> for Change<Option<T>> {
    fn from(limit: Limit<T>) -> Self {
        match limit {
            Limit::Keep => Self::Keep,
            Limit::Remove => Self::Set(None),
            Limit::Set(value) => Self::Set(Some(value)),
        }
    }
}

impl TokenTask {
    pub(super) async fn run(&self, desk: &Desk, request: &Request) -> anyhow::Result<String> {
        let (tokens, operator) = (&desk.console.tokens, &desk.console.operator);
        let token = match self {
            Self::List { filter } => {
                let tokens = tokens.list(operator, (*filter).into()).await?;
                let answer = tokens.iter().map(json).collect();
                return Ok(request.form(&answer, || rows(&tokens)));
            }
            Self::Create {
                token,
                length,
                uses,
                expires_in,
            } => {
                let id = token.as_deref().map(RegistrationTokenId::parse);
                let length = length.map(RegistrationTokenLength::new);
                let new = NewToken {
                    id: id.transpose()?,
                    length: length.transpose()?.unwrap_or_default(),
                    uses_allowed: *uses,
                    expires: expires_in.map(from_now),
                };
                tokens.create(operator, &new).await?
            }
            Self::Show { token } => tokens.find(operator, token).await?,
            Self::Edit {
                token,
                uses,
                expires_in,
            } => {
                let expires_in = Change::from(*expires_in);
                let changes = TokenChanges {
                    uses_allowed: (*uses).into(),
                    expires: expires_in.map(|duration| duration.map(from_now)),
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

fn from_now(duration: Duration) -> Timestamp {
    SystemClock.now().after(duration)
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
