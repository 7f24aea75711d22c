//! The stored form of every record, held fast: files that a newer version must still read and write byte for byte.
//!
//! A file here is never changed. A new format gets new files beside the old ones; the test that compares prints them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use grantsmith::host::{StorageError, StorageErrorKind};
use grantsmith::policy::KeyRotation;
use grantsmith::record::{
    AccessToken, Active, Approval, Authentication, Client, ClientSecretForm, Code, Consent, DecodeError, EndReason,
    Grant, Identity, Narrowed, Phase, Record, RecordKind, RefreshChain, SealedKey, Session, SigningKeys,
    StoredClientSecret, StoredSigningKey, SubjectEpoch, Trust, UsedIdentifier, UserApproval,
};
use grantsmith::value::{
    AuthenticationMethod, ClientId, CodeChallenge, Confirmation, Digest, GrantId, GrantType, InstanceId, JwsAlgorithm,
    Lifetime, Realm, Resource, ResourceSet, ScopeSet, Subject, Timestamp,
};
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/records")
}

/// Name and content of every golden file.
pub(crate) fn golden() -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(directory()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let name = |path: &PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    files.iter().map(|path| (name(path), fs::read(path).unwrap())).collect()
}

fn realm() -> Realm {
    "https://as.example".parse().unwrap()
}

fn client_id() -> ClientId {
    "client".parse().unwrap()
}

fn subject() -> Subject {
    "user".parse().unwrap()
}

fn scope(text: &str) -> ScopeSet {
    text.parse().unwrap()
}

fn api() -> ResourceSet {
    ResourceSet::from("https://api.example".parse::<Resource>().unwrap())
}

fn digest(byte: u8) -> Digest {
    Digest::from([byte; 32])
}

const INSTANCE: InstanceId = InstanceId::from_bytes([2; 16]);

fn client() -> Client {
    let method = AuthenticationMethod::ClientSecretBasic;
    let mut client = Client::new(&realm(), client_id(), INSTANCE, method, NOW);
    client.secrets = vec![
        StoredClientSecret { form: ClientSecretForm::Digest(digest(3)), expires_at: Some(NOW) },
        StoredClientSecret { form: ClientSecretForm::Verifier("$argon2id$stored".to_owned()), expires_at: None },
    ];
    client.trust = Trust::Unverified;
    client.grant_types = [GrantType::AuthorizationCode, "urn:example:custom".parse().unwrap()].into();
    client.redirect_uris = vec!["https://app.example/cb?a=b".parse().unwrap()];
    client.scope = scope("read write");
    client.default_scope = scope("read");
    client.resources = api();
    client.overrides.access_token_lifetime = Some(Lifetime::seconds(60));
    client.display.name = Some("An \"app\" \u{e9}".to_owned());
    client
}

fn identity<'a>(realm: &'a Realm, client: &'a ClientId) -> Identity<'a> {
    let held_until = NOW.after(Lifetime::minutes(10));
    Identity { id: GrantId::from_bytes([1; 12]), realm, client, client_instance: INSTANCE, held_until }
}

fn approval() -> Approval {
    let mut authentication = Authentication::at(NOW);
    authentication.acr = Some("urn:example:strong".into());
    authentication.amr = vec!["pwd".to_owned(), "otp".to_owned()];
    authentication.session = Some("session".parse().unwrap());
    let requested_scope = scope("admin read write");
    let nonce = Some("nonce".into());
    let user = UserApproval { subject: subject(), authentication, requested_scope, nonce };
    Approval { scope: scope("read write"), resources: api(), user: Some(Box::new(user)) }
}

fn code() -> Code {
    Code {
        digest: digest(4),
        challenge: CHALLENGE.parse::<CodeChallenge>().unwrap(),
        redirect_uri: "https://app.example/cb?a=b".parse().unwrap(),
        confirmation: Some(Confirmation::ProofKey(digest(5)).into()),
        expires_at: NOW.after(Lifetime::minutes(1)),
    }
}

fn access_token(serial: u32) -> AccessToken {
    AccessToken {
        serial,
        digest: digest(6),
        issued_at: NOW,
        expires_at: NOW.after(Lifetime::minutes(10)),
        narrowed: None,
        confirmation: None,
    }
}

