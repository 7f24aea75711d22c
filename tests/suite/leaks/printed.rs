//! `Debug` and `Display` of every public type that can hold a secret.

use std::sync::Arc;

use grantsmith::authentication::{self, Judgement};
use grantsmith::grant_type::refresh_token;
use grantsmith::host::{CustomRequest, DerivedKeyring};
use grantsmith::policy::Policy;
use grantsmith::record::{
    AccessToken, Client, ClientSecretForm, Code, Credential, CredentialKind, DerivationKey, EndReason, Locator,
    MaskingKey, PresentedCredential, PresentedRefresh, Recognition, Record, RefreshChain, Retry, StoredClientSecret,
};
use grantsmith::resource::PresentedToken;
use grantsmith::server::{AuthorizationServer, Registration, Visitor};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::testing::SeededEntropy;
use grantsmith::value::{
    ClientSecret, CodeVerifier, Digest, GrantId, Lifetime, Realm, Salt, Secret, SymmetricKey, Timestamp,
};
use grantsmith::wire::{
    Answer, CodeRequest, FormRequest, Parameters, PresentedClient, RefreshRequest, RequestedTerms, ResponseContent,
    TokenQuery,
};

use super::{assert_prints_no_secret, bytes};
use crate::token_world::{TokenWorld, basic};

const CLIENT_SECRET: &str = "a-client-secret-of-good-length";
const VERIFIER: &str = "another-code-verifier-that-is-long-enough-for-all";
const GRANT: GrantId = GrantId::from_bytes([1; 12]);

fn realm() -> Realm {
    "https://as.example".parse().unwrap()
}

fn masking() -> MaskingKey {
    MaskingKey::new(1, bytes(3))
}

/// A refresh token with this secret and family.
fn refresh_token(secret: [u8; 32], family: [u8; 16]) -> Credential {
    let locator = Locator::of_refresh_token(GRANT, 0, family);
    Credential::new("", CredentialKind::RefreshToken, &masking(), &locator, &Secret::new(secret))
}

#[test]
fn secrets_keys_and_digests() {
    covers!("ATK-296", "RFC6749-10.3-01", "RFC6749-10.4-01");
    let secret = bytes::<32>(1);
    assert_prints_no_secret(&Secret::new(secret), &[&secret]);
    assert_prints_no_secret(&SymmetricKey::new(secret), &[&secret]);
    assert_prints_no_secret(&Digest::from(secret), &[&secret]);
    assert_prints_no_secret(&MaskingKey::new(1, bytes(1)), &[&secret]);
    assert_prints_no_secret(&DerivationKey::new(1, SymmetricKey::new(secret)), &[&secret]);
    assert_prints_no_secret(&DerivedKeyring::new(1, secret).unwrap(), &[&secret]);
    let client_secret: ClientSecret = CLIENT_SECRET.parse().unwrap();
    assert_prints_no_secret(&client_secret, &[CLIENT_SECRET.as_bytes(), client_secret.digest().as_bytes()]);
    let verifier = CodeVerifier::new(VERIFIER.into()).unwrap();
    assert_prints_no_secret(&verifier, &[VERIFIER.as_bytes()]);
    assert_prints_no_secret(&verifier.challenge(), &[Digest::of(&[VERIFIER.as_bytes()]).as_bytes()]);
    assert_prints_no_secret(&SeededEntropy::new(1), &[]);
}

#[test]
fn credentials_and_what_is_inside_them() {
    covers!("ATK-296", "RFC6749-10.3-01", "RFC6749-10.4-01");
    let (secret, family) = (bytes::<32>(1), bytes::<16>(2));
    let credential = refresh_token(secret, family);
    let text = credential.expose().as_bytes();
    let secrets = [text, &secret[..], &family[..]];
    let presented = PresentedCredential::parse("", credential.expose()).unwrap();
    let locator = presented.locator(&masking());

    assert_eq!(locator.family, family);
    assert_prints_no_secret(&credential, &secrets);
    assert_prints_no_secret(&presented, &secrets);
    assert_prints_no_secret(&locator, &secrets);
    let refresh = PresentedRefresh { generation: 0, family: &family, secret: presented.secret() };
    assert_prints_no_secret(&refresh, &secrets);
    assert_prints_no_secret(&PresentedToken::parse(credential.expose()).unwrap(), &secrets);
    assert_prints_no_secret(&ResponseContent::Code(refresh_token(secret, family)), &secrets);
}

