//! Building a server: every mistake is an error that names the field, the value and the rule.

use std::sync::Arc;

use url::{Host, Url};

use super::clients::{Registry, StoredClients};
use super::secret_checks::SecretChecks;
#[cfg(feature = "jwt")]
use super::signing_keys::{KeyRing, SigningKeySource};
use super::{AuthorizationServer, Endpoints, Parts};
use crate::host::{
    AccountDirectory, ClientRegistry, Clock, CustomGrant, Entropy, EventSink, Keyring, Purpose, RateLimiter,
    SecretVerifier, Storage, SystemClock, SystemEntropy,
};
use crate::policy::{Policy, PolicyViolation};
use crate::value::{GrantType, InvalidIssuer, InvalidRealm, Issuer, Realm, Scope};

/// A server that is being configured.
#[must_use]
pub struct Builder {
    issuer: String,
    realm: Option<String>,
    endpoints: [Option<String>; 4],
    policy: Policy,
    storage: Arc<dyn Storage>,
    clients: Option<Arc<dyn ClientRegistry>>,
    keyring: Arc<dyn Keyring>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    events: Option<Arc<dyn EventSink>>,
    limiter: Option<Arc<dyn RateLimiter>>,
    verifier: Option<Arc<dyn SecretVerifier>>,
    accounts: Option<Arc<dyn AccountDirectory>>,
    custom_grants: Vec<Arc<dyn CustomGrant>>,
    scopes_supported: Vec<String>,
    service_documentation: Option<String>,
    #[cfg(feature = "jwt")]
    keys_endpoint: Option<String>,
    #[cfg(feature = "jwt")]
    signing_keys: Option<SigningKeySource>,
}

impl Builder {
    pub(super) fn new(issuer: &str, storage: Arc<dyn Storage>, keyring: Arc<dyn Keyring>) -> Self {
        Self {
            issuer: issuer.to_owned(),
            realm: None,
            endpoints: [const { None }; 4],
            policy: Policy::default(),
            storage,
            clients: None,
            keyring,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            events: None,
            limiter: None,
            verifier: None,
            accounts: None,
            custom_grants: Vec::new(),
            scopes_supported: Vec::new(),
            service_documentation: None,
            #[cfg(feature = "jwt")]
            keys_endpoint: None,
            #[cfg(feature = "jwt")]
            signing_keys: None,
        }
    }

    /// The name under which records are kept. Default: the issuer. It must never change.
    pub fn realm(mut self, name: &str) -> Self {
        self.realm = Some(name.to_owned());
        self
    }

    /// The URL of the authorization endpoint. Default: the issuer and `/authorize`.
    pub fn authorization_endpoint(mut self, url: &str) -> Self {
        self.endpoints[0] = Some(url.to_owned());
        self
    }

    /// The URL of the token endpoint. Default: the issuer and `/token`.
    pub fn token_endpoint(mut self, url: &str) -> Self {
        self.endpoints[1] = Some(url.to_owned());
        self
    }

    /// The URL of the introspection endpoint. Default: the issuer and `/introspect`.
    pub fn introspection_endpoint(mut self, url: &str) -> Self {
        self.endpoints[2] = Some(url.to_owned());
        self
    }

    /// The URL of the revocation endpoint. Default: the issuer and `/revoke`.
    pub fn revocation_endpoint(mut self, url: &str) -> Self {
        self.endpoints[3] = Some(url.to_owned());
        self
    }

    /// The URL of the public keys that verify what the server signs. Default: the issuer and `/jwks`.
    #[cfg(feature = "jwt")]
    pub fn keys_endpoint(mut self, url: &str) -> Self {
        self.keys_endpoint = Some(url.to_owned());
        self
    }

    /// What the server signs with. Default: nothing, and then it signs nothing.
    #[cfg(feature = "jwt")]
    pub fn signing_keys(mut self, source: SigningKeySource) -> Self {
        self.signing_keys = Some(source);
        self
    }

    /// What the server allows.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Where clients are looked up. Default: client records in the storage, cached as the policy says.
    pub fn clients(mut self, clients: Arc<dyn ClientRegistry>) -> Self {
        self.clients = Some(clients);
        self
    }

