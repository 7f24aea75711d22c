//! Clients that prove who they are, or fail to.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use grantsmith::host::{Attempt, Endpoint, RateLimited, RateLimiter, SecretVerifier, SecretVerifierError};
use grantsmith::record::{Client, ClientSecretForm, Record, StoredClientSecret};
use grantsmith::server::{EndpointError, Registration};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::value::{AuthenticationMethod, ClientSecret, Lifetime};
use grantsmith::wire::{Answer, FormRequest};
use pollster::FutureExt as _;

use crate::token_world::{REDIRECT_URI, TokenWorld, Wish, basic, code_of, redemption};

const FORM: &str = "grant_type=client_credentials";

fn send(world: &TokenWorld, header: Option<&str>, form: &str) -> Result<(), EndpointError> {
    let request = FormRequest { body: form.as_bytes(), authorization: header.map(str::as_bytes), caller: None };
    world.server.token(&request).block_on().map(drop)
}

/// Everything that a caller sees of an error.
fn seen(result: Result<(), EndpointError>) -> (u16, Vec<(String, String)>, Vec<u8>) {
    let answer: Answer = result.unwrap_err().to_answer();
    let headers = answer.headers().map(|(name, value)| (name.to_owned(), value.into_owned())).collect();
    (answer.status(), headers, answer.body().to_vec())
}

#[test]
fn a_secret_in_the_header_is_accepted() {
    covers!("RFC6749-2.3.1-01", "RFC6749-2.3.1-02");
    let world = TokenWorld::new();
    let (id, secret) = (world.machine.client.id(), world.machine.secret.as_ref().unwrap());

    for scheme in ["Basic", "basic", "BASIC"] {
        let header = basic(id.as_str(), secret.expose()).replacen("Basic", scheme, 1);
        assert_eq!(code_of(send(&world, Some(&header), FORM)), "ok");
        // The same name in the body is no second mechanism.
        assert_eq!(code_of(send(&world, Some(&header), &format!("{FORM}&client_id={id}"))), "ok");
    }
}

#[test]
fn a_secret_in_the_body_is_accepted_where_it_is_registered() {
    covers!("OAUTH21-2.4.1-01", "OAUTH21-2.4.1-02", "ATK-115", "ATK-092");
    let world = TokenWorld::new();
    let mut registration = Registration::machine();
    registration.authentication = AuthenticationMethod::ClientSecretPost;
    let client = world.server.register(registration).block_on().unwrap();
    let (id, secret) = (client.client.id(), client.secret.as_ref().unwrap().expose());
    let body = |secret: &str| format!("{FORM}&client_id={id}{secret}");

    assert_eq!(code_of(send(&world, None, &body(&format!("&client_secret={secret}")))), "ok");

    let header = basic(id.as_str(), secret);
    assert_eq!(code_of(send(&world, Some(&header), FORM)), "invalid_client");
    for wrong in
        ["", "&client_secret=", "&client_secret=0", "&client_secret=null", "&client_secret=+", "&client_secret=%00"]
    {
        assert_eq!(code_of(send(&world, None, &body(wrong))), "invalid_client", "{wrong}");
    }
}

#[test]
fn a_confidential_client_that_only_names_itself_is_refused_everywhere() {
    covers!("RFC6749-2.2-02", "RFC6749-3.2.1-01", "ATK-114");
    let world = TokenWorld::new();
    let id = world.web.client.id();
    let form = format!("grant_type=client_credentials&token=x&client_id={id}");
    let request = FormRequest::new(form.as_bytes());

    assert_eq!(code_of(world.server.token(&request).block_on()), "invalid_client");
    assert_eq!(code_of(world.server.introspect(&request).block_on()), "invalid_client");
    assert_eq!(code_of(world.server.revoke(&request).block_on()), "invalid_client");
}

#[test]
fn a_public_client_may_send_its_secret_which_is_empty() {
    covers!("RFC6749-3.2-03");
    let world = TokenWorld::new();
    let id = world.app.client.id();

    for secret in ["", "&client_secret=", "&client_secret"] {
        let code = world.code(&world.app, &Wish::default());
        let form = format!("{}&client_id={id}{secret}", redemption(&code));
        assert_eq!(code_of(send(&world, None, &form)), "ok", "{secret}");
    }
    let form = format!("{FORM}&client_id={id}&client_secret=guess");
    assert_eq!(code_of(send(&world, None, &form)), "invalid_client");
}