#[test]
fn the_refresh_chain_and_a_successor() {
    covers!("ATK-296");
    let world = TokenWorld::new();
    let (spent, family) = (Secret::new(bytes(1)), bytes::<16>(2));
    let derivation = DerivationKey::new(1, SymmetricKey::new(bytes(3)));
    let salt = Salt::from_bytes(bytes(4));
    let successor = derivation.successor(&spent, salt, GRANT, 1);
    let realm = realm();
    let digest = |secret| CredentialKind::RefreshToken.digest(realm.fingerprint(), secret);
    let family_digest = Digest::of(&[&[0x80], realm.fingerprint(), &family]);
    let (now, day) = (Timestamp::from_seconds(0), Lifetime::days(1));
    let retry: Retry = serde_json::from_value(serde_json::json!({"salt": salt, "key": 1, "count": 0})).unwrap();
    let chain = RefreshChain::started_at(now, digest(&spent), family_digest, None, day, day).rotated_at(
        now,
        digest(&successor),
        Some(retry),
        Lifetime::seconds(10),
        day,
    );
    let secrets = [&spent.expose()[..], &family, successor.expose(), digest(&successor).as_bytes()].map(<[u8]>::to_vec);
    let secrets = secrets.each_ref().map(Vec::as_slice);

    assert_prints_no_secret(&chain, &secrets);
    let presented = PresentedRefresh { generation: 0, family: &family, secret: &spent };
    let recognition = chain.recognize(&presented, realm.fingerprint(), GRANT, Some(&derivation), now);
    assert!(matches!(recognition, Recognition::Retryable(_)));
    assert_prints_no_secret(&recognition, &secrets);
    let refusal = refresh_token::refresh(
        Some(&presented),
        &RequestedTerms::default(),
        &world.app.client,
        None,
        None,
        Some(&derivation),
        &Policy::default(),
        now,
    );
    assert_prints_no_secret(&refusal, &secrets);
}

#[test]
fn stored_records() {
    covers!("ATK-296", "RFC6749-10.3-01", "RFC6749-10.4-01");
    let world = TokenWorld::new();
    let tokens = world.tokens(&world.app);
    let secrets: Vec<&[u8]> = [crate::token_world::access(&tokens), crate::token_world::refresh_of(&tokens)]
        .iter()
        .map(|text| text.as_bytes())
        .collect();
    for grant in world.grants() {
        assert_prints_no_secret(&grant, &secrets);
        assert_prints_no_secret(&Record::Grant(Arc::clone(&grant)), &secrets);
        let ended = grant.ended_at(world.now(), EndReason::EndedByHost);
        assert_prints_no_secret(&ended, &secrets);
    }
    let digest = bytes::<32>(5);
    let token = AccessToken {
        serial: 0,
        digest: digest.into(),
        issued_at: world.now(),
        expires_at: world.now(),
        narrowed: None,
        confirmation: None,
    };
    assert_prints_no_secret(&token, &[&digest]);
    let code = Code {
        digest: digest.into(),
        challenge: CodeVerifier::new(VERIFIER.into()).unwrap().challenge(),
        redirect_uri: "https://app.example/cb".parse().unwrap(),
        confirmation: None,
        expires_at: world.now(),
    };
    assert_prints_no_secret(&code, &[&digest, Digest::of(&[VERIFIER.as_bytes()]).as_bytes()]);
}

#[test]
fn clients_and_their_secrets() {
    covers!("ATK-296");
    let world = TokenWorld::new();
    let secret = world.web.secret.as_ref().unwrap();
    let digest = secret.digest();
    let secrets: [&[u8]; 2] = [secret.expose().as_bytes(), digest.as_bytes()];
    assert_prints_no_secret(&world.web, &secrets);
    assert_prints_no_secret(&world.web.client, &secrets);
    assert_prints_no_secret(&Record::Client(Arc::clone(&world.web.client)), &secrets);

    let stored = "argon2-of-a-guessable-secret";
    let form = ClientSecretForm::Verifier(stored.to_owned());
    assert_prints_no_secret(&form, &[stored.as_bytes()]);
    let imported = StoredClientSecret { form, expires_at: None };
    assert_prints_no_secret(&imported, &[stored.as_bytes()]);
    let mut registration = Registration::machine();
    registration.imported_secret = Some(stored.to_owned());
    assert_prints_no_secret(&registration, &[stored.as_bytes()]);

    let mut client = Client::clone(&world.web.client);
    client.secrets = vec![imported];
    let header = basic(client.id.as_str(), CLIENT_SECRET);
    let parameters = Parameters::parse(b"").unwrap();
    let presented = PresentedClient::read(Some(header.as_bytes()), &parameters).unwrap();
    let judgement = authentication::authenticate(presented.method, Some(Arc::new(client)), world.now()).unwrap();
    assert!(matches!(judgement, Judgement::CheckSecret(_)));
    assert_prints_no_secret(&judgement, &[stored.as_bytes(), CLIENT_SECRET.as_bytes()]);
}

