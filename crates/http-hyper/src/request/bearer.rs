//! The access token of a request.
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#using-access-tokens>

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use registrar_domain::model::given::Given;
use registrar_domain::model::secret::Secret;
use registrar_domain::usecase::token::authenticate::Bearer;

use super::Arguments;

/// Takes the token from the `Authorization` header or from the argument `access_token`: from exactly
/// one of them, so that no two programs on the way can see two different ones.
pub(super) fn extract(headers: &HeaderMap, arguments: Arguments<'_>) -> Bearer {
    let argument = arguments.get("access_token");
    let mut headers = headers.get_all(AUTHORIZATION).iter();
    match (headers.next(), headers.next()) {
        (None, _) => match argument {
            Given::Absent => Bearer::Absent,
            Given::Value(token) => Bearer::Token(Secret::new(token)),
            Given::Null | Given::Malformed => Bearer::Malformed,
        },
        (Some(header), None) if !argument.is_present() => parse(header),
        (Some(_), _) => Bearer::Malformed,
    }
}

/// Exactly `Bearer`, one space and the token, in this spelling.
fn parse(header: &HeaderValue) -> Bearer {
    let token = header
        .to_str()
        .ok()
        .and_then(|text| text.strip_prefix("Bearer "));
    match token {
        Some(token) if !token.is_empty() && !token.contains(' ') => {
            Bearer::Token(Secret::new(token.to_owned()))
        }
        _ => Bearer::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    #[test]
    fn a_token_comes_once_and_in_one_spelling() {
        let token = |text: &str| Bearer::Token(Secret::new(text.to_owned()));
        let rows: [(&[&str], &str, Bearer); 17] = [
            (&[], "", Bearer::Absent),
            (&["Bearer syt_x"], "", token("syt_x")),
            (&[], "access_token=syt_x", token("syt_x")),
            (&[], "access_token=a&access_token=b", token("a")),
            (&[], "access_token=", token("")),
            (&[], "access_token=%C3%BC", Bearer::Malformed),
            (&["Bearer syt_x"], "access_token=syt_x", Bearer::Malformed),
            (&["Bearer syt_x"], "access_token=", Bearer::Malformed),
            (&["Bearer a", "Bearer a"], "", Bearer::Malformed),
            (&["Basic YTpi"], "", Bearer::Malformed),
            (&["Basic YTpi"], "access_token=syt_x", Bearer::Malformed),
            (&["Bearer"], "", Bearer::Malformed),
            (&["Bearer "], "", Bearer::Malformed),
            (&["Bearer  syt_x"], "", Bearer::Malformed),
            (&["Bearer a b"], "", Bearer::Malformed),
            (&["bearer syt_x"], "", Bearer::Malformed),
            (&["syt_x"], "", Bearer::Malformed),
        ];
        for (lines, query, expected) in rows {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(AUTHORIZATION, HeaderValue::from_str(line).unwrap());
            }
            let arguments = Arguments::of(&Method::GET, &headers, query, b"");
            assert_eq!(extract(&headers, arguments), expected, "{lines:?} {query}");
        }
    }
}
