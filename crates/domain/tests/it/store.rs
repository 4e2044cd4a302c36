use registrar_testkit::{FakeStore, contract};

#[tokio::test]
async fn the_fake_store_keeps_the_contract() {
    contract::run_all(|_| async { FakeStore::new() })
        .await
        .unwrap();
}
