//! Registering clients.
//!
//! [RFC 6749 §2](https://www.rfc-editor.org/rfc/rfc6749#section-2),
//! [RFC 9700 §2.1](https://www.rfc-editor.org/rfc/rfc9700#section-2.1)

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::{AuthorizationServer, Unavailable};
use crate::host::{ClientChange, Expected};
use crate::policy::{Policy, PolicyViolation};
use crate::record::{
    ApplicationType, Client, ClientDisplay, ClientOverrides, ClientSecretForm, StoredClientSecret, Trust,
};
use crate::value::{
    AuthenticationMethod, ClientId, ClientSecret, GrantType, InstanceId, Realm, RedirectUri, ResourceSet, ScopeSet,
    Timestamp,
};

/// What a client is registered with. Begin with one of the constructors and add what the client needs.
#[derive(Clone)]
#[non_exhaustive]
pub struct Registration {
    /// The identifier, if the host chooses it. Default: a random one.
    pub id: Option<ClientId>,
    /// How the client authenticates.
    pub authentication: AuthenticationMethod,
    /// Where the client runs.
    pub application: ApplicationType,
    /// How far the client's registration was verified.
    pub trust: Trust,
    /// Grant types that the client may use.
    pub grant_types: Vec<GrantType>,
    /// Redirection URIs.
    pub redirect_uris: Vec<RedirectUri>,
    /// Whether `http://localhost` counts as loopback for this native client.
    pub allows_localhost: bool,
    /// Scope that the client may ask for.
    pub scope: ScopeSet,
    /// Scope that is meant when the client asks for none.
    pub default_scope: ScopeSet,
    /// Resources that the client's tokens may be used at.
    pub resources: ResourceSet,
    /// Resources that this client is: for resource servers.
    pub identifies: ResourceSet,
    /// Whether the client may introspect tokens that were issued to itself.
    pub may_introspect_own_tokens: bool,
    /// Whether one access token may be valid at several resources.
    pub allows_multiple_audiences: bool,
    /// When the minted secret stops working. Default: never.
    pub secret_expires_at: Option<Timestamp>,
    /// What the host's secret verifier wrote for an imported secret. With it, no secret is minted.
    pub imported_secret: Option<String>,
    /// Where this client differs from the policy.
    pub overrides: ClientOverrides,
    /// What a consent page may show.
    pub display: ClientDisplay,
}

impl Registration {
    fn new(authentication: AuthenticationMethod, grant_types: Vec<GrantType>) -> Self {
        Self {
            id: None,
            authentication,
            application: ApplicationType::Web,
            trust: Trust::Verified,
            grant_types,
            redirect_uris: Vec::new(),
            allows_localhost: false,
            scope: ScopeSet::empty(),
            default_scope: ScopeSet::empty(),
            resources: ResourceSet::default(),
            identifies: ResourceSet::default(),
            may_introspect_own_tokens: false,
            allows_multiple_audiences: false,
            secret_expires_at: None,
            imported_secret: None,
            overrides: ClientOverrides::default(),
            display: ClientDisplay::default(),
        }
    }

    /// A client on a server: it keeps a secret, sends users to log in, and may refresh.
    #[must_use]
    pub fn confidential(redirect_uris: Vec<RedirectUri>) -> Self {
        let grant_types = vec![GrantType::AuthorizationCode, GrantType::RefreshToken];
        Self { redirect_uris, ..Self::new(AuthenticationMethod::ClientSecretBasic, grant_types) }
    }

    /// A client that keeps no secret: in a browser, or, with [`ApplicationType::Native`], on the user's device.
    #[must_use]
    pub fn public(redirect_uris: Vec<RedirectUri>) -> Self {
        let grant_types = vec![GrantType::AuthorizationCode, GrantType::RefreshToken];
        Self { redirect_uris, ..Self::new(AuthenticationMethod::None, grant_types) }
    }

    /// A client that acts for itself.
    #[must_use]
    pub fn machine() -> Self {
        Self::new(AuthenticationMethod::ClientSecretBasic, vec![GrantType::ClientCredentials])
    }

    /// An API that asks about the tokens that are presented to it.
    #[must_use]
    pub fn resource_server(identifies: ResourceSet) -> Self {
        Self { identifies, ..Self::new(AuthenticationMethod::ClientSecretBasic, Vec::new()) }
    }

    /// The same registration under a chosen identifier.
    #[must_use]
    pub fn with_id(self, id: ClientId) -> Self {
        Self { id: Some(id), ..self }
    }

    /// The same registration on the user's device: loopback and private-use redirects become possible.
    #[must_use]
    pub fn native(self) -> Self {
        Self { application: ApplicationType::Native, ..self }
    }

    /// The same registration with a scope that the client may ask for, all of it meant when it asks for none.
    #[must_use]
    pub fn with_scope(self, scope: ScopeSet) -> Self {
        Self { default_scope: scope.clone(), scope, ..self }
    }

    /// The same registration with resources that the client's tokens may be used at.
    #[must_use]
    pub fn with_resources(self, resources: ResourceSet) -> Self {
        Self { resources, ..self }
    }

