//! Exact counts of heap allocations, storage calls and bytes per grant.
//!
//! A binary of its own, because it brings its own allocator. Time is measured in `benches/`.

#![cfg(test)]
#![expect(clippy::as_conversions, reason = "a shared store becomes a trait object by `as`")]

/// Names the requirements that a test shows; the coverage test reads it from the source.
macro_rules! covers {
    ($($id:literal),+ $(,)?) => {
        const _: &[&str] = &[$($id),+];
    };
}

#[path = "suite/token_world.rs"]
#[expect(dead_code, reason = "the suite uses what is not needed here")]
mod token_world;

/// What the suite does before its first server. Nobody listens to traces here.
mod observability {
    pub(crate) fn subscribe() {}
}

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use allocation_counter::measure;
use bytes::Bytes;
use grantsmith::host::{Cursor, Expected, Filter, Listing, Saved, Storage, StorageError};
use grantsmith::http::OAuthService;
use grantsmith::record::{Key, Record, RecordKind, Version, Versioned};
use grantsmith::server::{RegisteredClient, Registration};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::value::Timestamp;
use http::{Request, Response};
use http_body_util::Full;
use token_world::{API, REDIRECT_URI, TokenWorld, Wish, access, basic, redemption, refresh_of, resources};
use tower_service::Service as _;

/// Counts the calls that concern grants; client lookups are counted apart.
#[derive(Default)]
struct Counting {
    inner: MemoryStorage,
    loads: AtomicUsize,
    saves: AtomicUsize,
}

impl Counting {
    fn calls(&self) -> (usize, usize) {
        (self.loads.swap(0, Ordering::SeqCst), self.saves.swap(0, Ordering::SeqCst))
    }
}

type Answer<'f, T> = Pin<Box<dyn Future<Output = Result<T, StorageError>> + Send + 'f>>;

/// Written out, so that passing a call on allocates nothing.
impl Storage for Counting {
    fn load<'s: 'f, 'f>(&'s self, key: Key) -> Answer<'f, Option<Versioned<Record>>> {
        if key.kind() != RecordKind::Client {
            self.loads.fetch_add(1, Ordering::SeqCst);
        }
        self.inner.load(key)
    }

    fn save<'s: 'f, 'f>(&'s self, next: Versioned<Record>, expected: Expected) -> Answer<'f, Saved> {
        self.saves.fetch_add(1, Ordering::SeqCst);
        self.inner.save(next, expected)
    }

    fn remove<'s: 'f, 'f>(&'s self, key: Key, expected: Version) -> Answer<'f, Saved> {
        self.inner.remove(key, expected)
    }

    fn list<'s: 'f, 'a: 'f, 'c: 'f, 'f>(
        &'s self,
        filter: &'a Filter,
        after: Option<&'c Cursor>,
        limit: u32,
    ) -> Answer<'f, Listing> {
        self.inner.list(filter, after, limit)
    }

    fn purge_expired<'s: 'f, 'f>(&'s self, now: Timestamp, limit: u32) -> Answer<'f, u64> {
        self.inner.purge_expired(now, limit)
    }
}

/// A request as a web framework would hand it over.
fn request(client: &RegisteredClient, path: &str, form: &str) -> Request<Full<Bytes>> {
    let id = client.client.id().as_str();
    let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    match &client.secret {
        Some(secret) => {
            request.header("authorization", basic(id, secret.expose())).body(Full::from(form.to_owned())).unwrap()
        }
        None => request.body(Full::from(format!("{form}&client_id={id}"))).unwrap(),
    }
}

/// Polls a future that never waits for anything outside.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

/// Heap allocations, loads and saves of one request through the service.
fn cost(world: &TokenWorld, storage: &Counting, request: Request<Full<Bytes>>) -> (u64, usize, usize) {
    let mut service = OAuthService::without_pages(world.server.clone()).unwrap();
    storage.calls();
    let mut request = Some(request);
    let mut response: Option<Response<Full<Bytes>>> = None;
    let info = measure(|| response = now(service.call(request.take().unwrap())).ok());
    assert_eq!(response.unwrap().status(), 200);
    let (loads, saves) = storage.calls();
    (info.count_total, loads, saves)
}

fn world() -> (TokenWorld, Arc<Counting>) {
    let counting = Arc::new(Counting::default());
    let world =
        TokenWorld::build(Arc::clone(&counting) as Arc<dyn Storage>, |builder| builder.events(Arc::new(Nobody)));
    // Everybody is remembered, as in a server that has run for a while.
    for client in [&world.web, &world.app, &world.machine] {
        let _ = world.token(client, "grant_type=none");
    }
    world.introspect(&world.api, "x");
    (world, counting)
}

