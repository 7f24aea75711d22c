//! The sections `clients` and `resource_servers`: from what the file says to what the library has.

use std::fmt::Display;
use std::path::PathBuf;

use grantsmith::policy::{Policy, PolicyViolation, RefreshRotation};
use grantsmith::record::{Client, ClientSecretForm, StoredClientSecret, Trust};
use grantsmith::server::{InvalidRegistration, Registration};
use grantsmith::value::{
    AuthenticationMethod, ClientId, ClientSecret, Digest, GrantType, InstanceId, Issuer, Realm, RedirectUri,
    ResourceSet, Scope, ScopeSet, Timestamp,
};
use serde::Deserialize;
use sha2::Digest as _;

use super::values::ResourceText;
use super::{Clear, Config, ConfigError, Key, PasswordPhc, Span};

/// A client that asks for tokens.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate key of the file")]
pub struct ClientSection {
    pub id: ClientId,
    pub kind: Kind,
    pub name: Option<String>,
    #[serde(default)]
    pub authentication: Authentication,
    pub secret_digest: Option<Digest>,
    pub secret_file: Option<PathBuf>,
    pub secret_environment: Option<String>,
    pub secret_hash: Option<PasswordPhc>,
    pub danger_secret: Option<Clear>,
    #[serde(default)]
    pub redirect_uris: Vec<RedirectUri>,
    #[serde(default)]
    pub danger_loopback_redirect_uris: Vec<RedirectUri>,
    #[serde(default)]
    pub allows_localhost: bool,
    pub grant_types: Option<Vec<GrantType>>,
    #[serde(default)]
    pub scopes: Vec<String>,
    pub default_scopes: Option<Vec<String>>,
    #[serde(default)]
    pub resources: Vec<ResourceText>,
    #[serde(default)]
    pub allows_multiple_audiences: bool,
    #[serde(default)]
    pub may_introspect_own_tokens: bool,
    #[serde(default)]
    pub unverified: bool,
    #[serde(default)]
    pub disabled: bool,
    pub access_token_lifetime: Option<Span>,
    pub refresh_token_idle_lifetime: Option<Span>,
    pub refresh_token_lifetime: Option<Span>,
    pub rotates_refresh_tokens: Option<bool>,
    pub home_page: Option<String>,
    pub logo: Option<String>,
    pub privacy_policy: Option<String>,
    pub terms_of_service: Option<String>,
}

/// An API that asks about tokens.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResourceServerSection {
    pub id: ClientId,
    pub name: Option<String>,
    pub resources: Vec<ResourceText>,
    pub secret_digest: Option<Digest>,
    pub secret_file: Option<PathBuf>,
    pub secret_environment: Option<String>,
    pub secret_hash: Option<PasswordPhc>,
    pub danger_secret: Option<Clear>,
    #[serde(default)]
    pub disabled: bool,
}

/// What a client is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// On a server, with a secret.
    Confidential,
    /// In a browser, without one.
    Public,
    /// On the user's device, without one.
    Native,
    /// Without users.
    Machine,
}

/// How a client that has a secret shows it.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Authentication {
    #[default]
    ClientSecretBasic,
    ClientSecretPost,
}

/// Where the file says that a secret is; a client has one, or none.
struct Secret<'a> {
    digest: Option<&'a Digest>,
    file: Option<&'a PathBuf>,
    environment: Option<&'a String>,
    hash: Option<&'a PasswordPhc>,
    clear: Option<&'a Clear>,
}

impl Secret<'_> {
    fn places(&self) -> usize {
        let given = [
            self.digest.is_some(),
            self.file.is_some(),
            self.environment.is_some(),
            self.hash.is_some(),
            self.clear.is_some(),
        ];
        given.into_iter().filter(|is_given| *is_given).count()
    }
}

/// Both sections say it with the same keys.
macro_rules! secret_of {
    ($section:expr) => {
        Secret {
            digest: $section.secret_digest.as_ref(),
            file: $section.secret_file.as_ref(),
            environment: $section.secret_environment.as_ref(),
            hash: $section.secret_hash.as_ref(),
            clear: $section.danger_secret.as_ref(),
        }
    };
}

