//! `sslmode`, against a stand-in for the server's network side: a proxy that does or does not offer
//! TLS and passes everything on to the test server.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use registrar_storage_diesel::{
    Backend, DieselStore, OpenError, Options, PostgresOptions, SslMode,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio_rustls::TlsAcceptor;

use crate::support::Database;

/// The first packet of a client that wants TLS: its length and a number.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// Starts a proxy on loopback; its port.
async fn proxy(target: &PostgresOptions, tls: Option<TlsAcceptor>) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (host, target_port) = (target.hosts[0].clone(), target.ports.first().copied());
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (host, tls) = (host.clone(), tls.clone());
            tokio::spawn(serve(client, host, target_port.unwrap_or(5432), tls));
        }
    });
    port
}

async fn serve(
    mut client: TcpStream,
    host: String,
    port: u16,
    tls: Option<TlsAcceptor>,
) -> std::io::Result<()> {
    let Some(tls) = tls else {
        return forward(client, &[], &host, port).await;
    };
    let mut first = [0; 8];
    client.read_exact(&mut first).await?;
    if first != SSL_REQUEST {
        return forward(client, &first, &host, port).await;
    }
    client.write_all(b"S").await?;
    forward(tls.accept(client).await?, &[], &host, port).await
}

async fn forward<C>(mut client: C, head: &[u8], host: &str, port: u16) -> std::io::Result<()>
where
    C: AsyncRead + AsyncWrite + Unpin,
{
    if host.starts_with('/') {
        let mut server = UnixStream::connect(format!("{host}/.s.PGSQL.{port}")).await?;
        server.write_all(head).await?;
        copy_bidirectional(&mut client, &mut server).await?;
    } else {
        let mut server = TcpStream::connect((host, port)).await?;
        server.write_all(head).await?;
        copy_bidirectional(&mut client, &mut server).await?;
    }
    Ok(())
}

async fn connect(
    database: &Database,
    host: &str,
    port: u16,
    sslmode: SslMode,
    sslrootcert: Option<&Path>,
) -> Result<(), OpenError> {
    let options = PostgresOptions {
        hosts: vec![host.to_owned()],
        ports: vec![port],
        sslmode,
        sslrootcert: sslrootcert.map(Path::to_owned),
        ..postgres(database)
    };
    let store = DieselStore::connect(Options::new(Backend::Postgres(options))).await?;
    store.ping().await.unwrap();
    Ok(())
}

fn postgres(database: &Database) -> PostgresOptions {
    let Backend::Postgres(options) = database.backend() else {
        unreachable!()
    };
    options
}

