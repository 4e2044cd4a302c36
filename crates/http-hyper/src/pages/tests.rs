use http::header::CONTENT_SECURITY_POLICY;
use http_body_util::BodyExt as _;

use super::*;

const EVIL: &str = "\"><script>alert('x')</script>&";
const HARMLESS: &str = "&#34;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;";

fn pages() -> Pages {
    let server_name = ServerName::parse("example.org").unwrap();
    let mut options = PageOptions::new(server_name, "https://example.org/_matrix/consent");
    options.site_key = Some("key".to_owned());
    Pages::new(options).unwrap()
}

async fn rendered(page: &Page<'_>) -> (String, String) {
    let answer = pages().answer(StatusCode::OK, page).unwrap();
    let policy = answer.headers()[CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap()
        .to_owned();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (String::from_utf8(body.to_vec()).unwrap(), policy)
}

/// Every page, each variable with markup in it, and how many variables it shows.
fn evil_pages() -> Vec<(Page<'static>, usize)> {
    let stage = StagePage {
        session: EVIL,
        error: Some(EVIL),
    };
    let confirmation = Confirmation {
        sid: EVIL,
        token: EVIL,
        client_secret: EVIL,
    };
    vec![
        (Page::Captcha(stage), 2),
        (Page::Terms(stage), 2),
        (Page::RegistrationToken(stage), 2),
        (Page::RegistrationFailure { reason: EVIL }, 1),
        (Page::PasswordResetFailure { reason: EVIL }, 1),
        (Page::AddThreepidFailure { reason: EVIL }, 1),
        (Page::RegistrationConfirmation(confirmation), 3),
        (Page::AddThreepidConfirmation(confirmation), 3),
        (Page::PasswordResetConfirmation(confirmation), 3),
        (
            Page::Error {
                status: StatusCode::NOT_FOUND,
                message: EVIL,
            },
            1,
        ),
    ]
}

#[tokio::test]
async fn markup_in_variables_stays_text() {
    for (page, variables) in evil_pages() {
        let (html, _) = rendered(&page).await;
        assert!(!html.contains("<script>alert"), "{page:?}");
        assert_eq!(html.matches(HARMLESS).count(), variables, "{page:?}");
    }
}

#[tokio::test]
async fn every_page_is_a_whole_document_with_a_language_a_title_and_one_heading() {
    for page in Page::samples() {
        let (html, policy) = rendered(&page).await;
        assert!(
            html.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"),
            "{page:?}"
        );
        assert!(html.trim_end().ends_with("</html>"), "{page:?}");
        assert!(!html.contains("<title> –"), "{page:?}");
        assert_eq!(html.matches("<h1>").count(), 1, "{page:?}");
        assert!(!html.contains("<h1></h1>"), "{page:?}");
        assert!(
            policy.starts_with("default-src 'none'; style-src "),
            "{page:?}"
        );
        let external =
            html.matches("src=\"http").count() + html.matches("<link rel=\"style").count();
        assert_eq!(
            external,
            usize::from(matches!(page, Page::Captcha(_))),
            "{page:?}"
        );
    }
}

/// After the confirmation people are sent where the app wants them, and browsers hold that against the
/// form.
#[tokio::test]
async fn only_confirmations_may_lead_elsewhere() {
    for page in Page::samples() {
        let (html, policy) = rendered(&page).await;
        let forms = policy
            .split("; ")
            .find_map(|it| it.strip_prefix("form-action "));
        let expected = match page {
            Page::RegistrationConfirmation(_)
            | Page::AddThreepidConfirmation(_)
            | Page::PasswordResetConfirmation(_) => "'self' https: http:",
            _ if html.contains("<form") => "'self'",
            _ => "'none'",
        };
        assert_eq!(forms, Some(expected), "{page:?}");
    }
}
