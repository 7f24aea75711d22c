//! Credentials that were changed on the way, at every endpoint that takes one.

use grantsmith::record::{CredentialKind, Locator, PresentedCredential};
use grantsmith::server::RegisteredClient;

use crate::token_world::{TokenWorld, Wish, access, code_of, redemption, refresh_of};

/// The text with each character replaced in turn by its neighbours in the alphabet.
fn changed(text: &str) -> impl Iterator<Item = String> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    text.char_indices().flat_map(move |(at, character)| {
        let place = ALPHABET.find(character).unwrap();
        [1, 2, 16, 33].map(|step| {
            let other = ALPHABET.as_bytes()[(place + step) % 64];
            format!("{}{}{}", &text[..at], char::from(other), &text[at + 1..])
        })
    })
}

/// Changes that an exact comparison refuses and a lenient parser lets pass.
fn extended(text: &str) -> Vec<String> {
    let mut texts: Vec<String> = (1..text.len()).map(|cut| text[..text.len() - cut].to_owned()).collect();
    texts.extend(["A", "=", "%3D", "+", "%20", "%0A", "%00"].map(|tail| format!("{text}{tail}")));
    texts.extend([text.to_ascii_lowercase(), text.to_ascii_uppercase(), format!("%20{text}")]);
    texts
}

fn assert_no_grant_ended(world: &TokenWorld) {
    assert_eq!(world.ended(), 0, "nobody is accused for a changed credential");
}

#[test]
fn a_changed_code_redeems_nothing_and_burns_nothing() {
    covers!("ATK-093", "RFC6749-10.10-02");
    let world = TokenWorld::new();
    let code = world.code(&world.web, &Wish::default());
    for changed in changed(&code).chain(extended(&code)) {
        assert_eq!(code_of(world.redeem(&world.web, &changed)), "invalid_grant", "{changed}");
    }
    assert_no_grant_ended(&world);
    assert!(world.redeem(&world.web, &code).is_ok());
}

#[test]
fn a_code_that_counts_is_none() {
    covers!("ATK-093");
    let world = TokenWorld::new();
    let code = world.code(&world.web, &Wish::default());
    let secret = PresentedCredential::parse("", &code).unwrap();
    let id = world.grants()[0].id();

    let counting = TokenWorld::credential(CredentialKind::Code, &Locator::new(id, 1), secret.secret());

    assert_eq!(code_of(world.redeem(&world.web, &counting)), "invalid_grant");
    assert!(world.redeem(&world.web, &code).is_ok());
}

#[test]
fn a_changed_access_token_is_not_active_and_revokes_nothing() {
    covers!("ATK-093", "RFC6749-10.3-02", "RFC6750-5.2-01");
    let world = TokenWorld::new();
    let tokens = world.tokens(&world.web);
    for changed in changed(access(&tokens)).chain(extended(access(&tokens))) {
        assert!(!world.is_active(&changed), "{changed}");
        assert!(world.revoke(&world.web, &changed).is_ok(), "{changed}");
    }
    assert!(world.is_active(access(&tokens)));
}

#[test]
fn a_changed_refresh_token_refreshes_nothing() {
    covers!("ATK-093", "RFC6749-10.4-04", "RFC9700-4.14.2-04");
    // Base64url of the masked generation: whoever holds a token of the chain can make it look older, which ends the
    // grant as the token's second use would.
    let generation = 18..24;
    for is_public in [false, true] {
        let fresh = || {
            let world = TokenWorld::new();
            let tokens = world.tokens(if is_public { &world.app } else { &world.web });
            (world, refresh_of(&tokens).to_owned())
        };
        let (_, token) = fresh();
        for changed in changed(&token).chain(extended(&token)) {
            let (world, same) = fresh();
            assert_eq!(same, token, "the random bytes follow from a seed");
            let client = if is_public { &world.app } else { &world.web };

            assert_eq!(code_of(world.refresh(client, &changed)), "invalid_grant", "{changed}");

            let at = token.bytes().zip(changed.bytes()).position(|(left, right)| left != right);
            if !at.is_some_and(|at| generation.contains(&at)) {
                assert!(world.revoke(client, &changed).is_ok(), "{changed}");
                assert_no_grant_ended(&world);
                assert!(world.refresh(client, &token).is_ok(), "{changed}");
            }
        }
    }
}

#[test]
fn no_credential_works_as_another_kind() {
    covers!("ATK-095");
    let world = TokenWorld::new();
    let tokens = world.tokens(&world.web);
    let code = world.code(&world.web, &Wish::default());
    let at_every_endpoint = |text: &str, client: &RegisteredClient| {
        [
            code_of(world.token(client, &redemption(text))),
            code_of(world.refresh(client, text)),
            if world.is_active(text) { "active".to_owned() } else { "inactive".to_owned() },
        ]
    };

    assert_eq!(at_every_endpoint(access(&tokens), &world.web), ["invalid_grant", "invalid_grant", "active"]);
    assert_eq!(at_every_endpoint(refresh_of(&tokens), &world.web), ["invalid_grant", "ok", "inactive"]);
    assert_eq!(at_every_endpoint(&code, &world.web), ["ok", "invalid_grant", "inactive"]);
}
