//! What a mail with a link carries and says.

use super::TokenRequests;
use super::opening::Opening;
use crate::model::secret::{Secret, TokenDigest};
use crate::model::threepid::{Purpose, ValidationSessionId, ValidationToken};
use crate::ports::identity_server::EmailTokenRequest;
use crate::ports::mailer::MailContent;

impl TokenRequests {
    /// The request for a mail whose link carries a token with this digest.
    pub(super) fn mail_opening(
        &self,
        purpose: Purpose,
        request: &EmailTokenRequest,
        digest: TokenDigest,
    ) -> Opening {
        let shared = &self.0;
        let lifetime = shared.policy.threepids.validation_token_lifetime;
        Opening {
            purpose,
            threepid: request.email.clone().into(),
            client_secret: request.client_secret.digest(),
            send_attempt: request.send_attempt,
            token: ValidationToken {
                digest,
                next_link: request.next_link.clone(),
                expires: shared.now().after(lifetime),
            },
        }
    }

    pub(super) fn link(
        &self,
        purpose: Purpose,
        sid: &ValidationSessionId,
        client_secret: &str,
        token: &Secret<String>,
    ) -> String {
        let path = match purpose {
            Purpose::Registration => "_matrix/client/unstable/registration/email/submit_token",
            Purpose::Addition => "_matrix/client/unstable/add_threepid/email/submit_token",
            Purpose::PasswordReset => "_synapse/client/password_reset/email/submit_token",
        };
        // Of all that may be in these, only `=` has a meaning in a query.
        let client_secret = client_secret.replace('=', "%3D");
        format!(
            "{}{path}?token={}&client_secret={client_secret}&sid={}",
            self.0.policy.threepids.public_baseurl,
            token.expose(),
            sid.as_str()
        )
    }
}

/// What the mail with a link says.
pub(super) fn content(purpose: Purpose, link: String) -> MailContent {
    match purpose {
        Purpose::Registration => MailContent::ValidateRegistration { link },
        Purpose::Addition => MailContent::ValidateAddition { link },
        Purpose::PasswordReset => MailContent::ResetPassword { link },
    }
}
