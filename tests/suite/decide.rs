//! Decisions: what the user agreed to, once, in one browser.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantsmith::host::{AccountDirectory, AccountStanding, DerivedKeyring, StorageError};
use grantsmith::record::{EndReason, Phase};
use grantsmith::server::{Approved, Authorization, AuthorizationServer, Decision, ErrorPageKind, Need};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::testing::SeededEntropy;
use grantsmith::value::{Lifetime, Realm, Subject};
use pollster::FutureExt as _;

use crate::token_world::redemption;
use crate::world::{
    API, Browser, LOOPBACK, OTHER_API, Request, World, asked, code_in, code_of, error_in, location, page, parameter,
    resources,
};

/// A consent page that is shown to alice.
fn consent<'a>(world: &'a World, request: &Request) -> (Browser<'a>, String) {
    let mut browser = world.browser_of("alice");
    let page = asked(browser.authorize(request));
    assert_eq!(page.need, Need::Consent);
    (browser, page.handle)
}

mod approve {
    use super::*;

    #[test]
    fn an_approval_gives_a_code_in_the_query() {
        covers!("RFC6749-4.1.2-01", "RFC7636-4.2-01");
        let world = World::new();
        let mut browser = world.browser();

        let page = asked(browser.authorize(&Request::of(&world.web)));
        assert_eq!(page.need, Need::LogIn);
        browser.log_in("alice");
        let page = asked(browser.resume(&page.handle));
        assert_eq!(page.need, Need::Consent);
        let answer = browser.approve(&page.handle);

        assert_eq!(location(&answer).fragment(), None);
        let tokens = world.redeem(&world.web, &code_in(&answer)).unwrap();
        assert!(world.is_active(tokens.access_token.expose()));
        assert_eq!(world.events.count("Approved"), 1);
    }

    #[test]
    fn the_page_says_who_asks_for_what() {
        let world = World::new();

        let page = asked(world.browser_of("alice").authorize(&Request::of(&world.native)));

        assert_eq!(page.client.id, *world.native.client.id());
        assert!(page.client.is_public);
        assert_eq!(page.destination, "127.0.0.1");
        assert_eq!(page.form_action, "http://127.0.0.1");
        assert_eq!(page.scope.as_str(), "read write");
        assert_eq!(page.resources, resources(&[API]));
        assert_eq!(page.subject.unwrap().as_str(), "alice");
        assert_eq!(page.expires_at, world.now().after(Lifetime::minutes(10)));
    }

    #[test]
    fn the_state_comes_back_byte_for_byte() {
        covers!("RFC6749-4.1.2-07");
        let world = World::new();
        let state = "a+b %20&c=d\"<'>\\#?~";

        let (mut browser, handle) = consent(&world, &Request::of(&world.web).with("state", state));
        let answer = browser.approve(&handle);

        assert_eq!(parameter(&answer, "state").as_deref(), Some(state));
    }

    #[test]
    fn the_code_is_bound_to_the_port_that_was_used() {
        covers!("RFC8252-6-01", "OAUTH21-8.1-01", "RFC9700-2.1.1-04");
        let world = World::new();
        let used = "http://127.0.0.1:49152/callback";

        let (mut browser, handle) = consent(&world, &Request::of(&world.native).with("redirect_uri", used));
        let answer = browser.approve(&handle);

        assert!(location(&answer).as_str().starts_with(&format!("{used}?")));
        let code = code_in(&answer);
        let form = |uri: &str| format!("{}&redirect_uri={uri}", redemption(&code));
        assert_eq!(code_of(world.token(&world.native, &form(LOOPBACK))), "invalid_grant");
        world.token(&world.native, &form(used)).unwrap();
    }

    #[test]
    fn public_and_confidential_clients_run_the_whole_flow() {
        covers!("RFC9700-2.1.1-04", "RFC8252-6-01", "OAUTH21-8.1-01");
        let world = World::new();

        for client in [&world.native, &world.app, &world.web, &world.twofold] {
            let tokens = world.approved_tokens(client, "alice");
            assert!(world.is_active(tokens.access_token.expose()));
        }
    }

