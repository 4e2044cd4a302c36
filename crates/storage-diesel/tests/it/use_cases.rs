//! Whole use-cases over real databases, where requests of one session meet: each racer is a task of its
//! own, all start at once, and every race is run more than once.

use std::sync::Arc;

use registrar_domain::console::Console;
use registrar_domain::model::context::{Effects, RequestContext};
use registrar_domain::model::given::Given;
use registrar_domain::model::policy::Policy;
use registrar_domain::model::registration_token::RegistrationTokenId;
use registrar_domain::model::secret::Secret;
use registrar_domain::model::uia::flow::{FlowSettings, registration_flows};
use registrar_domain::model::uia::{OperationDigest, Stage};
use registrar_domain::ports::Ports;
use registrar_domain::services::Services;
use registrar_domain::usecase::credentials::identifier::IdentityClaim;
use registrar_domain::usecase::device::{RemoveOutcome, RemoveRequest};
use registrar_domain::usecase::registration::{
    RegisterError, RegisterOutcome, RegisterRequest, RegisteredAccount,
};
use registrar_domain::usecase::registration_token::admin::NewToken;
use registrar_domain::usecase::token::authenticate::{Assertion, Audience, Bearer, Requester};
use registrar_domain::usecase::uia::auth::{Auth, Submission};
use registrar_domain::usecase::uia::gate::GateError;
use registrar_domain::usecase::uia::prompt::UiaPrompt;
use registrar_testkit::{Fakes, permissive_policy, race};

use crate::support::Database;

const ROUNDS: usize = 12;

struct World {
    services: Services,
    console: Console,
    ctx: RequestContext,
    // After what stands on it.
    _database: Database,
}

impl World {
    async fn each(change: impl Fn(&mut Policy)) -> Vec<Arc<Self>> {
        let mut worlds = Vec::new();
        for database in Database::each().await {
            let ports = Ports {
                store: Arc::new(database.store().await),
                ..Fakes::seeded(7).ports()
            };
            let mut policy = permissive_policy();
            change(&mut policy);
            worlds.push(Arc::new(Self {
                console: Console::new(ports.clone(), policy.clone()),
                services: Services::new(ports, policy),
                ctx: RequestContext {
                    client_ip: None,
                    user_agent: String::new(),
                    effects: Effects::Allowed,
                },
                _database: database,
            }));
        }
        worlds
    }

    async fn register(&self, request: &RegisterRequest) -> Result<RegisterOutcome, RegisterError> {
        let registration = &self.services.registration;
        registration.register(&self.ctx, request).await
    }

    async fn registered(&self, request: &RegisterRequest) -> RegisteredAccount {
        match self.register(request).await.unwrap() {
            RegisterOutcome::Registered(registered) => registered,
            RegisterOutcome::AuthRequired(prompt) => panic!("not complete: {prompt:?}"),
        }
    }

    async fn prompted(&self, request: &RegisterRequest) -> UiaPrompt {
        match self.register(request).await.unwrap() {
            RegisterOutcome::AuthRequired(prompt) => prompt,
            RegisterOutcome::Registered(registered) => panic!("registered: {registered:?}"),
        }
    }

    async fn requester(&self, token: &str) -> Option<Requester> {
        let bearer = Bearer::Token(Secret::new(token.to_owned()));
        let authentication = &self.services.authentication;
        authentication
            .authenticate(
                &self.ctx,
                &bearer,
                &Assertion::default(),
                Audience::Everyone,
            )
            .await
            .ok()
    }
}

fn given(text: &str) -> Given<String> {
    Given::Value(text.to_owned())
}

fn register(username: &str) -> RegisterRequest {
    RegisterRequest {
        kind: Given::Absent,
        bearer: Bearer::Absent,
        refresh_token: Given::Absent,
        username: given(username),
        login_type: Given::Absent,
        password: given("Secret-Passw0rd"),
        device_id: given("PHONE"),
        initial_device_display_name: Given::Absent,
        guest_access_token: Given::Absent,
        inhibit_login: false,
        auth: Given::Absent,
        has_other_fields: true,
        operation: OperationDigest::of("POST", "/_matrix/client/v3/register"),
    }
}

fn auth(prompt: &UiaPrompt, stage: Stage, submission: Submission) -> Given<Auth> {
    Given::Value(Auth {
        is_empty: false,
        session: given(prompt.session.as_str()),
        stage: given(stage.as_str()),
        submission,
    })
}

/// A registration of this name with all but its last request done.
async fn nearly_registered(world: &World, username: &str) -> RegisterRequest {
    let prompt = world.prompted(&register(username)).await;
    RegisterRequest {
        auth: auth(&prompt, Stage::Dummy, Submission::default()),
        ..register(username)
    }
}

