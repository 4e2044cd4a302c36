//! The examples of `docs/WEBHOOK.md` are what is sent and what is understood.

use registrar_domain::model::threepid::{Medium, Threepid};
use registrar_domain::ports::registration_hooks::{
    ObservedClient, RegistrationFacts, RegistrationHooks as _, RegistrationVerdict, ThreepidPurpose,
};
use registrar_http_client::peer::Peer;
use registrar_webhook::{Question, Webhook};
use serde_json::Value;

use crate::{options, webhook};

/// The JSON after a mark in the guide.
fn example(mark: &str, question: Question) -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/WEBHOOK.md");
    let guide = std::fs::read_to_string(path).unwrap();
    let mark = format!("<!-- {mark}: {} -->\n```json\n", question.name());
    let (_, rest) = guide.split_once(&mark).unwrap_or_else(|| panic!("{mark}"));
    rest.split_once("```").unwrap().0.to_owned()
}

/// Asks the question of the guide and gets the answer of the guide.
async fn ask(hook: &Webhook, question: Question) {
    let facts = |username: &str| RegistrationFacts {
        username: Some(username.to_owned()),
        email: Some("alice@example.com".to_owned()),
        msisdn: None,
        clients: vec![ObservedClient {
            ip: "192.0.2.1".to_owned(),
            user_agent: "Element/1.12".to_owned(),
        }],
    };
    match question {
        Question::CheckRegistration => {
            let verdict = hook.check_registration(&facts("alice")).await.unwrap();
            assert_eq!(verdict, RegistrationVerdict::Allow);
        }
        Question::ChooseUsername => {
            let username = hook.choose_username(&facts("alice")).await.unwrap();
            assert_eq!(username.as_deref(), Some("a.liddell"));
        }
        Question::ChooseDisplayName => {
            let name = hook.choose_display_name(&facts("a.liddell")).await.unwrap();
            assert_eq!(name.as_deref(), Some("Alice Liddell"));
        }
        Question::IsThreepidAllowed => {
            let email = Threepid::from_canonical(Medium::Email, "alice@example.com".to_owned());
            let purpose = ThreepidPurpose::Registration;
            assert!(hook.is_threepid_allowed(&email, purpose).await.unwrap());
        }
    }
}

#[tokio::test]
async fn the_examples_of_the_guide_are_real() {
    for question in Question::ALL {
        let peer = Peer::answering("200 OK", &example("answer", question)).await;
        ask(&webhook(&options(peer.port)), question).await;
        let request = peer.only_request();
        let (_, body) = request.split_once("\r\n\r\n").unwrap();
        let sent: Value = serde_json::from_str(body).unwrap();
        let shown: Value = serde_json::from_str(&example("question", question)).unwrap();
        assert_eq!(sent, shown, "{}", question.name());
    }
}
