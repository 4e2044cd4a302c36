//! `GET /_matrix/client/unstable/registration/email/submit_token` and its relatives: the link in a mail,
//! and the code of a text message
//!
//! None of these is in the specification; the links and `submit_url` lead here.

use registrar_domain::threepid::submit::Submitted;

use crate::app::{App, Reply};
use crate::request::Request;
use crate::response;

/// `POST /_matrix/client/unstable/add_threepid/msisdn/submit_token`
pub(crate) async fn msisdn(app: &App, request: &Request) -> Reply {
    let submission = &app.services.token_submission;
    submission.check_msisdn_supported()?;
    let body = request.json()?;
    let submitted = Submitted {
        sid: body.text("sid"),
        client_secret: body.string("client_secret"),
        token: body.text("token"),
    };
    let reply = submission.submit_msisdn(&submitted).await?;
    Ok(response::json_text(reply.body))
}
