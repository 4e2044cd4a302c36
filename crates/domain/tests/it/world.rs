//! [`World`]: every use-case over fakes, with short ways to say what a client does.

use std::net::{IpAddr, Ipv4Addr};

use registrar_domain::console::Console;
use registrar_domain::model::context::{Effects, RequestContext};
use registrar_domain::model::given::Given;
use registrar_domain::model::policy::Policy;
use registrar_domain::model::secret::Secret;
use registrar_domain::model::uia::OperationDigest;
use registrar_domain::ports::{Intent, Ports, Store as _, UnitOfWork};
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
use registrar_domain::usecase::uia::prompt::UiaPrompt;
pub(crate) use registrar_testkit::race;
use registrar_testkit::{Fakes, permissive_policy};

pub(crate) const PASSWORD: &str = "Secret-Passw0rd";

pub(crate) struct World {
    pub(crate) services: Services,
    /// The same world as the operator at the console sees it.
    pub(crate) console: Console,
    pub(crate) fakes: Fakes,
    pub(crate) ctx: RequestContext,
}

/// A world is its fakes, as far as they are asked.
impl std::ops::Deref for World {
    type Target = Fakes;

    fn deref(&self) -> &Fakes {
        &self.fakes
    }
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
        Self::of(Fakes::seeded(7), change, rewire)
    }

    /// The same world after a restart with another policy, and other random numbers.
    pub(crate) fn reopened(&self, change: impl FnOnce(&mut Policy)) -> Self {
        Self::of(self.fakes.restarted(8), change, |_| {})
    }

    fn of(fakes: Fakes, change: impl FnOnce(&mut Policy), rewire: impl FnOnce(&mut Ports)) -> Self {
        let mut policy = permissive_policy();
        change(&mut policy);
        let mut ports = fakes.ports();
        rewire(&mut ports);
        Self {
            console: Console::new(ports.clone(), policy.clone()),
            services: Services::new(ports, policy),
            fakes,
            ctx: RequestContext {
                client_ip: Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))),
                user_agent: "test".to_owned(),
                effects: Effects::Allowed,
            },
        }
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
