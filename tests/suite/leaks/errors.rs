//! Errors say what is wrong in words of this crate: nothing of the request is in them.

use std::error::Error;

use grantsmith::host::{StorageError, StorageErrorKind};
use grantsmith::record::Record;
use grantsmith::server::EndpointError;
use grantsmith::value::{
    ClientId, ClientSecret, CodeChallenge, CodeVerifier, GrantId, GrantType, Issuer, Realm, RedirectUri, Resource,
    Scope, ScopeSet, State, Subject,
};
use grantsmith::wire::{Answer, FormRequest};
use pollster::FutureExt as _;

use crate::token_world::{TokenWorld, Wish, basic, redemption};

const MARK: &str = "zQ7mark";

/// Fails if the mark is in the error, in its cause, or in the answer.
#[track_caller]
fn assert_unmarked(error: &impl Error) {
    let mut texts = vec![format!("{error:?}"), error.to_string()];
    let mut source = error.source();
    while let Some(cause) = source {
        texts.extend([format!("{cause:?}"), cause.to_string()]);
        source = cause.source();
    }
    for text in texts {
        assert!(!text.contains(MARK), "{text}");
    }
}

#[track_caller]
fn assert_unmarked_answer(error: &EndpointError) {
    assert_unmarked(error);
    let answer: Answer = error.to_answer();
    let headers: String =
        answer.headers().map(|(name, value)| format!("{name}: {value}\n")).collect::<Vec<_>>().concat();
    assert!(!headers.contains(MARK) && !String::from_utf8_lossy(answer.body()).contains(MARK));
}

#[test]
fn a_value_that_is_refused_is_not_repeated() {
    covers!("ATK-296");
    for text in [MARK, &format!("{MARK}\u{1}"), &format!(" {MARK} "), &MARK.repeat(2000), &format!("{MARK}\u{e9}#@")] {
        let errors: Vec<Option<Box<dyn Error>>> = vec![
            text.parse::<ClientId>().err().map(Into::into),
            text.parse::<ClientSecret>().err().map(Into::into),
            text.parse::<CodeChallenge>().err().map(Into::into),
            CodeVerifier::new(text.into()).err().map(Into::into),
            text.parse::<GrantId>().err().map(Into::into),
            text.parse::<GrantType>().err().map(Into::into),
            text.parse::<Issuer>().err().map(Into::into),
            text.parse::<Realm>().err().map(Into::into),
            text.parse::<RedirectUri>().err().map(Into::into),
            text.parse::<Resource>().err().map(Into::into),
            text.parse::<Scope>().err().map(Into::into),
            text.parse::<ScopeSet>().err().map(Into::into),
            text.parse::<State>().err().map(Into::into),
            text.parse::<Subject>().err().map(Into::into),
        ];
        for error in errors.into_iter().flatten() {
            for text in [format!("{error:?}"), error.to_string()] {
                assert!(!text.contains(MARK), "{text}");
            }
        }
    }
}

#[test]
fn a_token_request_that_is_refused_is_not_repeated() {
    covers!("ATK-296", "ATK-297");
    let world = TokenWorld::new();
    let code = world.code(&world.web, &Wish::default());
    let live = redemption(&code);
    for form in [
        format!("grant_type={MARK}"),
        format!("grant_type=authorization_code&code={MARK}"),
        format!("grant_type=authorization_code&code={code}&code_verifier={MARK}&redirect_uri={MARK}"),
        format!("{live}&redirect_uri=https://{MARK}.example/"),
        format!("{live}&resource=https://{MARK}.example/"),
        format!("{live}&resource={MARK}"),
        format!("{live}&client_id={MARK}"),
        format!("{live}&client_secret={MARK}"),
        format!("{live}&client_assertion={MARK}"),
        format!("{live}&code={MARK}"),
        format!("{live}&{MARK}=%zz"),
        format!("grant_type=refresh_token&refresh_token={MARK}&scope={MARK}"),
        format!("grant_type=refresh_token&scope={MARK}%22"),
        format!("grant_type=client_credentials&scope={MARK}%0a%1b[31m"),
    ] {
        assert_unmarked_answer(&world.token(&world.web, &form).unwrap_err());
    }
    for line in world.events.lines() {
        assert!(!line.contains(MARK), "{line}");
    }
}

#[test]
fn a_caller_that_is_refused_is_not_repeated_in_the_answer() {
    covers!("ATK-296", "ATK-297");
    let world = TokenWorld::new();
    for header in [basic(MARK, MARK), format!("Bearer {MARK}"), format!("Basic {MARK}"), basic("a\u{1b}[31m\n", MARK)] {
        let request = FormRequest::new(b"token=x").with_authorization(header.as_bytes());
        assert_unmarked_answer(&world.server.token(&request).block_on().unwrap_err());
        assert_unmarked_answer(&world.server.introspect(&request).block_on().unwrap_err());
        assert_unmarked_answer(&world.server.revoke(&request).block_on().unwrap_err());
    }
    for line in world.events.lines() {
        assert!(line.bytes().all(|byte| (0x20..=0x7e).contains(&byte)), "{line:?}");
    }
}

#[test]
fn a_storage_error_is_told_in_words_of_this_crate() {
    covers!("ATK-296");
    for kind in [
        StorageErrorKind::Unavailable,
        StorageErrorKind::OutcomeUnknown,
        StorageErrorKind::Corrupt,
        StorageErrorKind::NewerFormat,
    ] {
        let error = StorageError::new(kind).because(MARK);
        assert!(!error.to_string().contains(MARK));
        let error = EndpointError::from(error);
        assert!(!error.to_string().contains(MARK));
        assert!(!String::from_utf8_lossy(error.to_answer().body()).contains(MARK));
    }
}

#[test]
fn a_corrupt_record_is_not_repeated() {
    covers!("ATK-296");
    let world = TokenWorld::new();
    let body = Record::Client(world.web.client.clone()).encode().unwrap();
    let body = String::from_utf8(body).unwrap();
    for changed in [
        body.replace("\"digest\":\"", &format!("\"digest\":\"{MARK}")),
        body.replace("\"created_at\":", &format!("\"created_at\":\"{MARK}\",\"x\":")),
        format!("{MARK}{body}"),
    ] {
        let error = Record::decode(changed.as_bytes()).unwrap_err();
        assert!(!error.to_string().contains(MARK));
        assert!(!StorageError::from(error).to_string().contains(MARK));
    }
}
