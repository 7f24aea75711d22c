//! Records: their columns, their keys, and the form in which they are stored.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    Client, Consent, DecodeError, EndReason, Grant, Key, Phase, Record, RecordKind, Session, SigningKeys, SubjectEpoch,
    UsedIdentifier,
};
use crate::value::{ClientId, InstanceId, Realm, ResourceSet, SessionId, Subject, Timestamp};
use crate::world::{CODE_LIFETIME, GRANT, World, api, at};

fn subject() -> Subject {
    "user".parse().unwrap()
}

fn session() -> SessionId {
    "session".parse().unwrap()
}

fn consent(world: &World, scope: &str) -> Consent {
    let client = (world.client.id(), world.client.instance);
    Consent::given_at(at(0), &world.realm, &subject(), client, scope.parse().unwrap(), api())
}

/// One record of every kind.
fn every_record(world: &World) -> Vec<Record> {
    vec![
        Record::Client(Arc::new(world.client.clone())),
        Record::Consent(Arc::new(consent(world, "read"))),
        Record::Grant(Arc::new(world.approved())),
        Record::Session(Arc::new(Session::opened(&world.realm, &session(), &subject(), at(600)))),
        Record::SigningKeys(Arc::new(SigningKeys::none(&world.realm))),
        Record::Subject(Arc::new(SubjectEpoch::first(&world.realm, &subject(), at(5)))),
        Record::UsedIdentifier(Arc::new(UsedIdentifier::new(&world.realm, "assertion", "jti", at(60)))),
    ]
}

mod columns {
    use super::*;

    #[test]
    fn every_record_gives_the_columns_of_its_kind() {
        let world = World::new();
        let records = every_record(&world);
        let columns: Vec<_> = records
            .iter()
            .map(|record| {
                assert_eq!(record.realm(), &world.realm);
                assert_eq!(record.key().realm(), world.realm.fingerprint());
                (
                    record.key().kind(),
                    record.expires_at(),
                    record.due_at(),
                    record.subject().map(Subject::as_str),
                    record.client().map(ClientId::as_str),
                    record.session().map(SessionId::as_str),
                )
            })
            .collect();
        let never = Timestamp::MAX;
        let (user, client, session) = (Some("user"), Some("client"), Some("session"));
        let expected = [
            (RecordKind::Client, never, None, None, client, None),
            (RecordKind::Consent, never, None, user, client, None),
            (RecordKind::Grant, at(0).after(CODE_LIFETIME), None, user, client, None),
            (RecordKind::Session, at(600), None, user, None, session),
            (RecordKind::SigningKeys, never, None, None, None, None),
            (RecordKind::Subject, never, Some(at(5)), user, None, None),
            (RecordKind::UsedIdentifier, at(60), None, None, None, None),
        ];
        assert_eq!(columns, expected);
    }

    #[test]
    fn every_kind_has_a_name_and_is_found_by_it() {
        let world = World::new();
        let kinds: Vec<_> = every_record(&world).iter().map(|record| record.key().kind()).collect();

        assert_eq!(kinds, RecordKind::ALL);
        for kind in RecordKind::ALL {
            assert_eq!(RecordKind::from_name(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), json!(kind.as_str()));
        }
        assert_eq!(RecordKind::from_name("Grant"), None);
    }
}

mod keys {
    use super::*;

    #[test]
    fn equal_names_of_different_kinds_and_realms_have_different_keys() {
        covers!("ATK-285");
        let other: Realm = "https://other.example".parse().unwrap();
        let world = World::new();
        let mut keys: Vec<Key> = Vec::new();
        for realm in [&world.realm, &other] {
            keys.extend(RecordKind::ALL.map(|kind| Key::of_names(realm, kind, &["same"])));
            keys.push(Key::of_grant(realm, GRANT));
        }
        for (at, key) in keys.iter().enumerate() {
            assert_eq!(keys.iter().position(|other| other == key), Some(at));
        }
    }

