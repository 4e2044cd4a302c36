//! Files of SQLite that go away while the store is open.
#![cfg(unix)]

use std::path::{Path, PathBuf};

use registrar_domain::model::time::Timestamp;
use registrar_domain::ports::store::{Intent, Store as _, StoreErrorKind};
use registrar_storage_diesel::{Backend, DieselStore};

use crate::support::Database;

/// A way to lose a file, and a way to put something back.
struct Mishap {
    name: &'static str,
    strike: fn(&Path),
    undo: fn(&Path),
}

const MISHAPS: &[Mishap] = &[
    Mishap {
        name: "deleted, and another one comes",
        strike: |database| std::fs::remove_file(database).unwrap(),
        undo: |database| std::fs::write(database, "another").unwrap(),
    },
    Mishap {
        name: "renamed, and back",
        strike: |database| std::fs::rename(database, aside(database)).unwrap(),
        undo: |database| std::fs::rename(aside(database), database).unwrap(),
    },
    Mishap {
        name: "replaced by a copy of itself",
        strike: |database| {
            std::fs::copy(database, aside(database)).unwrap();
            std::fs::rename(aside(database), database).unwrap();
        },
        undo: |_| {},
    },
    Mishap {
        name: "its folder replaced by another one",
        strike: |database| {
            let folder = database.parent().unwrap();
            std::fs::rename(folder, aside(folder)).unwrap();
            std::fs::create_dir(folder).unwrap();
        },
        undo: |database| {
            let folder = database.parent().unwrap();
            std::fs::remove_dir_all(folder).unwrap();
            std::fs::rename(aside(folder), folder).unwrap();
        },
    },
    Mishap {
        name: "the log deleted",
        strike: |database| std::fs::remove_file(beside(database, "-wal")).unwrap(),
        undo: |database| std::fs::write(beside(database, "-wal"), "").unwrap(),
    },
    Mishap {
        name: "the log's index replaced",
        strike: |database| {
            let index = beside(database, "-shm");
            std::fs::copy(&index, aside(&index)).unwrap();
            std::fs::rename(aside(&index), &index).unwrap();
        },
        undo: |_| {},
    },
];

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

fn aside(path: &Path) -> PathBuf {
    beside(path, ".aside")
}

fn file(database: &Database) -> PathBuf {
    let Backend::Sqlite { path } = database.backend() else {
        unreachable!()
    };
    path
}

/// Whether a lease under `name` could be committed.
async fn commit(store: &DieselStore, name: &str) -> Result<(), StoreErrorKind> {
    let at = Timestamp::from_unix_ms;
    let mut uow = store.begin(Intent::Write).await.map_err(|it| it.kind)?;
    let leases = uow.leases();
    let acquired = leases.acquire(name, "holder", at(1), at(2)).await;
    assert!(acquired.unwrap());
    uow.commit().await.map_err(|error| error.kind)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_confirmed_into_a_file_that_was_lost() {
    for mishap in MISHAPS {
        let name = mishap.name;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inner").join("registrar.db");
        std::fs::create_dir(path.parent().unwrap()).unwrap();
        let backend = Backend::Sqlite { path: path.clone() };
        let options = registrar_storage_diesel::Options::new(backend);
        let store = DieselStore::connect(options).await.unwrap();
        assert_eq!(commit(&store, "before").await, Ok(()), "{name}");
        store.check_files().unwrap();

        // One that began before, so that only the commit can notice.
        let at = Timestamp::from_unix_ms;
        let mut uow = store.begin(Intent::Write).await.unwrap();
        let acquired = uow.leases().acquire("amid", "holder", at(1), at(2)).await;
        assert!(acquired.unwrap());
        (mishap.strike)(&path);
        let error = uow.commit().await.unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Lost, "{name}");

        (mishap.undo)(&path);
        assert_eq!(
            commit(&store, "after").await,
            Err(StoreErrorKind::Lost),
            "{name}: a file that comes back does not help"
        );
        let refused = [
            store.begin(Intent::Read).await.map(drop),
            store.ping().await,
            store.check_files(),
        ];
        for refused in refused {
            assert_eq!(refused.unwrap_err().kind, StoreErrorKind::Lost, "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_finds_a_loss_while_nothing_is_written() {
    for mishap in MISHAPS {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inner").join("registrar.db");
        std::fs::create_dir(path.parent().unwrap()).unwrap();
        let backend = Backend::Sqlite { path: path.clone() };
        let options = registrar_storage_diesel::Options::new(backend);
        let store = DieselStore::connect(options).await.unwrap();
        store.check_files().unwrap();
        (mishap.strike)(&path);
        let error = store.check_files().unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Lost, "{}", mishap.name);
        let refused = store.begin(Intent::Read).await.err().unwrap();
        assert_eq!(refused.kind, StoreErrorKind::Lost, "{}", mishap.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_file_is_a_lost_one() {
    let database = Database::sqlite();
    let store = database.store().await;
    let opened = std::fs::File::options().write(true).open(file(&database));
    opened.unwrap().set_len(0).unwrap();
    let error = store.check_files().unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Lost);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_confirmed_is_saved_from_a_deleted_log() {
    let database = Database::sqlite();
    let store = database.store().await;
    let path = file(&database);
    for number in 0..20 {
        commit(&store, &format!("lease-{number}")).await.unwrap();
    }
    std::fs::remove_file(beside(&path, "-wal")).unwrap();
    store.check_files().unwrap_err();
    // The file as it would be found if the process ended now.
    let copy = tempfile::tempdir().unwrap();
    let copied = copy.path().join("registrar.db");
    std::fs::copy(&path, &copied).unwrap();
    let found = Database::Sqlite(copy);
    let count = "SELECT CAST(count(*) AS TEXT) AS row FROM leases";
    assert_eq!(found.texts(count, "").await, [["20"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_a_lost_database_leaves_what_took_its_place_alone() {
    let database = Database::sqlite();
    let store = database.store().await;
    commit(&store, "before").await.unwrap();
    let path = file(&database);
    let log = beside(&path, "-wal");
    std::fs::remove_file(&path).unwrap();
    std::fs::remove_file(&log).unwrap();
    std::fs::write(&path, "the operator's").unwrap();
    std::fs::write(&log, "the operator's").unwrap();
    store.check_files().unwrap_err();
    drop(store);
    for file in [path, log] {
        assert_eq!(std::fs::read_to_string(file).unwrap(), "the operator's");
    }
}
