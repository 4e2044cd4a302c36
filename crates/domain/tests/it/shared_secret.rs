use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use registrar_domain::model::given::Given;
use registrar_domain::model::secret::Secret;
use registrar_domain::usecase::registration::RegisteredAccount;
use registrar_domain::usecase::registration::shared_secret::{
    SharedSecretError, SharedSecretRequest,
};
use sha1::Sha1;

use crate::world::{PASSWORD, World, given, login};

const SECRET: &str = "shared secret";

fn world() -> World {
    World::with(|policy| {
        policy.registration.enabled = false;
        policy.registration.shared_secret = Some(Secret::new(SECRET.to_owned()));
    })
}

fn mac(parts: &[&str]) -> Given<String> {
    let mut mac = Hmac::<Sha1>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(parts.join("\0").as_bytes());
    let bytes = mac.finalize().into_bytes();
    Given::Value(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn request(nonce: &str, username: &str) -> SharedSecretRequest {
    SharedSecretRequest {
        nonce: given(nonce),
        username: given(username),
        password: given(PASSWORD),
        admin: false,
        user_type: Given::Null,
        mac: mac(&[nonce, username, PASSWORD, "notadmin"]),
        display_name: Given::Absent,
        device_id: Given::Absent,
        initial_device_display_name: Given::Absent,
        inhibit_login: false,
        refresh_token: Given::Absent,
    }
}

async fn send(
    world: &World,
    request: &SharedSecretRequest,
) -> Result<RegisteredAccount, SharedSecretError> {
    world
        .services
        .shared_secret
        .register(&world.ctx, request)
        .await
}

#[tokio::test]
async fn the_secret_registers_where_registration_is_closed() {
    let world = world();
    let nonce = world.services.shared_secret.nonce();
    assert_eq!(nonce.len(), 128);
    let registered = send(&world, &request(&nonce, "Alice")).await.unwrap();
    assert_eq!(registered.user_id.to_string(), "@alice:example.org");
    let token = registered.tokens.unwrap().access_token;
    assert!(
        !world
            .authenticate(token.expose())
            .await
            .unwrap()
            .account
            .admin
    );
    world.log_in(&login("alice", PASSWORD)).await.unwrap();
}

#[tokio::test]
async fn administrators_and_types_are_covered_by_the_mac() {
    let world = world();
    let nonce = world.services.shared_secret.nonce();
    let mut order = request(&nonce, "op");
    order.admin = true;
    assert!(matches!(
        send(&world, &order).await,
        Err(SharedSecretError::WrongMac)
    ));

    let nonce = world.services.shared_secret.nonce();
    let mut order = request(&nonce, "op");
    order.admin = true;
    order.user_type = given("bot");
    order.display_name = given("The Operator");
    order.mac = mac(&[&nonce, "op", PASSWORD, "admin", "bot"]);
    let token = send(&world, &order)
        .await
        .unwrap()
        .tokens
        .unwrap()
        .access_token;
    let account = world.authenticate(token.expose()).await.unwrap().account;
    assert_eq!(
        (account.admin, account.user_type.as_deref()),
        (true, Some("bot"))
    );
    assert_eq!(account.display_name.as_deref(), Some("The Operator"));
}

#[tokio::test]
async fn without_the_secret_nothing_is_hashed() {
    let world = world();
    let nonce = world.services.shared_secret.nonce();
    let mut order = request(&nonce, "mallory");
    order.mac = given(&"0".repeat(40));
    assert!(matches!(
        send(&world, &order).await,
        Err(SharedSecretError::WrongMac)
    ));
    assert_eq!(world.hasher.calls.load(SeqCst), 0);
}

#[tokio::test]
async fn a_nonce_is_good_once_and_for_a_minute() {
    let world = world();
    let nonce = world.services.shared_secret.nonce();
    let mut bad = request(&nonce, "alice");
    bad.username = Given::Absent;
    assert!(matches!(
        send(&world, &bad).await,
        Err(SharedSecretError::Missing("username"))
    ));
    let used = send(&world, &request(&nonce, "alice")).await;
    assert!(matches!(used, Err(SharedSecretError::UnknownNonce)));

    let nonce = world.services.shared_secret.nonce();
    world.clock.advance(Duration::from_secs(60));
    let late = send(&world, &request(&nonce, "alice")).await;
    assert!(matches!(late, Err(SharedSecretError::UnknownNonce)));
}

/// Each row breaks one more check than the row before, in the reverse order of the checks.
#[tokio::test]
async fn complaints_come_in_the_order_of_synapse() {
    let world = world();
    let nonce = world.services.shared_secret.nonce();
    send(&world, &request(&nonce, "taken")).await.unwrap();
    let complaint = |change: fn(&mut SharedSecretRequest)| {
        let world = &world;
        async move {
            let nonce = world.services.shared_secret.nonce();
            let mut order = request(&nonce, "taken");
            change(&mut order);
            format!("{:?}", send(world, &order).await.unwrap_err())
        }
    };
    assert_eq!(complaint(|_| {}).await, "Name(Taken)");
    assert_eq!(
        complaint(|r| r.device_id = Given::Malformed).await,
        "Unreadable(\"device_id\")"
    );
    assert_eq!(complaint(|r| r.mac = given("00")).await, "WrongMac");
    assert_eq!(
        complaint(|r| r.mac = Given::Absent).await,
        "Missing(\"mac\")"
    );
    assert_eq!(
        complaint(|r| r.user_type = given("king")).await,
        "Unreadable(\"user_type\")"
    );
    assert_eq!(
        complaint(|r| r.password = given("a\0b")).await,
        "Unreadable(\"password\")"
    );
    assert_eq!(
        complaint(|r| r.username = Given::Malformed).await,
        "Unreadable(\"username\")"
    );
    assert_eq!(
        complaint(|r| r.nonce = given("made-up")).await,
        "UnknownNonce"
    );
    assert_eq!(
        complaint(|r| r.nonce = Given::Absent).await,
        "Missing(\"nonce\")"
    );

    let off = World::new();
    let refused = send(&off, &request("x", "y")).await;
    assert!(matches!(refused, Err(SharedSecretError::SwitchedOff)));
}