    /// The same registration with a name for the consent page.
    #[must_use]
    pub fn with_name(mut self, name: &str) -> Self {
        self.display.name = Some(name.to_owned());
        self
    }

    /// The client that this makes, for a [`ClientRegistry`](crate::host::ClientRegistry) of the host's own: checked as
    /// [`register`](AuthorizationServer::register) checks it, and saved nowhere.
    ///
    /// The instance stays the same as long as the client does: what belongs to another instance is dead. No secret is
    /// minted; beside an imported one the host may add to [`Client::secrets`].
    ///
    /// # Errors
    ///
    /// [`InvalidRegistration`]: the parts do not fit together.
    pub fn into_client(
        self,
        id: ClientId,
        instance: InstanceId,
        realm: &Realm,
        policy: &Policy,
        now: Timestamp,
    ) -> Result<Client, InvalidRegistration> {
        self.check(policy)?;
        let secrets = self.imported_secret.clone().map(|stored| StoredClientSecret {
            form: ClientSecretForm::Verifier(stored),
            expires_at: self.secret_expires_at,
        });
        let client = Client::new(realm, id, instance, self.authentication, now);
        Ok(self.applied_to(Client { secrets: secrets.into_iter().collect(), ..client }))
    }

    /// Checks that the parts fit together, and that no override is beyond what a policy may say.
    pub(super) fn check(&self, policy: &Policy) -> Result<(), InvalidRegistration> {
        let is_public = self.authentication == AuthenticationMethod::None;
        let is_native = self.application == ApplicationType::Native;
        if is_public && (self.imported_secret.is_some() || self.secret_expires_at.is_some()) {
            return Err(InvalidRegistration::SecretOfPublicClient);
        }
        if self.imported_secret.as_ref().is_some_and(|stored| stored.trim().is_empty()) {
            return Err(InvalidRegistration::EmptySecret);
        }
        if is_public && self.grant_types.contains(&GrantType::ClientCredentials) {
            return Err(InvalidRegistration::MachineWithoutSecret);
        }
        if is_public && (!self.identifies.is_empty() || self.may_introspect_own_tokens) {
            return Err(InvalidRegistration::IntrospectionWithoutSecret);
        }
        if is_native && !is_public {
            return Err(InvalidRegistration::SecretOnDevice);
        }
        if self.grant_types.contains(&GrantType::AuthorizationCode) && self.redirect_uris.is_empty() {
            return Err(InvalidRegistration::NoRedirectUri);
        }
        if self.redirect_uris.len() > MOST_REDIRECT_URIS {
            return Err(InvalidRegistration::TooManyRedirectUris);
        }
        for uri in &self.redirect_uris {
            if !is_native && (uri.is_loopback() || uri.has_private_scheme()) {
                return Err(InvalidRegistration::RedirectUriOfNativeClient(uri.clone()));
            }
            if uri.is_localhost() && !self.allows_localhost {
                return Err(InvalidRegistration::Localhost(uri.clone()));
            }
        }
        if !self.default_scope.is_subset_of(&self.scope) {
            return Err(InvalidRegistration::DefaultScope);
        }
        self.check_overrides(policy.clone())?;
        self.check_display()
    }

    fn check_overrides(&self, mut policy: Policy) -> Result<(), InvalidRegistration> {
        let overrides = &self.overrides;
        for (field, lifetime) in [
            (&mut policy.access_token_lifetime, overrides.access_token_lifetime),
            (&mut policy.confidential_refresh_idle_lifetime, overrides.refresh_token_idle_lifetime),
            (&mut policy.confidential_refresh_lifetime, overrides.refresh_token_lifetime),
        ] {
            *field = lifetime.unwrap_or(*field);
        }
        Ok(policy.check()?)
    }

    fn check_display(&self) -> Result<(), InvalidRegistration> {
        let display = &self.display;
        let uris = [&display.uri, &display.logo_uri, &display.policy_uri, &display.terms_uri];
        for uri in uris.into_iter().flatten() {
            let is_https = url::Url::parse(uri).is_ok_and(|url| url.scheme() == "https");
            if !is_https
                || uri.len() > MOST_DISPLAY_BYTES
                || uri.contains(char::is_whitespace)
                || uri.chars().any(is_deceptive)
            {
                return Err(InvalidRegistration::DisplayUri);
            }
        }
        let is_bad = |name: &String| name.len() > MOST_DISPLAY_BYTES || name.chars().any(is_deceptive);
        if display.name.as_ref().is_some_and(is_bad) {
            return Err(InvalidRegistration::DisplayName);
        }
        Ok(())
    }
}

/// An imported secret may be the digest of a guessable one.
impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Registration({:?}, {}, redacted)", self.id, self.authentication)
    }
}

/// Control characters, and those that reorder what follows, can make a name say something else.
fn is_deceptive(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
        )
}

/// A client that was just registered. Its secret is shown here and never again.
#[derive(Debug)]
#[non_exhaustive]
pub struct RegisteredClient {
    /// The client.
    pub client: Arc<Client>,
    /// The minted secret, if the client has one.
    pub secret: Option<ClientSecret>,
}

