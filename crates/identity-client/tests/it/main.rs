//! `HttpIdentityServer` against a real HTTP listener on loopback.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod answers;
mod requests;
mod routes;

use registrar_domain::model::threepid::{ClientSecret, EmailAddress, NextLink};
use registrar_domain::ports::identity_server::{EmailTokenRequest, MsisdnTokenRequest};
use registrar_identity_client::{HttpIdentityServer, Options};

fn options(port: u16) -> Options {
    let mut options = Options::new(format!("http://127.0.0.1:{port}"));
    options.http.user_agent = "registrar-test/1".to_owned();
    options
}

fn client(options: &Options) -> HttpIdentityServer {
    HttpIdentityServer::new(options).unwrap()
}

fn secret() -> ClientSecret {
    ClientSecret::parse("se.cr=et_1").unwrap()
}

fn email_request() -> EmailTokenRequest {
    EmailTokenRequest {
        client_secret: secret(),
        email: EmailAddress::parse("Älice@example.org").unwrap(),
        send_attempt: 2,
        next_link: None,
    }
}

fn msisdn_request() -> MsisdnTokenRequest {
    MsisdnTokenRequest {
        client_secret: secret(),
        country: "GB".to_owned(),
        phone_number: "07700 900001".to_owned(),
        send_attempt: 1,
        next_link: NextLink::parse("https://client.example/?a=\"b\"&c", None).ok(),
    }
}