#[test]
fn two_mechanisms_are_one_too_many() {
    covers!("RFC6749-2.3-03", "RFC6749-5.2-02", "ATK-136");
    let world = TokenWorld::new();
    let (id, secret) = (world.machine.client.id(), world.machine.secret.as_ref().unwrap().expose());
    let header = basic(id.as_str(), secret);

    for second in [format!("&client_secret={secret}"), "&client_assertion=x".to_owned()] {
        assert_eq!(code_of(send(&world, Some(&header), &format!("{FORM}{second}"))), "invalid_request", "{second}");
    }
}

#[test]
fn an_assertion_authenticates_nobody() {
    covers!("ATK-136", "RFC6749-5.2-03");
    let world = TokenWorld::new();
    let id = world.machine.client.id();
    let jwt = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let saml = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer";

    for form in [
        "&client_assertion=x".to_owned(),
        format!("&client_assertion_type={jwt}"),
        format!("&client_assertion_type={jwt}&client_assertion=x"),
        format!("&client_assertion_type={saml}&client_assertion=x"),
        "&client_assertion_type=bogus&client_assertion=x&client_assertion=y".to_owned(),
    ] {
        assert_eq!(code_of(send(&world, None, &format!("{FORM}&client_id={id}{form}"))), "invalid_client", "{form}");
    }
}

#[test]
fn the_header_and_the_body_must_name_the_same_client() {
    covers!("ATK-118", "RFC6749-2.3-03");
    let world = TokenWorld::new();
    let header = basic(world.web.client.id().as_str(), world.web.secret.as_ref().unwrap().expose());
    let other = world.app.client.id();
    let code = world.code(&world.app, &Wish::default());

    for form in [
        redemption(&code),
        "grant_type=refresh_token&refresh_token=x".to_owned(),
        FORM.to_owned(),
        "token=x".to_owned(),
    ] {
        let form = format!("{form}&client_id={other}");
        let request = FormRequest::new(form.as_bytes()).with_authorization(header.as_bytes());
        assert_eq!(code_of(world.server.token(&request).block_on()), "invalid_request");
        assert_eq!(code_of(world.server.introspect(&request).block_on()), "invalid_request");
        assert_eq!(code_of(world.server.revoke(&request).block_on()), "invalid_request");
    }
}

#[test]
fn every_failure_looks_the_same() {
    covers!("ATK-113", "RFC6749-5.2-03", "RFC6749-5.2-05", "RFC7662-2.3-01");
    let world = TokenWorld::new();
    let (id, secret) = (world.machine.client.id().as_str(), world.machine.secret.as_ref().unwrap().expose());
    let expected = seen(send(&world, Some(&basic("nobody", "guess")), FORM));

    assert_eq!(expected.0, 401);
    assert_eq!(expected.2, br#"{"error":"invalid_client"}"#);
    assert!(expected.1.iter().any(|(name, value)| name == "www-authenticate" && value.starts_with("Basic realm=")));
    let public = world.app.client.id();
    for (header, form) in [
        (Some(basic(id, "guess")), FORM.to_owned()),
        (Some(basic(id, "")), FORM.to_owned()),
        (Some(basic(public.as_str(), "guess")), FORM.to_owned()),
        (None, FORM.to_owned()),
        (None, format!("{FORM}&client_id=nobody")),
        (None, format!("{FORM}&client_id={id}")),
        (None, format!("{FORM}&client_id={id}&client_secret={secret}")),
        (Some("Bearer abc".to_owned()), FORM.to_owned()),
        (Some("Digest username=x".to_owned()), FORM.to_owned()),
    ] {
        assert_eq!(seen(send(&world, header.as_deref(), &form)), expected, "{header:?} {form}");
    }
    let mut disabled = Client::clone(&world.machine.client);
    disabled.is_disabled = true;
    world.replace(Record::Client(disabled.into()));
    world.advance(10);
    assert_eq!(seen(send(&world, Some(&basic(id, secret)), FORM)), expected);
}

#[test]
fn a_header_that_cannot_be_read_is_a_failure_like_any_other() {
    covers!("ATK-119", "RFC6749-2.3.1-02");
    let world = TokenWorld::new();
    let expected = seen(send(&world, Some(&basic("nobody", "guess")), FORM));
    let encoded = |text: &[u8]| {
        use base64::Engine as _;
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(text))
    };
    let mut headers = vec!["Basic".to_owned(), "Basic ".to_owned(), "Basic ====".to_owned(), "Basic YWI".to_owned()];
    // A last character whose unused bits are set is another spelling of the same bytes.
    headers.push("Basic YTpi=".to_owned());
    headers.push("Basic YTo=\0".to_owned());
    for text in
        [&b"no colon"[..], b":secret", b"id:", b"%zz:x", b"id:%", b"\0:x", b"id:\xff", b"a%00b:c", b"\xed\xa0\x80:x"]
    {
        headers.push(encoded(text));
    }
    headers.push(encoded(&[b'a'; 9000]));
    for header in headers {
        assert_eq!(seen(send(&world, Some(&header), FORM)), expected, "{header:.80}");
    }
}

