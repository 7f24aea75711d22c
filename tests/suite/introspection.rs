//! Asking about tokens.

use grantsmith::record::{Client, CredentialKind, Locator, Record};
use grantsmith::server::{AuthorizationServer, Registration};
use grantsmith::value::{GrantId, Secret};
use grantsmith::wire::{Answer, FormRequest};
use pollster::FutureExt as _;

use crate::token_world::{
    API, NOW, OTHER_API, TokenWorld, Wish, access, basic, code_of, keyring, post, redemption, refresh_of, resources,
};

const INACTIVE: &[u8] = br#"{"active":false}"#;

fn answer(world: &TokenWorld, server: &AuthorizationServer, form: &str) -> Answer {
    post(&world.api, form, |request| match server.introspect(&request).block_on() {
        Ok(response) => response.into(),
        Err(error) => error.to_answer(),
    })
}

#[test]
fn an_active_token_is_described_to_its_resource_server() {
    covers!("RFC7662-2.2-01", "RFC7662-2.2-03", "RFC7662-5-01");
    let world = TokenWorld::new();
    let tokens = world.tokens(&world.app);

    let answer = answer(&world, &world.server, &format!("token={}", access(&tokens)));

    assert_eq!(answer.status(), 200);
    let body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(
        body,
        serde_json::json!({
            "active": true,
            "iss": "https://as.example",
            "client_id": world.app.client.id().as_str(),
            "sub": "alice",
            "scope": "read write",
            "aud": API,
            "token_type": "Bearer",
            "iat": NOW,
            "exp": NOW + 600,
        })
    );
}

#[test]
fn the_hint_changes_nothing() {
    covers!("RFC7662-2.1-03");
    let world = TokenWorld::new();
    let token = access(&world.tokens(&world.app)).to_owned();

    for hint in ["access_token", "refresh_token", "nonsense", ""] {
        let form = format!("token={token}&token_type_hint={hint}");
        assert_eq!(answer(&world, &world.server, &form).status(), 200);
        assert_ne!(answer(&world, &world.server, &form).body(), INACTIVE);
    }
}

