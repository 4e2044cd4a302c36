//! Registration with an email address, a phone number or a captcha: what the stages prove, and what
//! becomes of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use registrar_domain::model::context::RequestContext;
use registrar_domain::model::given::Given;
use registrar_domain::model::id::Localpart;
use registrar_domain::model::policy::Policy;
use registrar_domain::model::threepid::{Medium, Purpose, Threepid, ValidatedThreepid};
use registrar_domain::model::time::Timestamp;
use registrar_domain::model::uia::flow::{FlowSettings, registration_flows};
use registrar_domain::model::uia::{Stage, StageFailure, UiaSessionId};
use registrar_domain::ports::EmailValidation;
use registrar_domain::ports::registration_hooks::{
    HookError, RegistrationFacts, RegistrationHooks, RegistrationVerdict,
};
use registrar_domain::usecase::registration::{
    RegisterError, RegisterRequest, Registration, RuleError,
};
use registrar_domain::usecase::uia::auth::{Auth, Submission, ThreepidCredentials};
use registrar_domain::usecase::uia::gate::GateError;
use registrar_domain::usecase::uia::prompt::UiaPrompt;
use registrar_testkit::{CaptchaOutage, HookQuestion};

use crate::validating::{SECRET, delegating, email_wish};
use crate::world::{World, given, poll, register};

fn requiring(settings: FlowSettings) -> impl FnOnce(&mut Policy) {
    move |policy| policy.registration.flows = registration_flows(&settings).unwrap()
}

fn email_required() -> FlowSettings {
    FlowSettings {
        require_email: true,
        email_enabled: true,
        ..FlowSettings::default()
    }
}

fn msisdn_required() -> FlowSettings {
    FlowSettings {
        require_msisdn: true,
        msisdn_enabled: true,
        ..FlowSettings::default()
    }
}

fn creds(sid: Given<String>, client_secret: Given<String>) -> Given<ThreepidCredentials> {
    Given::Value(ThreepidCredentials { client_secret, sid })
}

fn proof(sid: &str) -> Submission {
    Submission {
        threepid_creds: creds(given(sid), given(SECRET)),
        ..Submission::default()
    }
}

fn solved(response: Given<String>) -> Submission {
    Submission {
        response,
        ..Submission::default()
    }
}

/// A request that attempts a stage in a session.
fn attempt(
    session: &UiaPrompt,
    name: &str,
    stage: Stage,
    submission: Submission,
) -> RegisterRequest {
    RegisterRequest {
        auth: Given::Value(Auth {
            is_empty: false,
            session: given(session.session.as_str()),
            stage: given(stage.as_str()),
            submission,
        }),
        ..register(name)
    }
}

/// Asks for a mail to an address and returns the `sid`.
async fn request_mail(world: &World, email: &str) -> String {
    world
        .mailed(Purpose::Registration, &email_wish(email))
        .await
}

/// Opens the link of the last mail.
async fn open_link(world: &World) {
    world.open_link(Purpose::Registration).await;
}

async fn validated_mail(world: &World, email: &str) -> String {
    world.validated(Purpose::Registration, email).await
}

#[tokio::test]
async fn an_email_address_is_proved_once_and_belongs_to_the_account() {
    let world = World::with(requiring(email_required()));
    let session = world.prompted(&register("alice")).await;
    let sid = request_mail(&world, "Alice@Example.org").await;
    let early = attempt(&session, "alice", Stage::Email, proof(&sid));
    let prompt = world.prompted(&early).await;
    assert_eq!(prompt.failure, Some(StageFailure::NotValidated));
    open_link(&world).await;
    world.registered(&early).await;
    assert_eq!(world.threepids("alice").await, ["email:alice@example.org"]);

    let again = world.prompted(&register("bob")).await;
    let reused = attempt(&again, "bob", Stage::Email, proof(&sid));
    let prompt = world.prompted(&reused).await;
    assert_eq!(prompt.failure, Some(StageFailure::NotValidated));
    assert_eq!(prompt.completed.unwrap(), []);
    assert!(world.threepids("bob").await.is_empty());
}

