//! `app_service_config_files`.

use std::path::{Path, PathBuf};

use registrar_domain::model::appservice::{AppService, UserNamespace};
use registrar_domain::model::id::Localpart;
use registrar_domain::model::secret::TokenDigest;
use serde::Deserialize;

use super::key::{Key, Kind};
use super::section::Section;
use super::{pattern_advice, secrecy, secrets};

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "app_service_config_files",
        Kind::List(&Kind::Text),
        "Registration files of application services (bridges, bots). Names in their \
         exclusive namespaces cannot be registered by others.",
    )
    .or("[]"),
    Key::new(
        "track_appservice_user_ips",
        Kind::Flag,
        "For a homeserver: what application services do for their users leaves no address here.",
    )
    .or("false")
    .inert(),
];

/// `app_service_config_files` and what goes with them.
#[derive(Clone, Debug)]
pub struct AppServices {
    /// The services, in the order of the files.
    pub services: Vec<AppService>,
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

impl AppServices {
    pub(super) fn read(root: &Section<'_>) -> Self {
        let mut services: Vec<AppService> = Vec::new();
        let files = root
            .texts("app_service_config_files")
            .into_iter()
            .map(PathBuf::from);
        for (index, file) in files.enumerate() {
            let key = format!("app_service_config_files[{index}]");
            if let Some(warning) = secrecy::warning(&file) {
                root.warning(&key, format!("{} {warning}", file.display()));
            }
            let advise = |advice| match advice {
                Advice::Warning(text) => {
                    root.warning(&key, format!("{}: {text}", file.display()));
                }
                Advice::NotObeyed(text) => root.not_obeyed(&[&key], text),
            };
            match read_file(&file, advise) {
                Ok(service) if services.iter().any(|it| it.id == service.id) => {
                    let id = &service.id;
                    root.mistake(&key, format!("there is another application service `{id}`"));
                }
                Ok(service) if services.iter().any(|it| it.token == service.token) => {
                    root.mistake(&key, "another application service has the same `as_token`");
                }
                Ok(service) => services.push(service),
                Err(mistake) => root.mistake(&key, format!("{}: {mistake}", file.display())),
            }
        }
        root.flag("track_appservice_user_ips");
        Self { services }
    }
}

/// What is worth a look in a registration file.
enum Advice {
    Warning(String),
    /// It decides who gets in, and this server does not obey it.
    NotObeyed(&'static str),
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
    if secrets::is_guessable(&file.as_token) {
        advise(Advice::Warning(format!(
            "its `as_token` {}",
            secrets::GUESSABLE
        )));
    }
    if file.makes_devices {
        advise(Advice::NotObeyed(
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