#[test]
fn client_credentials() {
    let (world, storage) = world();
    let request = request(&world.machine, "/token", "grant_type=client_credentials&scope=read");

    let (allocations, loads, saves) = cost(&world, &storage, request);

    assert_eq!((loads, saves), (0, 1));
    assert!(allocations <= 12 + COUNTED, "{allocations}");
}

#[test]
fn redeeming_a_code() {
    let (world, storage) = world();
    let code = world.code(&world.app, &Wish::default());
    let request = request(&world.app, "/token", &redemption(&code));

    let (allocations, loads, saves) = cost(&world, &storage, request);

    assert_eq!((loads, saves), (1, 1));
    assert!(allocations <= 16, "{allocations}");
}

#[test]
fn refreshing_with_rotation() {
    let (world, storage) = world();
    let tokens = world.tokens(&world.app);
    let form = format!("grant_type=refresh_token&refresh_token={}", refresh_of(&tokens));

    let (allocations, loads, saves) = cost(&world, &storage, request(&world.app, "/token", &form));

    assert_eq!((loads, saves), (1, 1));
    assert!(allocations <= 16, "{allocations}");
}

#[test]
fn introspecting() {
    let (world, storage) = world();
    let tokens = world.tokens(&world.app);
    let form = format!("token={}", access(&tokens));

    let (allocations, loads, saves) = cost(&world, &storage, request(&world.api, "/introspect", &form));

    assert_eq!((loads, saves), (1, 0));
    assert!(allocations <= 8, "{allocations}");
}

#[test]
fn revoking_a_refresh_token() {
    covers!("RFC7009-5-01");
    let (world, storage) = world();
    let tokens = world.tokens(&world.app);
    let form = format!("token={}", refresh_of(&tokens));

    let (allocations, loads, saves) = cost(&world, &storage, request(&world.app, "/revoke", &form));

    assert_eq!((loads, saves), (1, 1));
    assert!(allocations <= 8 + COUNTED, "{allocations}");
}

/// Bytes that each of many grants keeps, the entries of its owners in the index apart.
fn bytes_per_grant(make: impl Fn(&TokenWorld), owners: usize) -> i64 {
    let world = TokenWorld::build(Arc::new(MemoryStorage::new()), |builder| builder.events(Arc::new(Nobody)));
    make(&world);
    let info = measure(|| (0..GRANTS).for_each(|_| make(&world)));
    (info.bytes_current - index_bytes(owners)) / GRANTS
}

/// What the index of so many grants takes: an ordered set for each of 256 shards, filled in the order of arrival.
fn index_bytes(owners: usize) -> i64 {
    let mut shards = vec![BTreeSet::new(); 256];
    let info = measure(|| {
        for grant in 0..GRANTS {
            for owner in 0..owners {
                let shard = usize::try_from(grant % 256).unwrap();
                shards[shard].insert([u64::try_from(owner).unwrap() << 32, u64::try_from(grant).unwrap()]);
            }
        }
    });
    info.bytes_current
}

/// The tests turn on the feature `metrics`, which puts the labels of what it counts into a list of their own.
const COUNTED: u64 = 1;

const GRANTS: i64 = 20_000;

/// Keeps nothing of what it is told.
struct Nobody;

impl grantsmith::host::EventSink for Nobody {
    fn record(&self, _: &grantsmith::value::Realm, _: &grantsmith::host::Event<'_>) {}
}

#[test]
fn a_live_machine_token_is_small() {
    let bytes = bytes_per_grant(
        |world| {
            world.token(&world.machine, "grant_type=client_credentials&scope=read").unwrap();
        },
        1,
    );

    assert!(bytes <= 400, "{bytes}");
}

#[test]
fn a_live_grant_with_both_tokens_is_small() {
    let client = OnceCell::new();
    let bytes = bytes_per_grant(
        |world| {
            let client = client.get_or_init(|| {
                let registration = Registration::public(vec![REDIRECT_URI.parse().unwrap()])
                    .with_scope("read write".parse().unwrap())
                    .with_resources(resources(&[API]));
                now(world.server.register(registration)).unwrap()
            });
            world.tokens(client);
        },
        2,
    );

    assert!(bytes <= 800, "{bytes}");
}
