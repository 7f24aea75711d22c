//! Attacks with codes.

use std::thread;

use super::browser::Ask;
use super::expect::{assert_refused, code_in};
use super::members::{CHALLENGE, Member, OTHER_API, Tokens, VERIFIER, encoded, redemption};
use super::stage::Stage;
use crate::http_exchange::post;

super::attacks!["codes.rs":
    a_stolen_response_is_worth_little,
    a_code_that_is_redeemed_again_ends_what_it_gave,
    of_many_redemptions_at_once_one_wins,
    a_code_belongs_to_its_client,
    without_the_verifier_a_code_is_nothing,
    another_verifier_is_refused_and_so_is_the_code_afterwards,
    the_challenge_is_no_verifier,
    an_empty_value_skips_no_check,
    a_user_who_is_locked_out_gets_nothing,
    a_code_gives_no_more_than_was_approved,
];

const REDEMPTION: &str = "grant_type=authorization_code";

#[test]
fn a_stolen_response_is_worth_little() {
    covers!("ATK-077");
    let stage = Stage::new();
    let Member { id, .. } = &stage.members.app;
    let code = stage.approved_code(&stage.members.app);

    let stolen = |more: &str| stage.send(post("/token", "", &format!("{REDEMPTION}&code={code}&client_id={id}{more}")));
    assert_refused(&stolen(""), 400, "invalid_request");
    Tokens::in_answer(&stage.redeem(&stage.members.app, &code));
    assert_refused(&stolen(&format!("&code_verifier={VERIFIER}")), 400, "invalid_grant");

    let (in_time, late) = (stage.approved_code(&stage.members.web), stage.approved_code(&stage.members.web));
    stage.advance(59);
    Tokens::in_answer(&stage.redeem(&stage.members.web, &in_time));
    stage.advance(1);
    assert_refused(&stage.redeem(&stage.members.web, &late), 400, "invalid_grant");
}

#[test]
fn a_code_that_is_redeemed_again_ends_what_it_gave() {
    covers!("ATK-078");
    let stage = Stage::new();
    for client in [&stage.members.web, &stage.members.desk, &stage.members.app, &stage.members.page] {
        let code = stage.approved_code(client);
        let tokens = Tokens::in_answer(&stage.redeem(client, &code));
        let refreshed = tokens.renewed(&stage.refresh(client, &tokens.refresh));
        assert!(stage.is_active(&tokens.access) && stage.is_active(&refreshed.access));

        assert_refused(&stage.redeem(client, &code), 400, "invalid_grant");

        assert!(!stage.is_active(&tokens.access) && !stage.is_active(&refreshed.access));
        assert_refused(&stage.refresh(client, &refreshed.refresh), 400, "invalid_grant");
        assert_refused(&stage.redeem(client, &code), 400, "invalid_grant");
    }
}

#[test]
fn of_many_redemptions_at_once_one_wins() {
    covers!("ATK-080");
    let stage = Stage::new();
    let other = stage.another_process();
    let web = &stage.members.web;
    for _ in 0..3 {
        let code = stage.approved_code(web);

        let answers: Vec<_> = thread::scope(|scope| {
            let redeem = |number: usize| [&stage, &other][number % 2].redeem(web, &code);
            let redemptions: Vec<_> = (0..12).map(|number| scope.spawn(move || redeem(number))).collect();
            redemptions.into_iter().map(|redemption| redemption.join().unwrap()).collect()
        });

        let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        for answer in lost {
            assert_refused(answer, 400, "invalid_grant");
        }
        assert_eq!(won.len(), 1);
        // Eleven others had the code and its verifier, so nothing that it gave is good.
        let tokens = Tokens::in_answer(won[0]);
        assert!(!stage.is_active(&tokens.access));
        assert_refused(&stage.refresh(web, &tokens.refresh), 400, "invalid_grant");
    }
}

#[test]
fn a_code_belongs_to_its_client() {
    covers!("ATK-081");
    let stage = Stage::new();
    let members = &stage.members;
    for owner in [&members.web, &members.app] {
        let code = stage.approved_code(owner);
        let writes = stage.writes();

        for thief in [&members.page, &members.desk, &members.stranger] {
            assert_refused(&stage.redeem(thief, &code), 400, "invalid_grant");
            let form = format!("{}&{}", redemption(&code), encoded(&[("redirect_uri", &owner.redirect_uri)]));
            assert_refused(&stage.token(thief, &form), 400, "invalid_grant");
        }
        assert_eq!(stage.writes(), writes);
        Tokens::in_answer(&stage.redeem(owner, &code));
    }
}

