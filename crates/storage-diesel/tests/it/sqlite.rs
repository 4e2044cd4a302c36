use std::time::Duration;

use registrar_domain::ports::store::{Intent, Store as _, StoreErrorKind};
use registrar_storage_diesel::{Backend, DieselStore, OpenError, Options, Timeouts};

use crate::support::Database;

#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_use_is_refused() {
    let database = Database::sqlite();
    let store = database.store().await;
    let second = DieselStore::connect(database.options()).await;
    let Some(error @ OpenError::InUse { .. }) = second.err() else {
        panic!("it must be refused")
    };
    assert!(error.to_string().contains("registrar.db"), "{error}");
    assert!(matches!(
        registrar_storage_diesel::migrate::up(&database.backend()).await,
        Err(OpenError::InUse { .. })
    ));
    registrar_storage_diesel::migrate::status(&database.backend())
        .await
        .unwrap();
    store.ping().await.unwrap();
    drop(store);
    database.store().await.ping().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_in_memory_is_refused() {
    let options = Options::new(Backend::from_url("sqlite::memory:").unwrap());
    assert!(matches!(
        DieselStore::connect(options).await.err(),
        Some(OpenError::InMemory)
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_another_kind_is_refused_and_left_alone() {
    let database = Database::sqlite();
    let Backend::Sqlite { path } = database.backend() else {
        unreachable!()
    };
    let junk = "not a database, but long enough to look like one ".repeat(100);
    std::fs::write(&path, &junk).unwrap();
    assert!(DieselStore::connect(database.options()).await.is_err());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), junk);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn only_the_owner_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let database = Database::sqlite();
    let store = database.store().await;
    let uow = store.begin(Intent::Write).await.unwrap();
    uow.commit().await.unwrap();
    let Backend::Sqlite { path } = database.backend() else {
        unreachable!()
    };
    for file in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?}", file.path());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gets_no_connection_in_time_is_told() {
    let database = Database::sqlite();
    let timeouts = Timeouts {
        acquire: Duration::from_secs(1),
        ..Timeouts::default()
    };
    let store = DieselStore::connect(Options {
        timeouts,
        ..database.options()
    })
    .await
    .unwrap();
    let holder = store.begin(Intent::Write).await.unwrap();
    let refused = store.begin(Intent::Write).await.err().unwrap();
    assert_eq!(refused.kind, StoreErrorKind::Unavailable);
    assert_eq!(store.usage().writers.in_use, 1);
    store.begin(Intent::Read).await.unwrap();
    drop(holder);
    store
        .begin(Intent::Write)
        .await
        .unwrap()
        .commit()
        .await
        .unwrap();
    assert_eq!(store.usage().writers.in_use, 0);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn two_names_of_a_file_share_its_lock() {
    let database = Database::sqlite();
    let _store = database.store().await;
    let Backend::Sqlite { path } = database.backend() else {
        unreachable!()
    };
    let link = path.with_file_name("link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let second = DieselStore::connect(Options::new(Backend::Sqlite { path: link })).await;
    assert!(matches!(second.err(), Some(OpenError::InUse { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_folder_is_called_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("missing").join("registrar.db");
    let refused = DieselStore::connect(Options::new(Backend::Sqlite { path })).await;
    let error = refused.err().unwrap();
    assert!(matches!(error, OpenError::NoFolder { .. }), "{error:?}");
    assert!(error.to_string().contains("missing does not exist"));
}
