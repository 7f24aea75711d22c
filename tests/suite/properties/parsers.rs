//! Every parser against arbitrary bytes: no panic, and what is accepted prints as it was.

use std::fmt::Display;
use std::str::FromStr;

use grantsmith::authorize::{PresentedHandle, Received};
use grantsmith::record::{Locator, MaskingKey, PresentedCredential, Record};
use grantsmith::resource::PresentedToken;
use grantsmith::server::Visitor;
use grantsmith::value::{
    ClientId, ClientSecret, CodeChallenge, CodeVerifier, GrantId, GrantType, InstanceId, Issuer, MetadataUrl,
    ProtectionRealm, Realm, RedirectUri, Resource, Salt, Scope, ScopeSet, SessionId, State, Subject, SymmetricKey,
};
use grantsmith::wire::{
    CodeRequest, FormRequest, IntrospectionAnswer, Parameters, PresentedClient, RefreshRequest, RequestedTerms,
    TokenQuery,
};
use pollster::FutureExt as _;
use proptest::collection::vec;
use proptest::prelude::*;

use super::runner;
use crate::token_world::{TokenWorld, Wish, access, basic, refresh_of};

/// Texts that nearly are something.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~]{0,60}",
        "(https?|urn|com\\.app):/{0,3}[a-zA-Z0-9.:@%\\[\\]/?#&= -]{0,40}",
        "[A-Za-z0-9_-]{0,120}",
        "[a-z ]{0,40}",
    ]
}

fn assert_prints_as_read<T: FromStr + Display>(text: &str) -> Result<(), TestCaseError> {
    if let Ok(value) = text.parse::<T>() {
        prop_assert_eq!(value.to_string(), text);
    }
    Ok(())
}

/// For values whose first reading brings them into their one form.
fn assert_prints_as_read_again<T: FromStr + Display>(text: &str) -> Result<(), TestCaseError> {
    if let Ok(value) = text.parse::<T>() {
        let printed = value.to_string();
        let again = printed.parse::<T>();
        prop_assert!(again.is_ok(), "{} {}", text, printed);
        prop_assert_eq!(again.map(|value| value.to_string()).ok(), Some(printed));
    }
    Ok(())
}

#[test]
fn every_textual_value_prints_as_it_was_read() {
    covers!("ATK-298", "RFC8414-4-01");
    runner(8000)
        .run(&text(), |text| {
            assert_prints_as_read::<ClientId>(&text)?;
            assert_prints_as_read::<GrantId>(&text)?;
            assert_prints_as_read::<InstanceId>(&text)?;
            assert_prints_as_read::<Salt>(&text)?;
            assert_prints_as_read::<GrantType>(&text)?;
            assert_prints_as_read::<Issuer>(&text)?;
            assert_prints_as_read::<MetadataUrl>(&text)?;
            assert_prints_as_read::<ProtectionRealm>(&text)?;
            assert_prints_as_read::<RedirectUri>(&text)?;
            assert_prints_as_read::<Scope>(&text)?;
            assert_prints_as_read::<SessionId>(&text)?;
            assert_prints_as_read::<State>(&text)?;
            assert_prints_as_read::<Subject>(&text)?;
            assert_prints_as_read_again::<Resource>(&text)?;
            assert_prints_as_read_again::<ScopeSet>(&text)?;
            if let Ok(realm) = text.parse::<Realm>() {
                prop_assert_eq!(realm.name(), &text);
            }
            if let Ok(secret) = text.parse::<ClientSecret>() {
                prop_assert_eq!(secret.expose(), &text);
            }
            if let Ok(challenge) = text.parse::<CodeChallenge>() {
                prop_assert_eq!(serde_json::to_value(challenge).unwrap(), text.as_str());
            }
            let _ = CodeVerifier::new(text.as_str().into());
            Ok(())
        })
        .unwrap();
}