    #[test]
    fn the_user_may_approve_less() {
        let world = World::new();
        let request = Request::of(&world.web).and("resource", OTHER_API);
        let (mut browser, handle) = consent(&world, &request);
        let less = Approved {
            scope: Some("read".parse().unwrap()),
            resources: Some(resources(&[OTHER_API])),
            remember: false,
        };

        let answer = browser.decide(&handle, &Decision::Approve(less));

        let tokens = world.redeem(&world.web, &code_in(&answer)).unwrap();
        assert_eq!(tokens.scope.as_str(), "read");
        assert!(!world.is_active(tokens.access_token.expose()));
    }

    #[test]
    fn nobody_approves_more_than_was_asked() {
        covers!("ATK-051");
        let world = World::new();
        let (mut browser, handle) = consent(&world, &Request::of(&world.web));

        for (scope, resource) in [
            (Some("admin read write"), None),
            (Some(""), None),
            (None, Some(vec![API, OTHER_API])),
            (None, Some(vec![OTHER_API])),
            (None, Some(vec![])),
        ] {
            let approved = Approved {
                scope: scope.map(|scope| scope.parse().unwrap()),
                resources: resource.map(|names| resources(&names)),
                remember: true,
            };
            let answer = browser.decide(&handle, &Decision::Approve(approved));
            assert_eq!(page(&answer), ErrorPageKind::DecisionOutOfBounds);
        }

        assert!(world.records_of("alice").is_empty());
        code_in(&browser.approve(&handle));
    }

    #[test]
    fn a_stolen_response_is_worth_little() {
        covers!("ATK-077");
        let world = World::new();

        let code = world.approved_code(&world.web, "alice");
        let form = format!("grant_type=authorization_code&code={code}");
        assert_eq!(code_of(world.token(&world.web, &form)), "invalid_request");
        world.redeem(&world.web, &code).unwrap();
        assert_eq!(code_of(world.redeem(&world.web, &code)), "invalid_grant");
        let late = world.approved_code(&world.web, "alice");
        world.advance(60);
        assert_eq!(code_of(world.redeem(&world.web, &late)), "invalid_grant");
    }

    #[test]
    fn an_inactive_account_approves_nothing() {
        struct Locked;

        #[async_trait]
        impl AccountDirectory for Locked {
            async fn standing(&self, _: &Realm, _: &Subject) -> Result<AccountStanding, StorageError> {
                Ok(AccountStanding::Inactive)
            }
        }

        let world = World::build(Arc::new(MemoryStorage::new()), |builder| builder.accounts(Arc::new(Locked)));
        let (mut browser, handle) = consent(&world, &Request::of(&world.web));

        assert_eq!(error_in(&browser.approve_for_good(&handle)), "access_denied");
        assert!(world.records_of("alice").is_empty());
    }

    #[test]
    fn a_public_client_is_approved_by_asking() {
        covers!("ATK-053");
        let world = World::new();

        for (client, is_asked) in [(&world.native, true), (&world.app, true), (&world.web, false)] {
            let (mut browser, handle) = consent(&world, &Request::of(client));
            code_in(&browser.approve_for_good(&handle));
            let second = browser.authorize(&Request::of(client));
            assert_eq!(matches!(second, Authorization::Ask(_)), is_asked);
        }
    }
}

mod deny {
    use super::*;

    #[test]
    fn a_denial_is_told() {
        covers!("RFC6749-4.1.2.1-07");
        let world = World::new();
        let (mut browser, handle) = consent(&world, &Request::of(&world.web));

        let answer = browser.deny(&handle);

        assert_eq!(error_in(&answer), "access_denied");
        assert_eq!(world.events.count("Denied"), 1);
        let [grant] = &world.grants_of("alice")[..] else { panic!("not one grant") };
        assert!(matches!(grant.phase(), Phase::Ended(ended) if ended.reason == EndReason::Denied));
        assert!(grant.approval().scope.is_empty());
    }

    #[test]
    fn a_denial_goes_to_an_unverified_client_too() {
        let world = World::new();
        let (mut browser, handle) = consent(&world, &Request::of(&world.stranger));

        assert_eq!(error_in(&browser.deny(&handle)), "access_denied");
    }

