//! A server with clients of every kind, and grants put straight into its storage, for tests of the direct endpoints.

use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use grantsmith::host::{DerivedKeyring, Event, EventSink, Expected, Keyring as _, Purpose, Saved, Storage};
use grantsmith::policy::Policy;
use grantsmith::record::{
    Approval, Authentication, Code, Credential, CredentialKind, DerivationKey, Grant, Identity, Key, Locator,
    MaskingKey, Phase, Record, UserApproval, Version, Versioned,
};
use grantsmith::server::{AuthorizationServer, Builder, EndpointError, RegisteredClient, Registration};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::testing::{FixedClock, SeededEntropy};
use grantsmith::value::{CodeVerifier, GrantId, Lifetime, Realm, ResourceSet, ScopeSet, Secret, Subject, Timestamp};
use grantsmith::wire::{FormRequest, IntrospectionResponse, TokenResponse};
use pollster::FutureExt as _;

/// In 2049: servers that expire records by their own clock have not reached it.
pub(crate) const NOW: i64 = 2_500_000_000;
pub(crate) const VERIFIER: &str = "a-code-verifier-that-is-long-enough-for-everyone";
pub(crate) const REDIRECT_URI: &str = "https://app.example/callback";
pub(crate) const API: &str = "https://api.example";
pub(crate) const OTHER_API: &str = "https://other-api.example";

/// A server and everything around it.
pub(crate) struct TokenWorld {
    pub(crate) server: AuthorizationServer,
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) clock: FixedClock,
    pub(crate) events: Arc<Recorder>,
    /// A confidential client, `client_secret_basic`.
    pub(crate) web: RegisteredClient,
    /// A public client on the user's device.
    pub(crate) app: RegisteredClient,
    /// A client that acts for itself.
    pub(crate) machine: RegisteredClient,
    /// The resource server of [`API`].
    pub(crate) api: RegisteredClient,
    /// The resource server of [`OTHER_API`].
    pub(crate) other_api: RegisteredClient,
    next: AtomicU32,
    next_version: AtomicU8,
}

/// Keeps a line for each event.
#[derive(Default)]
pub(crate) struct Recorder(Mutex<Vec<String>>);

impl Recorder {
    /// How many events so far begin with that name.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|line| line.starts_with(name)).count()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl EventSink for Recorder {
    fn record(&self, _: &Realm, event: &Event<'_>) {
        self.0.lock().unwrap().push(format!("{event:?}"));
    }
}

/// What a test wants of an approved grant.
pub(crate) struct Wish<'a> {
    pub(crate) scope: &'a str,
    pub(crate) resources: &'a [&'a str],
    pub(crate) subject: &'a str,
}

impl Default for Wish<'_> {
    fn default() -> Self {
        Self { scope: "read write", resources: &[API], subject: "alice" }
    }
}

/// The keys that every server of these tests is built with.
pub(crate) fn keyring() -> DerivedKeyring {
    crate::observability::subscribe();
    DerivedKeyring::new(1, [7; 32]).unwrap()
}

pub(crate) fn resources(names: &[&str]) -> ResourceSet {
    ResourceSet::new(names.iter().map(|name| name.parse().unwrap()).collect()).unwrap()
}

impl TokenWorld {
    pub(crate) fn new() -> Self {
        Self::with_policy(Policy::default())
    }

    pub(crate) fn with_policy(policy: Policy) -> Self {
        Self::build(Arc::new(MemoryStorage::new()), |builder| builder.policy(policy))
    }

