//! Signing keys that change under load, while two servers with connections of their own share them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use grantsmith::host::{Clock as _, Storage};
use grantsmith::jose::CryptoBackend;
use grantsmith::policy::{KeyRotation, Policy};
use grantsmith::server::{AuthorizationServer, SigningKeySource};
use grantsmith::storage::postgres::PostgresStorage;
use grantsmith::testing::FixedClock;
use grantsmith::value::{JwsAlgorithm, Lifetime, Timestamp};
use tokio::task::yield_now;

use super::{runtime, shared};
use crate::signing_keys::{ISSUER, TOKEN_LIFETIME, fetch, is_verified, sign};
use crate::token_world::keyring;

fn server(storage: PostgresStorage, clock: &FixedClock) -> AuthorizationServer {
    let mut policy = Policy::default();
    policy.access_token_lifetime = TOKEN_LIFETIME;
    policy.key_rotation =
        KeyRotation { every: Lifetime::minutes(90), publish_ahead: Lifetime::minutes(40), keep: Lifetime::ZERO };
    AuthorizationServer::builder(ISSUER, Arc::new(storage) as Arc<dyn Storage>, Arc::new(keyring()))
        .clock(Arc::new(clock.clone()))
        .policy(policy)
        .signing_keys(SigningKeySource::stored(CryptoBackend::AwsLcRs, [JwsAlgorithm::Es256]))
        .build()
        .unwrap()
}

#[test]
fn keys_change_under_load_and_every_token_can_be_verified_all_its_life() {
    let Some((cluster, _turn)) = shared() else { return };
    let runtime = runtime();
    runtime.block_on(async {
        let url = cluster.url(&cluster.create_database().await);
        let clock = FixedClock::at(1_800_000_000);
        let now = || clock.now();
        let mut servers = Vec::new();
        for _ in 0..2 {
            servers.push(server(PostgresStorage::open(&url).await.unwrap(), &clock));
        }
        let (is_over, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let signers: Vec<_> = (0..2)
            .map(|number: usize| {
                let (server, clock) = (servers[number % 2].clone(), clock.clone());
                let (is_over, count) = (Arc::clone(&is_over), Arc::clone(&count));
                tokio::spawn(async move {
                    while !is_over.load(Ordering::SeqCst) {
                        let _ = sign(&server, clock.now()).await;
                        count.fetch_add(1, Ordering::Relaxed);
                        // A signature waits for nothing, and others need the thread too.
                        yield_now().await;
                    }
                })
            })
            .collect();

        let mut sets = vec![(now(), fetch(&servers[0]).await), (now(), fetch(&servers[1]).await)];
        let (mut tokens, mut verified) = (Vec::<(Timestamp, String)>::new(), 0);
        for step in 0..600_usize {
            clock.advance(Lifetime::minutes(1));
            tokens.push((now(), sign(&servers[step % 2], now()).await.0));
            let (fetched_at, set) = &mut sets[step % 2];
            // As long as the set may be kept.
            if now().since(*fetched_at) >= Lifetime::minutes(19) {
                (*fetched_at, *set) = (now(), fetch(&servers[usize::from(step % 4 < 2)]).await);
            }
            tokens.retain(|(signed_at, _)| now().since(*signed_at) < TOKEN_LIFETIME);
            for (signed_at, token) in &tokens {
                for (fetched_at, set) in &sets {
                    assert!(is_verified(token, set, now()), "signed at {signed_at:?}, set of {fetched_at:?}");
                    verified += 1;
                }
            }
        }
        is_over.store(true, Ordering::SeqCst);
        for signer in signers {
            signer.await.unwrap();
        }
        assert!(verified > 11_000, "{verified}");
        assert!(count.load(Ordering::Relaxed) > 100);
    });
}
