//! Drive: load, judge, mint, save, answer.
//!
//! One short file for each endpoint. Only here is anything awaited; every rule is a pure function of the rings below.

mod administration;
mod authenticate;
mod authorize;
mod builder;
mod clients;
mod commit;
#[cfg(feature = "metrics")]
mod count;
mod error;
mod guard;
mod introspect;
mod introspected_tokens;
mod metadata;
mod mint;
mod register;
mod remote_introspection;
mod revoke;
mod secret_checks;
#[cfg(feature = "jwt")]
mod signing_keys;
mod sweep;
mod tell;
mod token;
#[cfg(feature = "tracing")]
mod trace;
mod turns;
mod validate;

use std::sync::Arc;

pub use administration::{
    AdministrationError, ConsentSummary, GrantPhase, GrantSummary, InvalidCursor, Page, PageCursor, RotatedSecret,
    SecretRotation, Shown,
};
pub use authorize::{
    Approved, AskingClient, Authorization, Decision, ErrorPage, ErrorPageKind, Interaction, Need, Onward, UserSession,
    Visitor,
};
pub use builder::{Builder, ConfigurationError};
pub use clients::StoredClients;
pub use error::{EndpointError, Unavailable};
pub use guard::{Guard, GuardError};
pub use register::{InvalidRegistration, RegisteredClient, Registration, RegistrationError};
pub use remote_introspection::{RemoteIntrospection, UnusableAnswer};
#[cfg(feature = "jwt")]
pub use signing_keys::{PublishedKeys, SigningKeySource};
pub use sweep::Swept;
#[cfg(feature = "tokio")]
pub use sweep::{Sweeper, Sweeping};

use self::clients::Registry;
use self::secret_checks::SecretChecks;
use crate::host::{
    AccountDirectory, Clock, CustomGrant, Entropy, EventSink, Keyring, RateLimiter, SecretVerifier, Storage,
};
use crate::policy::Policy;
use crate::value::{Issuer, Realm, Timestamp};

/// An authorization server. Cheap to clone; without type parameters; every method may be called from many tasks.
///
/// A future that is dropped at any point leaves all or nothing.
#[derive(Clone)]
pub struct AuthorizationServer(Arc<Parts>);

/// What a server is made of.
pub(crate) struct Parts {
    issuer: Issuer,
    realm: Realm,
    endpoints: Endpoints,
    policy: Policy,
    storage: Arc<dyn Storage>,
    clients: Registry,
    keyring: Arc<dyn Keyring>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    events: Option<Arc<dyn EventSink>>,
    limiter: Option<Arc<dyn RateLimiter>>,
    verifier: Option<Arc<dyn SecretVerifier>>,
    secret_checks: SecretChecks,
    accounts: Option<Arc<dyn AccountDirectory>>,
    custom_grants: Vec<Arc<dyn CustomGrant>>,
    scopes_supported: Vec<String>,
    service_documentation: Option<String>,
    #[cfg(feature = "jwt")]
    signing_keys: Option<signing_keys::KeyRing>,
}

/// The URLs of the endpoints.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Endpoints {
    /// Where browsers are sent.
    pub authorization: String,
    /// Where clients get tokens.
    pub token: String,
    /// Where resource servers ask about tokens.
    pub introspection: String,
    /// Where clients give tokens back.
    pub revocation: String,
    /// Where the keys are that verify what the server signs.
    #[cfg(feature = "jwt")]
    pub keys: String,
}

impl AuthorizationServer {
    /// Begins a server for `issuer`, an `https` URL. Nothing is checked before [`Builder::build`].
    pub fn builder(issuer: &str, storage: Arc<dyn Storage>, keyring: Arc<dyn Keyring>) -> Builder {
        Builder::new(issuer, storage, keyring)
    }

    /// The issuer identifier.
    #[must_use]
    pub fn issuer(&self) -> &Issuer {
        &self.0.issuer
    }

    /// The realm under which the server keeps its records.
    #[must_use]
    pub fn realm(&self) -> &Realm {
        &self.0.realm
    }

    /// The URLs of the endpoints.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.0.endpoints
    }

    /// What the server allows.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.0.policy
    }

    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    fn prefix(&self) -> &str {
        self.0.policy.credential_prefix.as_str()
    }
}

impl std::fmt::Debug for AuthorizationServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AuthorizationServer({})", self.0.issuer)
    }
}
