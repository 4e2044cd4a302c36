//! What people do to prove that an address is theirs, in few words.

use std::sync::Arc;

use registrar_domain::model::given::Given;
use registrar_domain::model::id::Localpart;
use registrar_domain::model::policy::Policy;
use registrar_domain::model::threepid::{Medium, Purpose, Threepid, ValidatedThreepid};
use registrar_domain::model::time::Timestamp;
use registrar_domain::model::uia::Stage;
use registrar_domain::ports::EmailValidation;
use registrar_domain::ports::mailer::MailContent;
use registrar_domain::usecase::registration::RegisterRequest;
use registrar_domain::usecase::threepid::request::{
    EmailParameters, RequestTokenError, TokenRequested,
};
use registrar_domain::usecase::threepid::submit::Submitted;
use registrar_domain::usecase::token::authenticate::Requester;
use registrar_domain::usecase::uia::auth::{Auth, Submission, ThreepidCredentials};
use registrar_domain::usecase::uia::prompt::UiaPrompt;
use registrar_testkit::FakeIdentityServer;

use crate::world::{World, dummy, given, named, register};

/// A world in which an identity server of its own validates email addresses.
pub(crate) fn delegating(change: impl FnOnce(&mut Policy)) -> (World, Arc<FakeIdentityServer>) {
    let server = Arc::new(FakeIdentityServer::default());
    let delegate = server.clone();
    let world = World::over(change, |ports| {
        ports.email = EmailValidation::Delegated(delegate);
    });
    (world, server)
}

/// The client secret of everybody who does not say otherwise.
pub(crate) const SECRET: &str = "secret";

/// `POST …/email/requestToken` for an address.
pub(crate) fn email_wish(email: &str) -> EmailParameters {
    EmailParameters {
        client_secret: given(SECRET),
        email: given(email),
        send_attempt: Given::Value(1),
        next_link: Given::Absent,
        session: Given::Absent,
    }
}

pub(crate) fn creds(sid: &str, client_secret: &str) -> ThreepidCredentials {
    ThreepidCredentials {
        client_secret: given(client_secret),
        sid: given(sid),
    }
}

/// `auth` with the proof of an address, for its stage.
pub(crate) fn proof(session: &UiaPrompt, stage: Stage, sid: &str, secret: &str) -> Given<Auth> {
    let submission = Submission {
        threepid_creds: Given::Value(creds(sid, secret)),
        ..Submission::default()
    };
    attempt(session, stage, submission)
}

/// `auth` with the password stage.
pub(crate) fn password(session: &UiaPrompt, user: &str, password: &str) -> Given<Auth> {
    let submission = Submission {
        password: given(password),
        identity: named(user),
        ..Submission::default()
    };
    attempt(session, Stage::Password, submission)
}

fn attempt(session: &UiaPrompt, stage: Stage, submission: Submission) -> Given<Auth> {
    Given::Value(Auth {
        is_empty: false,
        session: given(session.session.as_str()),
        stage: given(stage.as_str()),
        submission,
    })
}

impl World {
    /// Somebody who has registered on a device.
    pub(crate) async fn signed_in(&self, name: &str) -> Requester {
        let request = RegisterRequest {
            auth: dummy(None),
            ..register(name)
        };
        let tokens = self.registered(&request).await.tokens.unwrap();
        let token = tokens.access_token.expose();
        self.authenticate(token).await.unwrap()
    }

    pub(crate) async fn ask_email(
        &self,
        purpose: Purpose,
        wish: &EmailParameters,
    ) -> Result<TokenRequested, RequestTokenError> {
        let requests = &self.services.token_requests;
        requests.for_email(purpose)?.request(&self.ctx, wish).await
    }

    /// Asks for a mail and returns the `sid`.
    pub(crate) async fn mailed(&self, purpose: Purpose, wish: &EmailParameters) -> String {
        match self.ask_email(purpose, wish).await.unwrap() {
            TokenRequested::Here(sid) => sid.as_str().to_owned(),
            elsewhere => panic!("not here: {elsewhere:?}"),
        }
    }

    /// The text of the link in the last mail.
    pub(crate) fn link(&self) -> String {
        match self.mailer.mails().pop().unwrap().content {
            MailContent::ValidateRegistration { link }
            | MailContent::ValidateAddition { link }
            | MailContent::ResetPassword { link } => link,
            MailContent::AlreadyInUse => panic!("a mail without a link"),
        }
    }

    /// What the link in the last mail carries.
    pub(crate) fn opened(&self) -> Submitted {
        let link = self.link();
        let query = link.split_once('?').unwrap().1;
        let argument = |name: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            given(pairs.find(|(key, _)| *key == name).unwrap().1)
        };
        Submitted {
            sid: argument("sid"),
            client_secret: argument("client_secret"),
            token: argument("token"),
        }
    }

    /// Opens the link in the last mail.
    pub(crate) async fn open_link(&self, purpose: Purpose) {
        let submission = &self.services.token_submission;
        let submitted = self.opened();
        let link = submission.link(purpose, &submitted).unwrap();
        link.confirm().await.unwrap();
    }

    /// Asks for a mail and opens its link. The `sid`.
    pub(crate) async fn validated(&self, purpose: Purpose, email: &str) -> String {
        self.validated_with(purpose, email, SECRET).await
    }

    pub(crate) async fn validated_with(
        &self,
        purpose: Purpose,
        email: &str,
        secret: &str,
    ) -> String {
        let wish = EmailParameters {
            client_secret: given(secret),
            ..email_wish(email)
        };
        let sid = self.mailed(purpose, &wish).await;
        self.open_link(purpose).await;
        sid
    }

    /// Lets the identity server vouch for an address.
    pub(crate) fn vouched(&self, sid: &str, medium: Medium, address: &str) {
        self.identity_server
            .vouch(sid, SECRET, validated(medium, address));
    }

    /// The addresses of an account.
    pub(crate) async fn threepids(&self, name: &str) -> Vec<String> {
        let localpart = Localpart::read(name).unwrap();
        let mut uow = self.read().await;
        let theirs = uow.threepids().list(&localpart).await.unwrap();
        theirs
            .iter()
            .map(|it| format!("{}:{}", it.threepid.medium(), it.threepid.address()))
            .collect()
    }
}

/// What an identity server says about an address.
pub(crate) fn validated(medium: Medium, address: &str) -> ValidatedThreepid {
    ValidatedThreepid {
        threepid: Threepid::from_canonical(medium, address.to_owned()),
        validated: Timestamp::from_unix_ms(1_699_999_999_995),
    }
}
