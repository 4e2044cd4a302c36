//! The tokens in an answer, the same for `/register`, `/login` and `/refresh`.

use registrar_domain::model::token::RefreshToken;
use registrar_domain::usecase::token::issue::IssuedTokens;
use serde::Serialize;

#[derive(Serialize)]
pub(crate) struct Tokens<'a> {
    access_token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
}

impl<'a> From<&'a IssuedTokens> for Tokens<'a> {
    fn from(issued: &'a IssuedTokens) -> Self {
        Self {
            access_token: issued.access_token.expose(),
            expires_in_ms: issued.expires_in_ms,
            refresh_token: issued.refresh_token.as_ref().map(RefreshToken::expose),
        }
    }
}
