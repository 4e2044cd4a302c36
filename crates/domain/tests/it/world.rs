//! [`World`]: every use-case over fakes, with short ways to say what a client does.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use registrar_domain::console::Console;
use registrar_domain::model::clock::FakeClock;
use registrar_domain::model::context::{Effects, RequestContext};
use registrar_domain::model::entropy::SeededEntropy;
use registrar_domain::model::given::Given;
use registrar_domain::model::policy::Policy;
use registrar_domain::model::secret::Secret;
use registrar_domain::model::uia::OperationDigest;
use registrar_domain::ports::background::FakeBackground;
use registrar_domain::ports::captcha::FakeCaptcha;
use registrar_domain::ports::identity_server::FakeIdentityServer;
use registrar_domain::ports::mailer::FakeMailer;
use registrar_domain::ports::observer::FakeObserver;
use registrar_domain::ports::pacer::FakePacer;
use registrar_domain::ports::password_hasher::FakePasswordHasher;
use registrar_domain::ports::registration_hooks::FakeHooks;
use registrar_domain::ports::store::FakeStore;
use registrar_domain::ports::{EmailValidation, Intent, Ports, Store as _, UnitOfWork};
use registrar_domain::services::Services;
use registrar_domain::usecase::credentials::identifier::{Identifier, IdentityClaim};
use registrar_domain::usecase::login::{LoggedIn, LoginError, LoginRequest};
use registrar_domain::usecase::registration::{
    RegisterError, RegisterOutcome, RegisterRequest, RegisteredAccount,
};
use registrar_domain::usecase::token::authenticate::{
    Assertion, Audience, AuthenticateError, Bearer, Requester,
};
use registrar_domain::usecase::uia::auth::{Auth, Submission};
use registrar_domain::usecase::uia::gate::UiaPrompt;
use tokio::sync::Barrier;

pub(crate) const PASSWORD: &str = "Secret-Passw0rd";

pub(crate) struct World {
    pub(crate) services: Services,
    /// The same world as the operator at the console sees it.
    pub(crate) console: Console,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) hasher: Arc<FakePasswordHasher>,
    pub(crate) store: Arc<FakeStore>,
    pub(crate) mailer: Arc<FakeMailer>,
    pub(crate) identity_server: Arc<FakeIdentityServer>,
    pub(crate) captcha: Arc<FakeCaptcha>,
    pub(crate) hooks: Arc<FakeHooks>,
    pub(crate) observer: Arc<FakeObserver>,
    pub(crate) background: FakeBackground,
    pub(crate) ctx: RequestContext,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Policy)) -> Self {
        Self::over(change, |_| {})
    }

    /// With another policy over other ports.
    pub(crate) fn over(change: impl FnOnce(&mut Policy), rewire: impl FnOnce(&mut Ports)) -> Self {
        let mut policy = Policy::permissive();
        change(&mut policy);
        let clock = Arc::new(FakeClock::at(1_700_000_000_000));
        let hasher = Arc::new(FakePasswordHasher::default());
        let store = Arc::new(FakeStore::default());
        let mailer = Arc::new(FakeMailer::default());
        let identity_server = Arc::new(FakeIdentityServer::default());
        let captcha = Arc::new(FakeCaptcha::accepting(["good"]));
        let hooks = Arc::new(FakeHooks::default());
        let observer = Arc::new(FakeObserver::default());
        let background = FakeBackground::default();
        let mut ports = Ports {
            email: EmailValidation::Local(mailer.clone()),
            msisdn: Some(identity_server.clone()),
            captcha: Some(captcha.clone()),
            hooks: Some(hooks.clone()),
            store: store.clone(),
            password_hasher: hasher.clone(),
            pacer: Arc::new(FakePacer),
            background: Arc::new(background.clone()),
            clock: clock.clone(),
            entropy: Arc::new(SeededEntropy::new(7)),
            observer: observer.clone(),
        };
        rewire(&mut ports);
        Self {
            mailer,
            identity_server,
            captcha,
            hooks,
            console: Console::new(ports.clone(), policy.clone()),
            services: Services::new(ports, policy),
            clock,
            hasher,
            store,
            observer,
            background,
            ctx: RequestContext {
                client_ip: Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))),
                user_agent: "test".to_owned(),
                effects: Effects::Allowed,
            },
        }
    }

    /// The same world after a restart with another policy.
    pub(crate) fn reopened(&self, change: impl FnOnce(&mut Policy)) -> Self {
        let (store, clock) = (self.store.clone(), self.clock.clone());
        let mut world = Self::over(change, |ports| {
            ports.store = store;
            ports.clock = clock;
            // Not the numbers that made the tokens of before.
            ports.entropy = Arc::new(SeededEntropy::new(8));
        });
        world.store = self.store.clone();
        world.clock = self.clock.clone();
        world
    }

    pub(crate) async fn read(&self) -> Box<dyn UnitOfWork> {
        self.store.begin(Intent::Read).await.unwrap()
    }

    pub(crate) async fn try_register(
        &self,
        request: &RegisterRequest,
    ) -> Result<RegisterOutcome, RegisterError> {
        self.services
            .registration
            .register(&self.ctx, request)
            .await
    }

    /// Sends a request that must succeed.
    pub(crate) async fn registered(&self, request: &RegisterRequest) -> RegisteredAccount {
        match self.try_register(request).await.unwrap() {
            RegisterOutcome::Registered(registered) => registered,
            RegisterOutcome::AuthRequired(prompt) => panic!("not complete: {prompt:?}"),
        }
    }

    /// Sends a request that must be answered with what is still to do.
    pub(crate) async fn prompted(&self, request: &RegisterRequest) -> UiaPrompt {
        match self.try_register(request).await.unwrap() {
            RegisterOutcome::Registered(registered) => panic!("registered: {registered:?}"),
            RegisterOutcome::AuthRequired(prompt) => prompt,
        }
    }

    /// Sends a request that must be refused.
    pub(crate) async fn refused(&self, request: &RegisterRequest) -> RegisterError {
        self.try_register(request)
            .await
            .expect_err("it was not refused")
    }

    pub(crate) async fn authenticate(&self, token: &str) -> Result<Requester, AuthenticateError> {
        let bearer = Bearer::Token(Secret::new(token.to_owned()));
        self.services
            .authentication
            .authenticate(
                &self.ctx,
                &bearer,
                &Assertion::default(),
                Audience::Everyone,
            )
            .await
    }

    pub(crate) async fn log_in(&self, request: &LoginRequest) -> Result<LoggedIn, LoginError> {
        self.services
            .login
            .log_in(&self.ctx, &Bearer::Absent, request)
            .await
    }
}