    #[test]
    fn no_two_lists_of_names_have_one_key() {
        covers!("ATK-285");
        let realm = World::new().realm;
        let lists: [&[&str]; 8] =
            [&["ab", "c"], &["a", "bc"], &["abc"], &["abc", ""], &["", "abc"], &["a", "b", "c"], &[], &[""]];
        let keys = lists.map(|names| Key::of_names(&realm, RecordKind::Consent, names));
        for (at, key) in keys.iter().enumerate() {
            assert_eq!(keys.iter().position(|other| other == key), Some(at), "{:?}", lists[at]);
        }
    }

    #[test]
    fn the_name_of_a_client_session_or_consent_does_not_reach_a_grant() {
        covers!("ATK-285");
        let world = World::new();
        let grant = Key::of_grant(&world.realm, GRANT);
        let name = GRANT.to_string();

        assert_ne!(Client::key_of(&world.realm, &name.parse().unwrap()), grant);
        assert_ne!(Session::key_of(&world.realm, &name.parse().unwrap()), grant);
        assert_ne!(SubjectEpoch::key_of(&world.realm, &name.parse().unwrap()), grant);
        assert_ne!(UsedIdentifier::new(&world.realm, "grant", &name, at(0)).key(), grant);
        assert_eq!(grant, world.active().key());
    }

    #[test]
    fn a_key_is_put_together_from_what_a_store_keeps() {
        for record in every_record(&World::new()) {
            let key = record.key();
            assert_eq!(Key::from_parts(*key.realm(), key.kind(), *key.id()), key);
        }
    }
}

mod encoding {
    use super::*;

    fn body(record: &Record) -> Value {
        serde_json::from_slice(&record.encode().unwrap()).unwrap()
    }

    fn decode(body: &Value) -> Result<Record, DecodeError> {
        Record::decode(&serde_json::to_vec(body).unwrap())
    }

    fn assert_corrupt(body: &Value) {
        assert!(matches!(decode(body), Err(DecodeError::Corrupt(_))), "{body}");
    }

    #[test]
    fn every_record_is_read_back_as_it_was_written() {
        for record in every_record(&World::new()) {
            let body = record.encode().unwrap();
            let again = Record::decode(&body).unwrap();
            assert_eq!(again.key(), record.key());
            assert_eq!(again.encode().unwrap(), body);
        }
    }

    #[test]
    fn the_order_of_its_parts_does_not_matter_but_each_is_there_once() {
        for record in every_record(&World::new()) {
            let written = record.encode().unwrap();
            let body = body(&record);
            let [format, kind, content] = ["format", "kind", "record"].map(|part| format!("\"{part}\":{}", body[part]));
            let decoded = |parts: &[&str]| Record::decode(format!("{{{}}}", parts.join(",")).as_bytes());
            for order in [
                [&*format, &*kind, &*content],
                [&kind, &format, &content],
                [&kind, &content, &format],
                [&content, &kind, &format],
            ] {
                assert_eq!(decoded(&order).unwrap().encode().unwrap(), written, "{order:?}");
            }
            for twice in [&format, &kind, &content] {
                for parts in [[&*format, &*kind, &*content, &**twice], [&**twice, &*format, &*kind, &*content]] {
                    assert!(matches!(decoded(&parts), Err(DecodeError::Corrupt(_))), "{parts:?}");
                }
            }
        }
    }

    #[test]
    fn a_field_that_this_version_does_not_know_is_an_error() {
        for record in every_record(&World::new()) {
            let body = body(&record);
            for place in ["", "/record"] {
                let mut changed = body.clone();
                changed.pointer_mut(place).unwrap()["unknown"] = json!(null);
                assert_corrupt(&changed);
            }
        }
    }

    #[test]
    fn a_field_that_is_unknown_deep_inside_is_an_error() {
        let body = body(&Record::Grant(Arc::new(World::new().active())));
        for place in [
            "/record/approval",
            "/record/approval/user",
            "/record/approval/user/authentication",
            "/record/phase",
            "/record/phase/active",
            "/record/phase/active/spent_code",
            "/record/phase/active/refresh",
            "/record/phase/active/access/0",
        ] {
            let mut changed = body.clone();
            changed.pointer_mut(place).unwrap_or_else(|| panic!("{place}"))["unknown"] = json!(1);
            assert_corrupt(&changed);
        }
    }