/// Every client and resource server of the file.
pub fn build(config: &Config, issuer: &Issuer, realm: &Realm) -> Result<Vec<Client>, ConfigError> {
    let policy = config.policy()?;
    let made = Maker { config, issuer, realm, policy: &policy };
    let clients = config.file.clients.iter().enumerate();
    let clients = clients.map(|(index, section)| made.client(section, &Key::of("clients").nth(index)));
    let servers = config.file.resource_servers.iter().enumerate();
    let servers =
        servers.map(|(index, section)| made.resource_server(section, &Key::of("resource_servers").nth(index)));
    clients.chain(servers).collect()
}

/// What is the same for all.
struct Maker<'a> {
    config: &'a Config,
    issuer: &'a Issuer,
    realm: &'a Realm,
    policy: &'a Policy,
}

impl Maker<'_> {
    fn client(&self, section: &ClientSection, key: &Key) -> Result<Client, ConfigError> {
        self.ensure_loopback(section, &key.then("danger_loopback_redirect_uris"))?;
        let mut registration = self.registration(section, key)?;
        // A client that is being developed may have these redirects only, which the library does not know of.
        let has_loopback_only = section.redirect_uris.is_empty() && !section.danger_loopback_redirect_uris.is_empty();
        let is_code = |grant_type: &GrantType| *grant_type == GrantType::AuthorizationCode;
        let uses_code = has_loopback_only && registration.grant_types.iter().any(is_code);
        registration.grant_types.retain(|grant_type| !(uses_code && is_code(grant_type)));
        let mut client = self.finish(registration, &section.id, &secret_of!(section), section.disabled, key)?;
        client.grant_types.extend(uses_code.then_some(GrantType::AuthorizationCode));
        client.redirect_uris.extend(section.danger_loopback_redirect_uris.iter().cloned());
        Ok(client)
    }

    fn resource_server(&self, section: &ResourceServerSection, key: &Key) -> Result<Client, ConfigError> {
        let resources = self.resources(&section.resources, &key.then("resources"))?;
        self.ensure(!resources.is_empty(), &key.then("resources"), "must name at least one resource")?;
        let mut registration = Registration::resource_server(resources);
        registration.display.name.clone_from(&section.name);
        self.finish(registration, &section.id, &secret_of!(section), section.disabled, key)
    }

    /// What the library would be asked to register, but for the secret and redirects to this machine.
    fn registration(&self, section: &ClientSection, key: &Key) -> Result<Registration, ConfigError> {
        let is_redirected = section.kind != Kind::Machine || section.redirect_uris.is_empty();
        self.ensure(is_redirected, &key.then("redirect_uris"), NO_USERS)?;
        let mut registration = registration_of_kind(section);
        if let Some(grant_types) = &section.grant_types {
            registration.grant_types.clone_from(grant_types);
        }
        registration.allows_localhost = section.allows_localhost;
        registration.scope = self.scopes(&section.scopes, &key.then("scopes"))?;
        registration.default_scope = match &section.default_scopes {
            Some(scopes) => self.scopes(scopes, &key.then("default_scopes"))?,
            None => registration.scope.clone(),
        };
        registration.resources = self.resources(&section.resources, &key.then("resources"))?;
        registration.allows_multiple_audiences = section.allows_multiple_audiences;
        registration.may_introspect_own_tokens = section.may_introspect_own_tokens;
        registration.trust = if section.unverified { Trust::Unverified } else { Trust::Verified };
        let overrides = &mut registration.overrides;
        overrides.access_token_lifetime = section.access_token_lifetime.map(Span::lifetime);
        overrides.refresh_token_idle_lifetime = section.refresh_token_idle_lifetime.map(Span::lifetime);
        overrides.refresh_token_lifetime = section.refresh_token_lifetime.map(Span::lifetime);
        overrides.refresh_rotation = section
            .rotates_refresh_tokens
            .map(|rotates| if rotates { RefreshRotation::Always } else { RefreshRotation::Never });
        let display = &mut registration.display;
        display.name.clone_from(&section.name);
        display.uri.clone_from(&section.home_page);
        display.logo_uri.clone_from(&section.logo);
        display.policy_uri.clone_from(&section.privacy_policy);
        display.terms_uri.clone_from(&section.terms_of_service);
        Ok(registration)
    }

    fn finish(
        &self,
        registration: Registration,
        id: &ClientId,
        secret: &Secret<'_>,
        is_disabled: bool,
        key: &Key,
    ) -> Result<Client, ConfigError> {
        let is_public = registration.authentication == AuthenticationMethod::None;
        let forms = self.secret(secret, is_public, key)?;
        let made =
            registration.into_client(id.clone(), instance_of(id), self.realm, self.policy, Timestamp::from_seconds(0));
        let mut client = made.map_err(|invalid| self.config.error_at(&key_of(&invalid, key), rule_of(&invalid)))?;
        client.secrets = forms.into_iter().map(|form| StoredClientSecret { form, expires_at: None }).collect();
        client.is_disabled = is_disabled;
        Ok(client)
    }

    /// What is kept of the secret; nothing for a public client.
    fn secret(&self, secret: &Secret<'_>, is_public: bool, key: &Key) -> Result<Option<ClientSecretForm>, ConfigError> {
        let places = secret.places();
        self.ensure(!is_public || places == 0, key, "a public or native client has no secret")?;
        self.ensure(is_public || places == 1, key, ONE_SECRET)?;
        if let Some(digest) = secret.digest {
            return Ok(Some(ClientSecretForm::Digest(*digest)));
        }
        if let Some(hash) = secret.hash {
            return Ok(Some(ClientSecretForm::Verifier(hash.as_str().to_owned())));
        }
        if let Some(clear) = secret.clear {
            return self.digested(clear.expose(), &key.then("danger_secret")).map(Some);
        }
        if let Some(path) = secret.file {
            let key = key.then("secret_file");
            let text = self.at(&key, super::secret_file(&self.config.resolve(path)))?;
            return self.strong(&text, &key).map(Some);
        }
        if let Some(name) = secret.environment {
            let key = key.then("secret_environment");
            let text = self.at(&key, super::secret_variable(name))?;
            return self.strong(&text, &key).map(Some);
        }
        Ok(None)
    }

    /// A secret that cannot be guessed, so that a plain digest of it will do.
    fn strong(&self, text: &str, key: &Key) -> Result<ClientSecretForm, ConfigError> {
        let rule = "must hold at least 32 characters, random ones; for a shorter secret use secret_hash";
        self.ensure(text.len() >= LEAST_SECRET, key, rule)?;
        self.digested(text, key)
    }

    fn digested(&self, text: &str, key: &Key) -> Result<ClientSecretForm, ConfigError> {
        let secret: ClientSecret = self.at(key, text.parse())?;
        Ok(ClientSecretForm::Digest(secret.digest()))
    }

    fn scopes(&self, names: &[String], key: &Key) -> Result<ScopeSet, ConfigError> {
        for (index, name) in names.iter().enumerate() {
            let key = key.nth(index);
            self.at(&key, name.parse::<Scope>())?;
            let is_described = self.config.file.scopes.contains_key(name);
            self.ensure(is_described, &key, "is not described in the section scopes")?;
        }
        if names.is_empty() { Ok(ScopeSet::empty()) } else { self.at(key, names.join(" ").parse()) }
    }

    fn resources(&self, texts: &[ResourceText], key: &Key) -> Result<ResourceSet, ConfigError> {
        let texts = texts.iter().enumerate();
        let resources: Result<Vec<_>, _> =
            texts.map(|(index, text)| self.at(&key.nth(index), text.at(self.issuer))).collect();
        self.at(key, ResourceSet::new(resources?))
    }

    /// Redirects to this machine are for a client that is being developed on it. They are compared byte for byte.
    fn ensure_loopback(&self, section: &ClientSection, key: &Key) -> Result<(), ConfigError> {
        let uris = &section.danger_loopback_redirect_uris;
        self.ensure(section.kind != Kind::Machine || uris.is_empty(), key, NO_USERS)?;
        let mut uris = uris.iter().enumerate();
        uris.try_for_each(|(index, uri)| {
            self.ensure(uri.is_loopback(), &key.nth(index), "must be an http URL on loopback")
        })
    }

    fn ensure(&self, holds: bool, key: &Key, rule: &str) -> Result<(), ConfigError> {
        if holds { Ok(()) } else { Err(self.config.error_at(key, rule)) }
    }

    /// Says at which key the mistake is.
    fn at<T, Rule: Display>(&self, key: &Key, outcome: Result<T, Rule>) -> Result<T, ConfigError> {
        outcome.map_err(|rule| self.config.error_at(key, rule))
    }
}

