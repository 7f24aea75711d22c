//! A server, clients of every kind, browsers and their users: for tests of what happens in front of a browser.

use std::ops::Deref;
use std::sync::Arc;

use grantsmith::host::{Filter, Storage};
use grantsmith::policy::Policy;
use grantsmith::record::{Authentication, Grant, Key, Record, Trust};
use grantsmith::server::{
    Approved, Authorization, Builder, Decision, ErrorPageKind, Interaction, RegisteredClient, Registration,
    UserSession, Visitor,
};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::value::{CodeVerifier, RedirectUri, Timestamp};
use grantsmith::wire::TokenResponse;
use pollster::FutureExt as _;
use url::Url;

pub(crate) use crate::token_world::{API, NOW, OTHER_API, REDIRECT_URI, VERIFIER, code_of, resources};
use crate::token_world::{TokenWorld, redemption};

/// The token world, with clients and users for the authorization endpoint.
pub(crate) struct World {
    tokens: TokenWorld,
    /// A public client on the user's device, with loopback and private-use redirects.
    pub(crate) native: RegisteredClient,
    /// A confidential client with two redirect URIs, one with a query.
    pub(crate) twofold: RegisteredClient,
    /// A client that registered itself.
    pub(crate) stranger: RegisteredClient,
}

impl Deref for World {
    type Target = TokenWorld;

    fn deref(&self) -> &TokenWorld {
        &self.tokens
    }
}

pub(crate) const LOOPBACK: &str = "http://127.0.0.1/callback";
pub(crate) const SECOND_URI: &str = "https://app.example/second?a=1";
pub(crate) const STRANGER_URI: &str = "https://stranger.example/callback";

impl World {
    pub(crate) fn new() -> Self {
        Self::with_policy(Policy::default())
    }

    pub(crate) fn with_policy(policy: Policy) -> Self {
        Self::build(Arc::new(MemoryStorage::new()), |builder| builder.policy(policy))
    }

    pub(crate) fn build(storage: Arc<dyn Storage>, configure: impl FnOnce(Builder) -> Builder) -> Self {
        let tokens = TokenWorld::build(storage, configure);
        let register = |registration: Registration| {
            let registration = registration.with_scope("admin read write".parse().unwrap());
            tokens.server.register(registration.with_resources(resources(&[API]))).block_on().unwrap()
        };
        let loopbacks = uris(&[LOOPBACK, "http://[::1]/callback", "com.example.app:/callback"]);
        let native = register(Registration::public(loopbacks).native());
        let twofold = register(Registration::confidential(uris(&[REDIRECT_URI, SECOND_URI])));
        let mut stranger = Registration::confidential(uris(&[STRANGER_URI]));
        stranger.trust = Trust::Unverified;
        let stranger = register(stranger);
        Self { tokens, native, twofold, stranger }
    }

    pub(crate) fn register(&self, registration: Registration) -> RegisteredClient {
        self.server.register(registration).block_on().unwrap()
    }

    /// A browser without cookies and without a session.
    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser { world: self, cookie: None, session: None }
    }

    /// A browser whose user logged in an hour ago.
    pub(crate) fn browser_of(&self, subject: &str) -> Browser<'_> {
        let mut browser = self.browser();
        browser.log_in_at(subject, self.now().as_seconds() - 3600);
        browser
    }

    /// Every record of a user, as the storage lists it.
    pub(crate) fn records_of(&self, subject: &str) -> Vec<Record> {
        let filter = Filter::Subject(*self.server.realm().fingerprint(), subject.parse().unwrap());
        let listing = self.storage.list(&filter, None, 1000).block_on().unwrap();
        listing.keys.into_iter().filter_map(|key| self.record(key)).collect()
    }

    /// Every grant of a user, denied ones included.
    pub(crate) fn grants_of(&self, subject: &str) -> Vec<Arc<Grant>> {
        let records = self.records_of(subject).into_iter();
        records.filter_map(|record| if let Record::Grant(grant) = record { Some(grant) } else { None }).collect()
    }

    pub(crate) fn record(&self, key: Key) -> Option<Record> {
        self.storage.load(key).block_on().unwrap().map(|stored| stored.record)
    }

    /// A code that a user approved through the pages.
    pub(crate) fn approved_code(&self, client: &RegisteredClient, subject: &str) -> String {
        let mut browser = self.browser_of(subject);
        code_in(&browser.approve_all(&Request::of(client)))
    }

    /// The tokens that a user approved through the pages.
    pub(crate) fn approved_tokens(&self, client: &RegisteredClient, subject: &str) -> TokenResponse {
        let code = self.approved_code(client, subject);
        self.token(client, &redemption(&code)).unwrap()
    }
}

pub(crate) fn uris(texts: &[&str]) -> Vec<RedirectUri> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// One browser: its binding cookie, and the user's session, if somebody is logged in.
#[derive(Clone)]
pub(crate) struct Browser<'a> {
    world: &'a World,
    pub(crate) cookie: Option<String>,
    pub(crate) session: Option<UserSession>,
}

