//! An API in another process, which asks the server about tokens and remembers the answers.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};

use async_trait::async_trait;
use grantsmith::host::{IntrospectionReply, IntrospectionTransport};
use grantsmith::policy::IntrospectionPolicy;
use grantsmith::record::{Client, Record};
use grantsmith::server::{AuthorizationServer, Guard, RegisteredClient, RemoteIntrospection};
use grantsmith::value::Lifetime;
use grantsmith::wire::{Answer, FormRequest};

use super::{bearer, requirement};
use crate::token_world::{OTHER_API, TokenWorld, Wish, access, basic, refresh_of};

/// The introspection endpoint of another process, called as the API's resource server.
pub(super) struct Wire {
    server: AuthorizationServer,
    caller: String,
    calls: AtomicUsize,
    pub(super) is_cut: AtomicBool,
    status: AtomicU16,
}

impl Wire {
    pub(super) fn to(world: &TokenWorld, caller: &RegisteredClient) -> Arc<Self> {
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

pub(super) fn remote(world: &TokenWorld, wire: &Arc<Wire>, cache_lifetime: u64) -> Guard {
    let mut policy = IntrospectionPolicy::default();
    policy.cache_lifetime = Lifetime::seconds(cache_lifetime);
    let introspection = RemoteIntrospection::new(Arc::<Wire>::clone(wire), policy).unwrap();
    let validator = introspection.with_clock(Arc::new(world.clock.clone()));
    Guard::new(Arc::new(validator), requirement("read")).with_clock(Arc::new(world.clock.clone()))
}

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
