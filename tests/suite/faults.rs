//! What is stored, and what happens when storage or randomness fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use grantsmith::host::{Entropy, EntropyError, Filter, Storage};
use grantsmith::policy::Policy;
use grantsmith::record::RecordKind;
use grantsmith::server::{Authorization, EndpointError};
use grantsmith::storage::contract::{Fault, Faulty};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::testing::SeededEntropy;
use grantsmith::value::Lifetime;
use pollster::FutureExt as _;

use crate::token_world::{TokenWorld, Wish, access, code_of, post, refresh_of};
use crate::world::{Request, World, asked, location};

/// A world over a storage that can fail, in which nothing is answered from memory.
pub(crate) fn fragile() -> (World, Arc<Faulty>) {
    let storage = Arc::new(Faulty::new(Arc::new(MemoryStorage::new())));
    let mut policy = Policy::default();
    policy.client_cache_lifetime = Lifetime::ZERO;
    let world = World::build(Arc::clone(&storage) as Arc<dyn Storage>, |builder| builder.policy(policy));
    (world, storage)
}

/// Runs a request against a storage whose every single call fails in turn, in both ways, each time in a new world.
///
/// `prepare` makes what the request needs; `act` is the request; `again` is what must hold when the storage is well.
fn fail_each_call<P>(
    prepare: impl Fn(&World) -> P,
    act: impl Fn(&World, &P) -> Result<(), EndpointError>,
    again: impl Fn(&World, &P, bool),
) {
    let calls = {
        let (world, storage) = fragile();
        let prepared = prepare(&world);
        let before = storage.counts().total();
        act(&world, &prepared).unwrap();
        storage.counts().total() - before
    };
    assert!(calls > 0);
    for call in 0..calls {
        for fault in [Fault::Error, Fault::ErrorAfter] {
            let (world, storage) = fragile();
            let prepared = prepare(&world);
            storage.inject(storage.counts().total() + call, fault);

            let outcome = act(&world, &prepared);

            storage.heal();
            if let Err(error) = &outcome {
                let answer = error.to_answer();
                assert_eq!((answer.status(), answer.body()), (503, &br#"{"error":"server_error"}"#[..]), "{call}");
                assert!(answer.retry_after().is_some());
            }
            assert_eq!(world.events.count("Compromised"), 0, "{call} {fault:?}");
            again(&world, &prepared, outcome.is_ok());
        }
    }
}

#[test]
fn a_redemption_survives_each_failing_call() {
    covers!("ATK-293", "RFC6749-4.1.2-04");
    fail_each_call(
        |world| world.code(&world.app, &Wish::default()),
        |world, code| world.redeem(&world.app, code).map(drop),
        |world, code, was_answered| {
            // What was answered is spent; what was not may be tried again, and harms nobody.
            let expected = if was_answered { "invalid_grant" } else { "ok" };
            assert_eq!(code_of(world.redeem(&world.app, code)), expected);
        },
    );
}

#[test]
fn a_refresh_survives_each_failing_call() {
    covers!("ATK-293");
    fail_each_call(
        |world| refresh_of(&world.tokens(&world.web)).to_owned(),
        |world, token| world.refresh(&world.web, token).map(drop),
        |world, token, _| assert_eq!(code_of(world.refresh(&world.web, token)), "ok"),
    );
    fail_each_call(
        |world| refresh_of(&world.tokens(&world.app)).to_owned(),
        |world, token| world.refresh(&world.app, token).map(drop),
        |world, token, was_answered| {
            let expected = if was_answered { "invalid_grant" } else { "ok" };
            assert_eq!(code_of(world.refresh(&world.app, token)), expected);
        },
    );
}

#[test]
fn a_machine_is_answered_or_told_that_it_was_not() {
    covers!("ATK-293");
    fail_each_call(
        |_| (),
        |world, ()| world.token(&world.machine, "grant_type=client_credentials").map(drop),
        |world, (), _| assert_eq!(code_of(world.token(&world.machine, "grant_type=client_credentials")), "ok"),
    );
}

#[test]
fn introspection_never_takes_a_failure_for_an_answer() {
    covers!("ATK-293");
    fail_each_call(
        |world| access(&world.tokens(&world.app)).to_owned(),
        |world, token| {
            let form = format!("token={token}");
            let answer = post(&world.api, &form, |request| world.server.introspect(&request).block_on())?;
            assert!(answer.active().is_some());
            Ok(())
        },
        |world, token, _| assert!(world.is_active(token)),
    );
}

#[test]
fn a_revocation_that_is_answered_was_made() {
    covers!("ATK-182", "ATK-293");
    fail_each_call(
        |world| refresh_of(&world.tokens(&world.app)).to_owned(),
        |world, token| world.revoke(&world.app, token),
        |world, token, was_answered| {
            if was_answered {
                assert_eq!(code_of(world.refresh(&world.app, token)), "invalid_grant");
            }
            assert_eq!(code_of(world.revoke(&world.app, token)), "ok");
            assert_eq!(code_of(world.refresh(&world.app, token)), "invalid_grant");
        },
    );
}

#[test]
fn a_storage_that_is_down_is_503_everywhere_and_nothing_is_lost() {
    covers!("ATK-182", "ATK-293");
    let (world, storage) = fragile();
    let tokens = world.tokens(&world.app);
    let code = world.code(&world.app, &Wish::default());
    let start = storage.counts().total();
    for call in start..start + 500 {
        storage.inject(call, Fault::Error);
    }

    for outcome in [
        world.redeem(&world.app, &code).map(drop),
        world.refresh(&world.app, refresh_of(&tokens)).map(drop),
        world.revoke(&world.app, access(&tokens)),
        world.token(&world.machine, "grant_type=client_credentials").map(drop),
    ] {
        assert_eq!(outcome.unwrap_err().to_answer().status(), 503);
    }
    assert!(matches!(world.browser_of("alice").authorize(&Request::of(&world.app)), Authorization::ErrorPage(_)));

    storage.heal();
    assert!(world.is_active(access(&tokens)));
    assert_eq!(code_of(world.redeem(&world.app, &code)), "ok");
    assert_eq!(code_of(world.refresh(&world.app, refresh_of(&tokens))), "ok");
}

#[test]
fn an_approval_survives_each_failing_call() {
    covers!("ATK-293", "RFC6749-4.1.2.1-10", "RFC6749-4.1.2.1-11", "ATK-052");
    let calls = {
        let (world, storage) = fragile();
        let mut browser = world.browser_of("alice");
        let page = asked(browser.authorize(&Request::of(&world.app)));
        let before = storage.counts().total();
        location(&browser.approve_for_good(&page.handle));
        storage.counts().total() - before
    };
    for call in 0..calls {
        for fault in [Fault::Error, Fault::ErrorAfter] {
            let (world, storage) = fragile();
            let mut browser = world.browser_of("alice");
            let page = asked(browser.authorize(&Request::of(&world.app)));
            storage.inject(storage.counts().total() + call, fault);

            let first = browser.approve_for_good(&page.handle);

            storage.heal();
            match &first {
                Authorization::Redirect(url) => {
                    assert!(
                        ["code=", "error=temporarily_unavailable", "error=server_error"]
                            .iter()
                            .any(|it| url.contains(it))
                    );
                }
                Authorization::ErrorPage(page) => assert_eq!(page.status(), 503),
                other => panic!("{call} {fault:?}: {other:?}"),
            }
            // The same decision again gives one grant and one code, whatever happened to the first.
            let again = location(&browser.approve_for_good(&page.handle));
            let code = again.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
            assert_eq!(world.grants_of("alice").len(), 1, "{call} {fault:?}");
            assert_eq!(code_of(world.redeem(&world.app, &code)), "ok");
        }
    }
}

/// Random bytes that can run out.
struct Fading(SeededEntropy, AtomicBool);

impl Entropy for Fading {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        if self.1.load(Ordering::SeqCst) { Err(EntropyError::new()) } else { self.0.fill(bytes) }
    }
}

#[test]
fn without_randomness_nothing_is_issued() {
    covers!("ATK-307");
    let entropy = Arc::new(Fading(SeededEntropy::new(5), AtomicBool::new(false)));
    let seam = Arc::clone(&entropy) as Arc<dyn Entropy>;
    let world = TokenWorld::build(Arc::new(MemoryStorage::new()), |builder| builder.entropy(seam));
    let tokens = world.tokens(&world.app);
    let code = world.code(&world.app, &Wish::default());
    entropy.1.store(true, Ordering::SeqCst);

    for outcome in [
        world.token(&world.machine, "grant_type=client_credentials"),
        world.redeem(&world.app, &code),
        world.refresh(&world.app, refresh_of(&tokens)),
    ] {
        let answer = outcome.unwrap_err().to_answer();
        assert_eq!((answer.status(), answer.body()), (503, &br#"{"error":"server_error"}"#[..]));
    }

    entropy.1.store(false, Ordering::SeqCst);
    assert_eq!(code_of(world.redeem(&world.app, &code)), "ok");
    assert_eq!(code_of(world.refresh(&world.app, refresh_of(&tokens))), "ok");
}

#[test]
fn tokens_look_random_and_never_repeat() {
    covers!("ATK-094", "RFC6749-10.10-02");
    let world = TokenWorld::build(Arc::new(MemoryStorage::new()), |builder| {
        builder.entropy(Arc::new(grantsmith::host::SystemEntropy))
    });
    let mut tokens: Vec<String> = (0..2_000)
        .map(|_| access(&world.token(&world.machine, "grant_type=client_credentials").unwrap()).to_owned())
        .collect();

    // All but the head, which says kind and key, takes every value at every place.
    for place in 3..66 {
        let values: std::collections::BTreeSet<u8> = tokens.iter().map(|token| token.as_bytes()[place]).collect();
        assert!(values.len() > 55, "{place}: {}", values.len());
    }
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), 2_000);
}

#[test]
fn a_copy_of_the_storage_contains_no_credential() {
    covers!("ATK-286", "RFC6749-10.3-01", "RFC6749-10.4-01", "RFC9700-4.9.3-01", "ATK-157", "RFC7636-4.4-02");
    let world = World::new();
    let (app, web) = (world.approved_tokens(&world.app, "alice"), world.approved_tokens(&world.web, "alice"));
    let code = world.approved_code(&world.app, "alice");
    let rotated = world.refresh(&world.app, refresh_of(&app)).unwrap();
    let machine = world.token(&world.machine, "grant_type=client_credentials").unwrap();
    let secret = world.web.secret.as_ref().unwrap().expose();

    let dump = dump(&world);

    let credentials = [
        code.as_str(),
        access(&app),
        access(&web),
        access(&rotated),
        access(&machine),
        refresh_of(&app),
        refresh_of(&rotated),
        refresh_of(&web),
        secret,
    ];
    for credential in credentials {
        // Not even the half of it.
        for half in [&credential[..credential.len() / 2], &credential[credential.len() / 2..]] {
            assert!(dump.iter().all(|body| !body.contains(half)));
        }
    }
    // Nothing that is stored works as a credential.
    for value in dump.iter().flat_map(|body| body.split('"')).filter(|value| value.len() >= 20) {
        let value = serde_urlencoded::to_string([("token", value)]).unwrap()["token=".len()..].to_owned();
        assert!(!world.is_active(&value));
        assert_eq!(code_of(world.refresh(&world.app, &value)), "invalid_grant");
        assert_eq!(code_of(world.redeem(&world.app, &value)), "invalid_grant");
    }
}

fn dump(world: &World) -> Vec<String> {
    let realm = *world.server.realm().fingerprint();
    let list = |filter: Filter| world.storage.list(&filter, None, 10_000).block_on().unwrap().keys;
    let clients = list(Filter::Clients(realm));
    let mut keys = clients.clone();
    for key in clients {
        let record = world.record(key).unwrap();
        keys.extend(list(Filter::Client(realm, record.client().unwrap().clone())));
    }
    keys.extend(list(Filter::Subject(realm, "alice".parse().unwrap())));
    assert!(keys.iter().any(|key| key.kind() == RecordKind::Grant));
    keys.into_iter()
        .filter_map(|key| world.record(key))
        .map(|record| String::from_utf8(record.encode().unwrap()).unwrap())
        .collect()
}

#[test]
fn hostile_bytes_are_an_error_and_never_a_panic() {
    covers!("ATK-298", "ATK-300");
    let world = World::new();
    let entropy = SeededEntropy::new(11);
    let names = [
        "grant_type",
        "code",
        "code_verifier",
        "refresh_token",
        "scope",
        "resource",
        "client_id",
        "client_secret",
        "token",
        "redirect_uri",
        "state",
        "response_type",
        "prompt",
        "max_age",
        "nonce",
        "response_mode",
    ];
    for round in 0..3_000_u32 {
        let mut noise = [0; 64];
        entropy.fill(&mut noise).unwrap();
        let mut form = Vec::new();
        for (index, chunk) in noise.chunks(8).enumerate() {
            form.extend_from_slice(names[usize::from(chunk[0]) % names.len()].as_bytes());
            form.push(b'=');
            form.extend_from_slice(if index % 2 == 0 { chunk } else { b"authorization_code" });
            form.push(b'&');
        }
        let header = if round % 3 == 0 { Some(&noise[..]) } else { None };
        let request = grantsmith::wire::FormRequest { body: &form, authorization: header, caller: None };

        assert!(world.server.token(&request).block_on().is_err());
        assert!(world.server.introspect(&request).block_on().is_err());
        let _ = world.server.revoke(&request).block_on();
        let visitor = grantsmith::server::Visitor { session: None, binding: None, caller: None };
        let answer = world.server.authorize(&form, &visitor).block_on();
        assert!(matches!(answer, Authorization::ErrorPage(_)));
        let _ = world.server.resume(&String::from_utf8_lossy(&noise), &visitor).block_on();
    }
}

#[test]
fn a_session_that_ends_takes_its_tokens_along() {
    covers!("ATK-156");
    let world = World::new();
    let mut browser = world.browser_of("alice");
    let code = location(&browser.approve_all(&Request::of(&world.app)));
    let code = code.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let here = world.redeem(&world.app, &code).unwrap();
    let session = browser.session.as_ref().unwrap().authentication.session.clone().unwrap();

    world.server.end_session(&session).block_on().unwrap();

    assert!(!world.is_active(access(&here)));
    assert_eq!(code_of(world.refresh(&world.app, refresh_of(&here))), "invalid_grant");
    let elsewhere = world.approved_tokens(&world.web, "bob");
    world.server.end_subject(&"bob".parse().unwrap()).block_on().unwrap();
    assert!(!world.is_active(access(&elsewhere)));
    assert_eq!(code_of(world.refresh(&world.web, refresh_of(&elsewhere))), "invalid_grant");
}