impl Browser<'_> {
    /// Somebody logs in now.
    pub(crate) fn log_in(&mut self, subject: &str) {
        self.log_in_at(subject, self.world.now().as_seconds());
    }

    pub(crate) fn log_in_at(&mut self, subject: &str, at: i64) {
        let mut authentication = Authentication::at(Timestamp::from_seconds(at));
        authentication.session = Some(format!("session of {subject} at {at}").parse().unwrap());
        self.session = Some(UserSession { subject: subject.parse().unwrap(), authentication });
    }

    pub(crate) fn authorize(&mut self, request: &Request) -> Authorization {
        self.send(request.query().as_bytes())
    }

    pub(crate) fn send(&mut self, parameters: &[u8]) -> Authorization {
        let answer = self.world.server.authorize(parameters, &self.visitor()).block_on();
        self.keep_cookie(answer)
    }

    pub(crate) fn resume(&mut self, handle: &str) -> Authorization {
        let answer = self.world.server.resume(handle, &self.visitor()).block_on();
        self.keep_cookie(answer)
    }

    pub(crate) fn decide(&mut self, handle: &str, decision: &Decision) -> Authorization {
        let answer = self.world.server.decide(handle, &self.visitor(), decision).block_on();
        self.keep_cookie(answer)
    }

    /// Agrees to everything on the consent page.
    pub(crate) fn approve(&mut self, handle: &str) -> Authorization {
        self.decide(handle, &Decision::Approve(Approved::default()))
    }

    pub(crate) fn deny(&mut self, handle: &str) -> Authorization {
        self.decide(handle, &Decision::Deny)
    }

    /// Agrees to everything, and wants not to be asked again.
    pub(crate) fn approve_for_good(&mut self, handle: &str) -> Authorization {
        self.decide(handle, &Decision::Approve(Approved { remember: true, ..Approved::default() }))
    }

    /// A request whose user, who is logged in, agrees.
    pub(crate) fn approve_all(&mut self, request: &Request) -> Authorization {
        let page = asked(self.authorize(request));
        self.approve(&page.handle)
    }

    pub(crate) fn visitor(&self) -> Visitor<'_> {
        Visitor { session: self.session.as_ref(), binding: self.cookie.as_deref(), caller: None }
    }

    fn keep_cookie(&mut self, answer: Authorization) -> Authorization {
        if let Authorization::Ask(interaction) = &answer
            && let Some(cookie) = &interaction.binding
        {
            self.cookie = Some(cookie.clone());
        }
        answer
    }
}

/// An authorization request that is in order, until a test changes it.
#[derive(Clone)]
pub(crate) struct Request(Vec<(String, String)>);

impl Request {
    /// A request for one resource, to the client's first redirect URI.
    pub(crate) fn of(client: &RegisteredClient) -> Self {
        let challenge = CodeVerifier::new(VERIFIER.into()).unwrap().challenge();
        let challenge = serde_json::to_value(challenge).unwrap();
        let request = Self(Vec::new())
            .with("client_id", client.client.id().as_str())
            .with("response_type", "code")
            .with("code_challenge", challenge.as_str().unwrap())
            .with("code_challenge_method", "S256")
            .with("scope", "read write")
            .with("resource", API)
            .with("state", "the state");
        match client.client.redirect_uris.first() {
            Some(uri) => request.with("redirect_uri", uri.as_str()),
            None => request,
        }
    }

    /// The request with this parameter changed.
    pub(crate) fn with(self, name: &str, value: &str) -> Self {
        self.without(name).and(name, value)
    }

    /// The request with this parameter once more.
    pub(crate) fn and(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(have, _)| have != name);
        self
    }

    pub(crate) fn query(&self) -> String {
        serde_urlencoded::to_string(&self.0).unwrap()
    }
}

/// The page that the answer asks for.
#[track_caller]
pub(crate) fn asked(answer: Authorization) -> Interaction {
    match answer {
        Authorization::Ask(interaction) => *interaction,
        other => panic!("not asked, but {}", shown(&other)),
    }
}

/// Where the answer sends the browser.
#[track_caller]
pub(crate) fn location(answer: &Authorization) -> Url {
    match answer {
        Authorization::Redirect(location) => Url::parse(location).unwrap(),
        other => panic!("not redirected, but {}", shown(other)),
    }
}

/// The kind of the error page.
#[track_caller]
pub(crate) fn page(answer: &Authorization) -> ErrorPageKind {
    match answer {
        Authorization::ErrorPage(page) => page.kind(),
        other => panic!("not an error page, but {}", shown(other)),
    }
}

/// A parameter of the response, if it is there exactly once.
pub(crate) fn parameter(answer: &Authorization, name: &str) -> Option<String> {
    let fields: Vec<(String, String)> = match answer {
        Authorization::Redirect(location) => {
            Url::parse(location).unwrap().query_pairs().map(|(name, value)| (name.into(), value.into())).collect()
        }
        Authorization::FormPost(form) => {
            form.fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
        }
        Authorization::ErrorPage(_) | Authorization::Ask(_) => Vec::new(),
    };
    let mut values = fields.into_iter().filter(|(have, _)| have == name);
    let first = values.next();
    assert!(values.next().is_none(), "{name} is there twice");
    first.map(|(_, value)| value)
}

/// The error that the client is told.
#[track_caller]
pub(crate) fn error_in(answer: &Authorization) -> String {
    parameter(answer, "error").unwrap_or_else(|| panic!("no error, but {}", shown(answer)))
}

/// The code that the client is given.
#[track_caller]
pub(crate) fn code_in(answer: &Authorization) -> String {
    parameter(answer, "code").unwrap_or_else(|| panic!("no code, but {}", shown(answer)))
}

fn shown(answer: &Authorization) -> String {
    match answer {
        Authorization::Redirect(location) => format!("redirected to {location}"),
        other => format!("{other:?}"),
    }
}