    /// The clock. Default: the system's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The source of random bytes. Default: the system's.
    pub fn entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = entropy;
        self
    }

    /// Who receives audit events. Default: nobody.
    pub fn events(mut self, events: Arc<dyn EventSink>) -> Self {
        self.events = Some(events);
        self
    }

    /// Who decides how often somebody may try. Default: nobody, so put a limiter in front.
    pub fn rate_limiter(mut self, limiter: Arc<dyn RateLimiter>) -> Self {
        self.limiter = Some(limiter);
        self
    }

    /// Who verifies imported client secrets. Default: nobody; such a secret then never matches.
    pub fn secret_verifier(mut self, verifier: Arc<dyn SecretVerifier>) -> Self {
        self.verifier = Some(verifier);
        self
    }

    /// Who knows whether a user is still active. Default: every user is.
    pub fn accounts(mut self, accounts: Arc<dyn AccountDirectory>) -> Self {
        self.accounts = Some(accounts);
        self
    }

    /// One more grant type of the host's own.
    pub fn custom_grant(mut self, grant: Arc<dyn CustomGrant>) -> Self {
        self.custom_grants.push(grant);
        self
    }

    /// The scope tokens that the metadata shows. Default: none, which leaves the member out.
    pub fn scopes_supported<'a>(mut self, scopes: impl IntoIterator<Item = &'a str>) -> Self {
        self.scopes_supported = scopes.into_iter().map(str::to_owned).collect();
        self
    }

    /// A URL where developers read about the server.
    pub fn service_documentation(mut self, url: &str) -> Self {
        self.service_documentation = Some(url.to_owned());
        self
    }

    /// The server, if everything fits together.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError`] names the first field that does not fit, its value and the rule.
    pub fn build(self) -> Result<AuthorizationServer, ConfigurationError> {
        let issuer: Issuer =
            self.issuer.parse().map_err(|rule| ConfigurationError::Issuer { value: self.issuer.clone(), rule })?;
        if issuer.is_insecure() && !self.policy.danger.allows_insecure_loopback_issuer {
            return Err(ConfigurationError::Issuer { value: self.issuer, rule: InvalidIssuer::NotHttps });
        }
        let name = self.realm.unwrap_or_else(|| issuer.to_string());
        let realm: Realm = name.parse().map_err(|rule| ConfigurationError::Realm { value: name, rule })?;
        let endpoints = endpoints(&issuer, self.endpoints)?;
        #[cfg(feature = "jwt")]
        let endpoints = with_keys(endpoints, self.keys_endpoint, self.signing_keys.is_some(), &issuer)?;
        self.policy.check()?;
        for scope in &self.scopes_supported {
            if scope.parse::<Scope>().is_err() {
                return Err(ConfigurationError::Scope { value: scope.clone() });
            }
        }
        if let Some(url) = &self.service_documentation {
            ensure_url("service_documentation", url, &issuer)?;
        }
        for purpose in [Purpose::Masking, Purpose::Derivation, Purpose::Handles] {
            if self.keyring.key(purpose, self.keyring.current()).is_none() {
                return Err(ConfigurationError::Keyring { number: self.keyring.current() });
            }
        }
        ensure_custom(&self.custom_grants)?;
        #[cfg(feature = "jwt")]
        let signing_keys = match self.signing_keys {
            None => None,
            Some(source) => {
                if let Some(rule) = source.fault() {
                    return Err(ConfigurationError::SigningKeys { rule });
                }
                Some(KeyRing::new(source, self.policy.key_rotation, self.policy.access_token_lifetime))
            }
        };
        let clients = match self.clients {
            Some(clients) => Registry::Host(clients),
            None => Registry::Stored(Box::new(StoredClients::new(&self.storage, &self.clock, &self.policy))),
        };
        let secret_checks = SecretChecks::at_most(self.policy.most_concurrent_secret_checks);
        Ok(AuthorizationServer(Arc::new(Parts {
            issuer,
            realm,
            endpoints,
            policy: self.policy,
            storage: self.storage,
            clients,
            keyring: self.keyring,
            clock: self.clock,
            entropy: self.entropy,
            events: self.events,
            limiter: self.limiter,
            verifier: self.verifier,
            secret_checks,
            accounts: self.accounts,
            custom_grants: self.custom_grants,
            scopes_supported: self.scopes_supported,
            service_documentation: self.service_documentation,
            #[cfg(feature = "jwt")]
            signing_keys,
        })))
    }
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Builder({})", self.issuer)
    }
}