#[test]
fn without_the_verifier_a_code_is_nothing() {
    covers!("ATK-085");
    let stage = Stage::new();
    for client in [&stage.members.web, &stage.members.app] {
        let code = stage.approved_code(client);

        for form in [
            format!("{REDEMPTION}&code={code}"),
            format!("{REDEMPTION}&code={code}&code_verifier="),
            format!("{REDEMPTION}&code={code}&Code_Verifier={VERIFIER}"),
            format!("{REDEMPTION}&code={code}&code_verifier={VERIFIER}&code_verifier={VERIFIER}"),
        ] {
            assert_refused(&stage.token(client, &form), 400, "invalid_request");
        }
        Tokens::in_answer(&stage.redeem(client, &code));
    }
}

#[test]
fn another_verifier_is_refused_and_so_is_the_code_afterwards() {
    covers!("ATK-087");
    let stage = Stage::new();
    for client in [&stage.members.web, &stage.members.app] {
        let code = stage.approved_code(client);
        let wrong = "a-verifier-of-the-attackers-own-flow-that-is-long-enough";

        let form = format!("{REDEMPTION}&code={code}&code_verifier={wrong}");
        assert_refused(&stage.token(client, &form), 400, "invalid_grant");

        assert_refused(&stage.redeem(client, &code), 400, "invalid_grant");
    }
}

#[test]
fn the_challenge_is_no_verifier() {
    covers!("ATK-090");
    let stage = Stage::new();
    for client in [&stage.members.web, &stage.members.app] {
        let code = stage.approved_code(client);

        let form = format!("{REDEMPTION}&code={code}&code_verifier={CHALLENGE}");

        assert_refused(&stage.token(client, &form), 400, "invalid_grant");
    }
}

#[test]
fn an_empty_value_skips_no_check() {
    covers!("ATK-092");
    let stage = Stage::new();
    let desk = &stage.members.desk;
    let code = stage.approved_code(desk);
    let writes = stage.writes();

    let values = ["", "0", "false", "null", "+", "%20", "undefined", "[]", "%00"];
    for value in values {
        let form = format!("{}&client_id={}&client_secret={value}", redemption(&code), desk.id);
        assert_refused(&stage.send(post("/token", "", &form)), 401, "invalid_client");
        let form = format!("{}&client_id={value}&client_secret={}", redemption(&code), desk.secret);
        assert_eq!(stage.send(post("/token", "", &form)).status, 401, "{value}");
        let form = format!("{REDEMPTION}&code={value}&code_verifier={VERIFIER}");
        assert_eq!(stage.token(desk, &form).status, 400, "{value}");
    }
    assert_eq!(stage.writes(), writes);
    Tokens::in_answer(&stage.redeem(desk, &code));
    for value in values {
        let form = format!("{REDEMPTION}&code={}&code_verifier={value}", stage.approved_code(desk));
        let answer = stage.token(desk, &form);
        assert!(["invalid_request", "invalid_grant"].contains(&answer.error().as_str()), "{}", answer.golden());
    }
}

#[test]
fn a_user_who_is_locked_out_gets_nothing() {
    covers!("ATK-104");
    let stage = Stage::new();
    let web = &stage.members.web;
    let tokens = stage.approved_tokens(web);
    let code = stage.approved_code(web);
    let mut alice = stage.browser_of("alice");
    let page = alice.authorize(&Ask::of(web));

    stage.accounts.lock("alice");

    assert_refused(&stage.redeem(web, &code), 400, "invalid_grant");
    assert_refused(&stage.refresh(web, &tokens.refresh), 400, "invalid_grant");
    super::expect::assert_sent_error(&alice.approve(&page), "access_denied");

    stage.accounts.unlock("alice");
    Tokens::in_answer(&stage.refresh(web, &tokens.refresh));
    code_in(&alice.approve_all(&Ask::of(web)));
}

#[test]
fn a_code_gives_no_more_than_was_approved() {
    covers!("ATK-109");
    let stage = Stage::new();
    let web = &stage.members.web;
    let code = stage.approved_code(web);
    let writes = stage.writes();

    for resources in [
        &[("resource", OTHER_API)][..],
        &[("resource", crate::http_exchange::API), ("resource", OTHER_API)],
        &[("resource", "https://unknown.example/")],
    ] {
        let form = format!("{}&{}", redemption(&code), encoded(resources));
        assert_refused(&stage.token(web, &form), 400, "invalid_target");
    }
    assert_eq!(stage.writes(), writes);
    let tokens = Tokens::in_answer(&stage.redeem(web, &code));
    let form =
        format!("grant_type=refresh_token&refresh_token={}&{}", tokens.refresh, encoded(&[("resource", OTHER_API)]));
    assert_refused(&stage.token(web, &form), 400, "invalid_target");
    assert!(stage.is_active(&tokens.access));
    Tokens::in_answer(&stage.refresh(web, &tokens.refresh));
}
