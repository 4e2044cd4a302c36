//! What a browser does with the pages, in few words.

use http::Method;
use registrar_domain::model::clock::Clock as _;
use registrar_domain::model::uia::{OperationDigest, Parameters, UiaSession, UiaSessionId};
use registrar_domain::ports::{Intent, Store as _};

use crate::server::{Answer, TestServer};

/// Markup that must not become part of a page, and what it becomes instead.
pub(crate) const EVIL: &str = "\"><script>alert('x')</script>&";
pub(crate) const HARMLESS: &str = "&#34;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;";
/// The same as an argument of a query or a form.
pub(crate) const EVIL_ARGUMENT: &str = "%22%3E%3Cscript%3Ealert('x')%3C/script%3E%26";

/// What browsers accept.
pub(crate) const BROWSER: (&str, &str) = (
    "accept",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
);

impl TestServer {
    /// Opens a UIA session with an ID of the test's choice.
    pub(crate) async fn given_session(&self, id: &str) {
        let session = UiaSession {
            id: UiaSessionId::parse(id).unwrap(),
            created: self.clock.now(),
            operation: OperationDigest::of("POST", "/_matrix/client/v3/register"),
            parameters: Parameters::None,
            password_hash: None,
            requester: None,
            registration_token: None,
            registered: None,
            completed: Vec::new(),
        };
        let mut uow = self.store.begin(Intent::Write).await.unwrap();
        uow.uia_sessions().add(&session).await.unwrap();
        uow.commit().await.unwrap();
    }

    /// Opens an address as a browser does.
    pub(crate) async fn browse(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[BROWSER], "").await
    }

    /// Sends a form.
    pub(crate) async fn submit(&self, path: &str, form: &str) -> Answer {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.send(Method::POST, path, &headers, form.to_owned())
            .await
    }
}

impl Answer {
    /// The page, if this is one with this status and every header that protects it.
    #[track_caller]
    pub(crate) fn page(&self, status: u16) -> &str {
        assert_eq!(self.status, status, "{}", self.body);
        let expected = [
            ("cache-control", "no-store"),
            ("content-type", "text/html; charset=utf-8"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
        ];
        for (name, value) in expected {
            assert_eq!(self.headers[name], value, "{name}");
        }
        assert_eq!(self.headers.get("access-control-allow-origin"), None);
        for directive in ["frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(self.policy().contains(&directive), "{directive}");
        }
        &self.body
    }

    /// The directives of the content security policy.
    pub(crate) fn policy(&self) -> Vec<&str> {
        let policy = self.headers["content-security-policy"].to_str().unwrap();
        policy.split("; ").collect()
    }
}