/// Makes a certificate for `localhost` with its own signature; `None` without the `openssl` program.
fn self_signed(folder: &Path) -> Option<(PathBuf, PathBuf)> {
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
        ])
        .args(["-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .ok()?;
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    Some((certificate, key))
}

/// An authority, and a certificate for `localhost` that it has issued and revoked; `None` without the
/// `openssl` program.
fn revoked(folder: &Path) -> Option<()> {
    let ca = "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=number\ndefault_md=sha256\n\
              default_crl_days=2\n[v]\nauthorityKeyIdentifier=keyid\n";
    let leaf = "subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n";
    for (name, text) in [
        ("ca.cnf", ca),
        ("leaf.cnf", leaf),
        ("index.txt", ""),
        ("number", "01\n"),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    for arguments in [
        format!("req -x509 {key} -days 2 -subj /CN=ca -keyout ca.key -out ca.pem"),
        format!("req {key} -subj /CN=localhost -keyout key.pem -out leaf.csr"),
        "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile leaf.cnf \
         -out cert.pem"
            .to_owned(),
        "ca -config ca.cnf -gencrl -crlexts v -cert ca.pem -keyfile ca.key -out before.crl".to_owned(),
        "ca -config ca.cnf -revoke cert.pem -cert ca.pem -keyfile ca.key".to_owned(),
        "ca -config ca.cnf -gencrl -crlexts v -cert ca.pem -keyfile ca.key -out after.crl".to_owned(),
    ] {
        let mut openssl = Command::new("openssl");
        let made = openssl.current_dir(folder).args(arguments.split_whitespace());
        let made = made.output().ok()?;
        let said = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "{arguments}: {said}");
    }
    Some(())
}

fn acceptor(certificate: &Path, key: &Path) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_file(certificate).unwrap()],
            PrivateKeyDer::from_pem_file(key).unwrap(),
        )
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_tls_is_refused_by_the_modes_that_demand_it() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let port = proxy(&postgres(&database), None).await;
    for mode in [SslMode::Disable, SslMode::Allow, SslMode::Prefer] {
        connect(&database, "127.0.0.1", port, mode, None)
            .await
            .unwrap();
    }
    for mode in [SslMode::Require, SslMode::VerifyCa, SslMode::VerifyFull] {
        let refused = connect(&database, "127.0.0.1", port, mode, None).await;
        assert!(
            matches!(refused, Err(OpenError::Connect(_))),
            "{mode:?} {refused:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_verified_by_the_modes_that_demand_tls() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let Some((certificate, key)) = self_signed(folder.path()) else {
        return;
    };
    let port = proxy(&postgres(&database), Some(acceptor(&certificate, &key))).await;
    let root = Some(certificate.as_path());
    let rows = [
        (SslMode::Prefer, "127.0.0.1", None, true),
        (SslMode::Prefer, "localhost", root, true),
        (SslMode::Prefer, "127.0.0.1", root, false),
        (SslMode::Require, "localhost", root, true),
        (SslMode::VerifyCa, "localhost", root, true),
        (SslMode::VerifyFull, "localhost", root, true),
        (SslMode::Require, "localhost", None, false),
        (SslMode::Require, "127.0.0.1", root, false),
        (SslMode::VerifyCa, "127.0.0.1", root, false),
        (SslMode::Disable, "localhost", None, true),
    ];
    for (mode, host, root, accepted) in rows {
        let connected = connect(&database, host, port, mode, root).await;
        assert_eq!(
            connected.is_ok(),
            accepted,
            "{mode:?} {host} {root:?}: {connected:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unusable_certificate_files_are_reported_before_connecting() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let options = PostgresOptions {
        hosts: vec!["localhost".to_owned()],
        sslmode: SslMode::VerifyFull,
        ..PostgresOptions::default()
    };
    let unusable = [
        PostgresOptions {
            sslrootcert: Some(empty.clone()),
            ..options.clone()
        },
        PostgresOptions {
            sslrootcert: Some(folder.path().join("missing")),
            ..options.clone()
        },
        PostgresOptions {
            sslcert: Some(empty),
            ..options
        },
    ];
    for options in unusable {
        let result = DieselStore::connect(Options::new(Backend::Postgres(options))).await;
        let Some(error @ OpenError::Tls(_)) = result.err() else {
            panic!("it must be refused")
        };
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(
            cause.contains("sslrootcert /") || cause.contains("need each other"),
            "{cause}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_authorities_of_the_system_do_not_vouch_for_a_self_signed_certificate() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let Some((certificate, key)) = self_signed(folder.path()) else {
        return;
    };
    let port = proxy(&postgres(&database), Some(acceptor(&certificate, &key))).await;
    let system = Some(Path::new("system"));
    for mode in [SslMode::Prefer, SslMode::Require, SslMode::VerifyFull] {
        let refused = connect(&database, "localhost", port, mode, system).await;
        assert!(
            matches!(refused, Err(OpenError::Connect(_))),
            "{mode:?} {refused:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_host_is_tried_when_one_is_silent_or_away() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let port = proxy(&postgres(&database), None).await;
    // One takes connections and never answers, one is not there.
    let silent = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let gone = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let ports = [&silent, &gone].map(|it| it.local_addr().unwrap().port());
    drop(gone);
    let options = PostgresOptions {
        hosts: vec!["127.0.0.1".to_owned(); 3],
        ports: vec![ports[0], ports[1], port],
        sslmode: SslMode::Disable,
        connect_timeout: Some(std::time::Duration::from_secs(1)),
        ..postgres(&database)
    };
    let store = DieselStore::connect(Options::new(Backend::Postgres(options.clone()))).await;
    store.unwrap().ping().await.unwrap();
    let nowhere = PostgresOptions {
        ports: vec![ports[0], ports[1], ports[1]],
        ..options
    };
    let error = DieselStore::connect(Options::new(Backend::Postgres(nowhere)))
        .await
        .err()
        .unwrap();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    for port in ports {
        assert!(cause.contains(&format!("127.0.0.1:{port}: ")), "{cause}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_stands_for_the_name_of_its_host() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let port = proxy(&postgres(&database), None).await;
    let options = PostgresOptions {
        hosts: vec!["nowhere.invalid".to_owned()],
        hostaddrs: vec!["127.0.0.1".parse().unwrap()],
        ports: vec![port],
        ..postgres(&database)
    };
    let store = DieselStore::connect(Options::new(Backend::Postgres(options))).await;
    store.unwrap().ping().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_certificate_is_refused() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    if revoked(folder.path()).is_none() {
        return;
    }
    let file = |name: &str| folder.path().join(name);
    let tls = acceptor(&file("cert.pem"), &file("key.pem"));
    let port = proxy(&postgres(&database), Some(tls)).await;
    for (list, is_accepted) in [
        (None, true),
        (Some("before.crl"), true),
        (Some("after.crl"), false),
    ] {
        let options = PostgresOptions {
            hosts: vec!["localhost".to_owned()],
            ports: vec![port],
            sslmode: SslMode::VerifyFull,
            sslrootcert: Some(file("ca.pem")),
            sslcrl: list.map(file),
            ..postgres(&database)
        };
        let connected = DieselStore::connect(Options::new(Backend::Postgres(options))).await;
        assert_eq!(
            connected.is_ok(),
            is_accepted,
            "{list:?}: {:?}",
            connected.err()
        );
    }
}