#[test]
fn requests() {
    covers!("ATK-296");
    let token = refresh_token(bytes(1), bytes(2));
    let header = basic("client", CLIENT_SECRET);
    let token = token.expose();
    let body = format!(
        "client_id=client&client_secret={CLIENT_SECRET}&code={token}&refresh_token={token}&token={token}\
         &code_verifier={VERIFIER}"
    );
    let secrets: [&[u8]; 5] =
        [CLIENT_SECRET.as_bytes(), VERIFIER.as_bytes(), token.as_bytes(), &bytes::<32>(1), &header.as_bytes()[6..]];
    let parameters = Parameters::parse(body.as_bytes()).unwrap();

    assert_prints_no_secret(&parameters, &secrets);
    let request = FormRequest::new(body.as_bytes()).with_authorization(header.as_bytes());
    assert_prints_no_secret(&request, &secrets);
    let unnamed = Parameters::parse(b"client_id=client").unwrap();
    assert_prints_no_secret(&PresentedClient::read(Some(header.as_bytes()), &unnamed).unwrap(), &secrets);
    assert_prints_no_secret(&PresentedClient::read(None, &parameters).unwrap(), &secrets);
    assert_prints_no_secret(&CodeRequest::read("", &parameters).unwrap(), &secrets);
    assert_prints_no_secret(&CodeRequest::read("", &parameters).unwrap().verifier, &secrets);
    assert_prints_no_secret(&RefreshRequest::read("", &parameters).unwrap(), &secrets);
    assert_prints_no_secret(&TokenQuery::read("", &parameters).unwrap(), &secrets);
    let visitor = Visitor { session: None, binding: Some(token), caller: None };
    assert_prints_no_secret(&visitor, &secrets);
    let world = TokenWorld::new();
    let custom = CustomRequest {
        realm: world.server.realm(),
        client: &world.web.client,
        scope: &world.web.client.scope,
        parameters: &parameters,
        now: world.now(),
    };
    assert_prints_no_secret(&custom, &secrets);
}

#[test]
fn answers() {
    covers!("ATK-296", "RFC6749-10.3-01", "RFC6749-10.4-01");
    let world = TokenWorld::new();
    let tokens = world.tokens(&world.app);
    let texts = [crate::token_world::access(&tokens).to_owned(), crate::token_world::refresh_of(&tokens).to_owned()];
    let secrets: Vec<&[u8]> = texts.iter().map(String::as_bytes).collect();

    assert_prints_no_secret(&tokens, &secrets);
    let answer = Answer::from(tokens);
    assert!(texts.iter().all(|text| String::from_utf8_lossy(answer.body()).contains(text)));
    assert_prints_no_secret(&answer, &[secrets.as_slice(), &[answer.body()]].concat());
    assert_prints_no_secret(&world.introspect(&world.api, &texts[0]), &secrets);
}

#[test]
fn the_server_and_its_parts() {
    covers!("ATK-296");
    let secret = bytes::<32>(1);
    let keyring = Arc::new(DerivedKeyring::new(1, secret).unwrap());
    let storage = Arc::new(MemoryStorage::new());
    let builder = AuthorizationServer::builder("https://as.example", Arc::clone(&storage) as Arc<_>, keyring);

    assert_prints_no_secret(&builder, &[&secret]);
    assert_prints_no_secret(&builder.build().unwrap(), &[&secret]);
    let world = TokenWorld::build(Arc::clone(&storage) as Arc<_>, |builder| builder);
    let tokens = world.tokens(&world.web);
    let token = crate::token_world::access(&tokens).as_bytes();
    assert_prints_no_secret(&storage, &[token, world.web.secret.as_ref().unwrap().expose().as_bytes()]);
}