    #[test]
    fn the_first_decision_stands() {
        let world = World::new();
        let (mut browser, handle) = consent(&world, &Request::of(&world.web));

        assert_eq!(error_in(&browser.deny(&handle)), "access_denied");
        assert_eq!(error_in(&browser.approve(&handle)), "access_denied");
        assert_eq!(world.grants_of("alice").len(), 1);
        let (mut browser, handle) = consent(&world, &Request::of(&world.web));
        let code = code_in(&browser.approve(&handle));
        assert_eq!(code_in(&browser.deny(&handle)), code);
    }
}

mod twice {
    use super::*;

    #[test]
    fn the_same_approval_gives_the_same_code_while_it_waits() {
        covers!("ATK-052");
        let world = World::new();
        let (mut browser, handle) = consent(&world, &Request::of(&world.web));

        let code = code_in(&browser.approve(&handle));
        assert_eq!(code_in(&browser.approve(&handle)), code);
        assert_eq!(code_in(&browser.approve_for_good(&handle)), code);
        assert_eq!(world.grants_of("alice").len(), 1);
        assert_eq!(world.events.count("Approved"), 1);
        world.redeem(&world.web, &code).unwrap();

        assert_eq!(page(&browser.approve(&handle)), ErrorPageKind::AlreadyCompleted);
        assert_eq!(page(&browser.deny(&handle)), ErrorPageKind::AlreadyCompleted);
    }

    #[test]
    fn parallel_approvals_give_one_grant() {
        covers!("ATK-052");
        let world = World::new();
        let (browser, handle) = consent(&world, &Request::of(&world.web));

        let codes: Vec<String> = std::thread::scope(|scope| {
            let approvals: Vec<_> = (0..8)
                .map(|_| {
                    let mut browser = browser.clone();
                    let handle = &handle;
                    scope.spawn(move || code_in(&browser.approve(handle)))
                })
                .collect();
            approvals.into_iter().map(|approval| approval.join().unwrap()).collect()
        });

        assert!(codes.iter().all(|code| *code == codes[0]));
        assert_eq!(world.grants_of("alice").len(), 1);
    }

    #[test]
    fn an_expired_code_is_not_given_out_again() {
        let world = World::new();
        let (mut browser, handle) = consent(&world, &Request::of(&world.web));
        code_in(&browser.approve(&handle));

        world.advance(61);

        assert_eq!(page(&browser.approve(&handle)), ErrorPageKind::AlreadyCompleted);
    }

    #[test]
    fn a_decided_handle_is_not_forgotten_before_it_expires() {
        let world = World::new();
        let (mut browser, handle) = consent(&world, &Request::of(&world.web));
        browser.deny(&handle);

        world.advance(599);
        world.server.purge_expired(1000).block_on().unwrap();

        assert_eq!(error_in(&browser.approve(&handle)), "access_denied");
    }
}

mod handle {
    use super::*;

    #[test]
    fn a_decision_belongs_to_the_browser_that_asked() {
        covers!("RFC6749-10.12-01", "ATK-049", "ATK-050");
        let world = World::new();
        let (browser, handle) = consent(&world, &Request::of(&world.web));
        let mut without_cookie = browser.clone();
        without_cookie.cookie = None;
        let mut of_another = browser.clone();
        let mut mallory = world.browser_of("mallory");
        asked(mallory.authorize(&Request::of(&world.web)));
        of_another.cookie.clone_from(&mallory.cookie);

        for mut foreign in [without_cookie, of_another, mallory] {
            assert_eq!(page(&foreign.approve_for_good(&handle)), ErrorPageKind::AnotherBrowser);
            assert_eq!(page(&foreign.deny(&handle)), ErrorPageKind::AnotherBrowser);
            assert_eq!(page(&foreign.resume(&handle)), ErrorPageKind::AnotherBrowser);
        }

        assert!(world.records_of("alice").is_empty());
        assert!(world.records_of("mallory").is_empty());
    }

