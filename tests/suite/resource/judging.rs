//! Which tokens open the API, judged in the process of the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use grantsmith::host::{Cursor, Expected, Filter, Listing, Saved, Storage, StorageError, StorageErrorKind};
use grantsmith::record::{Client, Key, Record, RecordKind, Version, Versioned};
use grantsmith::server::{AuthorizationServer, RegisteredClient};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::value::{Lifetime, Timestamp};
use pollster::FutureExt as _;

use super::{bearer, guard};
use crate::token_world::{API, OTHER_API, TokenWorld, Wish, access, keyring, refresh_of, resources};

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
    let storage =
        Arc::new(Watched { inner: MemoryStorage::new(), loads: AtomicUsize::new(0), is_down: AtomicBool::new(false) });
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
