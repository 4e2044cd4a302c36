//! Clients that hang up while a message is under way, and ask again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use registrar_domain::model::threepid::{ClientSecret, Purpose, ValidatedThreepid};
use registrar_domain::ports::identity_server::{
    EmailTokenRequest, IdentityServer, IdentityServerError, MsisdnTokenRequest, RequestTokenReply,
    SubmitTokenReply,
};
use registrar_domain::ports::{EmailValidation, Mail, MailError, Mailer};
use registrar_domain::usecase::threepid::request::{RequestTokenError, TokenRequested};
use registrar_testkit::{FakeIdentityServer, FakeMailer};
use tokio::sync::Semaphore;

use super::{attempt, msisdn_wish};
use crate::world::World;

/// Holds up everything that is sent until it is let through.
struct Gate {
    arrived: Semaphore,
    open: Semaphore,
    count: AtomicUsize,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            arrived: Semaphore::new(0),
            open: Semaphore::new(0),
            count: AtomicUsize::new(0),
        }
    }
}

impl Gate {
    async fn pass(&self) {
        self.count.fetch_add(1, Ordering::SeqCst);
        self.arrived.add_permits(1);
        self.open.acquire().await.unwrap().forget();
    }

    /// Returns when something has arrived that was not waited for before.
    async fn arrival(&self) {
        self.arrived.acquire().await.unwrap().forget();
    }

    fn let_one_through(&self) {
        self.open.add_permits(1);
    }

    fn arrivals(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

#[derive(Default)]
struct SlowMailer {
    gate: Gate,
    inner: FakeMailer,
}

#[async_trait]
impl Mailer for SlowMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        self.gate.pass().await;
        self.inner.send(mail).await
    }
}

#[derive(Default)]
struct SlowIdentityServer {
    gate: Gate,
    inner: FakeIdentityServer,
}

#[async_trait]
impl IdentityServer for SlowIdentityServer {
    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn request_email_token(
        &self,
        request: &EmailTokenRequest,
    ) -> Result<RequestTokenReply, IdentityServerError> {
        self.gate.pass().await;
        self.inner.request_email_token(request).await
    }

    async fn request_msisdn_token(
        &self,
        request: &MsisdnTokenRequest,
    ) -> Result<RequestTokenReply, IdentityServerError> {
        self.gate.pass().await;
        self.inner.request_msisdn_token(request).await
    }

    async fn submit_msisdn_token(
        &self,
        sid: &str,
        client_secret: &ClientSecret,
        token: &str,
    ) -> Result<SubmitTokenReply, IdentityServerError> {
        self.inner
            .submit_msisdn_token(sid, client_secret, token)
            .await
    }

    async fn validated(
        &self,
        sid: &str,
        client_secret: &ClientSecret,
    ) -> Result<Option<ValidatedThreepid>, IdentityServerError> {
        self.inner.validated(sid, client_secret).await
    }
}

fn world() -> (Arc<World>, Arc<SlowMailer>) {
    let mailer = Arc::new(SlowMailer::default());
    let port = EmailValidation::Local(mailer.clone());
    let world = World::over(|_| {}, |ports| ports.email = port);
    (Arc::new(world), mailer)
}

type Asked = Result<TokenRequested, RequestTokenError>;

fn ask(world: &Arc<World>) -> tokio::task::JoinHandle<Asked> {
    let world = Arc::clone(world);
    tokio::spawn(async move { world.ask_email(Purpose::Registration, &attempt(1)).await })
}

/// Asks, and hangs up while the mail is under way.
async fn hang_up(world: &Arc<World>, mailer: &SlowMailer) {
    let request = ask(world);
    mailer.gate.arrival().await;
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_hangs_up_gets_its_mail_once() {
    for _ in 0..20 {
        let (world, mailer) = world();
        hang_up(&world, &mailer).await;
        // It comes back at once, and another time: both wait for the mail that is under way.
        let again = [ask(&world), ask(&world)];
        mailer.gate.let_one_through();
        let mut sids = Vec::new();
        for request in again {
            sids.push(request.await.unwrap().unwrap());
        }
        assert_eq!(sids[0], sids[1]);
        assert_eq!(mailer.gate.arrivals(), 1);
        assert_eq!(mailer.inner.mails().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_comes_back_after_a_failure_gets_its_mail() {
    let (world, mailer) = world();
    mailer.inner.be_down(true);
    hang_up(&world, &mailer).await;
    let again = ask(&world);
    mailer.gate.let_one_through();
    // The first mail has failed, so the second request sends one of its own.
    mailer.gate.arrival().await;
    mailer.inner.be_down(false);
    mailer.gate.let_one_through();
    again.await.unwrap().unwrap();
    assert_eq!(mailer.gate.arrivals(), 2);
    assert_eq!(mailer.inner.mails().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_message_is_asked_for_although_the_client_hangs_up() {
    let server = Arc::new(SlowIdentityServer::default());
    let port = server.clone();
    let world = Arc::new(World::over(|_| {}, |ports| ports.msisdn = Some(port)));
    let request = {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let requests = &world.services.token_requests;
            let requests = requests.for_msisdn(Purpose::Registration)?;
            requests.request(&world.ctx, &msisdn_wish()).await
        })
    };
    server.gate.arrival().await;
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled());
    assert!(server.inner.msisdns().is_empty());
    server.gate.let_one_through();
    // A repeated request waits its turn, so the first has ended when this one arrives.
    let requests = &world.services.token_requests;
    let wish = msisdn_wish();
    let requests = requests.for_msisdn(Purpose::Registration).unwrap();
    let again = requests.request(&world.ctx, &wish);
    let (again, ()) = tokio::join!(again, async {
        server.gate.arrival().await;
        assert_eq!(server.inner.msisdns().len(), 1);
        server.gate.let_one_through();
    });
    again.unwrap();
}

#[tokio::test]
async fn where_too_much_is_under_way_nothing_begins() {
    let world = World::new();
    world.background.be_full(true);
    let refused = world.ask_email(Purpose::Registration, &attempt(1)).await;
    assert!(
        matches!(refused, Err(RequestTokenError::Busy)),
        "{refused:?}"
    );
    assert!(world.mailer.mails().is_empty());
    world.background.be_full(false);
    world.mailed(Purpose::Registration, &attempt(1)).await;
}
