//! `GET` and `POST /_matrix/consent`: the operator's policy, and who agrees to it.

use hmac::{Hmac, KeyInit as _, Mac as _};
use registrar_domain::model::clock::Clock as _;
use registrar_domain::model::id::Localpart;
use registrar_domain::model::policy::ConsentPolicy;
use registrar_domain::model::secret::Secret;
use registrar_domain::ports::{Intent, Store as _};
use registrar_http_hyper::pages::ConsentOptions;
use sha2::Sha256;
use tempfile::TempDir;

use crate::browser::{EVIL, EVIL_ARGUMENT, HARMLESS};
use crate::server::{Answer, TestServer};

const POLICY: &str = "<p>{{ version }}|{{ user }}|{{ userhmac }}|{{ has_consented }}|{{ public_version }}</p>\
    {% if not public_version %}<form method='post'><input name='u' value='{{ user }}'></form>{% endif %}";

/// A server with two versions of its policy and an account for alice.
struct Consenting {
    server: TestServer,
    _folder: TempDir,
}

async fn consenting() -> Consenting {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("en");
    std::fs::create_dir(&pages).unwrap();
    for (name, source) in [
        ("1.0.html", POLICY),
        ("2.0.html", POLICY),
        ("broken.html", "{% if"),
        ("success.html", "<p>Thank you</p>"),
    ] {
        std::fs::write(pages.join(name), source).unwrap();
    }
    std::fs::write(folder.path().join("outside.html"), "outside").unwrap();
    let server = TestServer::with_pages(
        |it| {
            it.registration.consent = Some(ConsentPolicy {
                version: "2.0".to_owned(),
                name: "Privacy Policy".to_owned(),
                url: "https://example.org/_matrix/consent?v=2.0".to_owned(),
                form_secret: Some(Secret::new("form secret".to_owned())),
            });
        },
        |it| {
            it.consent = Some(ConsentOptions {
                template_directory: folder.path().to_owned(),
                version: "2.0".to_owned(),
            });
        },
    );
    server.registered("alice").await;
    Consenting {
        server,
        _folder: folder,
    }
}

impl Consenting {
    async fn get(&self, query: &str) -> Answer {
        self.server.get(&format!("/_matrix/consent{query}")).await
    }

    async fn post(&self, form: &str) -> Answer {
        self.server.submit("/_matrix/consent", form).await
    }

    /// The version that alice has agreed to.
    async fn agreed(&self) -> Option<String> {
        let alice = Localpart::read("alice").unwrap();
        let mut uow = self.server.store.begin(Intent::Read).await.unwrap();
        uow.accounts()
            .find(&alice)
            .await
            .unwrap()
            .unwrap()
            .consent_version
    }
}