/// Lets all racers go at once, each a task of its own. What they return, in their order.
///
/// For tests on the multi-thread runtime; on another one racers would run one after another.
pub(crate) async fn race<T, F>(racers: impl IntoIterator<Item = F>) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let racers: Vec<_> = racers.into_iter().collect();
    let start = Arc::new(Barrier::new(racers.len()));
    let running: Vec<_> = racers
        .into_iter()
        .map(|racer| {
            let start = Arc::clone(&start);
            tokio::spawn(async move {
                start.wait().await;
                racer.await
            })
        })
        .collect();
    let mut results = Vec::new();
    for racer in running {
        results.push(racer.await.unwrap());
    }
    results
}

/// How often a race is run: one time may go well by luck.
pub(crate) const ROUNDS: usize = 20;

/// `POST /register` with a username and the password, and no `auth`.
pub(crate) fn register(username: &str) -> RegisterRequest {
    RegisterRequest {
        username: given(username),
        has_other_fields: true,
        ..empty_register()
    }
}

/// `POST /register` with the password alone.
pub(crate) fn empty_register() -> RegisterRequest {
    RegisterRequest {
        kind: Given::Absent,
        bearer: Bearer::Absent,
        refresh_token: Given::Absent,
        username: Given::Absent,
        login_type: Given::Absent,
        password: given(PASSWORD),
        device_id: Given::Absent,
        initial_device_display_name: Given::Absent,
        guest_access_token: Given::Absent,
        inhibit_login: false,
        auth: Given::Absent,
        has_other_fields: false,
        operation: OperationDigest::of("POST", "/_matrix/client/v3/register"),
    }
}

/// `auth` with the dummy stage, in a session or in none.
pub(crate) fn dummy(session: Option<&UiaPrompt>) -> Given<Auth> {
    Given::Value(Auth {
        is_empty: false,
        session: session
            .map(|prompt| prompt.session.as_str().to_owned())
            .into(),
        stage: given("m.login.dummy"),
        submission: Submission::default(),
    })
}

/// `auth` with a session alone: a poll.
pub(crate) fn poll(prompt: &UiaPrompt) -> Given<Auth> {
    Given::Value(Auth {
        session: given(prompt.session.as_str()),
        ..Auth::default()
    })
}

/// `POST /login` with a user and the password.
pub(crate) fn login(user: &str, password: &str) -> LoginRequest {
    LoginRequest {
        login_type: given("m.login.password"),
        identity: named(user),
        password: given(password),
        ..LoginRequest::default()
    }
}

pub(crate) fn named(user: &str) -> IdentityClaim {
    let identifier = Identifier {
        id_type: given("m.id.user"),
        user: given(user),
        ..Identifier::default()
    };
    IdentityClaim {
        identifier: Given::Value(identifier),
        ..IdentityClaim::default()
    }
}

pub(crate) fn given(text: &str) -> Given<String> {
    Given::Value(text.to_owned())
}
