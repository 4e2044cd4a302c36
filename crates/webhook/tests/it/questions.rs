//! What goes over the wire.

use registrar_domain::model::secret::Secret;
use registrar_domain::model::threepid::{Medium, Threepid};
use registrar_domain::ports::registration_hooks::{
    RegistrationFacts, RegistrationHooks as _, ThreepidPurpose,
};
use registrar_http_client::SetupError;
use registrar_http_client::peer::Peer;
use registrar_webhook::{Question, Webhook};

use crate::{ask, options, webhook};

/// An answer that has something for every question.
const ANSWER: &str = r#"{"verdict":"deny","username":"bob","display_name":"Bob","allowed":false}"#;

#[tokio::test]
async fn every_question_is_a_json_post_with_the_secret() {
    let peer = Peer::answering("200 OK", ANSWER).await;
    ask(&webhook(&options(peer.port))).await;
    let facts = concat!(
        r#""server_name":"example.org","clients":[{"ip":"192.0.2.1","user_agent":"Element \"2\""},"#,
        r#"{"ip":null,"user_agent":null}],"email":"alice@example.com","msisdn":null,"username":"alice"}"#
    );
    let expected = [
        format!(r#"{{"question":"check_registration",{facts}"#),
        format!(r#"{{"question":"choose_username",{facts}"#),
        format!(r#"{{"question":"choose_display_name",{facts}"#),
        concat!(
            r#"{"question":"is_threepid_allowed","server_name":"example.org","#,
            r#""address":"447700900001","medium":"msisdn","purpose":"addition"}"#
        )
        .to_owned(),
    ];
    let requests = peer.requests();
    assert_eq!(requests.len(), expected.len());
    for (request, expected) in requests.iter().zip(expected) {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, expected);
        let mut lines: Vec<&str> = head.split("\r\n").collect();
        lines[1..].sort_unstable();
        let (host, length) = (
            format!("host: 127.0.0.1:{}", peer.port),
            format!("content-length: {}", body.len()),
        );
        let expected = [
            "POST /registrar HTTP/1.1",
            "accept: application/json",
            "authorization: Bearer opensesame",
            &length,
            "content-type: application/json",
            &host,
            concat!("user-agent: registrar/", env!("CARGO_PKG_VERSION")),
        ];
        assert_eq!(lines, expected);
    }
}

#[tokio::test]
async fn what_is_unknown_is_null() {
    let peer = Peer::answering("200 OK", ANSWER).await;
    let hook = webhook(&options(peer.port));
    hook.check_registration(&RegistrationFacts::default())
        .await
        .unwrap();
    let request = peer.only_request();
    let facts = r#""clients":[],"email":null,"msisdn":null,"username":null}"#;
    assert!(request.ends_with(facts), "{request}");
}

#[tokio::test]
async fn a_new_account_and_an_old_one_are_told_apart() {
    let peer = Peer::answering("200 OK", ANSWER).await;
    let hook = webhook(&options(peer.port));
    let threepid = Threepid::from_canonical(Medium::Email, "a@b.org".to_owned());
    for purpose in [ThreepidPurpose::Registration, ThreepidPurpose::Addition] {
        hook.is_threepid_allowed(&threepid, purpose).await.unwrap();
    }
    let requests = peer.requests();
    assert!(requests[0].ends_with(r#""medium":"email","purpose":"registration"}"#));
    assert!(requests[1].ends_with(r#""medium":"email","purpose":"addition"}"#));
}

#[tokio::test]
async fn without_a_secret_there_is_no_authorization() {
    let peer = Peer::answering("200 OK", ANSWER).await;
    let mut options = options(peer.port);
    options.secret = None;
    ask(&webhook(&options)).await;
    for request in peer.requests() {
        assert!(!request.contains("authorization"), "{request}");
    }
}

#[tokio::test]
async fn only_the_chosen_questions_are_asked() {
    for question in Question::ALL {
        assert_eq!(Question::parse(question.name()), Some(question));
        let peer = Peer::answering("200 OK", ANSWER).await;
        let mut options = options(peer.port);
        options.questions = vec![question];
        ask(&webhook(&options)).await;
        let name = format!(r#"{{"question":"{}","#, question.name());
        assert!(peer.only_request().contains(&name));
    }
    let peer = Peer::answering("200 OK", ANSWER).await;
    let mut options = options(peer.port);
    options.questions = Vec::new();
    assert!(ask(&webhook(&options)).await.are_indifferent());
    assert!(peer.requests().is_empty());
}

#[test]
fn mistakes_are_found_at_construction_and_the_secret_is_never_shown() {
    let mut bad = options(1);
    bad.url = "registrar".to_owned();
    assert!(matches!(Webhook::new(&bad), Err(SetupError::Url(_))));
    let mut bad = options(1);
    bad.secret = Some(Secret::new("a\r\nb".to_owned()));
    assert!(matches!(Webhook::new(&bad), Err(SetupError::BearerToken)));
    let shown = format!("{:?} {:?}", options(1), webhook(&options(1)));
    assert!(!shown.contains("opensesame"), "{shown}");
}