    pub(crate) fn build(storage: Arc<dyn Storage>, configure: impl FnOnce(Builder) -> Builder) -> Self {
        let clock = FixedClock::at(NOW);
        let events = Arc::new(Recorder::default());
        let builder = AuthorizationServer::builder("https://as.example", Arc::clone(&storage), Arc::new(keyring()))
            .clock(Arc::new(clock.clone()))
            .entropy(Arc::new(SeededEntropy::new(1)))
            .events(Arc::clone(&events) as Arc<dyn EventSink>);
        let server = configure(builder).build().unwrap();
        let both = resources(&[API, OTHER_API]);
        let register = |registration: Registration| {
            let registration = registration.with_scope("admin read write".parse().unwrap());
            server.register(registration).block_on().unwrap()
        };
        let uris = || vec![REDIRECT_URI.parse().unwrap()];
        let web = register(Registration::confidential(uris()).with_resources(both.clone()));
        let app = register(Registration::public(uris()).native().with_resources(both));
        let machine = register(Registration::machine().with_resources(resources(&[API])));
        let api = register(Registration::resource_server(resources(&[API])));
        let other_api = register(Registration::resource_server(resources(&[OTHER_API])));
        Self {
            server,
            storage,
            clock,
            events,
            web,
            app,
            machine,
            api,
            other_api,
            next: AtomicU32::new(1),
            next_version: AtomicU8::new(0),
        }
    }

    /// The same storage, clock and keys under a new server: a restart.
    pub(crate) fn restarted(&self) -> AuthorizationServer {
        AuthorizationServer::builder("https://as.example", Arc::clone(&self.storage), Arc::new(keyring()))
            .clock(Arc::new(self.clock.clone()))
            .build()
            .unwrap()
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Lifetime::seconds(seconds));
    }

    /// A code as the authorization endpoint would have given it out, with its grant in the storage.
    pub(crate) fn code(&self, client: &RegisteredClient, wish: &Wish<'_>) -> String {
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        let id = grant_id(number);
        let realm = self.server.realm();
        let keyring = keyring();
        let secret = DerivationKey::new(1, keyring.key(Purpose::Derivation, 1).unwrap()).code(id);
        let now = self.now();
        let code = Code {
            digest: CredentialKind::Code.digest(realm.fingerprint(), &secret),
            challenge: CodeVerifier::new(VERIFIER.into()).unwrap().challenge(),
            redirect_uri: client.client.redirect_uris.first().cloned().unwrap_or_else(|| REDIRECT_URI.parse().unwrap()),
            confirmation: None,
            expires_at: now.after(Lifetime::minutes(1)),
        };
        // As the authorization endpoint does, what is equal is shared.
        let scope: ScopeSet = wish.scope.parse().unwrap();
        let user = UserApproval {
            subject: wish.subject.parse().unwrap(),
            authentication: Authentication::at(now),
            requested_scope: scope.clone(),
            nonce: None,
        };
        let resources = resources(wish.resources);
        let resources = if resources == client.client.resources { client.client.resources.clone() } else { resources };
        let approval = Approval { scope, resources, user: Some(Box::new(user)) };
        let identity = Identity {
            id,
            realm,
            client: client.client.id(),
            client_instance: client.client.instance,
            held_until: now.after(Lifetime::minutes(10)),
        };
        let grant = Grant::approved_at(now, identity, approval, code);
        self.put(Record::Grant(Arc::new(grant)), number);
        Self::credential(CredentialKind::Code, &Locator::new(id, 0), &secret)
    }

    /// Writes a credential out as the server would.
    pub(crate) fn credential(kind: CredentialKind, locator: &Locator, secret: &Secret) -> String {
        let key = keyring().key(Purpose::Masking, 1).unwrap();
        let masking = MaskingKey::new(1, key.expose()[..16].try_into().unwrap());
        Credential::new("", kind, &masking, locator, secret).expose().to_owned()
    }

    pub(crate) fn put(&self, record: Record, version: u32) {
        let version = [version.to_be_bytes(); 4].concat().try_into().unwrap();
        let next = Versioned { version: Version::from_bytes(version), record };
        assert_eq!(self.storage.save(next, Expected::Absent).block_on().unwrap(), Saved::Applied);
    }

    /// Writes over whatever is stored.
    pub(crate) fn replace(&self, record: Record) {
        let stored = self.storage.load(record.key()).block_on().unwrap().unwrap().version;
        let mut version = [250; 16];
        version[0] = self.next_version.fetch_add(1, Ordering::SeqCst);
        let next = Versioned { version: Version::from_bytes(version), record };
        assert_eq!(self.storage.save(next, Expected::Version(stored)).block_on().unwrap(), Saved::Applied);
    }

    /// Every grant of a user, as stored.
    pub(crate) fn grants(&self) -> Vec<Arc<Grant>> {
        (1..self.next.load(Ordering::SeqCst)).filter_map(|number| self.grant(grant_id(number))).collect()
    }

    pub(crate) fn grant(&self, id: GrantId) -> Option<Arc<Grant>> {
        match self.storage.load(Key::of_grant(self.server.realm(), id)).block_on().unwrap()?.record {
            Record::Grant(grant) => Some(grant),
            _ => None,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        use grantsmith::host::Clock as _;
        self.clock.now()
    }

    /// Posts a form to the token endpoint, authenticated as the client is registered.
    pub(crate) fn token(&self, client: &RegisteredClient, form: &str) -> Result<TokenResponse, EndpointError> {
        post(client, form, |request| self.server.token(&request).block_on())
    }

    pub(crate) fn introspect(&self, caller: &RegisteredClient, token: &str) -> IntrospectionResponse<'static> {
        post(caller, &format!("token={token}"), |request| self.server.introspect(&request).block_on()).unwrap()
    }

    pub(crate) fn revoke(&self, client: &RegisteredClient, token: &str) -> Result<(), EndpointError> {
        post(client, &format!("token={token}"), |request| self.server.revoke(&request).block_on())
    }

    /// Whether the API is told that the token is active.
    pub(crate) fn is_active(&self, token: &str) -> bool {
        self.introspect(&self.api, token).active().is_some()
    }

    pub(crate) fn redeem(&self, client: &RegisteredClient, code: &str) -> Result<TokenResponse, EndpointError> {
        self.token(client, &redemption(code))
    }

    pub(crate) fn refresh(&self, client: &RegisteredClient, token: &str) -> Result<TokenResponse, EndpointError> {
        self.token(client, &format!("grant_type=refresh_token&refresh_token={token}"))
    }

    /// Tokens of a fresh code.
    pub(crate) fn tokens(&self, client: &RegisteredClient) -> TokenResponse {
        self.redeem(client, &self.code(client, &Wish::default())).unwrap()
    }

    /// The subject's stored grants that have ended.
    pub(crate) fn ended(&self) -> usize {
        self.grants().iter().filter(|grant| matches!(grant.phase(), Phase::Ended(_))).count()
    }
}

