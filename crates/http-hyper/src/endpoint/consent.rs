//! `GET` and `POST /_matrix/consent`: the operator's policy, for people in a browser. Refusals are pages
//! too.

use registrar_domain::usecase::account::consent::{ConsentError, ConsentRequest};

use crate::app::{App, Reply};
use crate::error::MatrixError;
use crate::pages::{ConsentPages, ConsentPerson, ConsentVariables};
use crate::request::Request;

pub(crate) async fn get(app: &App, request: &Request) -> Reply {
    let reply = read(app, request).await;
    reply.or_else(|refusal| Ok(app.pages.refuse(&refusal)))
}

pub(crate) async fn post(app: &App, request: &Request) -> Reply {
    let reply = agree(app, request).await;
    reply.or_else(|refusal| Ok(app.pages.refuse(&refusal)))
}

async fn read(app: &App, request: &Request) -> Reply {
    let pages = pages(app)?;
    let request = decode(request);
    let use_case = &app.services.consent;
    let view = use_case
        .view(&request, |version| pages.has_version(version))
        .await?;
    pages.policy(ConsentVariables {
        version: &view.version,
        person: view.person.as_ref().map(|person| ConsentPerson {
            user: &person.user,
            mac: &person.mac,
            has_consented: person.has_consented,
        }),
    })
}

async fn agree(app: &App, request: &Request) -> Reply {
    let pages = pages(app)?;
    let request = decode(request);
    let use_case = &app.services.consent;
    use_case
        .agree(&request, |version| pages.has_version(version))
        .await?;
    pages.success()
}

fn pages(app: &App) -> Result<&ConsentPages, MatrixError> {
    let pages = app.pages.consent();
    pages.ok_or_else(|| ConsentError::NoPolicy.into())
}

fn decode(request: &Request) -> ConsentRequest {
    ConsentRequest {
        version: request.argument("v"),
        user: request.argument("u"),
        mac: request.argument("h"),
    }
}
