//! The format of codes and tokens: exact, masked, and each kind for itself.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

use super::{Credential, CredentialKind, Locator, MaskingKey, PresentedCredential};
use crate::host::{Entropy, SystemEntropy};
use crate::value::{GrantId, Realm, Secret};
use crate::world::{FAMILY, GRANT, VERIFIER, World, presented, secret};

const KINDS: [CredentialKind; 3] = [CredentialKind::Code, CredentialKind::AccessToken, CredentialKind::RefreshToken];

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemEntropy.fill(&mut bytes).unwrap();
    bytes
}

fn decoded(credential: &Credential) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(credential.expose()).unwrap()
}

/// Whether the text is the credential of that kind and number, as a server with only this masking key sees it.
fn is_recognized(world: &World, kind: CredentialKind, number: u32, text: &str) -> bool {
    let Some(presented) = PresentedCredential::parse("", text) else { return false };
    if presented.kind() != kind || presented.key_number() != 7 {
        return false;
    }
    let locator = presented.locator(&world.masking);
    let family = if kind == CredentialKind::RefreshToken { FAMILY } else { [0; 16] };
    locator.grant == GRANT
        && locator.counter == number
        && locator.family == family
        && kind.digest(world.realm.fingerprint(), presented.secret()).matches(&world.digest(kind, number))
}

mod format {
    use super::*;

    #[test]
    fn a_credential_is_what_the_design_says() {
        for (kind, byte, locator) in [
            (CredentialKind::Code, 1, [&[0x67; 12][..], &[0, 0, 0, 9]].concat()),
            (CredentialKind::AccessToken, 2, [&[0x67; 12][..], &[0, 0, 0, 9]].concat()),
            (CredentialKind::RefreshToken, 3, [&[0x67; 12][..], &[0, 0, 0, 9], &[0xfa; 16]].concat()),
        ] {
            let secret = secret(kind, 9);
            let mask = Sha256::digest([&[0x3a; 16][..], &[byte], secret.expose()].concat());
            let masked: Vec<u8> = locator.iter().zip(mask).map(|(plain, mask)| plain ^ mask).collect();
            let expected = [&[byte, 7][..], &masked, secret.expose()].concat();

            assert_eq!(decoded(&World::new().credential(kind, 9)), expected, "{kind:?}");
        }
    }

    #[test]
    fn what_was_written_is_read_back() {
        let world = World::new();
        for kind in KINDS {
            for number in [0, 1, u32::MAX] {
                let presented = presented(&world.credential(kind, number));
                let locator = presented.locator(&world.masking);

                assert_eq!((presented.kind(), presented.key_number()), (kind, 7));
                assert_eq!(presented.secret().expose(), secret(kind, number).expose());
                assert_eq!((locator.grant, locator.counter), (GRANT, number));
            }
        }
    }

    #[test]
    fn every_allowed_prefix_stands_in_front_and_is_demanded() {
        covers!("RFC6749-A.11-01");
        let world = World::new();
        for prefix in ["", "a", "gs_", "-", "AAAAAAAAAAAAAAAA"] {
            for kind in KINDS {
                let locator = Locator::new(GRANT, 0);
                let credential = Credential::new(prefix, kind, &world.masking, &locator, &secret(kind, 0));
                let text = credential.expose();

                assert!(text.starts_with(prefix) && text.len() > prefix.len() + 60);
                assert!(text.bytes().all(|byte| (0x21..=0x7e).contains(&byte)));
                assert!(PresentedCredential::parse(prefix, text).is_some(), "{prefix}");
                assert!(PresentedCredential::parse("other_", text).is_none());
                assert!(prefix.is_empty() || PresentedCredential::parse("", text).is_none());
                assert!(prefix.is_empty() || PresentedCredential::parse(prefix, &text[prefix.len()..]).is_none());
            }
        }
    }
}

mod tampering {
    use super::*;