#[test]
fn no_bytes_make_a_reader_of_requests_panic() {
    covers!("ATK-298");
    let bytes = prop_oneof![vec(any::<u8>(), 0..200), text().prop_map(String::into_bytes)];
    let header = prop_oneof![
        vec(any::<u8>(), 0..60),
        ("[Bb]asic ", any::<String>()).prop_map(|(scheme, text)| format!("{scheme}{text}").into_bytes()),
        any::<String>().prop_map(|text| basic("client", &text).into_bytes()),
    ];
    let masking = MaskingKey::new(1, [1; 16]);
    runner(4000)
        .run(&(bytes, header), |(bytes, header)| {
            let text = String::from_utf8_lossy(&bytes);
            if let Ok(parameters) = Parameters::parse(&bytes) {
                let _ = PresentedClient::read(Some(&header), &parameters);
                let _ = PresentedClient::read(None, &parameters);
                let _ = (CodeRequest::read("", &parameters), RefreshRequest::read("", &parameters));
                let _ = RequestedTerms::read(&parameters);
                let _ = TokenQuery::read("", &parameters);
            }
            let locator: Option<Locator> =
                PresentedCredential::parse("", &text).map(|credential| credential.locator(&masking));
            let _ = locator;
            let _ = PresentedToken::read([header.as_slice()], Some(&text));
            let _ = PresentedToken::parse(&text);
            if let Some(handle) = PresentedHandle::parse(&text) {
                prop_assert!(handle.open(&SymmetricKey::new([1; 32]), &[1; 16]).is_none());
            }
            let _ = Received::parse(&bytes);
            let _ = IntrospectionAnswer::read(&bytes);
            prop_assert!(Record::decode(&bytes).is_err());
            Ok(())
        })
        .unwrap();
}

/// Names and values that the endpoints look at, and others.
fn form() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        "(grant_type|code|code_verifier|redirect_uri|refresh_token|scope|resource|token|client_id|client_secret)",
        "(response_type|state|code_challenge|code_challenge_method|prompt|nonce|max_age|response_mode|claims)",
        "[a-z\\[\\]%_]{0,8}"
    ];
    let value = prop_oneof![
        "(authorization_code|refresh_token|client_credentials|code|S256|plain|none|login|query|form_post)",
        "[!-~]{0,20}",
        "%[0-9a-f]{2}",
        any::<String>().prop_map(|text| url::form_urlencoded::byte_serialize(text.as_bytes()).collect()),
    ];
    vec((name, value), 0..6).prop_map(|pairs| {
        let pairs: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("&")
    })
}

#[test]
fn no_form_makes_an_endpoint_panic_and_none_yields_anything() {
    covers!("ATK-298");
    let world = TokenWorld::new();
    let tokens = world.tokens(&world.web);
    let code = world.code(&world.web, &Wish::default());
    let web = world.web.client.id().as_str().to_owned();
    let header = basic(&web, world.web.secret.as_ref().unwrap().expose());
    let strategy = (form(), any::<bool>(), any::<bool>());
    runner(2000)
        .run(&strategy, |(form, is_authenticated, names_itself)| {
            let form = if names_itself { format!("{form}&client_id={web}") } else { form };
            let request = FormRequest::new(form.as_bytes());
            let request = if is_authenticated { request.with_authorization(header.as_bytes()) } else { request };
            prop_assert!(world.server.token(&request).block_on().is_err(), "{}", form);
            if let Ok(answer) = world.server.introspect(&request).block_on() {
                prop_assert!(answer.active().is_none());
            }
            let _ = world.server.revoke(&request).block_on();
            let visitor = Visitor::default();
            let _ = world.server.authorize(form.as_bytes(), &visitor).block_on();
            let _ = world.server.resume(&form, &visitor).block_on();
            Ok(())
        })
        .unwrap();
    assert!(world.is_active(access(&tokens)));
    assert!(world.refresh(&world.web, refresh_of(&tokens)).is_ok());
    assert!(world.redeem(&world.web, &code).is_ok());
}

#[test]
fn a_record_that_is_read_from_changed_bytes_is_written_as_it_was_read() {
    covers!("ATK-298");
    let bodies: Vec<Vec<u8>> = crate::records::golden().into_iter().map(|(_, body)| body).collect();
    let edit = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>(), 0..3_u8);
    runner(8000)
        .run(&edit, |(which, place, byte, kind)| {
            let mut body = which.get(&bodies).clone();
            let at = place.index(body.len());
            match kind {
                0 => body[at] = byte,
                1 => body.insert(at, byte),
                _ => drop(body.remove(at)),
            }
            if let Ok(record) = Record::decode(&body) {
                let written = record.encode().unwrap();
                prop_assert_eq!(Record::decode(&written).unwrap().encode().unwrap(), written);
                let _ = (record.key(), record.expires_at(), record.due_at());
            }
            Ok(())
        })
        .unwrap();
}