fn endpoints(issuer: &Issuer, chosen: [Option<String>; 4]) -> Result<Endpoints, ConfigurationError> {
    let [authorization, token, introspection, revocation] = chosen;
    let url = |field, chosen: Option<String>, default| {
        let url = chosen.unwrap_or_else(|| format!("{issuer}{default}"));
        ensure_url(field, &url, issuer).map(|()| url)
    };
    let endpoints = Endpoints {
        authorization: url("authorization_endpoint", authorization, "/authorize")?,
        token: url("token_endpoint", token, "/token")?,
        introspection: url("introspection_endpoint", introspection, "/introspect")?,
        revocation: url("revocation_endpoint", revocation, "/revoke")?,
        #[cfg(feature = "jwt")]
        keys: String::new(),
    };
    let urls = [&endpoints.authorization, &endpoints.token, &endpoints.introspection, &endpoints.revocation];
    for (index, url) in urls.iter().enumerate() {
        if urls.iter().take(index).any(|earlier| earlier == url) {
            return Err(ConfigurationError::EndpointTaken { value: (*url).clone() });
        }
    }
    Ok(endpoints)
}

#[cfg(feature = "jwt")]
fn with_keys(
    endpoints: Endpoints,
    chosen: Option<String>,
    has_keys: bool,
    issuer: &Issuer,
) -> Result<Endpoints, ConfigurationError> {
    // Where nothing was asked for, the default is in nobody's way.
    let is_wanted = has_keys || chosen.is_some();
    let keys = chosen.unwrap_or_else(|| format!("{issuer}/jwks"));
    ensure_url("keys_endpoint", &keys, issuer)?;
    let taken = [&endpoints.authorization, &endpoints.token, &endpoints.introspection, &endpoints.revocation];
    if is_wanted && taken.contains(&&keys) {
        return Err(ConfigurationError::EndpointTaken { value: keys });
    }
    Ok(Endpoints { keys, ..endpoints })
}

fn ensure_url(field: &'static str, value: &str, issuer: &Issuer) -> Result<(), ConfigurationError> {
    let error = |rule| ConfigurationError::Url { field, value: value.to_owned(), rule };
    // The parser would pass over spaces and control bytes, and they would be published.
    let is_plain = value.bytes().all(|byte| byte.is_ascii_graphic());
    let url = Url::parse(value).ok().filter(|_| is_plain).ok_or_else(|| error("must be an absolute URL"))?;
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if url.scheme() != "https" && !(issuer.is_insecure() && is_loopback && url.scheme() == "http") {
        return Err(error("must be an https URL"));
    }
    if value.contains('#') {
        return Err(error("must not have a fragment"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(error("must not have a user name"));
    }
    Ok(())
}

fn ensure_custom(grants: &[Arc<dyn CustomGrant>]) -> Result<(), ConfigurationError> {
    for (index, grant) in grants.iter().enumerate() {
        let name = grant.grant_type();
        let is_taken = grants.iter().take(index).any(|earlier| earlier.grant_type() == name);
        if is_taken || !matches!(name, GrantType::Custom(_)) {
            return Err(ConfigurationError::CustomGrant { value: name.to_string() });
        }
    }
    Ok(())
}

/// Why a server cannot be built.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigurationError {
    /// A custom grant type that has a built-in name, or the name of another.
    #[error("custom_grant {value}: must be an absolute URI that no other grant type has")]
    CustomGrant {
        /// The grant type.
        value: String,
    },
    /// Two endpoints of one URL.
    #[error("endpoint {value}: must not be the URL of two endpoints")]
    EndpointTaken {
        /// The URL.
        value: String,
    },
    /// An issuer that is not one.
    #[error("issuer {value}: {rule}")]
    Issuer {
        /// The issuer.
        value: String,
        /// The rule that is broken.
        rule: InvalidIssuer,
    },
    /// A keyring without its current key.
    #[error("keyring: has no key of its current number {number}")]
    Keyring {
        /// The number.
        number: u8,
    },
    /// A policy field that is out of bounds.
    #[error("policy: {0}")]
    Policy(#[from] PolicyViolation),
    /// A realm that is not one.
    #[error("realm {value}: {rule}")]
    Realm {
        /// The name.
        value: String,
        /// The rule that is broken.
        rule: InvalidRealm,
    },
    /// A scope token that is not one.
    #[error("scopes_supported {value}: must be a single scope token")]
    Scope {
        /// The token.
        value: String,
    },
    /// Signing keys that cannot work.
    #[error("signing_keys: {rule}")]
    SigningKeys {
        /// The rule that is broken.
        rule: &'static str,
    },
    /// A URL that cannot be published.
    #[error("{field} {value}: {rule}")]
    Url {
        /// The field.
        field: &'static str,
        /// The URL.
        value: String,
        /// The rule that is broken.
        rule: &'static str,
    },
}
