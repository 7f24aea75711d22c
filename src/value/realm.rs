//! The realm: the name under which one server keeps its records in a storage that may serve many.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// A realm: a configured name that never changes, `1*VSCHAR` of at most 512 bytes. The default is the issuer.
///
/// Every key and every digest carries the realm's [`fingerprint`](Self::fingerprint), so a credential of one realm
/// is junk in another.
#[derive(Clone, Eq, PartialEq)]
pub struct Realm(Arc<Named>);

#[derive(Eq, PartialEq)]
struct Named {
    fingerprint: RealmFingerprint,
    name: Box<str>,
}

/// The first 16 bytes of the SHA-256 digest of a realm's name.
pub type RealmFingerprint = [u8; 16];

impl Realm {
    /// The configured name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// What keys and digests carry in place of the name.
    #[must_use]
    pub fn fingerprint(&self) -> &RealmFingerprint {
        &self.0.fingerprint
    }
}

impl FromStr for Realm {
    type Err = InvalidRealm;

    fn from_str(text: &str) -> Result<Self, InvalidRealm> {
        let is_valid = !text.is_empty() && text.len() <= 512 && text.bytes().all(super::text::is_visible);
        if !is_valid {
            return Err(InvalidRealm);
        }
        let digest = Sha256::digest(text.as_bytes());
        let mut fingerprint = [0; 16];
        for (to, from) in fingerprint.iter_mut().zip(digest) {
            *to = from;
        }
        Ok(Self(Arc::new(Named { fingerprint, name: text.into() })))
    }
}

impl fmt::Debug for Realm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Realm({})", self.name())
    }
}

impl Serialize for Realm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Realm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The text is not a realm's name.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a realm is 1 to 512 bytes of printable ASCII")]
#[non_exhaustive]
pub struct InvalidRealm;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_1_to_512_printable_bytes() {
        for text in ["", "a\nb", "\u{e9}", &"x".repeat(513)] {
            assert_eq!(text.parse::<Realm>(), Err(InvalidRealm), "{text:?}");
        }
        assert_eq!("x".repeat(512).parse::<Realm>().unwrap().name().len(), 512);
    }

    #[test]
    fn the_fingerprint_is_the_beginning_of_the_names_digest() {
        // printf %s https://as.example | sha256sum
        let expected: [u8; 16] =
            [0x93, 0xe2, 0x0f, 0xbd, 0x9d, 0x94, 0x36, 0xf7, 0x4c, 0x25, 0x2d, 0xba, 0xd3, 0x0e, 0xc7, 0x32];
        assert_eq!("https://as.example".parse::<Realm>().unwrap().fingerprint(), &expected);
    }

    #[test]
    fn realms_of_different_names_have_different_fingerprints() {
        let [one, other]: [Realm; 2] = ["https://as.example", "https://as.example/"].map(|name| name.parse().unwrap());

        assert_ne!(one, other);
        assert_ne!(one.fingerprint(), other.fingerprint());
    }
}
