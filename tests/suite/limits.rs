//! Limits: who guesses is stopped, who does not goes on, and one flood takes neither machine nor memory.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use grantsmith::host::{Attempt, Endpoint, RateLimiter, SecretVerifier, SecretVerifierError};
use grantsmith::limiter::{Limits, MemoryLimiter, Rate, RedisLimiter, WhenUnreachable};
use grantsmith::policy::Policy;
use grantsmith::server::{EndpointError, Registration};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::value::ClientSecret;
use grantsmith::wire::{FormRequest, TokenResponse};
use pollster::FutureExt as _;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};

use crate::stores::servers;
use crate::token_world::{TokenWorld, basic, code_of};

const FORM: &str = "grant_type=client_credentials";

/// A token request of the machine, with its secret or another.
fn send(world: &TokenWorld, caller: &str, secret: Option<&str>) -> Result<TokenResponse, EndpointError> {
    let machine = &world.machine;
    let own = machine.secret.as_ref().unwrap().expose();
    let header = basic(machine.client.id().as_str(), secret.unwrap_or(own));
    let mut request = FormRequest::new(FORM.as_bytes()).with_authorization(header.as_bytes());
    request.caller = Some(caller);
    world.server.token(&request).block_on()
}

fn limits(caller: u32, failures: u32) -> Limits {
    let mut limits = Limits::default();
    limits.caller = NonZeroU32::new(caller).map(Rate::per_minute);
    limits.failures = NonZeroU32::new(failures).map(Rate::per_minute);
    limits
}

fn limited(limiter: Arc<dyn RateLimiter>) -> TokenWorld {
    TokenWorld::build(Arc::new(MemoryStorage::new()), |builder| builder.rate_limiter(limiter))
}

fn a_guesser_is_stopped_and_the_client_is_not(world: &TokenWorld) {
    for _ in 0..3 {
        assert_eq!(code_of(send(world, "thief", Some("guess"))), "invalid_client");
    }

    let answer = send(world, "thief", None).unwrap_err().to_answer();

    assert_eq!(answer.status(), 429, "the right secret is of no use any more");
    assert!(answer.retry_after().is_some());
    assert_eq!(code_of(send(world, "owner", None)), "ok");
}

#[test]
fn a_guesser_is_stopped_by_the_limiter_in_memory() {
    a_guesser_is_stopped_and_the_client_is_not(&limited(Arc::new(MemoryLimiter::new(limits(0, 3)))));
}

