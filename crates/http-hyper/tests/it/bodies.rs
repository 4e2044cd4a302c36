//! What becomes of bodies before an endpoint sees them.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Frame;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::server::TestServer;

/// Bodies are read before it turns out that nothing is there.
const PATH: &str = "/_matrix/client/v3/nosuch";
const LIMIT: usize = 100;

fn server() -> TestServer {
    TestServer::with(|it| it.body_limit_bytes = LIMIT, |_| {})
}

#[tokio::test]
async fn a_body_may_be_as_large_as_the_limit() {
    for (length, expected) in [(0, 404), (LIMIT, 404), (LIMIT + 1, 413)] {
        let answer = server()
            .send(Method::POST, PATH, &[], vec![b'x'; length])
            .await;
        assert_eq!(answer.status, expected, "{length}");
    }
}

#[tokio::test]
async fn a_length_beyond_the_limit_is_refused_without_reading() {
    for length in [(LIMIT + 1).to_string(), u64::MAX.to_string()] {
        let request = Request::post(PATH).header("content-length", &length);
        let request = request.body(Scripted::new(&[Step::Unexpected])).unwrap();
        let Ok(response) = server().service.oneshot(request).await;
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE, "{length}");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["errcode"], json!("M_TOO_LARGE"));
    }
}

#[tokio::test]
async fn a_body_of_unknown_length_is_read_up_to_the_limit() {
    let body = Scripted::new(&[Step::Bytes(LIMIT), Step::Bytes(1), Step::Unexpected]);
    let Ok(response) = server()
        .service
        .oneshot(Request::post(PATH).body(body).unwrap())
        .await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_a_bad_request() {
    let body = Scripted::new(&[Step::Bytes(1), Step::Error, Step::Unexpected]);
    let Ok(response) = server()
        .service
        .oneshot(Request::post(PATH).body(body).unwrap())
        .await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let server = TestServer::with(|it| it.request_timeout = Duration::from_secs(30), |_| {});
    let body = Scripted::new(&[Step::Bytes(1), Step::Wait]);
    let Ok(response) = server
        .service
        .oneshot(Request::post(PATH).body(body).unwrap())
        .await;
    assert_eq!(response.status(), StatusCode::REQUEST_TIMEOUT);
}

#[tokio::test]
async fn a_multipart_form_is_refused() {
    for (content_type, expected) in [
        (
            "multipart/form-data; boundary=x",
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ),
        ("Multipart/Form-Data", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("multipart/mixed", StatusCode::NOT_FOUND),
        ("application/cbor", StatusCode::NOT_FOUND),
    ] {
        let headers = [("content-type", content_type)];
        let answer = server().send(Method::POST, PATH, &headers, "{}").await;
        assert_eq!(answer.status, expected, "{content_type}");
        assert!(expected == StatusCode::NOT_FOUND || answer.body.is_empty());
    }
}

/// A body that comes in these steps and then ends.
pub(crate) struct Scripted(std::slice::Iter<'static, Step>);

pub(crate) enum Step {
    Bytes(usize),
    Error,
    /// Nothing comes any more.
    Wait,
    /// Nobody may read as far as this.
    Unexpected,
}

impl Scripted {
    pub(crate) fn new(steps: &'static [Step]) -> Self {
        Self(steps.iter())
    }
}

impl hyper::body::Body for Scripted {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if matches!(self.0.as_slice(), [Step::Wait, ..]) {
            return Poll::Pending;
        }
        match self.0.next() {
            None => Poll::Ready(None),
            Some(Step::Bytes(length)) => {
                Poll::Ready(Some(Ok(Frame::data(vec![b'x'; *length].into()))))
            }
            Some(Step::Error) => Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into()))),
            Some(Step::Wait | Step::Unexpected) => panic!("the body was read too far"),
        }
    }
}