#[tokio::test]
async fn a_repeated_last_request_finds_its_account_again() {
    let world = World::with(requiring(email_required()));
    let session = world.prompted(&register("alice")).await;
    let sid = validated_mail(&world, "alice@example.org").await;
    let last = attempt(&session, "alice", Stage::Email, proof(&sid));
    let first = world.registered(&last).await;
    let second = world.registered(&last).await;
    assert_eq!(first.user_id, second.user_id);
    let polled = RegisterRequest {
        auth: poll(&session),
        ..register("alice")
    };
    world.registered(&polled).await;
    assert_eq!(world.threepids("alice").await, ["email:alice@example.org"]);
}

#[tokio::test]
async fn credentials_that_prove_nothing() {
    let world = World::with(requiring(email_required()));
    let sid = validated_mail(&world, "alice@example.org").await;
    let failures = [
        (Submission::default(), StageFailure::CredentialsMissing),
        (proof("nosuch"), StageFailure::NotValidated),
        (proof("a\0b"), StageFailure::NotValidated),
        (proof(&"s".repeat(10_000)), StageFailure::NotValidated),
        (
            Submission {
                threepid_creds: creds(given(&sid), given("another")),
                ..Submission::default()
            },
            StageFailure::NotValidated,
        ),
        (
            Submission {
                threepid_creds: creds(given(&sid), given("not of the grammar")),
                ..Submission::default()
            },
            StageFailure::NotValidated,
        ),
    ];
    let session = world.prompted(&register("alice")).await;
    for (submission, failure) in failures {
        let request = attempt(&session, "alice", Stage::Email, submission);
        assert_eq!(world.prompted(&request).await.failure, Some(failure));
    }
    let refusals = [
        (Given::Null, "MalformedField"),
        (Given::Malformed, "MalformedField"),
        (creds(Given::Absent, given(SECRET)), "MissingField(\"sid\")"),
        (creds(given(""), given(SECRET)), "MissingField(\"sid\")"),
        (
            creds(Given::Malformed, given(SECRET)),
            "MalformedField(\"sid\")",
        ),
        (
            creds(given(&sid), Given::Null),
            "MissingField(\"client_secret\")",
        ),
        (
            creds(given(&sid), given("")),
            "MissingField(\"client_secret\")",
        ),
        (
            creds(given(&sid), Given::Malformed),
            "MalformedField(\"client_secret\")",
        ),
    ];
    for (threepid_creds, refusal) in refusals {
        let submission = Submission {
            threepid_creds,
            ..Submission::default()
        };
        let request = attempt(&session, "alice", Stage::Email, submission);
        let refused = format!("{:?}", world.refused(&request).await);
        assert!(refused.contains(refusal), "{refused}");
    }
    // After all of that the proof still stands.
    let good = attempt(&session, "alice", Stage::Email, proof(&sid));
    world.registered(&good).await;
}

#[tokio::test]
async fn an_old_proof_proves_nothing() {
    let world = World::with(requiring(email_required()));
    let sid = validated_mail(&world, "alice@example.org").await;
    world.clock.advance(Duration::from_hours(48));
    let session = world.prompted(&register("alice")).await;
    let request = attempt(&session, "alice", Stage::Email, proof(&sid));
    let failure = world.prompted(&request).await.failure;
    assert_eq!(failure, Some(StageFailure::NotValidated));
}

#[tokio::test]
async fn an_address_that_was_taken_meanwhile_stays_where_it_is() {
    let world = World::with(requiring(email_required()));
    let mut sessions = Vec::new();
    for name in ["alice", "bob"] {
        sessions.push((name, world.prompted(&register(name)).await));
    }
    let mut proofs = Vec::new();
    for _client in 0..2 {
        // The session of the first client is validated, so the second one gets its own.
        proofs.push(validated_mail(&world, "shared@example.org").await);
    }
    let [(alice, first), (bob, second)] = &sessions[..] else {
        panic!("two sessions");
    };
    world
        .registered(&attempt(first, alice, Stage::Email, proof(&proofs[0])))
        .await;
    let refused = world
        .refused(&attempt(second, bob, Stage::Email, proof(&proofs[1])))
        .await;
    assert!(
        matches!(refused, RegisterError::ThreepidTaken(Medium::Email)),
        "{refused:?}"
    );
    assert_eq!(world.threepids("alice").await, ["email:shared@example.org"]);
    let bob = Localpart::read("bob").unwrap();
    let account = world.read().await.accounts().find(&bob).await.unwrap();
    assert_eq!(account, None, "nothing was created");
}