#[test]
fn a_caller_is_stopped_at_every_endpoint() {
    let world = limited(Arc::new(MemoryLimiter::new(limits(2, 0))));
    assert_eq!(code_of(send(&world, "busy", None)), "ok");
    assert_eq!(code_of(send(&world, "busy", None)), "ok");

    let mut request = FormRequest::new(b"token=nothing");
    request.caller = Some("busy");

    assert_eq!(world.server.introspect(&request).block_on().unwrap_err().to_answer().status(), 429);
    assert_eq!(world.server.revoke(&request).block_on().unwrap_err().to_answer().status(), 429);
    assert_eq!(code_of(send(&world, "other", None)), "ok");
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

async fn connection(url: &str) -> ConnectionManager {
    let config = ConnectionManagerConfig::new().set_number_of_retries(1);
    redis::Client::open(url).unwrap().get_connection_manager_with_config(config).await.unwrap()
}

const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn two_processes_share_the_budgets_on_redis() {
    let Some(server) = servers::redis::Server::start() else { return };
    let runtime = runtime();
    let _entered = runtime.enter();
    let [one, two] = [(); 2].map(|()| {
        let connection = runtime.block_on(connection(&server.url()));
        let limiter = RedisLimiter::new(connection, "test", limits(5, 3)).time_limit(PATIENCE);
        limiter.when_unreachable(WhenUnreachable::Refuse)
    });
    let [first, second] = [limited(Arc::new(one)), limited(Arc::new(two))];

    for world in [&first, &second, &first] {
        assert_eq!(code_of(send(world, "thief", Some("guess"))), "invalid_client");
    }
    assert_eq!(send(&second, "thief", None).unwrap_err().to_answer().status(), 429);
    for world in [&first, &second, &first, &second, &first] {
        assert_eq!(code_of(send(world, "owner", None)), "ok");
    }
    let waits = send(&first, "owner", None).unwrap_err().to_answer().retry_after().unwrap().as_seconds();
    assert!((1..=12).contains(&waits), "{waits}");
    let keys: Vec<String> = server.ask(&["KEYS", "*"]);
    assert_eq!(keys.len(), 3, "{keys:?}");
    for key in keys {
        assert!(key.starts_with("test:") && !key.contains("owner") && !key.contains("thief"), "{key}");
        assert!(server.ask::<i64>(&["PTTL", &key]) > 0, "{key} expires");
    }
}

#[test]
fn a_redis_that_is_down_stops_nobody_unless_that_is_wanted() {
    let Some(mut server) = servers::redis::Server::start() else { return };
    let runtime = runtime();
    let connection = runtime.block_on(connection(&server.url()));
    let limiter = RedisLimiter::new(connection, "test", limits(1, 1));
    let strict = RedisLimiter::new(runtime.block_on(self::connection(&server.url())), "test", limits(1, 1))
        .when_unreachable(WhenUnreachable::Refuse);
    server.kill();

    let attempt = Attempt { endpoint: Endpoint::Token, client: Some("web"), caller: Some("x") };
    for _ in 0..3 {
        assert_eq!(runtime.block_on(limiter.check(&attempt)), Ok(()));
    }
    assert!(runtime.block_on(strict.check(&attempt)).is_err());
}

/// A verifier that waits until so many checks run, and counts them.
struct Slow {
    running: AtomicU32,
    most: AtomicU32,
    started: Barrier,
    go_on: Barrier,
}

#[async_trait]
impl SecretVerifier for Slow {
    async fn verify(&self, stored: &str, presented: &ClientSecret) -> Result<bool, SecretVerifierError> {
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(running, Ordering::SeqCst);
        self.started.wait();
        self.go_on.wait();
        self.running.fetch_sub(1, Ordering::SeqCst);
        Ok(stored == presented.expose())
    }
}

#[test]
fn only_so_many_imported_secrets_are_checked_at_once() {
    const MOST: usize = 2;
    let barrier = || Barrier::new(MOST + 1);
    let (running, most) = (AtomicU32::new(0), AtomicU32::new(0));
    let slow = Arc::new(Slow { running, most, started: barrier(), go_on: barrier() });
    let mut policy = Policy::default();
    policy.most_concurrent_secret_checks = NonZeroU32::new(2).unwrap();
    let world = TokenWorld::build(Arc::new(MemoryStorage::new()), |builder| {
        builder.policy(policy).secret_verifier(Arc::clone(&slow) as Arc<dyn SecretVerifier>)
    });
    let mut registration = Registration::machine().with_id("imported".parse().unwrap());
    registration.imported_secret = Some("imported-secret".to_owned());
    world.server.register(registration).block_on().unwrap();
    let header = basic("imported", "imported-secret");
    let ask = || {
        let request = FormRequest::new(FORM.as_bytes()).with_authorization(header.as_bytes());
        world.server.token(&request).block_on()
    };

    for _round in 0..2 {
        thread::scope(|scope| {
            let within: Vec<_> = (0..MOST).map(|_| scope.spawn(ask)).collect();
            slow.started.wait();

            let beyond = ask().unwrap_err().to_answer();

            slow.go_on.wait();
            assert_eq!((beyond.status(), beyond.body()), (503, &br#"{"error":"server_error"}"#[..]));
            assert!(within.into_iter().all(|asked| asked.join().unwrap().is_ok()));
        });
    }
    assert_eq!(slow.most.load(Ordering::SeqCst), 2);
}
