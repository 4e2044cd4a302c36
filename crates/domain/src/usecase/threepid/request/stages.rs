//! `registrar.validation.require_stages`: no message before the stages that keep programs away.

use super::{RequestTokenError, TokenRequests};
use crate::model::given::Given;
use crate::model::threepid::Medium;
use crate::model::uia::{Parameters, Stage, UiaSession, UiaSessionId};
use crate::ports::Intent;

/// The argument of a link in which some clients name their UIA session.
const LINK_ARGUMENT: &str = "session_id";

/// Where a request may name the UIA session that it belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    /// The field of its own.
    pub(super) session: &'a Given<String>,
    /// The link that the reader of the message goes on to.
    pub(super) next_link: &'a Given<String>,
}

impl Source<'_> {
    fn session_id(&self) -> Option<UiaSessionId> {
        let named = self.session.value().map(String::as_str);
        let named = named.filter(|text| !text.is_empty());
        let in_link = || self.next_link.value().and_then(|link| session_in(link));
        UiaSessionId::parse(named.or_else(in_link)?)
    }
}

/// The UIA session in a link: an argument of its query, or of its fragment, where clients with their
/// routes in the fragment have them.
fn session_in(link: &str) -> Option<&str> {
    let arguments = link.split(['?', '&', '#']).skip(1);
    let mut pairs = arguments.filter_map(|argument| argument.split_once('='));
    let (_, value) = pairs.find(|(name, _)| *name == LINK_ARGUMENT)?;
    Some(value).filter(|value| !value.is_empty())
}

impl TokenRequests {
    /// Has the client passed what must be passed before a message is sent for a registration? The
    /// session is charged like a client: who has passed the stages once may not write to everybody.
    pub(super) async fn check_stages(
        &self,
        medium: Medium,
        source: &Source<'_>,
    ) -> Result<(), RequestTokenError> {
        let shared = &self.0;
        let required = &shared.policy.threepids.validation.required_stages;
        if required.is_empty() {
            return Ok(());
        }
        let missing = |stages: &[Stage]| RequestTokenError::StagesRequired(stages.to_vec());
        let id = source.session_id().ok_or_else(|| missing(required))?;
        let session = {
            let mut uow = shared.ports.store.begin(Intent::Read).await?;
            uow.uia_sessions().find(&id).await?
        };
        let session = session.filter(|session| is_registering(session, shared.now()));
        let session = session.ok_or_else(|| missing(required))?;
        let not_passed: Vec<Stage> = required
            .iter()
            .copied()
            .filter(|stage| !session.has_passed(*stage))
            .collect();
        if !not_passed.is_empty() {
            return Err(missing(&not_passed));
        }
        let key = format!("{medium}:session:{}", id.as_str());
        shared
            .limits
            .threepid_by_client
            .charge(&key, shared.monotonic())?;
        Ok(())
    }
}

/// Is it the session of a registration that is under way?
fn is_registering(session: &UiaSession, now: crate::model::time::Timestamp) -> bool {
    matches!(session.parameters, Parameters::Register(_))
        && session.registered.is_none()
        && now < session.created.after(UiaSession::LIFETIME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_name_sessions_in_query_or_fragment() {
        let rows = [
            ("https://app/?session_id=abc", Some("abc")),
            ("https://app/?a=b&session_id=abc&c=d", Some("abc")),
            (
                "https://app/#/register?client_secret=x&hs_url=y&session_id=abc",
                Some("abc"),
            ),
            ("https://app/?session_id=abc#/register", Some("abc")),
            ("https://app/?session_id=", None),
            ("https://app/?xsession_id=abc", None),
            ("https://app/session_id=abc", None),
            ("https://app/", None),
            ("", None),
        ];
        for (link, expected) in rows {
            assert_eq!(session_in(link), expected, "{link}");
        }
    }
}