/// A chain whose first token was spent, with an open retry window.
fn chain() -> RefreshChain {
    let (idle, lifetime) = (Lifetime::days(30), Lifetime::days(180));
    let bound = Some(Confirmation::Certificate(digest(7)));
    let retry = json!({"salt": "CAgICAgICAgICAgICAgICA", "key": 9, "count": 1});
    let retry = serde_json::from_value(retry).unwrap();
    RefreshChain::started_at(NOW, digest(8), digest(9), bound, idle, lifetime).rotated_at(
        NOW,
        digest(10),
        Some(retry),
        Lifetime::seconds(10),
        idle,
    )
}

/// One key, and its successor.
fn signing_keys(realm: &Realm) -> SigningKeys {
    let key = |name: &str, signs_from| {
        let public =
            json!({"alg": "ES256", "crv": "P-256", "kid": name, "kty": "EC", "use": "sig", "x": "AA", "y": "AQ"});
        StoredSigningKey::new(
            name,
            JwsAlgorithm::Es256,
            public.to_string(),
            SealedKey::new("c2VhbGVk".into()),
            signs_from,
        )
    };
    let rotation = KeyRotation::default();
    let next = key("2", NOW.after(rotation.every));
    SigningKeys::none(realm).with(key("1", NOW), &rotation).with(next, &rotation)
}

/// Every record that there is a file for, built anew.
fn built() -> Vec<(&'static str, Record)> {
    let (realm, client_id) = (realm(), client_id());
    let approved = Grant::approved_at(NOW, identity(&realm, &client_id), approval(), code());
    let narrowed = Narrowed { scope: scope("read"), audience: ResourceSet::default() };
    let narrowed = AccessToken {
        narrowed: Some(narrowed.into()),
        confirmation: Some(Confirmation::ProofKey(digest(11)).into()),
        ..access_token(1)
    };
    let active = approved.redeemed_at(NOW, access_token(0), Some(chain())).unwrap();
    let active = active.refreshed_at(NOW, narrowed, chain(), 64).unwrap();
    let mut machine = Active::default();
    machine.access = vec![access_token(0)].into();
    let machine_approval = Approval { scope: scope("read"), resources: api(), user: None };
    let machine = Grant::issued_at(NOW, identity(&realm, &client_id), machine_approval, machine);
    let plain = Client::new(&realm, client_id.clone(), INSTANCE, AuthenticationMethod::None, NOW);
    let consent = Consent::given_at(NOW, &realm, &subject(), (&client_id, INSTANCE), scope("read"), api());
    let session = Session::opened(&realm, &"session".parse().unwrap(), &subject(), NOW.after(Lifetime::days(1)));
    let epoch = SubjectEpoch::first(&realm, &subject(), NOW);
    let next = InstanceId::from_bytes([12; 16]);
    vec![
        ("client", Record::Client(client().into())),
        ("client_deleted", Record::Client(client().grants_ended_at(NOW, next).deleted_at(NOW).into())),
        ("client_ended", Record::Client(plain.grants_ended_at(NOW, next).into())),
        ("client_public", Record::Client(plain.into())),
        ("consent", Record::Consent(consent.clone().into())),
        ("consent_withdrawn", Record::Consent(consent.withdrawn_at(NOW).into())),
        ("grant_active", Record::Grant(active.clone().into())),
        ("grant_approved", Record::Grant(approved.into())),
        ("grant_ended", Record::Grant(active.ended_at(NOW, EndReason::RefreshTokenReused).into())),
        ("grant_machine", Record::Grant(machine.into())),
        ("session", Record::Session(session.clone().into())),
        ("session_ended", Record::Session(session.ended_at(NOW, NOW.after(Lifetime::days(2))).into())),
        ("signing_keys", Record::SigningKeys(signing_keys(&realm).into())),
        ("subject", Record::Subject(epoch.clone().into())),
        ("subject_finished", Record::Subject(epoch.advanced(NOW).finished().into())),
        ("used_identifier", Record::UsedIdentifier(UsedIdentifier::new(&realm, "purpose", "jti", NOW).into())),
    ]
}

#[test]
fn what_is_built_is_written_as_the_files_say() {
    let golden = golden();
    let built = built();

    let names: Vec<&str> = built.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, golden.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>());
    for ((name, record), (_, body)) in built.iter().zip(&golden) {
        let written = record.encode().unwrap();
        assert_eq!(String::from_utf8_lossy(&written), String::from_utf8_lossy(body), "{name}");
    }
}

