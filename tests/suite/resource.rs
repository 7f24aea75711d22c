//! A resource behind its guard: in the process of the server, and in another one that introspects.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};

use async_trait::async_trait;
use grantsmith::host::{
    Cursor, Expected, Filter, IntrospectionReply, IntrospectionTransport, Listing, Saved, Storage, StorageError,
    StorageErrorKind, TokenValidator,
};
use grantsmith::http::GuardLayer;
use grantsmith::policy::IntrospectionPolicy;
use grantsmith::record::{Client, Version};
use grantsmith::record::{Key, Record, RecordKind, Versioned};
use grantsmith::resource::{Refusal, Requirement, VerifiedToken};
use grantsmith::server::{AuthorizationServer, Guard, GuardError};
use grantsmith::server::{RegisteredClient, RemoteIntrospection};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::value::{Lifetime, MetadataUrl, Resource, Timestamp};
use grantsmith::wire::{Answer, FormRequest};
use http::{Request, Response};
use pollster::FutureExt as _;
use tower_layer::Layer as _;
use tower_service::Service;

use crate::token_world::{API, OTHER_API, TokenWorld, Wish, access, basic, keyring, refresh_of, resources};

/// The API: says whom it serves.
#[derive(Clone)]
struct Api;

impl Service<Request<&'static str>> for Api {
    type Response = Response<String>;
    type Error = std::convert::Infallible;
    type Future = std::future::Ready<Result<Response<String>, Self::Error>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<&'static str>) -> Self::Future {
        let token: &VerifiedToken = request.extensions().get().unwrap();
        let subject = token.subject.as_ref().map_or("nobody", |subject| subject.as_str());
        // What a careless handler would log.
        let body = format!("{subject} {}", format!("{request:?}").replace(char::is_whitespace, ""));
        std::future::ready(Ok(Response::new(body)))
    }
}

/// What a client sees of an answer.
#[derive(Debug, Eq, PartialEq)]
struct Seen {
    status: u16,
    challenge: Option<String>,
    body: String,
}

impl Seen {
    /// 401 with `invalid_token`.
    fn is_invalid_token(&self) -> bool {
        self.status == 401 && self.error() == Some("invalid_token")
    }

    fn error(&self) -> Option<&str> {
        self.challenge.as_ref()?.split_once("error=\"")?.1.split('"').next()
    }
}

fn api() -> Resource {
    API.parse().unwrap()
}

fn requirement(scopes: &str) -> Requirement {
    Requirement::new(api()).with_scopes(scopes.parse().unwrap())
}

fn guard(world: &TokenWorld, scopes: &str) -> Guard {
    let server: Arc<dyn TokenValidator> = Arc::new(world.server.clone());
    Guard::new(server, requirement(scopes)).with_clock(Arc::new(world.clock.clone()))
}

fn send(guard: &Guard, request: Request<&'static str>) -> Seen {
    let mut service = GuardLayer::new(guard.clone()).layer(Api);
    let response = service.call(request).block_on().unwrap();
    let (parts, body) = response.into_parts();
    let header = |name: &str| parts.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    if parts.status != 200 {
        assert_eq!(header("cache-control").as_deref(), Some("no-store"));
        assert!(parts.extensions.get::<Arc<GuardError>>().is_some());
    }
    Seen { status: parts.status.as_u16(), challenge: header("www-authenticate"), body }
}

fn call(guard: &Guard, uri: &str, authorization: &[&str]) -> Seen {
    let request = Request::builder().uri(uri);
    let request = authorization.iter().fold(request, |request, value| request.header("authorization", *value));
    send(guard, request.body("").unwrap())
}

fn bearer(guard: &Guard, token: &str) -> Seen {
    call(guard, "/", &[&format!("Bearer {token}")])
}

/// The introspection endpoint of another process, called as the API's resource server.
struct Wire {
    server: AuthorizationServer,
    caller: String,
    calls: AtomicUsize,
    is_cut: AtomicBool,
    status: AtomicU16,
}