fn token(registered: &RegisteredAccount) -> String {
    let tokens = registered.tokens.as_ref().unwrap();
    tokens.access_token.expose().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_final_requests_make_one_account_with_one_working_token() {
    for world in World::each(|_| {}).await {
        for round in 0..ROUNDS {
            let last = nearly_registered(&world, &format!("alice{round}")).await;
            // As many as may stand in each other's way within the attempts of one unit of work.
            let racers = (0..4).map(|_| {
                let (world, last) = (Arc::clone(&world), last.clone());
                async move { token(&world.registered(&last).await) }
            });
            let mut working = 0;
            for token in race(racers).await {
                working += usize::from(world.requester(&token).await.is_some());
            }
            assert_eq!(working, 1, "round {round}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_registration_beside_a_logout_leaves_no_token_behind() {
    for world in World::each(|_| {}).await {
        for round in 0..2 * ROUNDS {
            let last = nearly_registered(&world, &format!("alice{round}")).await;
            let first = token(&world.registered(&last).await);
            let leaving = world.requester(&first).await.unwrap();
            let racers = [None, Some(leaving)].map(|leaving| {
                let (world, last) = (Arc::clone(&world), last.clone());
                async move {
                    let Some(leaving) = leaving else {
                        return match world.register(&last).await {
                            Ok(RegisterOutcome::Registered(again)) => Some(token(&again)),
                            Err(RegisterError::Gate(GateError::UnknownSession)) => None,
                            other => panic!("{other:?}"),
                        };
                    };
                    world.services.logout.all(&leaving).await.unwrap();
                    None
                }
            });
            if let Some(token) = &race(racers).await[0] {
                assert!(world.requester(token).await.is_none(), "round {round}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_final_requests_one_removes_the_device() {
    for world in World::each(|_| {}).await {
        for round in 0..ROUNDS {
            let username = format!("alice{round}");
            let last = nearly_registered(&world, &username).await;
            let alice = token(&world.registered(&last).await);
            let alice = world.requester(&alice).await.unwrap();
            let remove = async |world: &World, alice: &Requester, auth: &Given<Auth>| {
                let request = RemoveRequest {
                    operation: OperationDigest::of("DELETE", "/devices/TABLET"),
                    auth,
                };
                let devices = &world.services.devices;
                devices.remove(&world.ctx, alice, &request, "TABLET").await
            };
            let asked = remove(&world, &alice, &Given::Absent).await.unwrap();
            let RemoveOutcome::AuthRequired(prompt) = asked else {
                panic!("removed without a password")
            };
            let submission = Submission {
                password: given("Secret-Passw0rd"),
                identity: IdentityClaim {
                    user: given(&username),
                    ..IdentityClaim::default()
                },
                ..Submission::default()
            };
            let right = auth(&prompt, Stage::Password, submission);
            let racers = (0..16).map(|_| {
                let (world, alice, right) = (Arc::clone(&world), alice.clone(), right.clone());
                async move {
                    let request = RemoveRequest {
                        operation: OperationDigest::of("DELETE", "/devices/TABLET"),
                        auth: &right,
                    };
                    let devices = &world.services.devices;
                    let outcome = devices.remove(&world.ctx, &alice, &request, "TABLET").await;
                    matches!(outcome, Ok(RemoveOutcome::Removed))
                }
            });
            let removed = race(racers).await.into_iter().filter(|done| *done).count();
            assert_eq!(removed, 1, "round {round}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_passes_with_its_token_however_often_it_sends_it() {
    let invited = |policy: &mut Policy| {
        let settings = FlowSettings {
            require_token: true,
            ..FlowSettings::default()
        };
        policy.registration.flows = registration_flows(&settings).unwrap();
    };
    for world in World::each(invited).await {
        for round in 0..ROUNDS {
            let invite = format!("invite{round}");
            let once = NewToken {
                id: Some(RegistrationTokenId::parse(&invite).unwrap()),
                uses_allowed: Some(1),
                ..NewToken::default()
            };
            let (tokens, operator) = (&world.console.tokens, &world.console.operator);
            tokens.create(operator, &once).await.unwrap();
            let username = format!("alice{round}");
            let prompt = world.prompted(&register(&username)).await;
            let submission = Submission {
                token: given(&invite),
                ..Submission::default()
            };
            let with_token = RegisterRequest {
                auth: auth(&prompt, Stage::RegistrationToken, submission),
                ..register(&username)
            };
            let with_terms = RegisterRequest {
                auth: auth(&prompt, Stage::Terms, Submission::default()),
                ..register(&username)
            };
            let requests = [&with_token, &with_terms, &with_token, &with_token].map(Clone::clone);
            let racers = requests.map(|request| {
                let world = Arc::clone(&world);
                async move { world.prompted(&request).await }
            });
            let prompts = race(racers).await;
            assert!(
                prompts.iter().all(|prompt| prompt.failure.is_none()),
                "{prompts:?}"
            );
            let longest = prompts
                .iter()
                .filter_map(|prompt| prompt.completed.as_ref());
            let longest = longest.map(Vec::len).max();
            assert_eq!(
                longest,
                Some(2),
                "round {round}: the last answer shows both stages"
            );
            let token = tokens.find(operator, &invite).await.unwrap();
            assert_eq!((token.pending, token.completed), (1, 0), "round {round}");
        }
    }
}