/// What `form_secret` signs a user with.
fn signature(user: &str) -> String {
    let mut hmac = Hmac::<Sha256>::new_from_slice(b"form secret").unwrap();
    hmac.update(user.as_bytes());
    let bytes = hmac.finalize().into_bytes();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn anybody_reads_the_policy_and_nobody_agrees_there() {
    let it = consenting().await;
    let rows = [
        ("", "2.0"),
        ("?v=1.0", "1.0"),
        ("?v=2.0&u=", "2.0"),
        ("?v=1.0;u=", "1.0"),
    ];
    for (query, version) in rows {
        let answer = it.get(query).await;
        let page = answer.page(200);
        assert_eq!(page, format!("<p>{version}|||False|True</p>"), "{query}");
    }
}

#[tokio::test]
async fn a_signed_link_shows_the_form_and_agreeing_is_recorded() {
    let it = consenting().await;
    for user in ["alice", "@alice:example.org"] {
        let mac = signature(user);
        let shown = |version: &str, has_consented: &str| {
            format!(
                "<p>{version}|{user}|{mac}|{has_consented}|False</p>\
                 <form method='post'><input name='u' value='{user}'></form>"
            )
        };
        let query = |version: &str| format!("?v={version}&u={user}&h={mac}");
        for version in ["1.0", "2.0"] {
            let answer = it.get(&query(version)).await;
            assert_eq!(answer.page(200), shown(version, "False"));
            let form = &query(version)[1..];
            for _again in 0..2 {
                let answer = it.post(form).await;
                assert_eq!(answer.page(200), "<p>Thank you</p>");
            }
            assert_eq!(it.agreed().await.as_deref(), Some(version));
            let answer = it.get(&query(version)).await;
            assert_eq!(answer.page(200), shown(version, "True"));
        }
        it.post(&format!("v=other&u={user}&h={mac}"))
            .await
            .page(404);
        assert_eq!(it.agreed().await.as_deref(), Some("2.0"));
        // So that the next user begins as the first one did.
        let alice = Localpart::read("alice").unwrap();
        let mut uow = it.server.store.begin(Intent::Write).await.unwrap();
        let accounts = uow.accounts();
        let now = it.server.clock.now();
        accounts.record_consent(&alice, "none", now).await.unwrap();
        uow.commit().await.unwrap();
    }
}

#[tokio::test]
async fn refusals_are_pages_and_change_nothing() {
    let it = consenting().await;
    let (alice, nobody) = (signature("alice"), signature("nobody"));
    let foreign = signature("@alice:example.com");
    let upper = alice.to_uppercase();
    let shorter = &alice[..63];
    let rows = [
        ("u=alice".to_owned(), 400),
        ("u=alice&h=".to_owned(), 403),
        (format!("u=alice&h={nobody}"), 403),
        (format!("u=alice&h={upper}"), 403),
        (format!("u=alice&h={shorter}"), 403),
        (format!("u=alice&h={alice}0"), 403),
        (format!("u=ALICE&h={alice}"), 403),
        ("u=alice&h=%C3%A4".to_owned(), 400),
        (format!("u=%C3%A4&h={alice}"), 400),
        (format!("u=nobody&h={nobody}"), 404),
        (format!("u=@alice:example.com&h={foreign}"), 404),
    ];
    for (arguments, status) in rows {
        let answer = it.get(&format!("?v=2.0&{arguments}")).await;
        assert!(answer.page(status).contains(&format!("Error {status}:")));
        it.post(&format!("v=2.0&{arguments}")).await.page(status);
    }
    for form in [
        String::new(),
        "v=2.0".to_owned(),
        format!("u=alice&h={alice}"),
    ] {
        it.post(&form).await.page(400);
    }
    assert_eq!(it.agreed().await, None);
}

#[tokio::test]
async fn versions_are_names_of_files_in_one_folder() {
    let it = consenting().await;
    let mac = signature("alice");
    let long = "v".repeat(300);
    for version in [
        "",
        "3.0",
        "success",
        "../outside",
        "..%2Foutside",
        "..%5Coutside",
        ".hidden",
        "/etc/passwd",
        "1.0%00",
        "1.0.html",
        "%3Cb%3E",
        &long,
    ] {
        it.get(&format!("?v={version}")).await.page(404);
        let form = format!("v={version}&u=alice&h={mac}");
        it.post(&form).await.page(404);
    }
    it.get("?v=broken").await.page(500);
    assert_eq!(it.agreed().await, None);
}

#[tokio::test]
async fn without_a_secret_no_link_is_good() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("en")).unwrap();
    for name in ["1.html", "success.html"] {
        std::fs::write(folder.path().join("en").join(name), "text").unwrap();
    }
    let server = TestServer::with_pages(
        |it| {
            it.registration.consent = Some(ConsentPolicy {
                version: "1".to_owned(),
                name: "Policy".to_owned(),
                url: "https://example.org".to_owned(),
                form_secret: None,
            });
        },
        |it| {
            it.consent = Some(ConsentOptions {
                template_directory: folder.path().to_owned(),
                version: "1".to_owned(),
            });
        },
    );
    server.get("/_matrix/consent").await.page(200);
    let empty = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
    let path = format!("/_matrix/consent?u=alice&h={empty}");
    server.get(&path).await.page(403);
    // And without a policy there is nothing.
    let server = TestServer::with_pages(|_| {}, |_| {});
    server.get("/_matrix/consent").await.page(404);
    server.submit("/_matrix/consent", "v=1").await.page(404);
}

#[tokio::test]
async fn markup_in_a_link_stays_text() {
    let it = consenting().await;
    let mac = signature(EVIL);
    it.server.registered("mallory").await;
    let answer = it
        .get(&format!("?u={EVIL_ARGUMENT}&h={mac}&v={EVIL_ARGUMENT}"))
        .await;
    assert!(!answer.page(404).contains("<script>alert"));
    let answer = it.get(&format!("?u=alice&h={EVIL_ARGUMENT}")).await;
    assert!(!answer.page(403).contains("<script>alert"));
    // No account can have such a name; what the template would make of it is the same as elsewhere.
    assert!(!answer.body.contains(HARMLESS));
}
