//! The SHA-256 digest of a secret: what records keep in its place.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::block_api::compress256;
use sha2::{Digest as _, Sha256};

use super::secret::{Wiped, equal_digests};

/// A SHA-256 digest of something secret. Compared only by [`matches`](Self::matches), in constant time.
#[derive(Clone, Copy)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `parts`, one after the other.
    ///
    /// What fits into one block, and that is nearly everything here, is put there without the detour of a buffer.
    #[must_use]
    pub fn of(parts: &[&[u8]]) -> Self {
        let length = parts.iter().map(|part| part.len()).sum();
        let mut block = Wiped::<64>::zeros();
        let (content, end) = block.split_at_mut(64 - LENGTH_FIELD);
        let Some((mut rest, padding)) = content.split_at_mut_checked(length) else { return Self::of_many(parts) };
        let (Some(first), Ok(bits)) = (padding.first_mut(), u64::try_from(8 * length)) else {
            return Self::of_many(parts);
        };
        *first = PADDING;
        end.copy_from_slice(&bits.to_be_bytes());
        for part in parts {
            let (slot, behind) = rest.split_at_mut(part.len());
            slot.copy_from_slice(part);
            rest = behind;
        }
        Self::of_block(&block)
    }

    /// The digest of three parts of fixed lengths, of which the compiler knows where they stand in their one block.
    #[inline]
    #[must_use]
    pub(crate) fn of_three<const A: usize, const B: usize, const C: usize>(
        first: &[u8; A],
        second: &[u8; B],
        third: &[u8; C],
    ) -> Self {
        const { assert!(A + B + C < 64 - LENGTH_FIELD, "more than one block") };
        let mut block = Wiped::<64>::zeros();
        let (slot, rest) = block.split_at_mut(A);
        slot.copy_from_slice(first);
        let (slot, rest) = rest.split_at_mut(B);
        slot.copy_from_slice(second);
        let (slot, rest) = rest.split_at_mut(C);
        slot.copy_from_slice(third);
        let (padding, bits) = rest.split_at_mut(64 - LENGTH_FIELD - A - B - C);
        padding.split_at_mut(1).0.fill(PADDING);
        bits.split_at_mut(LENGTH_FIELD - 2).1.copy_from_slice(&Self::bits_of(A + B + C));
        Self::of_block(&block)
    }

    /// How many bits so many bytes of one block are.
    const fn bits_of(bytes: usize) -> [u8; 2] {
        let [.., a, b] = (8 * bytes).to_be_bytes();
        [a, b]
    }

    fn of_block(block: &[u8; 64]) -> Self {
        let mut state = INITIAL_STATE;
        compress256(&mut state, std::slice::from_ref(block));
        let mut digest = [0; 32];
        for (slot, word) in digest.as_chunks_mut().0.iter_mut().zip(state) {
            *slot = word.to_be_bytes();
        }
        Self(digest)
    }

    fn of_many(parts: &[&[u8]]) -> Self {
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

/// What follows the content.
const PADDING: u8 = 0x80;
/// The end of the last block, which says how many bits were hashed.
const LENGTH_FIELD: usize = 8;

/// What SHA-256 begins with ([FIPS 180-4 §5.3.3](https://doi.org/10.6028/NIST.FIPS.180-4)).
const INITIAL_STATE: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

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
    fn the_digest_is_sha_256_whatever_the_length() {
        let bytes: Vec<u8> = (0..200).collect();
        for length in 0..=bytes.len() {
            let (text, _) = bytes.split_at(length);
            let (head, tail) = text.split_at(length / 3);
            let expected: [u8; 32] = Sha256::digest(text).into();
            assert_eq!(Digest::of(&[head, tail]).as_bytes(), &expected, "{length}");
        }
    }

    #[test]
    fn the_digest_of_three_parts_is_the_digest_of_the_whole() {
        let (realm, secret) = ([2; 16], [3; 32]);

        assert!(Digest::of_three(&[1], &realm, &secret).matches(&Digest::of(&[&[1], &realm, &secret])));
        assert!(Digest::of_three(&realm, &[], &[]).matches(&Digest::of(&[&realm])));
        assert!(Digest::of_three(&[], &secret, &[4; 23]).matches(&Digest::of(&[&secret, &[4; 23]])));
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
