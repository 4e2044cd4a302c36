//! What people do with the mails of the server, in few words.

use registrar_domain::model::threepid::{Medium, Threepid, ValidatedThreepid};
use registrar_domain::model::time::Timestamp;
use registrar_domain::ports::mailer::MailContent;
use serde_json::{Value, json};

use crate::client::{PASSWORD, text, with};
use crate::server::TestServer;

/// The client secret of everybody who does not say otherwise.
pub(crate) const SECRET: &str = "secret";
pub(crate) const ADDRESS: &str = "alice@example.org";

pub(crate) const REGISTRATION: &str = "/register";
pub(crate) const ADDITION: &str = "/account/3pid";
pub(crate) const PASSWORD_RESET: &str = "/account/password";

/// `POST …/email/requestToken`, with these fields besides or instead.
pub(crate) fn email_request(email: &str, others: Value) -> Value {
    let body = json!({"client_secret": SECRET, "email": email, "send_attempt": 1});
    with(body, others)
}

/// `POST …/msisdn/requestToken`, with these fields besides or instead.
pub(crate) fn msisdn_request(others: Value) -> Value {
    let body = json!({
        "client_secret": SECRET,
        "country": "GB",
        "phone_number": "07700 900001",
        "send_attempt": 1,
    });
    with(body, others)
}

/// `auth` with the password stage.
pub(crate) fn password(session: &Value, user: &str, password: &str) -> Value {
    json!({
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": user},
        "password": password,
        "session": session,
    })
}

/// `auth` with the proof of an email address.
pub(crate) fn email_proof(session: &Value, sid: &str, secret: &str) -> Value {
    json!({
        "type": "m.login.email.identity",
        "threepid_creds": {"sid": sid, "client_secret": secret},
        "session": session,
    })
}

impl TestServer {
    /// Asks for a mail below one of the paths. The `sid`.
    pub(crate) async fn mailed(&self, below: &str, body: &Value) -> String {
        let answer = self
            .post(&format!("{below}/email/requestToken"), body)
            .await;
        text(&answer.body_of(200), "sid").to_owned()
    }

    /// The path and the query of the link in the last mail.
    pub(crate) fn link(&self) -> String {
        let link = match self.mailer.mails().pop().unwrap().content {
            MailContent::ValidateRegistration { link }
            | MailContent::ValidateAddition { link }
            | MailContent::ResetPassword { link } => link,
            MailContent::AlreadyInUse => panic!("a mail without a link"),
        };
        let path = link.strip_prefix("https://matrix.example.org");
        path.unwrap().to_owned()
    }

    /// Opens the link in the last mail, and confirms it where that is asked for.
    pub(crate) async fn open_link(&self) {
        let link = self.link();
        let (path, query) = link.split_once('?').unwrap();
        let answer = if path.starts_with("/_synapse") {
            self.submit(path, query).await
        } else {
            self.get(&link).await
        };
        answer.page(200);
    }

    /// Asks for a mail and opens its link. The `sid`.
    pub(crate) async fn validated(&self, below: &str, email: &str) -> String {
        let sid = self.mailed(below, &email_request(email, json!({}))).await;
        self.open_link().await;
        sid
    }

    /// Gives an address to an account, as clients did before there was a UIA session.
    pub(crate) async fn given_address(&self, token: &str, email: &str) {
        let sid = self.validated(ADDITION, email).await;
        let creds = json!({"client_secret": SECRET, "sid": sid});
        let body = json!({"three_pid_creds": creds});
        let answer = self.post_as(token, "/account/3pid", &body).await;
        answer.gives(200, &json!({}));
    }

    /// Lets the identity server vouch for a phone number.
    pub(crate) fn vouched(&self, sid: &str, number: &str) {
        let validated = ValidatedThreepid {
            threepid: Threepid::from_canonical(Medium::Msisdn, number.to_owned()),
            validated: Timestamp::from_unix_ms(1_699_999_999_995),
        };
        self.identity_server.vouch(sid, SECRET, validated);
    }

    /// The addresses of an account, as it sees them.
    pub(crate) async fn addresses(&self, token: &str) -> Vec<String> {
        let body = self.get_as(token, "/account/3pid").await.body_of(200);
        let threepids = body["threepids"].as_array().unwrap();
        let address = |it: &Value| text(it, "address").to_owned();
        threepids.iter().map(address).collect()
    }

    /// Can somebody log in with this password?
    pub(crate) async fn opens(&self, user: &str, password: &str) -> bool {
        let body = crate::client::login(user, json!({"password": password}));
        self.post("/login", &body).await.status == 200
    }

    /// Is the password still the one that everybody has at first?
    pub(crate) async fn opens_as_before(&self, user: &str) -> bool {
        self.opens(user, PASSWORD).await
    }
}