fn registration_of_kind(section: &ClientSection) -> Registration {
    let uris = section.redirect_uris.clone();
    let mut registration = match section.kind {
        Kind::Confidential => Registration::confidential(uris),
        Kind::Public => return Registration::public(uris),
        Kind::Native => return Registration::public(uris).native(),
        Kind::Machine => Registration::machine(),
    };
    registration.authentication = match section.authentication {
        Authentication::ClientSecretBasic => AuthenticationMethod::ClientSecretBasic,
        Authentication::ClientSecretPost => AuthenticationMethod::ClientSecretPost,
    };
    registration
}

/// What grants and consents belong to: the same in every process and after every restart.
fn instance_of(id: &ClientId) -> InstanceId {
    let digest = sha2::Sha256::new_with_prefix(b"grantsmith-server client\0").chain_update(id.as_str()).finalize();
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest).for_each(|(byte, value)| *byte = value);
    InstanceId::from_bytes(bytes)
}

/// Which key a mistake is about.
fn key_of(invalid: &InvalidRegistration, client: &Key) -> Key {
    match invalid {
        InvalidRegistration::DefaultScope => client.then("default_scopes"),
        InvalidRegistration::DisplayName => client.then("name"),
        InvalidRegistration::IntrospectionWithoutSecret => client.then("may_introspect_own_tokens"),
        InvalidRegistration::MachineWithoutSecret => client.then("grant_types"),
        InvalidRegistration::Localhost(_)
        | InvalidRegistration::NoRedirectUri
        | InvalidRegistration::RedirectUriOfNativeClient(_)
        | InvalidRegistration::TooManyRedirectUris => client.then("redirect_uris"),
        InvalidRegistration::Override(PolicyViolation::Lifetime { field, .. }) => client.then(match *field {
            "confidential_refresh_idle_lifetime" => "refresh_token_idle_lifetime",
            "confidential_refresh_lifetime" => "refresh_token_lifetime",
            field => field,
        }),
        _ => client.clone(),
    }
}

/// The rule, in the words of the file.
fn rule_of(invalid: &InvalidRegistration) -> String {
    match invalid {
        InvalidRegistration::DefaultScope => "must be among scopes".to_owned(),
        InvalidRegistration::DisplayName => {
            "must be at most 2048 bytes without control and direction characters".to_owned()
        }
        InvalidRegistration::DisplayUri => {
            "home_page, logo, privacy_policy and terms_of_service must be https URLs".to_owned()
        }
        InvalidRegistration::NoRedirectUri => "needs at least one redirect URI".to_owned(),
        InvalidRegistration::Override(PolicyViolation::Lifetime { least, most, .. }) => {
            format!("must be between {least} and {most}")
        }
        InvalidRegistration::RedirectUriOfNativeClient(uri) => {
            format!("{uri} is for clients of kind native; see danger_loopback_redirect_uris")
        }
        other => other.to_string(),
    }
}

const LEAST_SECRET: usize = 32;
const NO_USERS: &str = "a machine has no users to be sent back";
const ONE_SECRET: &str =
    "needs exactly one of secret_digest, secret_file, secret_environment, secret_hash and danger_secret";
