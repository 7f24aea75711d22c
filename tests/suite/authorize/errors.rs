//! Errors: what the client is told, and when a browser is sent there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use grantsmith::host::{
    Attempt, Cursor, Expected, Filter, Listing, RateLimited, RateLimiter, Saved, Storage, StorageError,
    StorageErrorKind,
};
use grantsmith::policy::{ErrorRedirect, Policy};
use grantsmith::record::{Key, Record, RecordKind, Version, Versioned};
use grantsmith::server::{Authorization, ErrorPageKind, Need};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::value::{Lifetime, Timestamp};
use grantsmith::wire::AuthorizationResponse;

use crate::world::{REDIRECT_URI, Request, STRANGER_URI, World, asked, error_in, location, page, parameter};

/// Requests that fail after the redirect URI is proven, and what the client is told.
fn failures(world: &World) -> Vec<(Request, &'static str)> {
    let request = Request::of(&world.web);
    vec![
        (request.clone().without("response_type"), "invalid_request"),
        (request.clone().with("response_type", "token"), "unsupported_response_type"),
        (request.clone().without("code_challenge"), "invalid_request"),
        (request.clone().with("scope", "unknown"), "invalid_scope"),
        (request.clone().with("resource", "https://unknown.example"), "invalid_target"),
        (request.clone().with("max_age", "abc"), "invalid_request"),
        (request.clone().with("prompt", "create"), "invalid_request"),
        (request.clone().with("request", "x"), "request_not_supported"),
        (request.clone().with("request_uri", "x"), "request_uri_not_supported"),
        (request.clone().and("nonce", "1").and("nonce", "2"), "invalid_request"),
        (request.with("prompt", "none"), "consent_required"),
    ]
}

#[test]
fn a_failure_goes_to_the_proven_redirect_uri() {
    covers!("RFC6749-4.1.2.1-03", "RFC6749-4.1.2.1-04", "RFC6749-4.1.2.1-15");
    let world = World::new();

    for (request, code) in failures(&world) {
        let answer = world.browser_of("alice").authorize(&request);
        assert_eq!(error_in(&answer), code, "{}", request.query());
        assert!(location(&answer).as_str().starts_with(&format!("{REDIRECT_URI}?error={code}&")));
        assert_eq!(parameter(&answer, "state").as_deref(), Some("the state"));
        assert_eq!(parameter(&answer, "code"), None);
    }
    assert!(world.records_of("alice").is_empty());
}

#[test]
fn a_stranger_is_not_sent_anywhere_before_logging_in() {
    covers!("RFC9700-4.11.2-01");
    let world = World::new();
    let request = Request::of(&world.web).with("scope", "unknown");
    let mut browser = world.browser();

    let page = asked(browser.authorize(&request));
    assert_eq!(page.need, Need::LogIn);
    assert!(page.scope.is_empty());
    assert_eq!(asked(browser.resume(&page.handle)).need, Need::LogIn);
    browser.log_in("alice");
    let answer = browser.resume(&page.handle);

    assert_eq!(error_in(&answer), "invalid_scope");
    assert_eq!(parameter(&answer, "state").as_deref(), Some("the state"));
    let silent = world.browser().authorize(&request.with("prompt", "none"));
    assert_eq!(error_in(&silent), "invalid_scope");
}

#[test]
fn a_policy_sends_errors_at_once() {
    let mut policy = Policy::default();
    policy.error_redirect = ErrorRedirect::Immediate;
    let world = World::with_policy(policy);

    let answer = world.browser().authorize(&Request::of(&world.web).with("scope", "unknown"));

    assert_eq!(error_in(&answer), "invalid_scope");
}

#[test]
fn an_unverified_client_gets_nobody_by_an_error() {
    covers!("ATK-038");
    let world = World::new();
    let request = Request::of(&world.stranger);

    for failing in [request.clone().with("scope", "unknown"), request.with("prompt", "none")] {
        for mut browser in [world.browser(), world.browser_of("alice")] {
            let Authorization::ErrorPage(page) = browser.authorize(&failing) else { panic!("sent") };
            assert_eq!(page.kind(), ErrorPageKind::RequestOfUnverifiedClient);
            let onward = page.onward().unwrap();
            assert_eq!(onward.destination, "stranger.example");
            let AuthorizationResponse::Redirect(location) = &onward.response else { panic!("no redirect") };
            assert!(location.starts_with(STRANGER_URI));
        }
    }
}

#[test]
fn nothing_of_the_request_comes_back_as_text() {
    covers!("ATK-047");
    let world = World::new();
    let attack = "<script>alert(1)</script> https://evil.example call 555-1234\r\nX: y";
    let request =
        Request::of(&world.web).and("error", attack).and("error_description", attack).and("error_hint", attack);

    for name in ["scope", "response_type", "resource", "prompt", "max_age", "nonce", "code_challenge", "response_mode"]
    {
        let answer = world.browser_of("alice").authorize(&request.clone().with(name, attack));
        let location = location(&answer);
        let names: Vec<_> = location.query_pairs().map(|(name, _)| name.into_owned()).collect();
        assert_eq!(names, ["error", "state", "iss"]);
        assert!(!location.as_str().contains("evil") && !location.as_str().contains("555"));
        assert!(location.as_str().bytes().all(|byte| (0x21..0x7f).contains(&byte)));
    }
    for name in ["client_id", "redirect_uri"] {
        let answer = world.browser_of("alice").authorize(&request.clone().with(name, attack));
        let Authorization::ErrorPage(page) = answer else { panic!("no page") };
        assert!(!page.text().contains("evil") && !format!("{page:?}").contains("evil"));
    }
    assert!(world.events.lines().iter().all(|line| !line.contains("555")));
}

