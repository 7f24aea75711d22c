//! Attacks with refresh tokens.

use std::thread;

use grantsmith::server::Registration;
use grantsmith::value::{GrantType, ScopeSet};

use super::browser::{Ask, title};
use super::expect::{assert_refused, code_in};
use super::members::{Member, Tokens, encoded};
use super::stage::Stage;

super::attacks!["refresh.rs":
    a_spent_refresh_token_ends_the_family,
    of_many_refreshes_at_once_no_two_chains_live,
    another_process_knows_what_was_spent,
    a_refresh_gives_no_more_scope_than_the_grant,
    what_was_taken_back_is_not_given_by_a_refresh,
    no_refresh_token_is_given_where_none_may_be,
    tokens_end_with_the_session_and_with_the_user,
    a_refresh_token_is_in_the_token_response_only,
];

#[test]
fn a_spent_refresh_token_ends_the_family() {
    covers!("ATK-140");
    let stage = Stage::new();
    for client in [&stage.members.app, &stage.members.page] {
        let first = stage.approved_tokens(client);
        let bystander = stage.approved_tokens(client);
        let second = Tokens::in_answer(&stage.refresh(client, &first.refresh));
        let third = Tokens::in_answer(&stage.refresh(client, &second.refresh));

        assert_refused(&stage.refresh(client, &first.refresh), 400, "invalid_grant");

        for tokens in [&first, &second, &third] {
            assert!(!stage.is_active(&tokens.access));
            assert_refused(&stage.refresh(client, &tokens.refresh), 400, "invalid_grant");
        }
        assert!(stage.is_active(&bystander.access));
        Tokens::in_answer(&stage.refresh(client, &bystander.refresh));
    }
}

#[test]
fn of_many_refreshes_at_once_no_two_chains_live() {
    covers!("ATK-142");
    let stage = Stage::new();
    let other = stage.another_process();
    for client in [&stage.members.app, &stage.members.page] {
        let first = stage.approved_tokens(client);

        let answers: Vec<_> = thread::scope(|scope| {
            let refresh = |number: usize| [&stage, &other][number % 2].refresh(client, &first.refresh);
            let refreshes: Vec<_> = (0..12).map(|number| scope.spawn(move || refresh(number))).collect();
            refreshes.into_iter().map(|refresh| refresh.join().unwrap()).collect()
        });

        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        for answer in lost {
            assert_refused(answer, 400, "invalid_grant");
        }
        assert_eq!(won.len(), 1);
        // Eleven others had the token too, so its family has ended.
        let tokens = Tokens::in_answer(won[0]);
        assert_refused(&stage.refresh(client, &tokens.refresh), 400, "invalid_grant");
        assert!(!stage.is_active(&tokens.access) && !stage.is_active(&first.access));
    }
}

#[test]
fn another_process_knows_what_was_spent() {
    covers!("ATK-145");
    let stage = Stage::new();
    let app = &stage.members.app;
    let first = stage.approved_tokens(app);
    let second = Tokens::in_answer(&stage.refresh(app, &first.refresh));
    let restarted = stage.another_process();

    assert_refused(&restarted.refresh(app, &first.refresh), 400, "invalid_grant");

    assert_refused(&restarted.refresh(app, &second.refresh), 400, "invalid_grant");
    assert!(!stage.is_active(&second.access));
}

#[test]
fn a_refresh_gives_no_more_scope_than_the_grant() {
    covers!("ATK-149");
    let stage = Stage::new();
    for client in [&stage.members.app, &stage.members.web] {
        let tokens = stage.approved_tokens(client);
        let refresh = |token: &str, scope: &str| {
            let form = [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)];
            stage.token(client, &encoded(&form))
        };
        let writes = stage.writes();

        for scope in ["read write admin", "admin", "unknown", "openid offline_access", "read  write", "\""] {
            assert_refused(&refresh(&tokens.refresh, scope), 400, "invalid_scope");
        }
        assert_eq!(stage.writes(), writes);
        let narrow = refresh(&tokens.refresh, "read");
        assert_eq!(narrow.json()["scope"], "read");
        let tokens = tokens.renewed(&narrow);
        let wide = refresh(&tokens.refresh, "read write");
        assert_eq!(wide.json()["scope"], "read write");
        let tokens = tokens.renewed(&wide);
        assert_refused(&refresh(&tokens.refresh, "admin"), 400, "invalid_scope");
        tokens.renewed(&stage.refresh(client, &tokens.refresh));
    }
}

/// Changes what a client is registered with, and waits until every cache has forgotten it.
fn change(stage: &Stage, client: &Member, change: impl Fn(&mut Registration)) {
    let changed = stage.operate(|server| async {
        let id = client.id.parse().unwrap();
        let stored = server.client(&id).await?.unwrap();
        let mut registration = Registration::of(&stored.record);
        change(&mut registration);
        server.update_client(&id, stored.version, registration).await
    });
    changed.unwrap();
    stage.advance(6);
}

