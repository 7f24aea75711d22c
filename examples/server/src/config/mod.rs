//! The configuration file: what may stand in it, and what must fit together.
//!
//! Every key is in `server.example.toml`, with what it does. A key that is not known, a value that is not one, and parts
//! that do not fit together are errors that name the file, the line, the key and the rule.

mod clients;
mod policy;
mod source;
#[cfg(test)]
mod tests;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use axum::http::HeaderName;
use grantsmith::limiter::{Limits, Rate};
use grantsmith::record::Client;
use grantsmith::value::{Issuer, Realm, Scope, Subject};
use serde::Deserialize;

pub use clients::{ClientSection, ResourceServerSection};
pub use policy::PolicySection;
pub use source::{ConfigError, Key, Source, secret_file, secret_variable};
pub use values::{Clear, PasswordPhc, Span, StoreUrl};

use crate::callers::Callers;

/// A configuration file that was read, and whose parts fit together as far as that can be told without the issuer.
#[derive(Clone)]
pub struct Config {
    pub file: File,
    source: Source,
    /// What relative paths are relative to.
    folder: PathBuf,
}

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub issuer: Issuer,
    #[serde(default = "defaults::title")]
    pub title: String,
    #[serde(default)]
    pub demo_api: bool,
    #[serde(default)]
    pub listeners: Vec<ListenerSection>,
    pub store: StoreSection,
    pub keyring: KeyringSection,
    #[serde(default)]
    pub policy: PolicySection,
    #[serde(default)]
    pub sessions: SessionsSection,
    #[serde(default)]
    pub passwords: PasswordsSection,
    #[serde(default)]
    pub cors: CorsSection,
    #[serde(default)]
    pub log: LogSection,
    #[serde(default)]
    pub limits: LimitsSection,
    pub metrics: Option<MetricsSection>,
    #[serde(default)]
    pub shutdown: ShutdownSection,
    /// What the consent page says about each scope.
    #[serde(default)]
    pub scopes: BTreeMap<String, String>,
    #[serde(default)]
    pub users: Vec<UserSection>,
    #[serde(default)]
    pub clients: Vec<ClientSection>,
    #[serde(default)]
    pub resource_servers: Vec<ResourceServerSection>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListenerSection {
    pub address: SocketAddr,
    pub certificates: Option<PathBuf>,
    pub key: Option<PathBuf>,
    #[serde(default)]
    pub danger_plain_http: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreSection {
    pub url: StoreUrl,
    #[serde(default)]
    pub danger_accept_loss_on_failover: bool,
    #[serde(default = "defaults::sweep_every")]
    pub sweep_every: Span,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyringSection {
    #[serde(default = "defaults::key_number")]
    pub number: u8,
    pub file: Option<PathBuf>,
    #[serde(default)]
    pub create: bool,
    pub environment: Option<String>,
    pub danger_secret: Option<Clear>,
    #[serde(default)]
    pub retired: Vec<RetiredKeySection>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetiredKeySection {
    pub number: u8,
    pub file: Option<PathBuf>,
    pub environment: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SessionsSection {
    pub lifetime: Span,
    pub idle_lifetime: Span,
    pub most: usize,
    pub most_of_a_user: usize,
}

impl Default for SessionsSection {
    fn default() -> Self {
        Self {
            lifetime: Span::minutes(12 * 60),
            idle_lifetime: Span::minutes(2 * 60),
            most: 10_000,
            most_of_a_user: 20,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PasswordsSection {
    pub checks_at_once: usize,
    pub most_waiting: usize,
}

impl Default for PasswordsSection {
    fn default() -> Self {
        Self { checks_at_once: 2, most_waiting: 64 }
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CorsSection {
    pub allowed_origins: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogSection {
    pub format: LogFormat,
    pub filter: String,
}

impl Default for LogSection {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info,grantsmith=debug".to_owned() }
    }
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsSection {
    pub requests_per_minute: u32,
    pub failures_per_minute: u32,
    pub caller_header: Option<String>,
}

impl Default for LimitsSection {
    fn default() -> Self {
        Self { requests_per_minute: 600, failures_per_minute: 10, caller_header: None }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricsSection {
    pub address: SocketAddr,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ShutdownSection {
    pub patience: Span,
}

impl Default for ShutdownSection {
    fn default() -> Self {
        Self { patience: defaults::patience() }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserSection {
    pub name: Subject,
    pub password_hash: PasswordPhc,
    #[serde(default)]
    pub disabled: bool,
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    ///
    /// The first mistake.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let source = Source::read(path)?;
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        Self::of(source, folder)
    }

    fn of(source: Source, folder: PathBuf) -> Result<Self, ConfigError> {
        let config = Self { file: source.parse()?, source, folder };
        config.check_listeners()?;
        config.check_keyring()?;
        config.check_limits()?;
        config.limits()?;
        config.check_scopes()?;
        config.check_names()?;
        Ok(config)
    }

    /// A mistake about the value of that key.
    pub fn error_at(&self, key: &Key, rule: impl std::fmt::Display) -> ConfigError {
        self.source.error_at(key, rule)
    }

    /// A path of the file, which is relative to the folder that the file is in.
    pub fn resolve(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }

    /// Every client and resource server, as the library has them.
    ///
    /// # Errors
    ///
    /// The first that does not fit together, or whose secret cannot be read.
    pub fn clients(&self, issuer: &Issuer, realm: &Realm) -> Result<Vec<Client>, ConfigError> {
        clients::build(self, issuer, realm)
    }

    fn check_listeners(&self) -> Result<(), ConfigError> {
        for (index, listener) in self.file.listeners.iter().enumerate() {
            let key = Key::of("listeners").nth(index);
            match (&listener.certificates, &listener.key) {
                (Some(_), None) => return Err(self.error_at(&key.then("key"), "certificates need a key")),
                (None, Some(_)) => return Err(self.error_at(&key.then("certificates"), "a key needs certificates")),
                (Some(_), Some(_)) if listener.danger_plain_http => {
                    let rule = "is for listeners without certificates";
                    return Err(self.error_at(&key.then("danger_plain_http"), rule));
                }
                (None, None) if !listener.address.ip().is_loopback() && !listener.danger_plain_http => {
                    let rule = "without certificates must be a loopback address, unless danger_plain_http is set";
                    return Err(self.error_at(&key.then("address"), rule));
                }
                _ => {}
            }
            if self.file.listeners.iter().take(index).any(|earlier| earlier.address == listener.address) {
                return Err(self.error_at(&key.then("address"), "is the address of another listener"));
            }
        }
        Ok(())
    }

    fn check_keyring(&self) -> Result<(), ConfigError> {
        let keyring = &self.file.keyring;
        let key = Key::of("keyring");
        let given = [keyring.file.is_some(), keyring.environment.is_some(), keyring.danger_secret.is_some()];
        if given.into_iter().filter(|is_given| *is_given).count() != 1 {
            return Err(self.error_at(&key, "needs exactly one of file, environment and danger_secret"));
        }
        if keyring.create && keyring.file.is_none() {
            return Err(self.error_at(&key.then("create"), "needs file"));
        }
        let mut numbers = BTreeSet::from([keyring.number]);
        for (index, retired) in keyring.retired.iter().enumerate() {
            let key = key.then("retired").nth(index);
            if retired.file.is_some() == retired.environment.is_some() {
                return Err(self.error_at(&key, "needs exactly one of file and environment"));
            }
            if !numbers.insert(retired.number) {
                return Err(self.error_at(&key.then("number"), "is the number of another key"));
            }
        }
        Ok(())
    }

    fn check_limits(&self) -> Result<(), ConfigError> {
        let (sessions, passwords) = (&self.file.sessions, &self.file.passwords);
        let counts = [
            (Key::of("sessions").then("most"), sessions.most, 1_000_000),
            (Key::of("sessions").then("most_of_a_user"), sessions.most_of_a_user, 1000),
            (Key::of("passwords").then("checks_at_once"), passwords.checks_at_once, 256),
            (Key::of("passwords").then("most_waiting"), passwords.most_waiting, 10_000),
        ];
        for (key, count, most) in counts {
            if count == 0 || count > most {
                return Err(self.error_at(&key, format!("must be between 1 and {most}")));
            }
        }
        let year = Span::minutes(365 * 24 * 60);
        let spans = [
            (Key::of("sessions").then("lifetime"), sessions.lifetime, year, "365d"),
            (Key::of("sessions").then("idle_lifetime"), sessions.idle_lifetime, year, "365d"),
            (Key::of("store").then("sweep_every"), self.file.store.sweep_every, Span::minutes(24 * 60), "1d"),
        ];
        for (key, span, most, shown) in spans {
            if span.lifetime().is_zero() || span.lifetime() > most.lifetime() {
                return Err(self.error_at(&key, format!("must be between 1s and {shown}")));
            }
        }
        Ok(())
    }

    /// Who calls, and how often they may.
    ///
    /// # Errors
    ///
    /// A header that cannot be one.
    pub fn limits(&self) -> Result<(Callers, Limits), ConfigError> {
        let section = &self.file.limits;
        let key = Key::of("limits").then("caller_header");
        let header = section.caller_header.as_ref().map(|name| name.parse::<HeaderName>());
        let header = header.transpose().map_err(|_| self.error_at(&key, "must be the name of a header"))?;
        let mut limits = Limits::default();
        limits.caller = NonZeroU32::new(section.requests_per_minute).map(Rate::per_minute);
        limits.failures = NonZeroU32::new(section.failures_per_minute).map(Rate::per_minute);
        Ok((Callers { header }, limits))
    }

    fn check_scopes(&self) -> Result<(), ConfigError> {
        for name in self.file.scopes.keys() {
            if let Err(rule) = name.parse::<Scope>() {
                return Err(self.error_at(&Key::of("scopes").then(name), rule));
            }
        }
        Ok(())
    }

    fn check_names(&self) -> Result<(), ConfigError> {
        let mut users = BTreeSet::new();
        for (index, user) in self.file.users.iter().enumerate() {
            if !users.insert(user.name.as_str()) {
                let key = Key::of("users").nth(index).then("name");
                return Err(self.error_at(&key, "is the name of another user"));
            }
        }
        let clients = self.file.clients.iter().map(|client| &client.id).enumerate();
        let servers = self.file.resource_servers.iter().map(|server| &server.id).enumerate();
        let mut ids = BTreeSet::new();
        for (section, index, id) in clients
            .map(|(index, id)| ("clients", index, id))
            .chain(servers.map(|(index, id)| ("resource_servers", index, id)))
        {
            if !ids.insert(id.as_str()) {
                let key = Key::of(section).nth(index).then("id");
                return Err(self.error_at(&key, "is the id of another client or resource server"));
            }
        }
        Ok(())
    }
}

mod defaults {
    use super::Span;

    pub fn title() -> String {
        "grantsmith".to_owned()
    }

    pub const fn sweep_every() -> Span {
        Span::minutes(5)
    }

    pub const fn key_number() -> u8 {
        1
    }

    pub fn patience() -> Span {
        "10s".parse().unwrap_or(Span::minutes(1))
    }
}