#[test]
fn hostile_variety_leaves_nothing_behind() {
    covers!("ATK-075");
    let storage = Failing::new(StorageErrorKind::Unavailable);
    let world = World::build(storage.clone(), |builder| builder);
    let request = Request::of(&world.web);
    let before = storage.saves.load(Ordering::SeqCst);

    for number in 0..2000 {
        let name = format!("name-{number}");
        world.browser().authorize(&request.clone().with("client_id", &name));
        world.browser().authorize(&request.clone().with("login_hint", &name).with("ui_locales", &name));
    }

    // Nothing is stored for a visitor who has not decided, and the client cache does not remember unknown names.
    assert_eq!(storage.saves.load(Ordering::SeqCst), before);
}

/// A storage that counts saves, and fails when it is told to: at clients, or at everything else.
struct Failing {
    inner: MemoryStorage,
    kind: StorageErrorKind,
    fails: AtomicBool,
    fails_for_clients: AtomicBool,
    saves: AtomicUsize,
}

impl Failing {
    fn new(kind: StorageErrorKind) -> Arc<Self> {
        let inner = MemoryStorage::new();
        let (fails, fails_for_clients, saves) = Default::default();
        Arc::new(Self { inner, kind, fails, fails_for_clients, saves })
    }

    fn check(&self, key: Key) -> Result<(), StorageError> {
        let fails = if key.kind() == RecordKind::Client { &self.fails_for_clients } else { &self.fails };
        if fails.load(Ordering::SeqCst) { Err(StorageError::new(self.kind)) } else { Ok(()) }
    }
}

#[async_trait]
impl Storage for Failing {
    async fn load(&self, key: Key) -> Result<Option<Versioned<Record>>, StorageError> {
        self.check(key)?;
        self.inner.load(key).await
    }

    async fn save(&self, next: Versioned<Record>, expected: Expected) -> Result<Saved, StorageError> {
        self.check(next.record.key())?;
        self.saves.fetch_add(1, Ordering::SeqCst);
        self.inner.save(next, expected).await
    }

    async fn remove(&self, key: Key, expected: Version) -> Result<Saved, StorageError> {
        self.inner.remove(key, expected).await
    }

    async fn list(&self, filter: &Filter, after: Option<&Cursor>, limit: u32) -> Result<Listing, StorageError> {
        self.inner.list(filter, after, limit).await
    }

    async fn purge_expired(&self, now: Timestamp, limit: u32) -> Result<u64, StorageError> {
        self.inner.purge_expired(now, limit).await
    }
}

#[test]
fn a_failing_storage_is_told_in_the_redirect() {
    covers!("RFC6749-4.1.2.1-10", "RFC6749-4.1.2.1-11");
    let kinds = [
        (StorageErrorKind::Unavailable, "temporarily_unavailable"),
        (StorageErrorKind::Corrupt, "server_error"),
        (StorageErrorKind::OutcomeUnknown, "server_error"),
    ];
    for (kind, code) in kinds {
        let storage = Failing::new(kind);
        let world = World::build(storage.clone(), |builder| builder);
        let mut browser = world.browser_of("alice");
        let page = asked(browser.authorize(&Request::of(&world.web)));

        storage.fails.store(true, Ordering::SeqCst);
        let answers = [browser.authorize(&Request::of(&world.web)), browser.approve(&page.handle)];

        for answer in answers {
            assert_eq!(error_in(&answer), code);
            assert_eq!(parameter(&answer, "state").as_deref(), Some("the state"));
        }
        storage.fails.store(false, Ordering::SeqCst);
        assert!(parameter(&browser.approve(&page.handle), "code").is_some());
    }
}

#[test]
fn a_storage_that_fails_before_the_address_is_proven_is_a_page() {
    let storage = Failing::new(StorageErrorKind::Unavailable);
    let world = World::build(storage.clone(), |builder| builder);

    storage.fails_for_clients.store(true, Ordering::SeqCst);
    let answer = world.browser_of("alice").authorize(&Request::of(&world.web));

    let Authorization::ErrorPage(page) = answer else { panic!("no page") };
    assert_eq!((page.kind(), page.status()), (ErrorPageKind::Unavailable, 503));
}

struct Closed;

#[async_trait]
impl RateLimiter for Closed {
    async fn check(&self, _: &Attempt<'_>) -> Result<(), RateLimited> {
        Err(RateLimited { retry_after: Lifetime::seconds(7) })
    }

    async fn failed(&self, _: &Attempt<'_>) {}
}

#[test]
fn too_many_attempts_are_a_page() {
    let world = World::build(Arc::new(MemoryStorage::new()), |builder| builder.rate_limiter(Arc::new(Closed)));

    let answer = world.browser().authorize(&Request::of(&world.web));

    assert_eq!(page(&answer), ErrorPageKind::TooManyAttempts);
    let Authorization::ErrorPage(page) = answer else { unreachable!() };
    assert_eq!((page.status(), page.retry_after()), (429, Some(Lifetime::seconds(7))));
}