#[test]
fn what_was_taken_back_is_not_given_by_a_refresh() {
    covers!("ATK-151");
    let stage = Stage::new();
    let web = &stage.members.web;
    let tokens = stage.approved_tokens(web);

    change(&stage, web, |registration| {
        registration.scope = "read".parse().unwrap();
        registration.default_scope = ScopeSet::empty();
    });
    let narrowed = stage.refresh(web, &tokens.refresh);
    assert_eq!(narrowed.json()["scope"], "read");
    let tokens = tokens.renewed(&narrowed);
    change(&stage, web, |registration| registration.grant_types.retain(|it| *it != GrantType::RefreshToken));
    assert_refused(&stage.refresh(web, &tokens.refresh), 400, "unauthorized_client");
    change(&stage, web, |registration| registration.grant_types.push(GrantType::RefreshToken));
    let tokens = tokens.renewed(&stage.refresh(web, &tokens.refresh));

    stage.accounts.lock("alice");
    assert_refused(&stage.refresh(web, &tokens.refresh), 400, "invalid_grant");
    stage.accounts.unlock("alice");
    let id = || web.id.parse().unwrap();
    stage.operate(|server| async { server.disable_client(&id()).await }).unwrap();
    assert_refused(&stage.refresh(web, &tokens.refresh), 401, "invalid_client");
    assert!(!stage.is_active(&tokens.access));
    stage.operate(|server| async { server.enable_client(&id()).await }).unwrap();
    let tokens = tokens.renewed(&stage.refresh(web, &tokens.refresh));

    let withdrawn = stage.operate(|server| async { server.withdraw_consent(&"alice".parse().unwrap(), &id()).await });
    assert!(withdrawn.unwrap() > 0);
    assert_refused(&stage.refresh(web, &tokens.refresh), 400, "invalid_grant");
    assert!(!stage.is_active(&tokens.access));
    assert_eq!(title(&stage.browser_of("alice").authorize(&Ask::of(web).with("scope", "read"))), "Consent");
}

#[test]
fn no_refresh_token_is_given_where_none_may_be() {
    covers!("ATK-153");
    let stage = Stage::new();
    let members = &stage.members;

    let machine = stage.token(&members.machine, "grant_type=client_credentials&scope=read").json();
    assert!(machine.get("refresh_token").is_none() && machine["access_token"].is_string());
    change(&stage, &members.web, |registration| registration.grant_types.retain(|it| *it != GrantType::RefreshToken));
    let code = stage.approved_code(&members.web);
    let tokens = stage.redeem(&members.web, &code).json();
    assert!(tokens.get("refresh_token").is_none() && tokens["access_token"].is_string(), "{tokens}");
    let implicit = Ask::of(&members.app).with("response_type", "token");
    super::expect::assert_sent_error(&stage.browser_of("alice").authorize(&implicit), "unsupported_response_type");
}

#[test]
fn tokens_end_with_the_session_and_with_the_user() {
    covers!("ATK-156");
    let stage = Stage::new();
    let web = &stage.members.web;
    let mut alice = stage.browser_of("alice");
    let here = Tokens::in_answer(&stage.redeem(web, &code_in(&alice.approve_all(&Ask::of(web)))));
    let elsewhere = stage.approved_tokens(web);

    let session = alice.cookies["session"].parse().unwrap();
    stage.operate(|server| async { server.end_session(&session).await }).unwrap();

    assert!(!stage.is_active(&here.access) && stage.is_active(&elsewhere.access));
    assert_refused(&stage.refresh(web, &here.refresh), 400, "invalid_grant");
    let elsewhere = elsewhere.renewed(&stage.refresh(web, &elsewhere.refresh));
    let code = stage.approved_code(web);

    stage.operate(|server| async { server.end_subject(&"alice".parse().unwrap()).await }).unwrap();

    assert!(!stage.is_active(&elsewhere.access));
    assert_refused(&stage.refresh(web, &elsewhere.refresh), 400, "invalid_grant");
    assert_refused(&stage.redeem(web, &code), 400, "invalid_grant");
}

#[test]
fn a_refresh_token_is_in_the_token_response_only() {
    covers!("ATK-157");
    let stage = Stage::new();
    let web = &stage.members.web;
    let tokens = stage.approved_tokens(web);
    let ask = Ask::of(web).and("refresh_token", &tokens.refresh).and("token", &tokens.refresh);

    // The witness looks for the token in each of these answers.
    let mut alice = stage.browser_of("alice");
    for ask in [ask.clone(), ask.clone().with("response_mode", "form_post")] {
        code_in(&alice.approve_all(&ask));
        alice.authorize(&ask.clone().with("scope", &tokens.refresh));
        alice.authorize(&ask.clone().with("client_id", &tokens.refresh));
        alice.authorize(&ask.clone().with("response_type", &tokens.refresh));
        alice.authorize(&ask.with("redirect_uri", &tokens.refresh));
    }
    stage.introspect(&stage.members.api, &tokens.refresh);
    stage.revoke(&stage.members.app, &tokens.refresh);
    let in_url = format!("/token?grant_type=refresh_token&refresh_token={}", tokens.refresh);
    assert_refused(&stage.send(web.form(&in_url, "")), 400, "invalid_request");
    Tokens::in_answer(&stage.refresh(web, &tokens.refresh));
}