/// Compares in plain, as a stand-in for a password hash.
struct Plain;

#[async_trait]
impl SecretVerifier for Plain {
    async fn verify(&self, stored: &str, presented: &ClientSecret) -> Result<bool, SecretVerifierError> {
        if stored == "overloaded" { Err(SecretVerifierError) } else { Ok(stored == presented.expose()) }
    }
}

#[test]
fn an_imported_secret_is_checked_by_the_hosts_verifier() {
    covers!("RFC6749-2.3.1-02", "ATK-119");
    let world = TokenWorld::build(Arc::new(MemoryStorage::new()), |builder| builder.secret_verifier(Arc::new(Plain)));
    let imported = |stored: &str, id: &str| {
        let mut registration = Registration::machine().with_id(id.parse().unwrap());
        registration.imported_secret = Some(stored.to_owned());
        world.server.register(registration).block_on().unwrap()
    };
    let form_encoded = |text: &str| serde_urlencoded::to_string([("", text)]).unwrap()[1..].to_owned();
    let odd = (r"a:b%c+d e~\", r#"p:w%2B+ "x"#);
    imported(odd.1, odd.0);
    imported("overloaded", "slow");

    let header = basic(&form_encoded(odd.0), &form_encoded(odd.1));
    assert_eq!(code_of(send(&world, Some(&header), FORM)), "ok");
    assert_eq!(code_of(send(&world, Some(&basic(&form_encoded(odd.0), "wrong")), FORM)), "invalid_client");
    assert_eq!(send(&world, Some(&basic("slow", "x")), FORM).unwrap_err().to_answer().status(), 503);
}

#[test]
fn an_imported_secret_never_matches_without_a_verifier() {
    covers!("ATK-304");
    let world = TokenWorld::new();
    let mut registration = Registration::machine().with_id("imported".parse().unwrap());
    registration.imported_secret = Some("stored".to_owned());
    world.server.register(registration).block_on().unwrap();

    assert_eq!(code_of(send(&world, Some(&basic("imported", "stored")), FORM)), "invalid_client");
}

#[test]
fn a_public_client_is_never_authenticated_by_a_secret() {
    covers!("RFC6749-2.3-02", "RFC8252-8.5-02", "OAUTH21-2.4-01", "OAUTH21-8.1-01", "RFC6749-4.1.3-04");
    let world = TokenWorld::new();
    let code = world.code(&world.app, &Wish::default());
    let id = world.app.client.id();
    // Even a secret that somebody wrote into the record counts for nothing.
    let mut client = Client::clone(&world.app.client);
    let secret: ClientSecret = "static-secret-of-every-copy".parse().unwrap();
    client.secrets = vec![StoredClientSecret { form: ClientSecretForm::Digest(secret.digest()), expires_at: None }];
    world.replace(Record::Client(client.into()));
    world.advance(10);

    let header = basic(id.as_str(), secret.expose());
    assert_eq!(code_of(send(&world, Some(&header), &redemption(&code))), "invalid_client");
    let body = format!("{}&client_id={id}&client_secret={}", redemption(&code), secret.expose());
    assert_eq!(code_of(send(&world, None, &body)), "invalid_client");

    assert_eq!(code_of(send(&world, None, &format!("{}&client_id={id}", redemption(&code)))), "ok");
}

#[test]
fn a_secret_stops_at_its_end_and_two_may_overlap() {
    covers!("ATK-126", "ATK-123");
    let world = TokenWorld::new();
    let id = world.machine.client.id().as_str();
    let old = world.machine.secret.as_ref().unwrap();
    let new: ClientSecret = "another-secret-that-is-long-enough-to-be-random".parse().unwrap();
    let stored = |secret: &ClientSecret, expires_at| StoredClientSecret {
        form: ClientSecretForm::Digest(secret.digest()),
        expires_at,
    };
    let mut client = Client::clone(&world.machine.client);
    client.secrets = vec![stored(old, Some(world.now().after(Lifetime::seconds(100)))), stored(&new, None)];
    world.replace(Record::Client(client.into()));
    world.advance(99);

    for secret in [old, &new] {
        assert_eq!(code_of(send(&world, Some(&basic(id, secret.expose())), FORM)), "ok");
    }
    world.advance(1);
    assert_eq!(code_of(send(&world, Some(&basic(id, old.expose())), FORM)), "invalid_client");
    assert_eq!(code_of(send(&world, Some(&basic(id, new.expose())), FORM)), "ok");
    for near in [format!("{}\0", new.expose()), format!("{} ", new.expose()), new.expose()[1..].to_owned()] {
        assert_eq!(code_of(send(&world, Some(&basic(id, &near)), FORM)), "invalid_client");
    }
}

/// Notes what it is asked, and says no from the third question on.
#[derive(Default)]
struct Limiter(Mutex<Vec<(Endpoint, bool)>>);

#[async_trait]
impl RateLimiter for Limiter {
    async fn check(&self, attempt: &Attempt<'_>) -> Result<(), RateLimited> {
        let mut asked = self.0.lock().unwrap();
        asked.push((attempt.endpoint, false));
        if asked.iter().filter(|(_, failed)| *failed).count() < 3 {
            return Ok(());
        }
        Err(RateLimited { retry_after: Lifetime::seconds(30) })
    }

    async fn failed(&self, attempt: &Attempt<'_>) {
        self.0.lock().unwrap().push((attempt.endpoint, true));
    }
}

#[test]
fn guessing_is_limited_at_every_endpoint() {
    covers!("RFC6749-2.3.1-07", "RFC6749-10.10-01", "RFC7009-5-01");
    let limiter = Arc::new(Limiter::default());
    let seam = Arc::clone(&limiter) as Arc<dyn RateLimiter>;
    let world = TokenWorld::build(Arc::new(MemoryStorage::new()), |builder| builder.rate_limiter(seam));
    let id = world.machine.client.id().as_str();
    let wrong = basic(id, "guess");
    let form = format!("{FORM}&token=x");
    let request = FormRequest::new(form.as_bytes()).with_authorization(wrong.as_bytes());

    assert_eq!(code_of(world.server.token(&request).block_on()), "invalid_client");
    assert_eq!(code_of(world.server.introspect(&request).block_on()), "invalid_client");
    assert_eq!(code_of(world.server.revoke(&request).block_on()), "invalid_client");

    let right = basic(id, world.machine.secret.as_ref().unwrap().expose());
    let answer = send(&world, Some(&right), FORM).unwrap_err().to_answer();
    assert_eq!((answer.status(), answer.retry_after()), (429, Some(Lifetime::seconds(30))));
    let asked = limiter.0.lock().unwrap().clone();
    let of = |endpoint| asked.iter().filter(|(at, _)| *at == endpoint).count();
    assert_eq!([of(Endpoint::Token), of(Endpoint::Introspection), of(Endpoint::Revocation)], [3, 2, 2]);
}

#[test]
fn a_secret_of_one_client_is_not_anothers() {
    let world = TokenWorld::new();
    let uris = vec![REDIRECT_URI.parse().unwrap()];
    let other = world.server.register(Registration::confidential(uris)).block_on().unwrap();

    let header = basic(world.web.client.id().as_str(), other.secret.as_ref().unwrap().expose());

    assert_eq!(code_of(send(&world, Some(&header), FORM)), "invalid_client");
}