    #[test]
    fn a_newer_format_is_told_from_a_corrupt_record() {
        for mut body in every_record(&World::new()).iter().map(body) {
            body["format"] = json!(2);
            assert!(matches!(decode(&body), Err(DecodeError::NewerFormat(2))));
            // Whatever else is new in it.
            body["kind"] = json!("device_code");
            body["record"] = json!([]);
            body["more"] = json!({});
            assert!(matches!(decode(&body), Err(DecodeError::NewerFormat(2))));
        }
    }

    #[test]
    fn an_unknown_kind_a_missing_part_and_what_is_no_record_are_errors() {
        for body in every_record(&World::new()).iter().map(body) {
            for part in ["format", "kind", "record"] {
                let mut changed = body.clone();
                changed.as_object_mut().unwrap().remove(part);
                assert_corrupt(&changed);
            }
            for (part, value) in [
                ("kind", json!("device_code")),
                ("kind", json!(1)),
                ("format", json!(0)),
                ("format", json!(-1)),
                ("format", json!("1")),
                ("record", json!(null)),
            ] {
                let mut changed = body.clone();
                changed[part] = value;
                assert_corrupt(&changed);
            }
        }
        for text in ["", "{}", "[]", "null", "{", "\0"] {
            assert!(matches!(Record::decode(text.as_bytes()), Err(DecodeError::Corrupt(_))), "{text:?}");
        }
    }

    #[test]
    fn a_record_of_one_kind_is_not_read_as_another() {
        let records = every_record(&World::new());
        for (at, record) in records.iter().enumerate() {
            for (other, kind) in RecordKind::ALL.iter().enumerate().filter(|(other, _)| *other != at) {
                let mut changed = body(record);
                changed["kind"] = json!(kind.as_str());
                assert!(decode(&changed).is_err(), "{at} {other}");
            }
        }
    }

