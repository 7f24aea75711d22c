//! A resource behind its guard: in the process of the server, and in another one that introspects.

mod challenging;
mod introspecting;
mod judging;
mod presenting;

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use grantsmith::host::TokenValidator;
use grantsmith::http::GuardLayer;
use grantsmith::resource::{Refusal, Requirement, VerifiedToken};
use grantsmith::server::{Guard, GuardError};
use grantsmith::value::Resource;
use http::{Request, Response};
use pollster::FutureExt as _;
use tower_layer::Layer as _;
use tower_service::Service;

use self::introspecting::{Wire, remote};
use crate::token_world::{API, TokenWorld, access};

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