    #[test]
    fn a_changed_handle_is_none() {
        covers!("RFC6749-10.12-01", "ATK-051");
        let world = World::new();
        let (mut browser, handle) = consent(&world, &Request::of(&world.web));
        let bytes = URL_SAFE_NO_PAD.decode(&handle).unwrap();

        for position in (0..bytes.len()).step_by(7) {
            let mut changed = bytes.clone();
            changed[position] ^= 1;
            let answer = browser.approve(&URL_SAFE_NO_PAD.encode(changed));
            assert_eq!(page(&answer), ErrorPageKind::HandleInvalid, "{position}");
        }
        let widened = String::from_utf8_lossy(&bytes[34..]).replace("read write", "admin read write");
        let widened = [&bytes[..34], widened.as_bytes()].concat();
        for text in
            ["", "x", &handle[1..], &format!("{handle}A"), &URL_SAFE_NO_PAD.encode(widened), &"A".repeat(40_000)]
        {
            assert_eq!(page(&browser.approve(text)), ErrorPageKind::HandleInvalid);
        }
        assert!(world.records_of("alice").is_empty());
    }

    #[test]
    fn a_handle_expires() {
        let world = World::new();
        let (mut browser, handle) = consent(&world, &Request::of(&world.web));

        world.advance(600);

        assert_eq!(page(&browser.approve(&handle)), ErrorPageKind::HandleExpired);
        assert_eq!(page(&browser.resume(&handle)), ErrorPageKind::HandleExpired);
    }

    #[test]
    fn a_handle_survives_a_restart() {
        let world = World::new();
        let (browser, handle) = consent(&world, &Request::of(&world.web));

        let restarted = world.restarted();
        let decision = Decision::Approve(Approved::default());
        let answer = restarted.decide(&handle, &browser.visitor(), &decision).block_on();

        world.redeem(&world.web, &code_in(&answer)).unwrap();
    }

    #[test]
    fn a_handle_of_another_realm_is_none() {
        let world = World::new();
        let (browser, handle) = consent(&world, &Request::of(&world.web));
        let other = AuthorizationServer::builder(
            "https://other.example",
            Arc::clone(&world.storage),
            Arc::new(crate::token_world::keyring()),
        );
        let other = other.clock(Arc::new(world.clock.clone())).build().unwrap();

        let answer = other.decide(&handle, &browser.visitor(), &Decision::Deny).block_on();

        assert_eq!(page(&answer), ErrorPageKind::HandleInvalid);
    }

    #[test]
    fn the_same_code_is_derived_after_the_keys_were_rotated() {
        let world = World::new();
        let (mut browser, handle) = consent(&world, &Request::of(&world.web));
        let code = code_in(&browser.approve(&handle));

        let rotated = DerivedKeyring::new(2, [9; 32]).unwrap().with_retired(1, [7; 32]).unwrap();
        let server = AuthorizationServer::builder("https://as.example", Arc::clone(&world.storage), Arc::new(rotated));
        let server = server.clock(Arc::new(world.clock.clone())).entropy(Arc::new(SeededEntropy::new(2)));
        let server = server.build().unwrap();
        let decision = Decision::Approve(Approved::default());
        let again = server.decide(&handle, &browser.visitor(), &decision).block_on();
        assert_eq!(code_in(&again), code);

        let other_tab = browser.clone();
        let visitor = other_tab.visitor();
        let fresh = asked(server.authorize(Request::of(&world.web).query().as_bytes(), &visitor).block_on());
        assert_eq!(page(&browser.approve(&fresh.handle)), ErrorPageKind::HandleInvalid);
        code_in(&server.decide(&fresh.handle, &visitor, &decision).block_on());
    }

    #[test]
    fn one_browser_may_ask_in_two_tabs() {
        let world = World::new();
        let (mut browser, first) = consent(&world, &Request::of(&world.web));
        let cookie = browser.cookie.clone();

        let second = asked(browser.authorize(&Request::of(&world.twofold)));

        assert_eq!(second.binding, None);
        assert_eq!(browser.cookie, cookie);
        code_in(&browser.approve(&first));
        code_in(&browser.approve(&second.handle));
        assert_eq!(world.grants_of("alice").len(), 2);
    }

