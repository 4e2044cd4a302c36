//! Requests that are refused before or beside every use-case.

use http::{Method, Request};
use tower::ServiceExt as _;

use super::{Wire, columns};
use crate::bodies::{Scripted, Step};
use crate::server::{AVAILABLE, Answer, PANICKING, SLOW, TestServer};

const REGISTER: &str = "/_matrix/client/v3/register";

/// When a request is refused, and how.
pub(super) async fn refusals() -> Vec<(&'static str, Wire)> {
    let server = TestServer::new();
    let small = TestServer::with(|it| it.body_limit_bytes = 1, |_| {});
    let full = TestServer::with(|it| it.max_requests = 0, |_| {});
    let post = async |headers: &[_], body: &str| {
        let answer = server.send(Method::POST, REGISTER, headers, body.to_owned());
        wire(&answer.await)
    };
    let multipart = [("content-type", "multipart/form-data")];
    vec![
        (
            "a path that leads nowhere",
            wire(&server.get("/_matrix/client/v3/nosuch").await),
        ),
        (
            "a path outside of `/_matrix`, `/_synapse`, `/health` and `/.well-known` that leads nowhere: an HTML page",
            wire(&server.get("/nosuch").await),
        ),
        (
            "a method that the path does not have",
            wire(&server.get(REGISTER).await),
        ),
        ("a posted multipart form", post(&multipart, "{}").await),
        (
            "a body beyond `registrar.http.body_limit`",
            wire(&small.send(Method::POST, REGISTER, &[], "{}").await),
        ),
        (
            "a body that breaks off",
            streamed(&server, &[Step::Error]).await,
        ),
        (
            "a body that does not come in time",
            streamed(&server, &[Step::Wait]).await,
        ),
        ("a body that is not JSON", post(&[], "x").await),
        (
            "a body that is JSON, but not an object",
            post(&[], "[]").await,
        ),
        (
            "more requests at once than there is room for",
            asked(&full, "192.0.2.1").await,
        ),
        ("work that takes too long", asked(&server, SLOW).await),
        ("a bug", asked(&server, PANICKING).await),
        (
            "no discovery document is published",
            wire(&server.get("/.well-known/matrix/client").await),
        ),
        (
            "the profile of nobody here",
            wire(
                &server
                    .get("/_matrix/client/v3/profile/@nobody:example.org/displayname")
                    .await,
            ),
        ),
    ]
}

fn wire(answer: &Answer) -> Wire {
    columns(answer.status.as_u16(), answer.body.as_bytes())
}

async fn asked(server: &TestServer, client: &str) -> Wire {
    let headers = [("x-forwarded-for", client)];
    wire(&server.send(Method::GET, AVAILABLE, &headers, "").await)
}

async fn streamed(server: &TestServer, steps: &'static [Step]) -> Wire {
    let request = Request::post(REGISTER).body(Scripted::new(steps)).unwrap();
    let Ok(response) = server.service.clone().oneshot(request).await;
    super::wire(response).await
}
