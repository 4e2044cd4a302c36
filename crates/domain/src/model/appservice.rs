//! Application services: bridges and bots that own parts of the namespace of users.
//!
//! Spec: <https://spec.matrix.org/v1.16/application-service-api/#registration>

use crate::model::account::{Account, AccountKind};
use crate::model::id::{Localpart, UserId};
use crate::model::pattern::{Matching, Pattern, PatternError};
use crate::model::secret::{Secret, TokenDigest};
use crate::model::time::Timestamp;

/// An application service.
#[derive(Clone, Debug)]
pub struct AppService {
    /// `id`, recorded with the accounts that are exclusively its own.
    pub id: String,
    /// The digest of its `as_token`.
    pub token: TokenDigest,
    /// `sender_localpart`: its own user.
    pub sender: Localpart,
    /// `namespaces.users`, in the order of the file.
    pub namespaces: Vec<UserNamespace>,
    /// `rate_limited`: is it held to limits like everybody else?
    pub rate_limited: bool,
}

/// A part of the namespace of users.
#[derive(Clone, Debug)]
pub struct UserNamespace {
    pattern: Pattern,
    exclusive: bool,
}

impl UserNamespace {
    /// The users whose IDs begin with a match of `regex`.
    ///
    /// # Errors
    /// [`PatternError`].
    pub fn new(regex: &str, exclusive: bool) -> Result<Self, PatternError> {
        let pattern = Pattern::parse(regex)?;
        Ok(Self { pattern, exclusive })
    }
}

impl AppService {
    /// Is the user one of its own, exclusive or not?
    pub(crate) fn is_interested(&self, user_id: &UserId) -> bool {
        *user_id.localpart() == self.sender || self.namespace(user_id, Matching::NoMatch).is_some()
    }

    /// Is the user its own and nobody else's? Of several namespaces the first that matches decides.
    pub(crate) fn owns_exclusively(&self, user_id: &UserId) -> bool {
        *user_id.localpart() == self.sender
            || self
                .namespace(user_id, Matching::Match)
                .is_some_and(|namespace| namespace.exclusive)
    }

    /// A new account of one of its users.
    pub(crate) fn new_account(&self, user_id: &UserId, now: Timestamp) -> Account {
        let is_exclusive = self.owns_exclusively(user_id);
        let mut account = Account::new(user_id.localpart().clone(), AccountKind::User, now);
        account.appservice_id = is_exclusive.then(|| self.id.clone());
        account
    }

    /// The first namespace that matches. One that takes too many steps counts as `in_doubt` says:
    /// the service does not get the user by it, and nobody else does either.
    fn namespace(&self, user_id: &UserId, in_doubt: Matching) -> Option<&UserNamespace> {
        let user_id = user_id.to_string();
        self.namespaces.iter().find(|namespace| {
            let matching = match namespace.pattern.matches(&user_id) {
                Matching::TooExpensive => in_doubt,
                certain => certain,
            };
            matching == Matching::Match
        })
    }
}

/// All application services.
#[derive(Clone, Debug, Default)]
pub struct AppServices(Vec<AppService>);

impl AppServices {
    /// The services of the operator's configuration.
    pub fn new(services: Vec<AppService>) -> Self {
        Self(services)
    }

    /// The service with this token.
    pub(crate) fn with_token(&self, token: &Secret<String>) -> Option<&AppService> {
        if self.0.is_empty() {
            return None;
        }
        let digest = TokenDigest::of(token.expose());
        self.0.iter().find(|service| service.token == digest)
    }

    /// Is the user exclusively some service's, leaving one of them out?
    pub(crate) fn own_exclusively(&self, user_id: &UserId, except: Option<&AppService>) -> bool {
        let others = self
            .0
            .iter()
            .filter(|it| except.is_none_or(|except| except.id != it.id));
        others
            .into_iter()
            .any(|service| service.owns_exclusively(user_id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::id::ServerName;

    fn user(localpart: &str) -> UserId {
        let server = ServerName::parse("example.org").unwrap();
        UserId::new(Localpart::read(localpart).unwrap(), server)
    }

    #[test]
    fn the_first_namespace_that_matches_decides() {
        let namespaces = [("@irc_shared.*", false), ("@irc_.*:example\\.org", true)];
        let service = AppService {
            id: "irc".to_owned(),
            token: TokenDigest::of("secret"),
            sender: Localpart::read("ircbot").unwrap(),
            namespaces: namespaces
                .map(|(regex, exclusive)| UserNamespace::new(regex, exclusive).unwrap())
                .into(),
            rate_limited: false,
        };
        let rows = [
            ("irc_alice", true, true),
            ("irc_shared_room", true, false),
            ("ircbot", true, true),
            ("my_irc_alice", false, false),
            ("alice", false, false),
        ];
        for (localpart, interested, exclusive) in rows {
            let user_id = user(localpart);
            let found = (
                service.is_interested(&user_id),
                service.owns_exclusively(&user_id),
            );
            assert_eq!(found, (interested, exclusive), "{localpart}");
        }
        let services = AppServices::new(vec![service.clone()]);
        assert!(services.own_exclusively(&user("irc_alice"), None));
        assert!(!services.own_exclusively(&user("irc_alice"), Some(&service)));
        assert!(
            services
                .with_token(&Secret::new("secret".to_owned()))
                .is_some()
        );
        assert!(
            services
                .with_token(&Secret::new("other".to_owned()))
                .is_none()
        );
        assert!(UserNamespace::new("(", true).is_err());
    }

    #[test]
    fn a_namespace_that_takes_too_many_steps_gives_the_user_to_nobody() {
        let service = AppService {
            id: "slow".to_owned(),
            token: TokenDigest::of("secret"),
            sender: Localpart::read("bot").unwrap(),
            namespaces: vec![UserNamespace::new(r"@(a|b|ab)*(?=c)", true).unwrap()],
            rate_limited: false,
        };
        let user_id = user(&"ab".repeat(60));
        assert!(!service.is_interested(&user_id));
        assert!(service.owns_exclusively(&user_id));
    }
}