    #[test]
    fn a_changed_character_is_never_the_same_credential() {
        covers!("RFC6749-10.3-02", "RFC6749-10.4-04", "RFC9700-4.14.2-04");
        let world = World::new();
        for kind in KINDS {
            let credential = world.credential(kind, 1);
            let text = credential.expose();
            assert!(is_recognized(&world, kind, 1, text));
            for at in 0..text.len() {
                for replacement in "ABCXYZabcxyz0189-_".chars() {
                    let changed = format!("{}{replacement}{}", &text[..at], &text[at + 1..]);
                    assert!(changed == text || !is_recognized(&world, kind, 1, &changed), "{kind:?} {at}");
                }
            }
        }
    }

    #[test]
    fn a_flipped_bit_is_never_the_same_credential() {
        covers!("RFC6750-5.2-01", "RFC6749-10.3-02", "RFC9700-4.14.2-04");
        let world = World::new();
        for kind in KINDS {
            let bytes = decoded(&world.credential(kind, 1));
            for bit in 0..bytes.len() * 8 {
                let mut changed = bytes.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                assert!(!is_recognized(&world, kind, 1, &URL_SAFE_NO_PAD.encode(changed)), "{kind:?} {bit}");
            }
        }
    }

    #[test]
    fn only_the_exact_text_is_a_credential() {
        covers!("ATK-093");
        let world = World::new();
        for kind in KINDS {
            let credential = world.credential(kind, 1);
            let text = credential.expose();
            for kept in 0..text.len() {
                assert!(!is_recognized(&world, kind, 1, &text[..kept]), "{kind:?} {kept}");
                assert!(!is_recognized(&world, kind, 1, &text[text.len() - kept..]), "{kind:?} {kept}");
            }
            let standard = STANDARD.encode(decoded(&credential));
            for changed in [
                format!("{text}A"),
                format!("{text}AA"),
                format!("{text}AAAA"),
                format!("{text}{text}"),
                format!("{text}="),
                format!("{text}=="),
                format!("{text} "),
                format!(" {text}"),
                format!("{text}\n"),
                format!("{text}\0"),
                text.to_ascii_uppercase(),
                text.to_ascii_lowercase(),
            ] {
                assert!(!is_recognized(&world, kind, 1, &changed), "{kind:?} {changed:?}");
            }
            assert!(standard == text || !is_recognized(&world, kind, 1, &standard));
        }
    }

    #[test]
    fn surplus_bits_of_the_last_character_are_refused() {
        covers!("ATK-093");
        let world = World::new();
        for kind in [CredentialKind::Code, CredentialKind::AccessToken] {
            let credential = world.credential(kind, 1);
            let (rest, last) = credential.expose().split_at(66);
            let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            let value = alphabet.find(last).unwrap();
            for alternative in value + 1..value + 4 {
                let changed = format!("{rest}{}", &alphabet[alternative..=alternative]);
                assert!(PresentedCredential::parse("", &changed).is_none(), "{kind:?}");
            }
        }
    }

    #[test]
    fn another_masking_key_finds_another_grant() {
        let world = World::new();
        let other = MaskingKey::new(7, [0x3b; 16]);
        for kind in KINDS {
            let presented = presented(&world.credential(kind, 0));
            assert_ne!(presented.locator(&other).grant, GRANT, "{kind:?}");
        }
    }
}

mod kinds {
    use super::*;

    #[test]
    fn no_kind_parses_as_another() {
        covers!("ATK-095");
        let world = World::new();
        for kind in KINDS {
            let bytes = decoded(&world.credential(kind, 0));
            for other in 0..=u8::MAX {
                let relabelled = [&[other], &bytes[1..]].concat();
                let read = PresentedCredential::parse("", &URL_SAFE_NO_PAD.encode(&relabelled));
                let Some(read) = read.filter(|read| read.kind() != kind) else { continue };
                let digest = read.kind().digest(world.realm.fingerprint(), read.secret());
                assert!(KINDS.into_iter().all(|kind| !digest.matches(&world.digest(kind, 0))), "{kind:?} as {other}");
                assert_ne!(read.locator(&world.masking).grant, GRANT, "{kind:?} as {other}");
            }
        }
    }

