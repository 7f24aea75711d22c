//! Where the cryptography comes from.
//!
//! Everything that computes with keys is behind two one-method traits; a backend makes them of key material. Both
//! backends accept the same signatures: of ECDSA either of the two numbers `s` (so a signature can be rewritten by
//! anybody, and nothing may rely on its bytes being unique), of Ed25519 only reduced ones. Points of ECDSA are checked when a
//! key is made ready; of Ed25519, `aws-lc-rs` notices only by every signature that what it has is no point.

#[cfg(feature = "aws-lc-rs")]
mod aws_lc;
#[cfg(feature = "rust-crypto")]
mod rust;

use std::sync::Arc;

use zeroize::Zeroizing;

#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
use super::jwk::Curve;
use super::jwk::PublicKey;
use super::key::UnusableKey;
use super::private_jwk::PrivateJwk;
use crate::value::{JwsAlgorithm, SymmetricKey};

/// Who computes. Each backend is there with its feature; with both, this value chooses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CryptoBackend {
    /// The crate `aws-lc-rs`: every algorithm. ECDSA draws its nonces from the system, hedged with key and message.
    #[cfg(feature = "aws-lc-rs")]
    AwsLcRs,
    /// The crates `p256`, `ed25519-dalek` and `hmac`: ES256 (nonces by RFC 6979), Ed25519 and HS256.
    #[cfg(feature = "rust-crypto")]
    RustCrypto,
}

impl CryptoBackend {
    /// The backends that are compiled in, in no order of preference.
    pub const COMPILED: &[Self] = &[
        #[cfg(feature = "aws-lc-rs")]
        Self::AwsLcRs,
        #[cfg(feature = "rust-crypto")]
        Self::RustCrypto,
    ];

    /// The algorithms that it verifies.
    #[must_use]
    pub fn verifies(self) -> &'static [JwsAlgorithm] {
        match self {
            #[cfg(feature = "aws-lc-rs")]
            Self::AwsLcRs => JwsAlgorithm::ALL,
            #[cfg(feature = "rust-crypto")]
            Self::RustCrypto => rust::VERIFIES,
        }
    }

    /// The algorithms that it signs with.
    #[must_use]
    pub fn signs(self) -> &'static [JwsAlgorithm] {
        match self {
            #[cfg(feature = "aws-lc-rs")]
            Self::AwsLcRs => aws_lc::SIGNS,
            #[cfg(feature = "rust-crypto")]
            Self::RustCrypto => rust::SIGNS,
        }
    }

    #[cfg_attr(
        not(any(feature = "aws-lc-rs", feature = "rust-crypto")),
        expect(unused_variables, reason = "no backend")
    )]
    pub(super) fn verifier(self, key: &PublicKey, algorithm: JwsAlgorithm) -> Result<Arc<dyn Verify>, UnusableKey> {
        match self {
            #[cfg(feature = "aws-lc-rs")]
            Self::AwsLcRs => aws_lc::verifier(key, algorithm),
            #[cfg(feature = "rust-crypto")]
            Self::RustCrypto => rust::verifier(key, algorithm),
        }
    }

    #[cfg_attr(
        not(any(feature = "aws-lc-rs", feature = "rust-crypto")),
        expect(unused_variables, reason = "no backend")
    )]
    pub(super) fn secret_verifier(self, secret: &[u8]) -> Arc<dyn Verify> {
        match self {
            #[cfg(feature = "aws-lc-rs")]
            Self::AwsLcRs => aws_lc::secret_verifier(secret),
            #[cfg(feature = "rust-crypto")]
            Self::RustCrypto => rust::secret_verifier(secret),
        }
    }

    #[cfg_attr(
        not(any(feature = "aws-lc-rs", feature = "rust-crypto")),
        expect(unused_variables, reason = "no backend")
    )]
    pub(super) fn public_half(self, algorithm: JwsAlgorithm, secret: &[u8; 32]) -> Result<PublicKey, UnusableKey> {
        match self {
            #[cfg(feature = "aws-lc-rs")]
            Self::AwsLcRs => aws_lc::public_half(algorithm, secret),
            #[cfg(feature = "rust-crypto")]
            Self::RustCrypto => rust::public_half(algorithm, secret),
        }
    }

    #[cfg_attr(
        not(any(feature = "aws-lc-rs", feature = "rust-crypto")),
        expect(unused_variables, reason = "no backend")
    )]
    pub(super) fn signer(self, key: &PrivateJwk, algorithm: JwsAlgorithm) -> Result<Arc<dyn Sign>, UnusableKey> {
        match self {
            #[cfg(feature = "aws-lc-rs")]
            Self::AwsLcRs => aws_lc::signer(key, algorithm),
            #[cfg(feature = "rust-crypto")]
            Self::RustCrypto => rust::signer(key, algorithm),
        }
    }
}

/// Sealing: AES-256-GCM, with 12 bytes of nonce in front and 16 bytes of tag at the end.
impl CryptoBackend {
    /// Makes a text unreadable, and unusable in another context. No nonce is used twice with one key: it is random, and
    /// few texts are sealed. `None` if the backend cannot.
    #[cfg_attr(
        not(any(feature = "aws-lc-rs", feature = "rust-crypto")),
        expect(unused_variables, reason = "no backend")
    )]
    pub(crate) fn seal(self, key: &SymmetricKey, nonce: [u8; 12], context: &[u8], text: &[u8]) -> Option<Vec<u8>> {
        match self {
            #[cfg(feature = "aws-lc-rs")]
            Self::AwsLcRs => aws_lc::seal(key, nonce, context, text),
            #[cfg(feature = "rust-crypto")]
            Self::RustCrypto => rust::seal(key, nonce, context, text),
        }
    }

    /// Reads what was sealed in the same context. `None` if it was not, or was changed.
    #[cfg_attr(
        not(any(feature = "aws-lc-rs", feature = "rust-crypto")),
        expect(unused_variables, reason = "no backend")
    )]
    pub(crate) fn open(self, key: &SymmetricKey, context: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = sealed.split_first_chunk::<12>()?;
        match self {
            #[cfg(feature = "aws-lc-rs")]
            Self::AwsLcRs => aws_lc::open(key, *nonce, context, sealed),
            #[cfg(feature = "rust-crypto")]
            Self::RustCrypto => rust::open(key, *nonce, context, sealed),
        }
    }
}

/// A parsed key that verifies with its one algorithm.
pub(super) trait Verify: Send + Sync {
    /// Whether the signature, as it stands in a JWS, belongs to the message.
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool;
}

/// A parsed key that signs with its one algorithm.
pub(super) trait Sign: Send + Sync {
    /// The signature as it stands in a JWS.
    fn sign(&self, message: &[u8]) -> Option<Vec<u8>>;
}

/// The point of an elliptic curve as backends read it: uncompressed.
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
fn uncompressed(x: &[u8], y: &[u8]) -> Vec<u8> {
    [&[4], x, y].concat()
}

/// The key whose uncompressed point that is.
#[cfg(any(feature = "aws-lc-rs", feature = "rust-crypto"))]
fn p256_point(uncompressed: &[u8]) -> Result<PublicKey, UnusableKey> {
    match uncompressed.split_first() {
        Some((4, point)) if point.len() == 64 => {
            let (x, y) = point.split_at(32);
            Ok(PublicKey::Ec { curve: Curve::P256, x: x.to_vec(), y: y.to_vec() })
        }
        _ => Err(UnusableKey::Invalid),
    }
}