#[tokio::test]
async fn a_phone_number_is_proved_by_the_identity_server() {
    let world = World::with(requiring(msisdn_required()));
    let session = world.prompted(&register("alice")).await;
    let request = attempt(&session, "alice", Stage::Msisdn, proof("77"));
    let failure = world.prompted(&request).await.failure;
    assert_eq!(failure, Some(StageFailure::NotValidated));
    world.vouched("77", Medium::Email, "alice@example.org");
    let failure = world.prompted(&request).await.failure;
    assert_eq!(failure, Some(StageFailure::WrongMedium));
    world.identity_server.be_down(true);
    let refused = world.refused(&request).await;
    assert!(
        matches!(refused, RegisterError::Gate(GateError::IdentityServer(_))),
        "{refused:?}"
    );
    world.identity_server.be_down(false);
    world.vouched("77", Medium::Msisdn, "447700900001");
    world.registered(&request).await;
    assert_eq!(world.threepids("alice").await, ["msisdn:447700900001"]);
}

#[tokio::test]
async fn both_addresses_belong_to_the_account() {
    let both = FlowSettings {
        require_email: true,
        ..msisdn_required()
    };
    let both = FlowSettings {
        email_enabled: true,
        ..both
    };
    let world = World::with(requiring(both));
    let session = world.prompted(&register("alice")).await;
    let sid = validated_mail(&world, "alice@example.org").await;
    world.vouched("77", Medium::Msisdn, "447700900001");
    world
        .prompted(&attempt(&session, "alice", Stage::Msisdn, proof("77")))
        .await;
    world
        .registered(&attempt(&session, "alice", Stage::Email, proof(&sid)))
        .await;
    let found = world.threepids("alice").await;
    assert_eq!(found, ["email:alice@example.org", "msisdn:447700900001"]);
}

#[tokio::test]
async fn a_delegated_email_address_is_proved_by_the_identity_server() {
    let (world, identity_server) = delegating(requiring(email_required()));
    let validated = ValidatedThreepid {
        threepid: Threepid::from_canonical(Medium::Email, "alice@example.org".to_owned()),
        validated: Timestamp::from_unix_ms(1_699_999_999_995),
    };
    identity_server.vouch("9", SECRET, validated);
    let session = world.prompted(&register("alice")).await;
    let ungrammatical = Submission {
        threepid_creds: creds(given("9"), given("not of the grammar")),
        ..Submission::default()
    };
    let refused = world
        .refused(&attempt(&session, "alice", Stage::Email, ungrammatical))
        .await;
    assert!(
        matches!(refused, RegisterError::Gate(GateError::ClientSecret(_))),
        "{refused:?}"
    );
    world
        .registered(&attempt(&session, "alice", Stage::Email, proof("9")))
        .await;
    assert_eq!(world.threepids("alice").await, ["email:alice@example.org"]);
}