impl AuthorizationServer {
    /// Registers a client in the storage, where the default client registry finds it.
    ///
    /// # Errors
    ///
    /// [`RegistrationError`]: the parts do not fit together, the identifier is taken, the clients are in a registry of
    /// the host, or the storage failed.
    pub async fn register(&self, registration: Registration) -> Result<RegisteredClient, RegistrationError> {
        if self.0.clients.stored().is_none() {
            return Err(RegistrationError::HostRegistry);
        }
        registration.check(&self.0.policy)?;
        let now = self.now();
        let id = match &registration.id {
            Some(id) => id.clone(),
            None => URL_SAFE_NO_PAD.encode(self.random::<16>()?).parse().map_err(|_| Unavailable::OutcomeUnknown)?,
        };
        let instance = InstanceId::from_bytes(self.random()?);
        let (secret, stored) = self.client_secret(&registration)?;
        let secrets = stored.into_iter().collect();
        let client = Client::new(&self.0.realm, id, instance, registration.authentication, now);
        let client = registration.applied_to(Client { secrets, ..client });
        for _ in 0..2 {
            if let Some(saved) = self.save_client(client.clone(), Expected::Absent, ClientChange::Registered).await? {
                return Ok(RegisteredClient { client: saved.record, secret });
            }
            match self.load_client(client.id()).await? {
                // Its grants first: who is registered now is somebody else.
                Some(stored) if stored.record.is_deleted() => {
                    self.finish_client(&stored.record, stored.version, now).await?;
                }
                _ => break,
            }
        }
        Err(RegistrationError::IdentifierTaken)
    }

    fn client_secret(
        &self,
        registration: &Registration,
    ) -> Result<(Option<ClientSecret>, Option<StoredClientSecret>), RegistrationError> {
        let expires_at = registration.secret_expires_at;
        if registration.authentication == AuthenticationMethod::None {
            return Ok((None, None));
        }
        if let Some(stored) = &registration.imported_secret {
            let form = ClientSecretForm::Verifier(stored.clone());
            return Ok((None, Some(StoredClientSecret { form, expires_at })));
        }
        let secret = self.mint_client_secret()?;
        let form = ClientSecretForm::Digest(secret.digest());
        Ok((Some(secret), Some(StoredClientSecret { form, expires_at })))
    }

    /// A client secret with 256 random bits.
    pub(super) fn mint_client_secret(&self) -> Result<ClientSecret, Unavailable> {
        let text = Zeroizing::new(URL_SAFE_NO_PAD.encode(*Zeroizing::new(self.random::<32>()?)));
        text.parse().map_err(|_| Unavailable::OutcomeUnknown)
    }
}

/// Why the parts of a registration do not fit together.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidRegistration {
    /// A default scope beyond what the client may ask for.
    #[error("default_scope exceeds scope")]
    DefaultScope,
    /// A name that is too long or could deceive.
    #[error("display.name is longer than 2048 bytes or contains control or direction characters")]
    DisplayName,
    /// A display URI that is not `https`, or could deceive.
    #[error("a display URI is not an https URL of at most 2048 bytes without spaces and control characters")]
    DisplayUri,
    /// An imported secret that is empty.
    #[error("imported_secret is empty")]
    EmptySecret,
    /// An update under another identifier.
    #[error("an update cannot change the identifier")]
    Identifier,
    /// A public client that wants to introspect.
    #[error("a public client cannot introspect")]
    IntrospectionWithoutSecret,
    /// `http://localhost` without the opt-in.
    #[error("redirect URI {0} needs allows_localhost")]
    Localhost(RedirectUri),
    /// A public client that wants tokens for itself.
    #[error("a public client cannot use client_credentials")]
    MachineWithoutSecret,
    /// The authorization code grant without a redirect URI.
    #[error("authorization_code needs a redirect URI")]
    NoRedirectUri,
    /// An override that no policy may have.
    #[error("overrides: {0}")]
    Override(#[from] PolicyViolation),
    /// A loopback or private-use redirect URI of a client that is not native.
    #[error("redirect URI {0} is for native clients only")]
    RedirectUriOfNativeClient(RedirectUri),
    /// An update with a secret, which is replaced by rotation.
    #[error("an update cannot change the secret")]
    SecretInUpdate,
    /// A secret for a client that cannot keep one.
    #[error("a public client has no secret")]
    SecretOfPublicClient,
    /// A native client with a secret that every copy of it would share.
    #[error("a native client cannot keep a secret")]
    SecretOnDevice,
    /// More than 64 redirect URIs.
    #[error("more than 64 redirect URIs")]
    TooManyRedirectUris,
}

/// Why a client was not registered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// The server was built with a client registry of the host's own, so its clients are the host's to register.
    #[error("the clients are in a registry of the host")]
    HostRegistry,
    /// Another client has the identifier.
    #[error("the client identifier is taken")]
    IdentifierTaken,
    /// The parts do not fit together.
    #[error(transparent)]
    Invalid(#[from] InvalidRegistration),
    /// The server cannot answer now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

const MOST_REDIRECT_URIS: usize = 64;
const MOST_DISPLAY_BYTES: usize = 2048;
