//! `registrar`: the options for which `homeserver.yaml` has no word.

use registrar_domain::model::secret::Secret;

use super::captcha::OwnCaptchaKeys;
use super::console::ConsoleKeys;
use super::database::PoolKeys;
use super::email::OwnEmailKeys;
use super::hashing::HashingKeys;
use super::http::HttpKeys;
use super::keys::keys;
use super::log::LogKeys;
use super::network::Network;
use super::rates::OwnRateKeys;
use super::section::Entry;
use super::threepids::IdentityServerKeys;
use super::types::{Private, Texts};
use super::validation::ValidationKeys;
use super::webhook::WebhookKeys;

keys! {
    pub(crate) struct OwnGroup {
        /// Options of this server alone. Here an unknown key is a mistake.
        registrar: OwnKeys,
    }
}

keys! {
    pub(crate) struct OwnKeys {
        /// The database as a URL: `sqlite:<path>`, or
        /// `postgres://<user>@<host>:<port>/<database>?sslmode=<mode>`. Takes precedence over `database`.
        database: Option<Private>,
        /// The password for that URL, if it is not part of it.
        database_password: Option<Secret<String>>,
        /// Connections to the database.
        database_pool: PoolKeys,
        /// Password hashes: argon2id.
        hashing: HashingKeys,
        /// How fast all clients together may act, beside the `rc_*` options.
        rates: OwnRateKeys,
        /// Networks (`10.0.0.0/8`) or addresses of proxies whose `X-Forwarded-For` is trusted on
        /// listeners with `x_forwarded`. Empty: it is trusted from any address.
        trusted_proxies: Texts = "[]",
        /// Limits on requests and connections.
        http: HttpKeys,
        /// Logs.
        log: LogKeys,
        /// How `registrar admin` reaches the running server.
        console: ConsoleKeys,
        /// Allow core dumps, and debuggers of the same user. Both disclose passwords and secrets.
        core_dumps: bool = "false",
        /// The captcha at registration.
        captcha: OwnCaptchaKeys,
        /// Further options for the mail server, beside `email`.
        email: OwnEmailKeys,
        /// The servers of `account_threepid_delegates`.
        identity_servers: IdentityServerKeys,
        /// The validation of email addresses and phone numbers.
        validation: ValidationKeys,
        /// A service of yours that has a say in registrations; see `docs/WEBHOOK.md`.
        webhook: Option<WebhookKeys>,
    }
}

/// Reads `registrar.trusted_proxies`.
pub(crate) fn read_trusted_proxies(texts: &Entry<Texts>) -> Vec<Network> {
    let networks = texts.iter().map(|text| Network::parse(text));
    networks
        .filter_map(|network| texts.at.accept(network))
        .collect()
}
