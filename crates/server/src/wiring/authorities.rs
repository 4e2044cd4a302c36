//! The certificate authorities that the machine trusts besides those of the public web, such as the
//! one of a company whose mail server nobody else can reach.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::LazyLock;

use rustls::RootCertStore;

/// Their certificates in DER form, from where the system keeps them or `SSL_CERT_FILE` and
/// `SSL_CERT_DIR` say. What cannot be read or used is passed over: the system's collection is not
/// this server's to correct.
pub(super) fn of_the_system() -> Vec<Vec<u8>> {
    static CERTIFICATES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(load);
    CERTIFICATES.clone()
}

/// The variables that name other places than the system's own.
const FILE_VARIABLE: &str = "SSL_CERT_FILE";
const FOLDERS_VARIABLE: &str = "SSL_CERT_DIR";

/// What is wrong with the places that the environment names: without the certificates there, nothing
/// that needs them would be trusted, and that would show with the first request.
pub(super) fn mistakes() -> Vec<String> {
    mistakes_in(|name| std::env::var_os(name))
}

fn mistakes_in<T: AsRef<OsStr>>(variable: impl Fn(&str) -> Option<T>) -> Vec<String> {
    let file = variable(FILE_VARIABLE).and_then(|path| {
        let path = Path::new(path.as_ref());
        let readable = std::fs::read(path).map(drop);
        complaint(FILE_VARIABLE, path, readable)
    });
    let folders = variable(FOLDERS_VARIABLE).map(|paths| {
        let paths = std::env::split_paths(paths.as_ref());
        let complain = |path: std::path::PathBuf| {
            let readable = std::fs::read_dir(&path).map(drop);
            complaint(FOLDERS_VARIABLE, &path, readable)
        };
        paths.filter_map(complain).collect::<Vec<_>>()
    });
    file.into_iter()
        .chain(folders.into_iter().flatten())
        .collect()
}

fn complaint(variable: &str, path: &Path, readable: std::io::Result<()>) -> Option<String> {
    let error = readable.err()?;
    let path = path.display();
    Some(format!(
        "the environment variable {variable} names `{path}`, from which no root certificates can be \
         read: {error}"
    ))
}

fn load() -> Vec<Vec<u8>> {
    let native = rustls_native_certs::load_native_certs();
    for error in &native.errors {
        tracing::warn!(%error, "some of the system's root certificates cannot be read");
    }
    let certificates = native.certs.into_iter();
    certificates
        .filter(|certificate| RootCertStore::empty().add(certificate.clone()).is_ok())
        .map(|certificate| certificate.to_vec())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_places_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("roots.pem");
        std::fs::write(&file, "").unwrap();
        let (file, folder) = (file.display(), folder.path().display());
        let rows = [
            (None, None, 0),
            (Some(format!("{file}")), Some(format!("{folder}")), 0),
            (Some(format!("{folder}/nowhere.pem")), None, 1),
            (Some(format!("{folder}")), None, 1),
            (None, Some(format!("{folder}:{folder}/nowhere")), 1),
            (
                Some("/nowhere".to_owned()),
                Some(format!("{file}:/nowhere")),
                3,
            ),
        ];
        for (file, folders, expected) in rows {
            let variable = |name: &str| match name {
                FILE_VARIABLE => file.clone(),
                _ => folders.clone(),
            };
            let found = mistakes_in(variable);
            assert_eq!(found.len(), expected, "{found:?}");
            assert!(found.iter().all(|it| it.contains("SSL_CERT_")), "{found:?}");
        }
    }
}