impl Wire {
    fn to(world: &TokenWorld, caller: &RegisteredClient) -> Arc<Self> {
        let secret = caller.secret.as_ref().unwrap();
        Arc::new(Self {
            server: world.server.clone(),
            caller: basic(caller.client.id().as_str(), secret.expose()),
            calls: AtomicUsize::new(0),
            is_cut: AtomicBool::new(false),
            status: AtomicU16::new(0),
        })
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl IntrospectionTransport for Wire {
    async fn post(&self, form: &[u8]) -> Result<IntrospectionReply, Box<dyn Error + Send + Sync>> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if self.is_cut.load(Ordering::SeqCst) {
            return Err("connection refused".into());
        }
        let request = FormRequest::new(form).with_authorization(self.caller.as_bytes());
        let answer = match self.server.introspect(&request).await {
            Ok(response) => Answer::from(response),
            Err(error) => error.to_answer(),
        };
        let status = match self.status.load(Ordering::SeqCst) {
            0 => answer.status(),
            other => other,
        };
        Ok(IntrospectionReply { status, body: answer.into_body() })
    }
}

fn remote(world: &TokenWorld, wire: &Arc<Wire>, cache_lifetime: u64) -> Guard {
    let mut policy = IntrospectionPolicy::default();
    policy.cache_lifetime = Lifetime::seconds(cache_lifetime);
    let introspection = RemoteIntrospection::new(Arc::<Wire>::clone(wire), policy).unwrap();
    let validator = introspection.with_clock(Arc::new(world.clock.clone()));
    Guard::new(Arc::new(validator), requirement("read")).with_clock(Arc::new(world.clock.clone()))
}

/// Counts loads of grants, and fails when it is told to.
struct Watched {
    inner: MemoryStorage,
    loads: AtomicUsize,
    is_down: AtomicBool,
}

#[async_trait]
impl Storage for Watched {
    async fn load(&self, key: Key) -> Result<Option<Versioned<Record>>, StorageError> {
        if key.kind() == RecordKind::Grant {
            self.loads.fetch_add(1, Ordering::SeqCst);
            if self.is_down.load(Ordering::SeqCst) {
                return Err(StorageError::new(StorageErrorKind::Unavailable));
            }
        }
        self.inner.load(key).await
    }

