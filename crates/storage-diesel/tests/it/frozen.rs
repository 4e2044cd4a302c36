//! A PostgreSQL that goes silent: a proxy before the test server that stops passing anything on, as a
//! stopped process or a network that swallows everything does.

use std::sync::Arc;
use std::time::Duration;

use registrar_domain::model::time::Timestamp;
use registrar_domain::ports::store::{Intent, Store as _, StoreErrorKind, UnitOfWork};
use registrar_storage_diesel::{
    Backend, DieselStore, Options, PoolOptions, PostgresOptions, SslMode, Timeouts,
};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;

use crate::support::Database;

/// Longer than any limit of the store here: a caller that waits this long waits for ever.
const FOR_EVER: Duration = Duration::from_secs(120);

/// Whether anything is passed on.
type Frozen = watch::Sender<bool>;

/// Starts a proxy on loopback; its port, and its switch.
async fn proxy(target: &PostgresOptions) -> (u16, Arc<Frozen>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (switch, frozen) = watch::channel(false);
    let (host, target_port) = (target.hosts[0].clone(), target.ports.first().copied());
    let target_port = target_port.unwrap_or(5432);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (host, frozen) = (host.clone(), frozen.clone());
            tokio::spawn(async move {
                if host.starts_with('/') {
                    let path = format!("{host}/.s.PGSQL.{target_port}");
                    pass_on(client, UnixStream::connect(path).await.unwrap(), frozen).await;
                } else {
                    let server = TcpStream::connect((host.as_str(), target_port)).await;
                    pass_on(client, server.unwrap(), frozen).await;
                }
            });
        }
    });
    (port, Arc::new(switch))
}

async fn pass_on<S: AsyncRead + AsyncWrite>(
    client: TcpStream,
    server: S,
    frozen: watch::Receiver<bool>,
) {
    let (from_client, to_client) = tokio::io::split(client);
    let (from_server, to_server) = tokio::io::split(server);
    tokio::select! {
        () = one_way(from_client, to_server, frozen.clone()) => {}
        () = one_way(from_server, to_client, frozen) => {}
    }
}

async fn one_way(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut frozen: watch::Receiver<bool>,
) {
    let mut buffer = [0; 8192];
    loop {
        let Ok(read @ 1..) = from.read(&mut buffer).await else {
            return;
        };
        if frozen.wait_for(|frozen| !frozen).await.is_err() {
            return;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

async fn store_behind_a_proxy(database: &Database) -> (DieselStore, Arc<Frozen>) {
    let Backend::Postgres(target) = database.backend() else {
        unreachable!()
    };
    let (port, switch) = proxy(&target).await;
    let backend = Backend::Postgres(PostgresOptions {
        hosts: vec!["127.0.0.1".to_owned()],
        ports: vec![port],
        sslmode: SslMode::Disable,
        ..target
    });
    let options = Options {
        timeouts: Timeouts {
            acquire: Duration::from_secs(2),
            connect: Duration::from_secs(2),
            statement: Duration::from_secs(1),
            ..Timeouts::default()
        },
        pool: PoolOptions {
            readers: 2,
            writers: 3,
        },
        ..Options::new(backend)
    };
    (DieselStore::connect(options).await.unwrap(), switch)
}

async fn acquire(uow: &mut Box<dyn UnitOfWork>, name: &str) -> Result<(), StoreErrorKind> {
    let at = Timestamp::from_unix_ms;
    let acquired = uow.leases().acquire(name, "holder", at(1), at(2)).await;
    acquired.map(drop).map_err(|error| error.kind)
}

async fn write(store: &DieselStore, name: &str) -> Result<(), StoreErrorKind> {
    let mut uow = store.begin(Intent::Write).await.map_err(|it| it.kind)?;
    acquire(&mut uow, name).await?;
    uow.commit().await.map_err(|error| error.kind)
}

async fn read(store: &DieselStore) -> Result<(), StoreErrorKind> {
    store.ping().await.map_err(|error| error.kind)
}

/// What `work` gives; the test fails if that takes for ever.
async fn ends<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(FOR_EVER, work).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wait_for_a_silent_server_ends_and_the_pools_recover() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let (store, switch) = store_behind_a_proxy(&database).await;
    for round in 0..3 {
        // Idle connections, and one in each place where a unit of work can be.
        let mut in_statement = store.begin(Intent::Write).await.unwrap();
        let mut in_commit = store.begin(Intent::Write).await.unwrap();
        acquire(&mut in_commit, &format!("commit-{round}"))
            .await
            .unwrap();
        write(&store, &format!("idle-{round}")).await.unwrap();
        read(&store).await.unwrap();

        switch.send_replace(true);
        let (statement, commit, begun, pinged) = ends(async {
            tokio::join!(
                acquire(&mut in_statement, "statement"),
                in_commit.commit(),
                store.begin(Intent::Write),
                read(&store),
            )
        })
        .await;
        let silent = StoreErrorKind::Unavailable;
        assert_eq!(statement, Err(silent));
        assert_eq!(commit.unwrap_err().kind, silent, "never a success");
        assert_eq!(begun.err().unwrap().kind, silent);
        assert_eq!(pinged, Err(silent));
        drop(in_statement);
        // Nothing is left in the pools, so these wait for new connections.
        assert_eq!(ends(write(&store, "unreached")).await, Err(silent));
        assert_eq!(ends(read(&store)).await, Err(silent));

        switch.send_replace(false);
        let recovered = async {
            while write(&store, &format!("after-{round}")).await.is_err()
                || read(&store).await.is_err()
            {}
        };
        ends(recovered).await;
        let usage = store.usage();
        assert_eq!((usage.readers.in_use, usage.writers.in_use), (0, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_silent_from_the_beginning_ends_the_start() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let Backend::Postgres(target) = database.backend() else {
        unreachable!()
    };
    let (port, switch) = proxy(&target).await;
    switch.send_replace(true);
    let options = Options {
        timeouts: Timeouts {
            connect: Duration::from_secs(1),
            ..Timeouts::default()
        },
        ..Options::new(Backend::Postgres(PostgresOptions {
            hosts: vec!["127.0.0.1".to_owned()],
            ports: vec![port],
            ..target
        }))
    };
    let error = ends(DieselStore::connect(options)).await.err().unwrap();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains(&format!("127.0.0.1:{port}")), "{cause}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_was_given_up_leaves_no_answer_behind() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let (store, switch) = store_behind_a_proxy(&database).await;
    read(&store).await.unwrap();
    switch.send_replace(true);
    let given_up = tokio::time::timeout(Duration::from_millis(50), read(&store)).await;
    given_up.unwrap_err();
    assert_eq!(
        store.usage().readers.idle,
        0,
        "the connection is not used again"
    );
    switch.send_replace(false);
    ends(async { while read(&store).await.is_err() {} }).await;
}