#[test]
fn every_file_is_read_and_written_byte_for_byte() {
    covers!("RFC9700-4.8.2-01");
    for (name, body) in golden() {
        let record = Record::decode(&body).unwrap_or_else(|error| panic!("{name}: {error:?}"));

        assert_eq!(record.encode().unwrap(), body, "{name}");
    }
}

#[test]
fn there_is_a_file_for_every_kind_and_every_phase() {
    let records: Vec<Record> = golden().iter().map(|(_, body)| Record::decode(body).unwrap()).collect();

    for kind in RecordKind::ALL {
        assert!(records.iter().any(|record| record.key().kind() == kind), "{kind:?}");
    }
    let phase = |record: &Record| match record {
        Record::Grant(grant) => match grant.phase() {
            Phase::Approved(_) => Some("approved"),
            Phase::Active(_) => Some("active"),
            Phase::Ended(_) => Some("ended"),
            _ => None,
        },
        _ => None,
    };
    for expected in ["approved", "active", "ended"] {
        assert!(records.iter().filter_map(phase).any(|phase| phase == expected), "{expected}");
    }
}

/// Every object in a body, by its path.
fn objects(path: &str, value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => {
            let below = members.iter().flat_map(|(name, value)| objects(&format!("{path}/{name}"), value));
            [path.to_owned()].into_iter().chain(below).collect()
        }
        Value::Array(values) => {
            values.iter().enumerate().flat_map(|(at, value)| objects(&format!("{path}/{at}"), value)).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

fn decode(body: &Value) -> Result<Record, DecodeError> {
    Record::decode(&serde_json::to_vec(body).unwrap())
}

fn kind_of(error: DecodeError) -> StorageErrorKind {
    StorageError::from(error).kind()
}

#[test]
fn an_unknown_field_is_corrupt_wherever_it_stands() {
    for (name, body) in golden() {
        let body: Value = serde_json::from_slice(&body).unwrap();
        for path in objects("", &body) {
            let mut changed = body.clone();
            changed.pointer_mut(&path).unwrap()["unknown"] = json!(1);
            let error = decode(&changed).err().unwrap_or_else(|| panic!("{name}{path}"));
            assert_eq!(kind_of(error), StorageErrorKind::Corrupt, "{name}{path}");
        }
    }
}

#[test]
fn an_unknown_kind_is_corrupt_and_a_newer_format_is_newer() {
    for (name, body) in golden() {
        let mut body: Value = serde_json::from_slice(&body).unwrap();
        let kind = body["kind"].take();
        body["kind"] = json!("unknown");
        assert_eq!(kind_of(decode(&body).unwrap_err()), StorageErrorKind::Corrupt, "{name}");
        body["format"] = json!(2);
        assert_eq!(kind_of(decode(&body).unwrap_err()), StorageErrorKind::NewerFormat, "{name}");
        body["kind"] = kind;
        assert_eq!(kind_of(decode(&body).unwrap_err()), StorageErrorKind::NewerFormat, "{name}");
    }
}

#[test]
fn a_code_whose_challenge_was_not_stored_is_corrupt() {
    covers!("ATK-091", "OAUTH21-4.1.3-03", "ATK-086", "RFC9700-2.1.1-06", "OAUTH21-3.2.4-01");
    for (name, code) in
        [("grant_approved", "/record/phase/approved"), ("grant_active", "/record/phase/active/spent_code")]
    {
        let (_, body) = golden().into_iter().find(|(other, _)| other == name).unwrap();
        let mut body: Value = serde_json::from_slice(&body).unwrap();
        let removed = body.pointer_mut(code).unwrap().as_object_mut().unwrap().remove("challenge");

        assert_eq!(removed, Some(json!(CHALLENGE)));
        assert_eq!(kind_of(decode(&body).unwrap_err()), StorageErrorKind::Corrupt, "{name}");
    }
}

#[test]
fn the_same_record_is_always_the_same_bytes() {
    for ((_, one), (_, other)) in built().iter().zip(built()) {
        assert_eq!(Arc::new(one).encode().unwrap(), other.encode().unwrap());
    }
}