    async fn save(&self, next: Versioned<Record>, expected: Expected) -> Result<Saved, StorageError> {
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

mod presenting {
    use super::*;

    #[test]
    fn the_scheme_may_be_written_in_any_case() {
        covers!("RFC6750-2.1-01");
        let world = TokenWorld::new();
        let token = world.tokens(&world.web);
        for scheme in ["Bearer", "bearer", "BEARER"] {
            let seen = call(&guard(&world, "read"), "/", &[&format!("{scheme} {}", access(&token))]);
            assert_eq!((seen.status, seen.challenge), (200, None));
            assert!(seen.body.starts_with("alice "), "{}", seen.body);
        }
    }

    #[test]
    fn what_is_not_one_token_after_a_space_is_refused() {
        covers!("RFC6750-2.1-02");
        let world = TokenWorld::new();
        let token = world.tokens(&world.web);
        let token = access(&token);
        let guard = guard(&world, "read");
        // `1*SP` allows more than one space.
        assert_eq!(call(&guard, "/", &[&format!("Bearer   {token}")]).status, 200);
        for header in [
            format!("Bearer {token},"),
            format!("Bearer {token} {token}"),
            format!("Bearer \"{token}\""),
            format!("Bearer {token}, Bearer {token}"),
            "Bearer".to_owned(),
            format!("Bearer {}", "a".repeat(100_000)),
        ] {
            assert!(call(&guard, "/", &[&header]).is_invalid_token(), "{header}");
        }
        let seen = call(&guard, "/", &[&format!("Bearer{token}")]);
        assert_eq!((seen.status, seen.error()), (401, None));
    }

    #[test]
    fn a_token_presented_twice_is_refused() {
        covers!("RFC6750-2-01");
        let world = TokenWorld::new();
        let token = world.tokens(&world.web);
        let guard = guard(&world, "read");
        let header = format!("Bearer {}", access(&token));
        let in_query = format!("/?access_token={}", access(&token));
        let presented: [(&str, &[&str]); 4] = [
            ("/", &[&header, &header]),
            ("/", &[&header, "Basic YTpi"]),
            (&in_query, &[&header]),
            ("/?a=b&access_token=other", &[&header]),
        ];
        for (uri, headers) in presented {
            let seen = call(&guard, uri, headers);
            assert_eq!((seen.status, seen.error()), (400, Some("invalid_request")), "{uri} {headers:?}");
        }
    }

    #[test]
    fn a_token_in_the_query_is_none() {
        covers!("OAUTH21-5.1-01");
        let world = TokenWorld::new();
        let token = world.tokens(&world.web);
        let seen = call(&guard(&world, "read"), &format!("/?access_token={}", access(&token)), &[]);
        assert_eq!((seen.status, seen.error()), (401, None));
    }

    #[test]
    fn a_token_in_the_body_is_none() {
        covers!("RFC6750-2.2-02");
        let world = TokenWorld::new();
        let token = world.tokens(&world.web);
        let form: &'static str = format!("access_token={}", access(&token)).leak();
        let json: &'static str = format!("{{\"access_token\":\"{}\"}}", access(&token)).leak();
        let part: &'static str =
            format!("--b\r\nContent-Disposition: form-data; name=\"access_token\"\r\n\r\n{}\r\n--b--", access(&token))
                .leak();
        for (method, content_type, body) in [
            ("POST", "application/x-www-form-urlencoded", form),
            ("GET", "application/x-www-form-urlencoded", form),
            ("POST", "multipart/form-data; boundary=b", part),
            ("POST", "application/json", json),
        ] {
            let request = Request::builder().method(method).header("content-type", content_type);
            let seen = send(&guard(&world, "read"), request.body(body).unwrap());
            assert_eq!((seen.status, seen.error()), (401, None), "{method} {content_type}");
        }
    }
}

mod judging {
    use super::*;

    #[test]
    fn expired_and_under_scoped_tokens_are_refused() {
        covers!("RFC6749-7-01");
        let world = TokenWorld::new();
        let token = world.tokens(&world.web);
        assert_eq!(bearer(&guard(&world, "read write"), access(&token)).status, 200);
        let seen = bearer(&guard(&world, "read write admin"), access(&token));
        assert_eq!((seen.status, seen.error()), (403, Some("insufficient_scope")));
        assert!(seen.challenge.unwrap().contains("scope=\"admin read write\""));
        world.advance(599);
        assert_eq!(bearer(&guard(&world, "read"), access(&token)).status, 200);
        world.advance(1);
        assert!(bearer(&guard(&world, "read"), access(&token)).is_invalid_token());
    }

    #[test]
    fn a_token_for_another_resource_is_refused() {
        covers!("RFC9700-2.3-03");
        let world = TokenWorld::new();
        let wish = Wish { resources: &[OTHER_API], ..Wish::default() };
        let foreign = world.redeem(&world.web, &world.code(&world.web, &wish)).unwrap();
        assert!(bearer(&guard(&world, "read"), access(&foreign)).is_invalid_token());
        let both = Wish { resources: &[API, OTHER_API], ..Wish::default() };
        let code = world.code(&world.web, &both);
        let form = format!("{}&resource={OTHER_API}", crate::token_world::redemption(&code));
        let narrowed = world.token(&world.web, &form).unwrap();
        assert!(bearer(&guard(&world, "read"), access(&narrowed)).is_invalid_token());
    }

    #[test]
    fn only_live_access_tokens_of_this_realm_count() {
        covers!("RFC6749-7-01");
        let world = TokenWorld::new();
        let tokens = world.tokens(&world.app);
        let code = world.code(&world.web, &Wish::default());
        let guard = guard(&world, "read");
        for other in [refresh_of(&tokens), code.as_str(), "junk", "AAAA", &format!("{}A", access(&tokens))] {
            assert!(bearer(&guard, other).is_invalid_token(), "{other}");
        }
        let elsewhere =
            AuthorizationServer::builder("https://other.example", Arc::clone(&world.storage), Arc::new(keyring()));
        let elsewhere = elsewhere.clock(Arc::new(world.clock.clone())).build().unwrap();
        assert!(elsewhere.validate(access(&tokens)).block_on().unwrap().is_none());
        assert_eq!(bearer(&guard, access(&tokens)).status, 200);
        world.revoke(&world.app, refresh_of(&tokens)).unwrap();
        assert!(bearer(&guard, access(&tokens)).is_invalid_token());
    }

    #[test]
    fn a_client_that_is_switched_off_or_replaced_takes_its_tokens_along() {
        let world = TokenWorld::new();
        let (web, app) = (world.tokens(&world.web), world.tokens(&world.app));
        let guard = guard(&world, "read");
        let change = |client: &RegisteredClient, change: &dyn Fn(&mut Client)| {
            let mut changed = Client::clone(&client.client);
            change(&mut changed);
            world.replace(Record::Client(Arc::new(changed)));
        };
        change(&world.web, &|client| client.is_disabled = true);
        change(&world.app, &|client| client.instance = grantsmith::value::InstanceId::from_bytes([9; 16]));
        world.advance(6);
        assert!(bearer(&guard, access(&web)).is_invalid_token());
        assert!(bearer(&guard, access(&app)).is_invalid_token());
    }

    #[test]
    fn a_machine_is_served_too() {
        let world = TokenWorld::new();
        let token = world.token(&world.machine, "grant_type=client_credentials").unwrap();
        assert!(bearer(&guard(&world, "read"), access(&token)).body.starts_with("nobody "));
        let verified = world.server.validate(access(&token)).block_on().unwrap().unwrap();
        assert_eq!(verified.client.as_ref(), Some(world.machine.client.id()));
        assert_eq!(verified.audience, resources(&[API]));
        assert_eq!(verified.expires_at, Some(world.now().after(Lifetime::minutes(10))));
    }

    #[test]
    fn one_load_judges_and_a_storage_that_fails_accuses_nobody() {
        let storage = Arc::new(Watched {
            inner: MemoryStorage::new(),
            loads: AtomicUsize::new(0),
            is_down: AtomicBool::new(false),
        });
        let world = TokenWorld::build(Arc::<Watched>::clone(&storage), |builder| builder);
        let token = world.tokens(&world.web);
        let guard = guard(&world, "read");
        let before = storage.loads.load(Ordering::SeqCst);
        assert_eq!(bearer(&guard, access(&token)).status, 200);
        assert_eq!(storage.loads.load(Ordering::SeqCst), before + 1);
        storage.is_down.store(true, Ordering::SeqCst);
        let seen = bearer(&guard, access(&token));
        assert_eq!((seen.status, seen.challenge), (503, None));
        storage.is_down.store(false, Ordering::SeqCst);
        assert_eq!(bearer(&guard, access(&token)).status, 200);
    }
}

mod challenging {
    use super::*;

    #[test]
    fn every_401_and_403_has_a_challenge_that_is_never_bare() {
        covers!("RFC6750-3-01", "RFC6750-3-02");
        let world = TokenWorld::new();
        let token = world.tokens(&world.web);
        let admin = requirement("admin");
        let any = Requirement::new(api());
        let metadata = MetadataUrl::of(&api()).unwrap();
        for requirement in [admin.clone(), any.clone().with_metadata(metadata), any] {
            let guard = Guard::new(Arc::new(world.server.clone()), requirement.clone());
            let guard = guard.with_clock(Arc::new(world.clock.clone()));
            let valid = format!("Bearer {}", access(&token));
            for headers in [&[][..], &["Basic YTpi"], &["Bearer junk"], &["Bearer a,b"], &[&valid]] {
                let seen = call(&guard, "/", headers);
                if seen.status == 200 {
                    assert!(requirement.scopes.is_empty());
                    continue;
                }
                assert!([401, 403].contains(&seen.status), "{seen:?}");
                let challenge = seen.challenge.unwrap();
                let (name, value) = challenge.strip_prefix("Bearer ").unwrap().split_once("=\"").unwrap();
                assert!(["realm", "error", "scope", "resource_metadata"].contains(&name), "{challenge}");
                assert!(value.len() > 1 && value.ends_with('"'), "{challenge}");
            }
        }
    }

    #[test]
    fn clients_find_the_way_to_the_authorization_server() {
        let world = TokenWorld::new();
        let requirement = requirement("read").with_metadata(MetadataUrl::of(&api()).unwrap());
        let seen = call(&Guard::new(Arc::new(world.server.clone()), requirement), "/", &[]);
        assert_eq!(
            seen.challenge.unwrap(),
            "Bearer scope=\"read\", resource_metadata=\"https://api.example/.well-known/oauth-protected-resource\""
        );
    }

    #[test]
    fn nothing_of_the_request_comes_back() {
        let world = TokenWorld::new();
        let guard = guard(&world, "read");
        for header in ["Bearer evil-marker", "Bearer evil-marker\", error=\"x", "evil-marker x"] {
            let seen = call(&guard, "/evil-marker?evil-marker", &[header]);
            assert!(!seen.challenge.unwrap().contains("evil-marker"));
            assert_eq!(seen.body, "");
        }
    }
}

mod introspecting {
    use super::*;

    #[test]
    fn a_token_is_asked_about_once_and_served_from_memory() {
        let world = TokenWorld::new();
        let token = world.tokens(&world.web);
        let wire = Wire::to(&world, &world.api);
        let guard = remote(&world, &wire, 60);
        for _ in 0..3 {
            assert!(bearer(&guard, access(&token)).body.starts_with("alice "));
        }
        assert_eq!(wire.calls(), 1);
        world.advance(60);
        assert_eq!(bearer(&guard, access(&token)).status, 200);
        assert_eq!(wire.calls(), 2);
    }

    #[test]
    fn a_cached_answer_is_not_used_at_or_after_its_expiry() {
        covers!("RFC7662-4-08");
        let world = TokenWorld::new();
        let token = world.tokens(&world.web);
        let wire = Wire::to(&world, &world.api);
        let guard = remote(&world, &wire, 3_600);
        assert_eq!(bearer(&guard, access(&token)).status, 200);
        world.advance(599);
        assert_eq!(bearer(&guard, access(&token)).status, 200);
        assert_eq!(wire.calls(), 1);
        world.advance(1);
        assert!(bearer(&guard, access(&token)).is_invalid_token());
        assert_eq!(wire.calls(), 2);
    }

    #[test]
    fn a_revoked_token_is_forgotten_within_the_policy() {
        let world = TokenWorld::new();
        let token = world.tokens(&world.web);
        let wire = Wire::to(&world, &world.api);
        let (patient, strict) = (remote(&world, &wire, 60), remote(&world, &wire, 0));
        assert_eq!(bearer(&patient, access(&token)).status, 200);
        assert_eq!(bearer(&strict, access(&token)).status, 200);
        world.revoke(&world.web, access(&token)).unwrap();
        assert!(bearer(&strict, access(&token)).is_invalid_token());
        world.advance(60);
        assert!(bearer(&patient, access(&token)).is_invalid_token());
    }

    #[test]
    fn what_is_not_active_is_asked_about_each_time() {
        let world = TokenWorld::new();
        let wire = Wire::to(&world, &world.api);
        let guard = remote(&world, &wire, 60);
        for _ in 0..2 {
            assert!(bearer(&guard, "junk").is_invalid_token());
        }
        assert_eq!(wire.calls(), 2);
    }

    #[test]
    fn a_server_that_does_not_answer_says_nothing_about_the_token() {
        let world = TokenWorld::new();
        let token = world.tokens(&world.web);
        let wire = Wire::to(&world, &world.api);
        let guard = remote(&world, &wire, 0);
        wire.is_cut.store(true, Ordering::SeqCst);
        let seen = bearer(&guard, access(&token));
        assert_eq!((seen.status, seen.challenge), (503, None));
        wire.is_cut.store(false, Ordering::SeqCst);
        for status in [201, 204, 301, 400, 401, 403, 404, 500, 503] {
            wire.status.store(status, Ordering::SeqCst);
            assert_eq!(bearer(&guard, access(&token)).status, 503, "{status}");
        }
        wire.status.store(0, Ordering::SeqCst);
        assert_eq!(bearer(&guard, access(&token)).status, 200);
        // The resource server's own mistake: credentials that are not its own.
        let stranger = Arc::new(Wire {
            server: world.server.clone(),
            caller: basic("nobody", "nothing"),
            calls: AtomicUsize::new(0),
            is_cut: AtomicBool::new(false),
            status: AtomicU16::new(0),
        });
        assert_eq!(bearer(&remote(&world, &stranger, 60), access(&token)).status, 503);
    }

    #[test]
    fn a_token_for_another_resource_is_refused_here_too() {
        covers!("RFC9700-2.3-03");
        let world = TokenWorld::new();
        let token = world.tokens(&world.web);
        let other = Wire::to(&world, &world.other_api);
        assert!(bearer(&remote(&world, &other, 60), access(&token)).is_invalid_token());
        let wish = Wish { resources: &[OTHER_API], ..Wish::default() };
        let foreign = world.redeem(&world.web, &world.code(&world.web, &wish)).unwrap();
        assert!(bearer(&remote(&world, &other, 60), access(&foreign)).is_invalid_token());
    }

    #[test]
    fn a_client_that_introspects_its_own_refresh_token_does_not_take_it_for_an_access_token() {
        let world = TokenWorld::new();
        let tokens = world.tokens(&world.web);
        let mut web = Client::clone(&world.web.client);
        web.may_introspect_own_tokens = true;
        world.replace(Record::Client(Arc::new(web)));
        world.advance(6);
        assert!(world.introspect(&world.web, refresh_of(&tokens)).active().is_some());
        let guard = remote(&world, &Wire::to(&world, &world.web), 60);
        assert!(bearer(&guard, refresh_of(&tokens)).is_invalid_token());
        assert_eq!(bearer(&guard, access(&tokens)).status, 200);
    }

    #[test]
    fn a_policy_out_of_bounds_is_named() {
        let world = TokenWorld::new();
        let mut policy = IntrospectionPolicy::default();
        policy.cache_lifetime = Lifetime::seconds(3_601);
        let error = RemoteIntrospection::new(Wire::to(&world, &world.api), policy).unwrap_err();
        assert_eq!(error.to_string(), "cache_lifetime is 3601s, but must be between 0s and 3600s");
    }
}

#[test]
fn no_token_is_printed_or_kept() {
    covers!("RFC9700-4.9.3-01");
    let world = TokenWorld::new();
    let wire = Wire::to(&world, &world.api);
    for guard in [guard(&world, "read"), remote(&world, &wire, 60)] {
        wire.is_cut.store(false, Ordering::SeqCst);
        let tokens = world.tokens(&world.web);
        let token = access(&tokens);
        let seen = bearer(&guard, token);
        // The handler printed its request, with headers and extensions.
        assert!(seen.body.contains("authorization") && !seen.body.contains(token), "{}", seen.body);
        assert!(!format!("{guard:?}").contains(token));
        wire.is_cut.store(true, Ordering::SeqCst);
        world.advance(600);
        let headers = [format!("Bearer {token}")];
        let error = guard.admit(headers.iter().map(String::as_bytes), None).block_on().unwrap_err();
        let source = error.source().map(|source| format!("{source:?} {source}"));
        assert!(!format!("{error:?} {error} {source:?}").contains(token));
        assert!(world.events.lines().iter().all(|line| !line.contains(token)));
    }
}

#[test]
fn the_guard_works_without_any_http_library() {
    let world = TokenWorld::new();
    let guard = guard(&world, "read");
    let refused = guard.admit([], None).block_on().unwrap_err();
    assert!(matches!(refused, GuardError::Refused(Refusal::TokenMissing)));
    let challenge = refused.challenge(guard.requirement()).unwrap().to_string();
    assert_eq!((refused.status(), challenge.as_str()), (401, "Bearer scope=\"read\""));
}