#[test]
fn a_malformed_request_is_invalid() {
    covers!("RFC7662-2.1-02");
    let world = TokenWorld::new();

    for form in
        ["", "token=", "tokens=x", "token=x&token=y", "token=x&token_type_hint=a&token_type_hint=b", "token=%zz"]
    {
        let answer = answer(&world, &world.server, form);
        assert_eq!((answer.status(), answer.body()), (400, &br#"{"error":"invalid_request"}"#[..]), "{form}");
    }
}

#[test]
fn the_caller_must_be_known() {
    covers!("RFC7662-2.1-06", "RFC7662-2.3-01", "ATK-171", "RFC7662-2.3-02");
    let world = TokenWorld::new();
    let token = access(&world.tokens(&world.app)).to_owned();
    let id = world.api.client.id().as_str();
    let ask = |header: Option<String>, form: String| {
        let authorization = header.as_ref().map(String::as_bytes);
        let request = FormRequest { body: form.as_bytes(), authorization, caller: None };
        code_of(world.server.introspect(&request).block_on())
    };

    assert_eq!(ask(None, format!("token={token}")), "invalid_client");
    assert_eq!(ask(None, format!("token={token}&client_id={id}")), "invalid_client");
    assert_eq!(ask(None, format!("token={token}&client_id={}", world.app.client.id())), "invalid_client");
    assert_eq!(ask(Some(basic(id, "")), format!("token={token}")), "invalid_client");
    assert_eq!(ask(Some(basic(id, "guess")), format!("token={token}")), "invalid_client");
    assert_eq!(ask(Some(format!("Bearer {token}")), format!("token={token}")), "invalid_client");
}

#[test]
fn whatever_is_not_active_looks_the_same() {
    covers!(
        "RFC7662-2.2-06",
        "RFC7662-4-01",
        "RFC7662-4-03",
        "RFC7662-4-05",
        "ATK-174",
        "ATK-176",
        "ATK-093",
        "ATK-095"
    );
    let world = TokenWorld::new();
    let old = world.tokens(&world.app);
    world.advance(600);
    let revoked = world.tokens(&world.app);
    world.revoke(&world.app, access(&revoked)).unwrap();
    let ended = world.tokens(&world.app);
    world.revoke(&world.app, refresh_of(&ended)).unwrap();
    let foreign = {
        let code = world.code(&world.app, &Wish { resources: &[OTHER_API], ..Wish::default() });
        world.redeem(&world.app, &code).unwrap()
    };
    let live = world.tokens(&world.app);
    let code = world.code(&world.app, &Wish::default());
    let forged = TokenWorld::credential(
        CredentialKind::AccessToken,
        &Locator::new(GrantId::from_bytes([1; 12]), 0),
        &Secret::new([3; 32]),
    );
    let jwt = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.";
    let token = access(&live);
    let expected = Answer::from(grantsmith::wire::IntrospectionResponse::Inactive);
    for text in [
        access(&old),
        access(&revoked),
        access(&ended),
        access(&foreign),
        refresh_of(&live),
        &code,
        &forged,
        jwt,
        "x",
        &token[..token.len() - 1],
        &format!("{token}A"),
        &format!("{token}%20"),
        &format!("{token}%0A"),
        &token.to_ascii_lowercase(),
        &"x".repeat(10_000),
    ] {
        let answer = answer(&world, &world.server, &format!("token={text}"));

        assert_eq!((answer.status(), answer.body()), (200, INACTIVE), "{text:.80}");
        assert!(answer.headers().eq(expected.headers()));
    }
    assert!(world.is_active(token));
}

#[test]
fn a_token_of_another_realm_is_inactive() {
    covers!("ATK-174");
    let world = TokenWorld::new();
    let other = AuthorizationServer::builder(
        "https://other.example",
        std::sync::Arc::clone(&world.storage),
        std::sync::Arc::new(keyring()),
    )
    .build()
    .unwrap();
    let api = other.register(Registration::resource_server(resources(&[API]))).block_on().unwrap();
    let token = access(&world.tokens(&world.app)).to_owned();

    let response = post(&api, &format!("token={token}"), |request| other.introspect(&request).block_on()).unwrap();

    assert!(response.active().is_none());
    assert!(world.is_active(&token));
}

#[test]
fn each_resource_server_sees_its_own_part() {
    covers!("ATK-172", "ATK-179", "RFC7662-4-05", "RFC7662-5-01", "RFC9700-2.3-03");
    let world = TokenWorld::new();
    let mut client = Client::clone(&world.web.client);
    client.allows_multiple_audiences = true;
    world.replace(Record::Client(client.into()));
    world.advance(10);
    let code = world.code(&world.web, &Wish { resources: &[API, OTHER_API], ..Wish::default() });
    let tokens = world.token(&world.web, &redemption(&code)).unwrap();

    let seen = |caller| {
        let response = world.introspect(caller, access(&tokens));
        response.active().map(|token| token.audience.clone().into_owned())
    };

    assert_eq!(seen(&world.api), Some(resources(&[API])));
    assert_eq!(seen(&world.other_api), Some(resources(&[OTHER_API])));
    assert_eq!(seen(&world.machine), None);
    assert_eq!(seen(&world.web), None);
}

#[test]
fn a_client_may_ask_about_its_own_tokens_by_its_flag() {
    covers!("RFC7662-5-01");
    let world = TokenWorld::new();
    let tokens = world.tokens(&world.web);
    assert!(world.introspect(&world.web, access(&tokens)).active().is_none());
    let mut client = Client::clone(&world.web.client);
    client.may_introspect_own_tokens = true;
    world.replace(Record::Client(client.into()));
    world.advance(10);

    assert!(world.introspect(&world.web, access(&tokens)).active().is_some());
    let refresh = world.introspect(&world.web, refresh_of(&tokens));
    assert!(!refresh.active().unwrap().is_access_token);
    assert!(world.introspect(&world.api, refresh_of(&tokens)).active().is_none());
    let foreign = world.tokens(&world.app);
    assert!(world.introspect(&world.web, access(&foreign)).active().is_none());
}

#[test]
fn a_machines_token_names_no_user() {
    covers!("RFC9700-4.15.1-02", "ATK-158");
    let world = TokenWorld::new();
    // A client that is called like a user.
    let registration = Registration::machine()
        .with_id("alice".parse().unwrap())
        .with_scope("read".parse().unwrap())
        .with_resources(resources(&[API]));
    let alice = world.server.register(registration).block_on().unwrap();
    let response = world.token(&alice, "grant_type=client_credentials").unwrap();

    let answer = answer(&world, &world.server, &format!("token={}", access(&response)));

    let body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!((body.get("sub"), body["client_id"].as_str()), (None, Some("alice")));
}

#[test]
fn a_client_that_is_gone_takes_its_tokens_along() {
    covers!("RFC7662-4-03");
    let world = TokenWorld::new();
    let token = access(&world.tokens(&world.app)).to_owned();
    let key = Record::Client(std::sync::Arc::clone(&world.app.client)).key();
    let version = world.storage.load(key).block_on().unwrap().unwrap().version;
    let _ = world.storage.remove(key, version).block_on().unwrap();
    world.advance(10);

    assert!(!world.is_active(&token));
}
