//! The SHA-256 digest of a secret: what records keep in its place.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use super::secret::equal_digests;

/// A SHA-256 digest of something secret. Compared only by [`matches`](Self::matches), in constant time.
#[derive(Clone, Copy)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `parts`, one after the other.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }

    /// Whether the two digests are equal.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        equal_digests(&self.0, &other.0)
    }

    /// The digest's bytes, for stores and derivations.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for Digest {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(redacted)")
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let mut bytes = [0; 32];
        match URL_SAFE_NO_PAD.decode_slice(text.as_bytes(), &mut bytes) {
            Ok(32) => Ok(Self(bytes)),
            _ => Err(D::Error::custom("a digest is 32 bytes in base64url")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_match_if_every_byte_does() {
        covers!("ATK-087");
        let digest = Digest::from([7; 32]);
        assert!(digest.matches(&Digest::from([7; 32])));
        for at in 0..32 {
            let mut bytes = [7; 32];
            bytes[at] ^= 1;
            assert!(!digest.matches(&Digest::from(bytes)), "{at}");
        }
    }

    #[test]
    fn the_digest_of_parts_is_the_digest_of_the_whole() {
        let whole = Digest::of(&[b"abc"]);

        assert!(whole.matches(&Digest::of(&[b"a", b"", b"bc"])));
        // printf %s abc | sha256sum
        assert_eq!(whole.as_bytes()[..4], [0xba, 0x78, 0x16, 0xbf]);
    }

    #[test]
    fn only_32_bytes_in_base64url_are_read_as_a_digest() {
        let stored = serde_json::to_string(&Digest::from([255; 32])).unwrap();
        assert_eq!(stored, format!("\"{}8\"", "_".repeat(42)));
        assert!(serde_json::from_str::<Digest>(&stored).unwrap().matches(&Digest::from([255; 32])));
        for stored in
            ["\"\"".to_owned(), format!("\"{}\"", "_".repeat(43)), format!("\"{}8=\"", "_".repeat(42)), "[]".into()]
        {
            assert!(serde_json::from_str::<Digest>(&stored).is_err(), "{stored}");
        }
    }
}
