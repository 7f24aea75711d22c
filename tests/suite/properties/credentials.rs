//! The credential codec: exact, unlinkable, and each kind for itself.

use grantsmith::policy::CredentialPrefix;
use grantsmith::record::{Credential, CredentialKind, Locator, MaskingKey, PresentedCredential};
use grantsmith::value::{GrantId, Realm, Secret};
use proptest::array::{uniform12, uniform16, uniform32};
use proptest::prelude::*;

use super::runner;

const KINDS: [CredentialKind; 3] = [CredentialKind::Code, CredentialKind::AccessToken, CredentialKind::RefreshToken];

#[derive(Clone, Debug)]
struct Parts {
    prefix: String,
    kind: CredentialKind,
    key: (u8, [u8; 16]),
    grant: [u8; 12],
    counter: u32,
    family: [u8; 16],
    secret: [u8; 32],
}

impl Parts {
    fn masking(&self) -> MaskingKey {
        MaskingKey::new(self.key.0, self.key.1)
    }

    fn credential(&self) -> Credential {
        let family = if self.kind == CredentialKind::RefreshToken { self.family } else { [0; 16] };
        let locator = Locator::of_refresh_token(GrantId::from_bytes(self.grant), self.counter, family);
        Credential::new(&self.prefix, self.kind, &self.masking(), &locator, &Secret::new(self.secret))
    }
}

fn parts() -> impl Strategy<Value = Parts> {
    let key = (any::<u8>(), uniform16(any::<u8>()));
    let kind = prop::sample::select(&KINDS[..]);
    let ids = (uniform12(any::<u8>()), any::<u32>(), uniform16(any::<u8>()), uniform32(any::<u8>()));
    ("[A-Za-z0-9_-]{0,16}", kind, key, ids).prop_map(|(prefix, kind, key, (grant, counter, family, secret))| Parts {
        prefix,
        kind,
        key,
        grant,
        counter,
        family,
        secret,
    })
}

#[test]
fn what_was_written_is_read_back_and_is_printable() {
    covers!("RFC6749-A.11-01");
    runner(2000)
        .run(&parts(), |parts| {
            let credential = parts.credential();
            let text = credential.expose();
            prop_assert!(CredentialPrefix::new(&parts.prefix).is_ok());
            prop_assert!(!text.is_empty() && text.bytes().all(|byte| (0x20..=0x7e).contains(&byte)));
            let read = PresentedCredential::parse(&parts.prefix, text).unwrap();
            let locator = read.locator(&parts.masking());
            prop_assert_eq!((read.kind(), read.key_number()), (parts.kind, parts.key.0));
            prop_assert_eq!(read.secret().expose(), &parts.secret);
            prop_assert_eq!((locator.grant, locator.counter), (GrantId::from_bytes(parts.grant), parts.counter));
            let family = if parts.kind == CredentialKind::RefreshToken { parts.family } else { [0; 16] };
            prop_assert_eq!(locator.family, family);
            Ok(())
        })
        .unwrap();
}

#[test]
fn a_changed_character_is_another_credential_or_none() {
    covers!("RFC6749-10.3-02", "RFC6749-10.4-04", "ATK-093");
    let realm: Realm = "https://as.example".parse().unwrap();
    let strategy = (parts(), any::<prop::sample::Index>(), any::<char>());
    runner(4000)
        .run(&strategy, |(parts, place, replacement)| {
            let credential = parts.credential();
            let text = credential.expose();
            let at = place.index(text.len());
            let changed = format!("{}{replacement}{}", &text[..at], &text[at + 1..]);
            prop_assume!(changed != text);
            let Some(read) = PresentedCredential::parse(&parts.prefix, &changed) else { return Ok(()) };
            let digest = |read: &PresentedCredential| read.kind().digest(realm.fingerprint(), read.secret());
            let original = PresentedCredential::parse(&parts.prefix, text).unwrap();
            let (locator, known) = (read.locator(&parts.masking()), original.locator(&parts.masking()));
            let is_same = read.kind() == parts.kind
                && read.key_number() == parts.key.0
                && digest(&read).matches(&digest(&original))
                && (locator.grant, locator.counter, locator.family) == (known.grant, known.counter, known.family);
            prop_assert!(!is_same, "{} {}", text, changed);
            Ok(())
        })
        .unwrap();
}

#[test]
fn kinds_never_cross() {
    covers!("ATK-095");
    let realm: Realm = "https://as.example".parse().unwrap();
    runner(1000)
        .run(&parts(), |parts| {
            let read = PresentedCredential::parse(&parts.prefix, parts.credential().expose()).unwrap();
            prop_assert_eq!(read.kind(), parts.kind);
            let own = parts.kind.digest(realm.fingerprint(), read.secret());
            for other in KINDS.into_iter().filter(|kind| *kind != parts.kind) {
                prop_assert!(!own.matches(&other.digest(realm.fingerprint(), read.secret())));
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn two_credentials_of_one_grant_cannot_be_linked() {
    covers!("RFC6750-5.2-02");
    let strategy = (parts(), uniform32(any::<u8>()));
    runner(2000)
        .run(&strategy, |(parts, secret)| {
            prop_assume!(secret != parts.secret);
            let other = Parts { secret, ..parts.clone() };
            let (one, other) = (parts.credential(), other.credential());
            // Kind and key number are in the first 16 bits: two characters and a part of the third.
            let head = parts.prefix.len() + 3;
            let (one, other) = (&one.expose()[head..], &other.expose()[head..]);
            let masked = if parts.kind == CredentialKind::RefreshToken { 43 } else { 22 };
            let common = one.bytes().zip(other.bytes()).take(masked).filter(|(left, right)| left == right).count();
            // By chance every 64th character is the same.
            prop_assert!(common < 9, "{} {}", one, other);
            prop_assert!((0..masked - 5).all(|at| !other.contains(&one[at..at + 5])), "{} {}", one, other);
            Ok(())
        })
        .unwrap();
}