    #[test]
    fn a_cookie_that_was_made_up_is_replaced() {
        let world = World::new();
        let mut browser = world.browser_of("alice");
        browser.cookie = Some("made up".to_owned());

        let page = asked(browser.authorize(&Request::of(&world.web)));

        assert!(page.binding.is_some());
    }

    #[test]
    fn the_longest_request_fits_into_a_handle() {
        let world = World::new();
        let mut request = Request::of(&world.web).with("state", &"\"".repeat(2048)).with("nonce", &"\\".repeat(512));
        request = request.with("login_hint", &"\u{20ac}".repeat(170)).with("ui_locales", &"\"".repeat(512));

        let (mut browser, handle) = consent(&world, &request);

        code_in(&browser.approve(&handle));
    }
}

mod again {
    use grantsmith::record::Record;

    use super::*;

    #[test]
    fn a_step_that_was_not_taken_is_asked_for_again() {
        covers!("ATK-054");
        let world = World::new();
        let mut stranger = world.browser();
        let page = asked(stranger.authorize(&Request::of(&world.web).and("approved", "1").and("post_login", "true")));
        assert_eq!(asked(stranger.approve(&page.handle)).need, Need::LogIn);
        // Logging in is not agreeing: no consent page was shown.
        stranger.log_in("alice");
        assert_eq!(asked(stranger.approve(&page.handle)).need, Need::Consent);

        let mut browser = world.browser_of("alice");
        let page = asked(browser.authorize(&Request::of(&world.web).with("prompt", "login")));
        assert_eq!(page.need, Need::LogInAgain);
        assert_eq!(asked(browser.approve(&page.handle)).need, Need::LogInAgain);
        assert!(world.records_of("alice").is_empty());
    }

    #[test]
    fn another_user_is_asked_again() {
        covers!("ATK-058");
        let world = World::new();
        let (mut browser, handle) = consent(&world, &Request::of(&world.web));

        browser.log_in("bob");
        let page = asked(browser.approve(&handle));
        assert_eq!(page.need, Need::Consent);
        assert_eq!(page.subject.as_ref().unwrap().as_str(), "bob");
        assert_eq!(asked(browser.deny(&handle)).need, Need::Consent);
        let answer = browser.approve(&page.handle);

        code_in(&answer);
        assert!(world.grants_of("alice").is_empty());
        assert_eq!(world.grants_of("bob").len(), 1);
    }

    #[test]
    fn another_user_does_not_get_the_code_of_the_first() {
        covers!("ATK-058");
        let world = World::new();
        let (mut browser, handle) = consent(&world, &Request::of(&world.web));
        code_in(&browser.approve(&handle));

        browser.log_in("bob");
        let shown = asked(browser.approve(&handle));

        assert_eq!(page(&browser.approve(&shown.handle)), ErrorPageKind::AlreadyCompleted);
        assert!(world.grants_of("bob").is_empty());
    }

    #[test]
    fn the_client_is_judged_again() {
        let world = World::new();
        let (mut browser, handle) = consent(&world, &Request::of(&world.web));
        let original = (*world.web.client).clone();
        let mut decided_for = |change: &dyn Fn(&mut grantsmith::record::Client)| {
            let mut client = original.clone();
            change(&mut client);
            world.replace(Record::Client(client.into()));
            world.advance(6);
            browser.approve(&handle)
        };

        let disabled = decided_for(&|client| client.is_disabled = true);
        let moved = decided_for(&|client| client.redirect_uris = crate::world::uris(&["https://app.example/new"]));
        let replaced = decided_for(&|client| client.instance = world.twofold.client.instance);
        for answer in [disabled, moved, replaced] {
            assert_eq!(page(&answer), ErrorPageKind::RequestInvalid);
        }
        let narrowed = decided_for(&|client| client.scope = "read".parse().unwrap());
        assert_eq!(error_in(&narrowed), "invalid_scope");
        let without = decided_for(&|client| client.resources = resources(&[OTHER_API]));
        assert_eq!(error_in(&without), "invalid_target");
        let codeless = decided_for(&|client| client.grant_types.clear());
        assert_eq!(error_in(&codeless), "unauthorized_client");
        assert!(world.records_of("alice").is_empty());
        code_in(&decided_for(&|_| {}));
    }
}