fn grant_id(number: u32) -> GrantId {
    GrantId::from_bytes([number.to_be_bytes(); 3].concat().try_into().unwrap())
}

/// The form that redeems a code.
pub(crate) fn redemption(code: &str) -> String {
    format!("grant_type=authorization_code&code={code}&code_verifier={VERIFIER}")
}

/// Sends a form as the client is registered: Basic for those with a secret, the name in the body for the others.
pub(crate) fn post<T>(client: &RegisteredClient, form: &str, send: impl FnOnce(FormRequest<'_>) -> T) -> T {
    let id = client.client.id().as_str();
    if let Some(secret) = &client.secret {
        let header = basic(id, secret.expose());
        send(FormRequest::new(form.as_bytes()).with_authorization(header.as_bytes()))
    } else {
        let form = format!("{form}&client_id={id}");
        send(FormRequest::new(form.as_bytes()))
    }
}

pub(crate) fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

/// The error code that the client saw.
pub(crate) fn code_of<T>(result: Result<T, EndpointError>) -> String {
    match result {
        Ok(_) => "ok".to_owned(),
        Err(error) => error.code().to_string(),
    }
}

pub(crate) fn access(response: &TokenResponse) -> &str {
    response.access_token.expose()
}

pub(crate) fn refresh_of(response: &TokenResponse) -> &str {
    response.refresh_token.as_ref().unwrap().expose()
}

pub(crate) fn subject(name: &str) -> Subject {
    name.parse().unwrap()
}
