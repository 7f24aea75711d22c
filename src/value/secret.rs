//! Bytes that must not be seen: redaction by type, and the one constant-time comparison.

use std::fmt;
use std::ops::{Deref, DerefMut};

use subtle::{Choice, ConstantTimeEq as _};
use zeroize::{ZeroizeOnDrop, optimization_barrier};

/// So many bytes, which are wiped when they are dropped: all at once, where `Zeroizing` would do it byte by byte.
#[derive(Clone)]
pub(crate) struct Wiped<const N: usize>([u8; N]);

impl<const N: usize> Wiped<N> {
    pub(crate) fn new(bytes: [u8; N]) -> Self {
        Self(bytes)
    }

    pub(crate) fn zeros() -> Self {
        Self([0; N])
    }
}

impl<const N: usize> Deref for Wiped<N> {
    type Target = [u8; N];

    fn deref(&self) -> &[u8; N] {
        &self.0
    }
}

impl<const N: usize> DerefMut for Wiped<N> {
    fn deref_mut(&mut self) -> &mut [u8; N] {
        &mut self.0
    }
}

impl<const N: usize> Drop for Wiped<N> {
    fn drop(&mut self) {
        self.0.fill(0);
        // Otherwise the compiler may leave out what nobody reads any more.
        optimization_barrier(&self.0);
    }
}

impl<const N: usize> ZeroizeOnDrop for Wiped<N> {}

/// The 256 random bits inside a code, a token or a minted client secret. Wiped when dropped.
#[derive(Clone)]
pub struct Secret(Wiped<32>);

impl Secret {
    /// Takes 32 bytes that came from the host's entropy or a key derivation.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Wiped::new(bytes))
    }

    /// The raw bytes. Whoever calls this answers for where they go.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl ZeroizeOnDrop for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

/// A 256-bit key of the host's keyring. Wiped when dropped.
#[derive(Clone)]
pub struct SymmetricKey(Wiped<32>);

impl SymmetricKey {
    /// Takes 32 bytes of key material.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Wiped::new(bytes))
    }

    /// The raw bytes. Whoever calls this answers for where they go.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl ZeroizeOnDrop for SymmetricKey {}

impl fmt::Debug for SymmetricKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SymmetricKey(redacted)")
    }
}

/// Whether two byte strings are equal, in time that depends on their lengths only.
///
/// Every comparison of a secret, a digest of one, or a message authentication code in this crate ends here.
#[must_use]
pub(crate) fn equal(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

/// The same for two values of 32 bytes, eight bytes at a time.
#[must_use]
pub(crate) fn equal_digests(left: &[u8; 32], right: &[u8; 32]) -> bool {
    let (left, _) = left.as_chunks::<8>();
    let (right, _) = right.as_chunks::<8>();
    let words =
        left.iter().zip(right).map(|(left, right)| u64::from_ne_bytes(*left).ct_eq(&u64::from_ne_bytes(*right)));
    words.fold(Choice::from(1), |all, word| all & word).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_strings_are_equal_if_length_and_bytes_are() {
        assert!(equal(b"", b""));
        assert!(equal(b"abc", b"abc"));
        for other in [&b""[..], b"ab", b"abcd", b"abd", b"bbc"] {
            assert!(!equal(b"abc", other));
            assert!(!equal(other, b"abc"));
        }
    }
}
