//! `app_service_config_files`.

use std::path::{Path, PathBuf};

use registrar_domain::model::appservice::{AppService, AppServices, UserNamespace};
use registrar_domain::model::id::Localpart;
use registrar_domain::model::secret::TokenDigest;
use serde::Deserialize;

use super::keys::{Keys as _, keys};
use super::section::Section;
use super::types::{Checked, GUESSABLE, is_guessable};
use super::{pattern_advice, secrecy};

keys! {
    pub(crate) struct AppServiceKeys {
        /// Registration files of application services (bridges, bots). Names in their exclusive
        /// namespaces are reserved for them.
        app_service_config_files: Vec<PathBuf> = "[]",
    }
    unused {
        /// For a homeserver: what application services do for their users leaves no address here.
        track_appservice_user_ips: Checked<bool> = "false",
    }
}

/// The registration file of an application service, as far as it matters here.
#[derive(Deserialize)]
struct File {
    id: String,
    as_token: String,
    sender_localpart: String,
    #[serde(default = "limited")]
    rate_limited: Option<bool>,
    #[serde(default, rename = "io.element.msc4190")]
    makes_devices: bool,
    namespaces: Option<Namespaces>,
}

#[derive(Deserialize)]
struct Namespaces {
    #[serde(default)]
    users: Option<Vec<Namespace>>,
}

#[derive(Deserialize)]
struct Namespace {
    regex: String,
    exclusive: bool,
}

/// Services are held to limits unless their file says otherwise.
fn limited() -> Option<bool> {
    Some(true)
}

/// Reads the services, in the order of the files.
pub(crate) fn read(root: &Section<'_>) -> AppServices {
    let keys = AppServiceKeys::read(root);
    let mut services: Vec<AppService> = Vec::new();
    for file in keys.app_service_config_files.iter() {
        let (at, shown) = (&file.at, file.display());
        if let Some(warning) = secrecy::warning(file) {
            at.warn(format!("{shown} {warning}"));
        }
        let advise = |advice| match advice {
            Advice::Warning(text) => at.warn(format!("{shown}: {text}")),
            Advice::Unsupported(text) => at.unsupported(text),
        };
        match read_file(file, advise) {
            Ok(service) if services.iter().any(|it| it.id == service.id) => {
                let id = &service.id;
                at.mistake(format!(
                    "another application service has the same `id`: `{id}`"
                ));
            }
            Ok(service) if services.iter().any(|it| it.token == service.token) => {
                at.mistake("another application service has the same `as_token`");
            }
            Ok(service) => services.push(service),
            Err(mistake) => at.mistake(format!("{shown}: {mistake}")),
        }
    }
    AppServices::new(services)
}

/// What is worth a look in a registration file.
enum Advice {
    Warning(String),
    /// It decides who gets in, and this server does not obey it.
    Unsupported(&'static str),
}

/// The service of a file, or what is wrong with it. Never quotes the file: it holds tokens.
fn read_file(path: &Path, advise: impl Fn(Advice)) -> Result<AppService, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let file: File = serde_saphyr::from_str(&text)
        .map_err(|_| "this is not a registration file of an application service".to_owned())?;
    let sender = Localpart::read(&file.sender_localpart)
        .ok_or_else(|| "`sender_localpart` is not a localpart".to_owned())?;
    let namespaces = file
        .namespaces
        .and_then(|namespaces| namespaces.users)
        .unwrap_or_default();
    if is_guessable(&file.as_token) {
        advise(Advice::Warning(format!("its `as_token` {GUESSABLE}")));
    }
    if file.makes_devices {
        advise(Advice::Unsupported(
            "`io.element.msc4190`: a service cannot make devices of its users by `PUT /devices`; \
             it logs in with `m.login.application_service` instead",
        ));
    }
    for namespace in namespaces.iter().filter(|it| it.exclusive) {
        // A pattern that names the server ends where user IDs end.
        if !namespace.regex.contains(':') && pattern_advice::end_is_open(&namespace.regex) {
            let regex = &namespace.regex;
            advise(Advice::Warning(format!(
                "the exclusive namespace `{regex}` also owns all longer names; \
                 end it with `:` and the server name, or with `.*` if that is meant"
            )));
        }
    }
    let namespaces = namespaces.iter().map(|it| {
        UserNamespace::new(&it.regex, it.exclusive)
            .map_err(|error| format!("`{}` is not a regular expression: {error}", it.regex))
    });
    Ok(AppService {
        id: file.id,
        token: TokenDigest::of(&file.as_token),
        sender,
        namespaces: namespaces.collect::<Result<_, _>>()?,
        rate_limited: file.rate_limited.unwrap_or(true),
    })
}