    #[test]
    fn a_stored_code_keeps_its_challenge() {
        covers!("RFC9700-4.8.2-01");
        let record = Record::Grant(Arc::new(World::new().approved()));

        let again = body(&Record::decode(&record.encode().unwrap()).unwrap());

        let challenge = again.pointer("/record/phase/approved/challenge").unwrap();
        assert_eq!(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn a_code_without_a_challenge_is_no_code() {
        covers!("ATK-091", "OAUTH21-4.1.3-03", "ATK-086", "RFC9700-2.1.1-06", "OAUTH21-3.2.4-01", "OAUTH21-4.1.3-02");
        let world = World::new();
        for (grant, code) in
            [(world.approved(), "/record/phase/approved"), (world.active(), "/record/phase/active/spent_code")]
        {
            let body = body(&Record::Grant(Arc::new(grant)));
            let mut missing = body.clone();
            missing.pointer_mut(code).unwrap().as_object_mut().unwrap().remove("challenge").unwrap();
            assert_corrupt(&missing);
            for value in [json!(null), json!(""), json!("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c"), json!({})] {
                let mut changed = body.clone();
                changed.pointer_mut(code).unwrap()["challenge"] = value;
                assert_corrupt(&changed);
            }
        }
    }

    #[test]
    fn every_end_reason_is_read_back() {
        for reason in [
            EndReason::ApprovalOvertaken,
            EndReason::ClientDeleted,
            EndReason::ClientEnded,
            EndReason::CodeBurnt,
            EndReason::CodeReplayed,
            EndReason::ConsentWithdrawn,
            EndReason::Denied,
            EndReason::EndedByHost,
            EndReason::RefreshTokenReused,
            EndReason::RevokedByClient,
            EndReason::RolledBack,
            EndReason::SessionEnded,
            EndReason::SubjectEnded,
        ] {
            let grant = World::new().active().ended_at(at(1), reason);
            let body = Record::Grant(Arc::new(grant)).encode().unwrap();
            let Record::Grant(grant) = Record::decode(&body).unwrap() else { panic!("another kind") };
            let Phase::Ended(ended) = grant.phase() else { panic!("another phase") };
            assert_eq!((ended.reason, ended.at), (reason, at(1)));
        }
    }
}

mod consents {
    use super::*;

    #[test]
    fn a_consent_covers_what_was_agreed_to_and_no_more() {
        let world = World::new();
        let instance = world.client.instance;
        let consent = consent(&world, "read write");
        let covers =
            |scope: &str, resources: &ResourceSet| consent.covers(instance, &scope.parse().unwrap(), resources);

        assert!(covers("read", &api()) && covers("read write", &api()) && covers("", &ResourceSet::default()));
        assert!(!covers("admin", &api()) && !covers("read admin", &api()));
        assert!(!covers(
            "read",
            &ResourceSet::from("https://other.example".parse::<crate::value::Resource>().unwrap())
        ));
        assert!(!consent.covers(InstanceId::from_bytes([9; 16]), &"read".parse().unwrap(), &api()));
        assert_eq!(consent.last_given_at(), at(0));
    }

    #[test]
    fn a_withdrawn_consent_covers_nothing_and_is_due() {
        let world = World::new();
        let withdrawn = consent(&world, "read").withdrawn_at(at(5));

        assert!(withdrawn.is_withdrawn() && withdrawn.due_at() == Some(at(5)));
        assert!(!withdrawn.covers(world.client.instance, &"".parse().unwrap(), &ResourceSet::default()));
        assert_eq!(withdrawn.withdrawn_at(at(9)).due_at(), Some(at(5)));
    }

    #[test]
    fn more_is_added_to_a_consent_that_stands() {
        let world = World::new();
        let widened = consent(&world, "read").widened_by(&consent(&world, "write"));

        assert_eq!((widened.scope().as_str(), widened.resources()), ("read write", &api()));
    }

    #[test]
    fn a_withdrawn_consent_and_one_for_an_earlier_registration_start_anew() {
        let world = World::new();
        let newer = consent(&world, "write");
        let replaced = Consent::given_at(
            at(0),
            &world.realm,
            &subject(),
            (world.client.id(), InstanceId::from_bytes([9; 16])),
            "write".parse().unwrap(),
            api(),
        );
        for older in [consent(&world, "read").withdrawn_at(at(1)), consent(&world, "read")] {
            let widened = if older.is_withdrawn() { older.widened_by(&newer) } else { older.widened_by(&replaced) };
            assert_eq!(widened.scope().as_str(), "write");
            assert!(!widened.is_withdrawn());
        }
    }
}

mod sessions_and_epochs {
    use super::*;

    #[test]
    fn an_ended_session_stays_until_its_grants_are_ended() {
        let world = World::new();
        let open = Session::opened(&world.realm, &session(), &subject(), at(600));
        assert!(!open.has_ended() && open.expires_at() == at(600));

        let ended = open.ended_at(at(5), at(900));
        assert!(ended.has_ended());
        assert_eq!((ended.due_at(), ended.expires_at()), (Some(at(5)), Timestamp::MAX));

        let finished = ended.finished();
        assert!(finished.has_ended());
        assert_eq!((finished.due_at(), finished.expires_at()), (None, at(900)));
        assert_eq!(open.ended_at(at(5), at(0)).finished().expires_at(), at(600));
    }

    #[test]
    fn an_epoch_only_grows() {
        let world = World::new();
        let first = SubjectEpoch::first(&world.realm, &subject(), at(0));
        let second = first.finished().advanced(at(5));

        assert_eq!((first.epoch(), second.epoch()), (1, 2));
        assert_eq!((first.finished().due_at(), second.due_at()), (None, Some(at(5))));
        assert_eq!(second.finished().epoch(), 2);
    }
}

#[test]
fn an_empty_list_of_a_client_allows_nothing() {
    covers!("ATK-304");
    let world = World::new();
    let client =
        Client::new(&world.realm, "c".parse().unwrap(), world.client.instance, world.client.authentication, at(0));
    let grant: Grant = world.active();

    assert!(client.grant_types.is_empty() && client.redirect_uris.is_empty() && client.scope.is_empty());
    assert!(!client.allows_grant_type(&crate::value::GrantType::AuthorizationCode));
    assert!(grant.approval().resources.iter().all(|resource| !client.is_resource(resource)));
}
