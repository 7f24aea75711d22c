//! Attacks over the whole flow.

use super::browser::Ask;
use super::expect::{assert_inactive, assert_refused, code_in};
use super::members::{OTHER_API, Tokens, encoded, redemption};
use super::stage::Stage;
use crate::http_exchange::API;

super::attacks!["end_to_end.rs":
    a_code_that_is_injected_into_another_session_gives_nothing,
    a_token_for_one_api_is_nothing_at_another,
];

#[test]
fn a_code_that_is_injected_into_another_session_gives_nothing() {
    covers!("ATK-310");
    let stage = Stage::new();
    let members = &stage.members;
    // The honest client made a verifier of its own for the attacker's session.
    let (verifier, challenge) =
        ("MALLORY-MALLORY-MALLORY-MALLORY-MALLORY-MALLORY", "V4tzGk3ePBtHxQcLJpHGqL29jYQs9gzxqA5p7r3mJ4c");

    for client in [&members.web, &members.desk, &members.app, &members.page] {
        for ask in [Ask::of(client), Ask::of(client).and("nonce", "n-0S6")] {
            let stolen = code_in(&stage.browser_of("victim").approve_all(&ask));
            let own = stage.browser_of("mallory").approve_all(&ask.with("code_challenge", challenge));

            let form = format!("grant_type=authorization_code&code={stolen}&code_verifier={verifier}");
            assert_refused(&stage.token(client, &form), 400, "invalid_grant");

            // Whoever has the code and not the verifier has burnt it, and the other flow has nothing to do with it.
            assert_refused(&stage.redeem(client, &stolen), 400, "invalid_grant");
            assert_refused(&stage.redeem(client, &code_in(&own)), 400, "invalid_grant");
        }
    }
}

#[test]
fn a_token_for_one_api_is_nothing_at_another() {
    covers!("ATK-313");
    let stage = Stage::new();
    let members = &stage.members;
    let ask = Ask::of(&members.web).and("resource", OTHER_API);
    let code = code_in(&stage.browser_of("alice").approve_all(&ask));
    let narrowed = format!("{}&{}", redemption(&code), encoded(&[("resource", API)]));
    let tokens = Tokens::in_answer(&stage.token(&members.web, &narrowed));

    let at_home = stage.introspect(&members.api, &tokens.access).json();
    assert_eq!((&at_home["active"], &at_home["aud"]), (&true.into(), &"https://api.example".into()));
    assert_inactive(&stage.introspect(&members.other_api, &tokens.access));

    let form = [("grant_type", "refresh_token"), ("refresh_token", &tokens.refresh), ("resource", OTHER_API)];
    let other = Tokens::in_answer(&stage.token(&members.web, &encoded(&form)));
    assert_inactive(&stage.introspect(&members.api, &other.access));
    assert_eq!(stage.introspect(&members.other_api, &other.access).json()["aud"], "https://other-api.example");

    // Without a resource the token is for none in particular only where the client has none.
    let code = code_in(&stage.browser_of("alice").approve_all(&ask));
    let unbound = stage.redeem(&members.web, &code);
    if unbound.status == 200 {
        let token = Tokens::in_answer(&unbound).access;
        let told = [&members.api, &members.other_api].map(|api| stage.introspect(api, &token).json()["active"] == true);
        assert!(told != [true, true], "{told:?}");
    } else {
        assert_refused(&unbound, 400, "invalid_target");
    }
}