#[tokio::test]
async fn stages_that_nobody_checks_are_unknown() {
    let world = World::over(
        |_| {},
        |ports| {
            ports.email = EmailValidation::Off;
            ports.msisdn = None;
            ports.captcha = None;
        },
    );
    let session = world.prompted(&register("alice")).await;
    for stage in [Stage::Email, Stage::Msisdn, Stage::Recaptcha] {
        let refused = world
            .refused(&attempt(&session, "alice", stage, proof("1")))
            .await;
        assert!(
            matches!(refused, RegisterError::Gate(GateError::UnknownStage { .. })),
            "{stage}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn a_captcha_is_judged_by_its_provider() {
    let captcha = FlowSettings {
        require_captcha: true,
        ..FlowSettings::default()
    };
    let world = World::with(requiring(captcha));
    let session = world.prompted(&register("alice")).await;
    let rows = [
        (Given::Absent, StageFailure::CaptchaMissing),
        (Given::Null, StageFailure::CaptchaRejected),
        (Given::Malformed, StageFailure::CaptchaRejected),
        (given(""), StageFailure::CaptchaRejected),
        (given(&"x".repeat(100_000)), StageFailure::CaptchaRejected),
        (given("bad"), StageFailure::CaptchaRejected),
    ];
    for (response, failure) in rows {
        let request = attempt(&session, "alice", Stage::Recaptcha, solved(response));
        assert_eq!(world.prompted(&request).await.failure, Some(failure));
    }
    let asked = world.captcha.asked();
    assert_eq!(asked, [("bad".to_owned(), world.ctx.client_ip)]);

    let good = attempt(&session, "alice", Stage::Recaptcha, solved(given("good")));
    world.captcha.fail(Some(CaptchaOutage::Silence));
    let refused = world.refused(&good).await;
    assert!(
        matches!(refused, RegisterError::Gate(GateError::Captcha(_))),
        "{refused:?}"
    );
    world.captcha.fail(None);
    let prompt = world.prompted(&good).await;
    assert_eq!(prompt.completed.unwrap(), [Stage::Recaptcha]);
}

#[tokio::test]
async fn nobody_is_asked_for_a_session_that_is_not_there() {
    let captcha = FlowSettings {
        require_captcha: true,
        ..FlowSettings::default()
    };
    let world = World::with(requiring(captcha));
    let mut session = world.prompted(&register("alice")).await;
    session.session = UiaSessionId::parse("nosuch").unwrap();
    let request = attempt(&session, "alice", Stage::Recaptcha, solved(given("good")));
    world.refused(&request).await;
    assert!(world.captcha.asked().is_empty());
}

#[tokio::test]
async fn an_address_that_the_rules_deny_registers_nobody() {
    let world = World::with(requiring(email_required()));
    let session = world.prompted(&register("alice")).await;
    let sid = validated_mail(&world, "alice@example.org").await;
    let denied = Threepid::from_canonical(Medium::Email, "alice@example.org".to_owned());
    world.hooks.deny(denied);
    let refused = world
        .refused(&attempt(&session, "alice", Stage::Email, proof(&sid)))
        .await;
    assert!(
        matches!(refused, RegisterError::Rule(RuleError::ThreepidDenied)),
        "{refused:?}"
    );
}

#[tokio::test]
async fn the_hooks_know_what_the_uia_session_has_shown() {
    let world = World::with(requiring(email_required()));
    let session = world.prompted(&register("Alice")).await;
    let sid = validated_mail(&world, "alice@example.org").await;
    world
        .registered(&attempt(&session, "Alice", Stage::Email, proof(&sid)))
        .await;
    let facts = RegistrationFacts {
        username: Some("alice".to_owned()),
        email: Some("alice@example.org".to_owned()),
        msisdn: None,
        clients: vec![("192.0.2.1".to_owned(), "test".to_owned()).into()],
    };
    let asked = world.hooks.asked();
    for question in [
        HookQuestion::ChooseUsername(facts.clone()),
        HookQuestion::ChooseDisplayName(facts.clone()),
        HookQuestion::CheckRegistration(facts),
    ] {
        assert!(
            asked.contains(&question),
            "{question:?} is not in {asked:?}"
        );
    }
}

#[tokio::test]
async fn the_hooks_choose_names() {
    let world = World::new();
    world.hooks.name(Some("Chosen"));
    world.hooks.display(Some("Chosen One"));
    let session = world.prompted(&register("alice")).await;
    let request = attempt(&session, "alice", Stage::Dummy, Submission::default());
    let registered = world.registered(&request).await;
    assert_eq!(registered.user_id.to_string(), "@chosen:example.org");
    let chosen = Localpart::read("chosen").unwrap();
    let account = world.read().await.accounts().find(&chosen).await.unwrap();
    assert_eq!(account.unwrap().display_name.as_deref(), Some("Chosen One"));

    world.hooks.name(Some("not a name"));
    let session = world.prompted(&register("bob")).await;
    let request = attempt(&session, "bob", Stage::Dummy, Submission::default());
    let refused = world.refused(&request).await;
    assert!(matches!(refused, RegisterError::Name(_)), "{refused:?}");
}

#[tokio::test]
async fn the_verdict_of_the_hooks_counts() {
    for (verdict, banned) in [
        (RegistrationVerdict::Allow, Some(false)),
        (RegistrationVerdict::ShadowBan, Some(true)),
        (RegistrationVerdict::Deny, None),
    ] {
        let world = World::new();
        world.hooks.judge(verdict);
        let session = world.prompted(&register("alice")).await;
        let request = attempt(&session, "alice", Stage::Dummy, Submission::default());
        let outcome = world.try_register(&request).await;
        let alice = Localpart::read("alice").unwrap();
        let account = world.read().await.accounts().find(&alice).await.unwrap();
        assert_eq!(account.map(|it| it.shadow_banned), banned, "{verdict:?}");
        let denied = matches!(outcome, Err(RegisterError::Rule(RuleError::Denied)));
        assert_eq!(denied, banned.is_none(), "{outcome:?}");
    }
}

#[tokio::test]
async fn hooks_that_are_down_let_nobody_in() {
    let world = World::new();
    let session = world.prompted(&register("alice")).await;
    let request = attempt(&session, "alice", Stage::Dummy, Submission::default());
    world.hooks.break_down();
    let refused = world.refused(&request).await;
    assert!(
        matches!(refused, RegisterError::Rule(RuleError::Hook(_))),
        "{refused:?}"
    );
    world.hooks.recover();
    world.registered(&request).await;
}

#[tokio::test]
async fn guests_are_judged_too() {
    let world = World::new();
    world.hooks.judge(RegistrationVerdict::Deny);
    let guest = RegisterRequest {
        kind: given("guest"),
        ..register("alice")
    };
    let refused = world.refused(&guest).await;
    assert!(
        matches!(refused, RegisterError::Rule(RuleError::Denied)),
        "{refused:?}"
    );
}

/// Sends a request of its own while another one is being judged.
#[derive(Default)]
struct Meanwhile {
    request: OnceLock<(Registration, RequestContext, RegisterRequest)>,
    asked: AtomicBool,
}

#[async_trait::async_trait]
impl RegistrationHooks for Meanwhile {
    async fn choose_username(
        &self,
        _facts: &RegistrationFacts,
    ) -> Result<Option<String>, HookError> {
        if !self.asked.swap(true, Ordering::SeqCst)
            && let Some((registration, ctx, request)) = self.request.get()
        {
            registration.register(ctx, request).await.unwrap();
        }
        Ok(None)
    }
}

#[tokio::test]
async fn a_final_request_that_is_overtaken_finds_the_account() {
    let hooks = Arc::new(Meanwhile::default());
    let rules = hooks.clone();
    let world = World::over(requiring(email_required()), |ports| {
        ports.hooks = Some(rules);
    });
    let session = world.prompted(&register("alice")).await;
    let sid = validated_mail(&world, "alice@example.org").await;
    let last = attempt(&session, "alice", Stage::Email, proof(&sid));
    let polled = RegisterRequest {
        auth: poll(&session),
        ..register("alice")
    };
    let registration = world.services.registration.clone();
    let meanwhile = (registration, world.ctx.clone(), polled);
    assert!(hooks.request.set(meanwhile).is_ok());
    let registered = world.registered(&last).await;
    assert_eq!(registered.user_id.to_string(), "@alice:example.org");
    assert!(hooks.asked.load(Ordering::SeqCst));
    let proved = world.threepids("alice").await;
    assert_eq!(proved, ["email:alice@example.org"]);
}