    #[test]
    fn one_secret_has_another_digest_for_each_kind_and_each_realm() {
        covers!("ATK-095");
        let other_realm: Realm = "https://other.example".parse().unwrap();
        let world = World::new();
        let secret = Secret::new([1; 32]);
        let digests: Vec<_> = [&world.realm, &other_realm]
            .into_iter()
            .flat_map(|realm| KINDS.map(|kind| kind.digest(realm.fingerprint(), &secret)))
            .collect();
        for (at, digest) in digests.iter().enumerate() {
            assert_eq!(digests.iter().position(|other| other.matches(digest)), Some(at));
        }
    }

    #[test]
    fn a_family_is_not_digested_as_a_secret_is() {
        let world = World::new();
        let family = CredentialKind::family_digest(world.realm.fingerprint(), &FAMILY);
        let mut padded = [0; 32];
        padded[..16].copy_from_slice(&FAMILY);
        for kind in KINDS {
            assert!(!kind.digest(world.realm.fingerprint(), &Secret::new(padded)).matches(&family));
        }
    }
}

mod secrecy {
    use super::*;

    #[test]
    fn two_credentials_of_one_grant_have_nothing_in_common_but_the_header() {
        covers!("RFC6750-5.2-02");
        let world = World::new();
        for kind in KINDS {
            let (one, other) = (decoded(&world.credential(kind, 0)), decoded(&world.credential(kind, 1)));
            assert_eq!(one[..2], other[..2]);
            for window in one[2..].windows(4) {
                assert!(other.windows(4).all(|other| other != window), "{kind:?}");
            }
        }
    }

    #[test]
    fn neither_grant_nor_counter_nor_family_nor_client_stands_in_a_credential() {
        covers!("RFC6750-5.2-02");
        let world = World::new();
        for kind in KINDS {
            let bytes = decoded(&world.credential(kind, 0x0102_0304));
            let grant = &GRANT.as_bytes()[..4];
            for plain in [grant, &[1, 2, 3, 4], &FAMILY[..4], b"clie", b"read", b"user"] {
                assert!(bytes.windows(4).all(|window| window != plain), "{kind:?} {plain:?}");
            }
        }
    }

    #[test]
    fn a_code_does_not_contain_its_challenge() {
        covers!("RFC7636-4.4-02");
        let world = World::new();
        let code = world.code();
        let challenge = Sha256::digest(VERIFIER);
        let encoded = URL_SAFE_NO_PAD.encode(challenge);

        for window in encoded.as_bytes().windows(6) {
            assert!(!code.expose().contains(std::str::from_utf8(window).unwrap()));
        }
        for window in challenge.windows(4) {
            assert!(decoded(&code).windows(4).all(|bytes| bytes != window));
        }
    }

    #[test]
    fn ten_thousand_credentials_of_a_kind_share_no_bit_beyond_the_header() {
        covers!("ATK-094", "RFC6749-10.10-02");
        const COUNT: usize = 10_000;
        for kind in KINDS {
            let mut seen = BTreeSet::new();
            let mut ones = vec![0_usize; 66 * 8];
            let mut length = 0;
            for _ in 0..COUNT {
                let masking = MaskingKey::new(7, [0x3a; 16]);
                let locator = Locator::of_refresh_token(GRANT, 0, FAMILY);
                let bytes = decoded(&Credential::new("", kind, &masking, &locator, &Secret::new(random())));
                length = bytes.len();
                for (bit, ones) in ones.iter_mut().enumerate().take(length * 8) {
                    *ones += usize::from(bytes[bit / 8] >> (bit % 8) & 1);
                }
                assert!(seen.insert(bytes));
            }
            assert_eq!(length, if kind == CredentialKind::RefreshToken { 66 } else { 50 });
            for (bit, ones) in ones.iter().enumerate().take(length * 8).skip(16) {
                // Eight standard deviations: a fair bit never leaves them.
                assert!((COUNT / 2 - 400..=COUNT / 2 + 400).contains(ones), "{kind:?} bit {bit}: {ones}");
            }
        }
    }

    #[test]
    fn a_locator_of_any_grant_is_masked_with_the_secret() {
        let world = World::new();
        let zero = Locator::new(GrantId::from_bytes([0; 12]), 0);
        let credential = Credential::new("", CredentialKind::Code, &world.masking, &zero, &Secret::new([0; 32]));

        assert_ne!(decoded(&credential)[2..18], [0; 16]);
    }
}
