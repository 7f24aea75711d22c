//! Keys that are ready for use: parsed once, each for exactly one algorithm.
//!
//! [RFC 8725 §3.1](https://www.rfc-editor.org/rfc/rfc8725#section-3.1)

use std::fmt;
use std::sync::Arc;

use super::backend::{CryptoBackend, Sign, Verify};
use super::jwk::{InvalidJwk, Jwk};
use super::jwk_set::JwkSet;
use super::jws::Header;
use super::private_jwk::PrivateJwk;
use crate::value::JwsAlgorithm;

/// A public key that verifies signatures of one algorithm. Cheap to clone.
#[derive(Clone)]
pub struct VerificationKey {
    algorithm: JwsAlgorithm,
    key_id: Option<Arc<str>>,
    verifier: Arc<dyn Verify>,
}

impl VerificationKey {
    /// Makes a key ready to verify one algorithm.
    ///
    /// # Errors
    ///
    /// [`UnusableKey::NotForThisAlgorithm`] if the key's type cannot, or its owner does not let it; otherwise what the
    /// backend says.
    pub fn new(backend: CryptoBackend, key: &Jwk, algorithm: JwsAlgorithm) -> Result<Self, UnusableKey> {
        if !key.may_verify(algorithm) {
            return Err(UnusableKey::NotForThisAlgorithm);
        }
        let verifier = backend.verifier(key.material(), algorithm)?;
        Ok(Self { algorithm, key_id: key.key_id().map(Arc::from), verifier })
    }

    /// The one algorithm.
    #[must_use]
    pub fn algorithm(&self) -> JwsAlgorithm {
        self.algorithm
    }

    /// The name of the key among its owner's keys.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verifier.verify(message, signature)
    }
}

impl fmt::Debug for VerificationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerificationKey")
            .field("algorithm", &self.algorithm)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// The public keys of one owner, ready for use. Parse them once and keep them.
#[derive(Clone, Debug, Default)]
pub struct VerificationKeys(Vec<VerificationKey>);

impl VerificationKeys {
    /// Makes the keys of a set ready.
    ///
    /// A key that does not say its algorithm is pinned to the first of `algorithms` that its type can do; so an RSA key
    /// verifies one algorithm, not six. A key for which none of them fits, or that the backend refuses, is left out.
    #[must_use]
    pub fn new(backend: CryptoBackend, set: &JwkSet, algorithms: &[JwsAlgorithm]) -> Self {
        let ready = |key: &Jwk| {
            let algorithm = algorithms.iter().find(|algorithm| key.may_verify(**algorithm))?;
            VerificationKey::new(backend, key, *algorithm).ok()
        };
        Self(set.keys().iter().filter_map(ready).collect())
    }

    /// The keys, in the order of the set.
    #[must_use]
    pub fn as_slice(&self) -> &[VerificationKey] {
        &self.0
    }

    /// The key that the header names. Without a name, the only one that fits its algorithm.
    ///
    /// # Errors
    ///
    /// [`NoSuchKey`] says why there is none.
    pub fn named_by(&self, header: &Header) -> Result<&VerificationKey, NoSuchKey> {
        let fits = |key: &&VerificationKey| key.algorithm.means_the_same_as(header.algorithm());
        if let Some(key_id) = header.key_id() {
            let named = self.0.iter().find(|key| key.key_id() == Some(key_id)).ok_or(NoSuchKey::Unknown)?;
            return Some(named).filter(fits).ok_or(NoSuchKey::OtherAlgorithm);
        }
        let mut fitting = self.0.iter().filter(fits);
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key),
            (Some(_), Some(_)) => Err(NoSuchKey::Ambiguous),
            (None, _) => Err(NoSuchKey::Unknown),
        }
    }
}

impl FromIterator<VerificationKey> for VerificationKeys {
    fn from_iter<I: IntoIterator<Item = VerificationKey>>(keys: I) -> Self {
        Self(keys.into_iter().collect())
    }
}

/// A client's secret as the key of `HS256`, ready for use. It verifies, and never signs.
#[derive(Clone)]
pub struct SecretKey(VerificationKey);

impl SecretKey {
    /// Makes a client's secret ready.
    ///
    /// # Errors
    ///
    /// [`UnusableKey::Weak`] if it has less than 32 bytes
    /// ([RFC 7518 §3.2](https://www.rfc-editor.org/rfc/rfc7518#section-3.2)).
    pub fn new(backend: CryptoBackend, secret: &[u8]) -> Result<Self, UnusableKey> {
        if secret.len() < LEAST_BYTES_OF_SECRET {
            return Err(UnusableKey::Weak);
        }
        let verifier = backend.secret_verifier(secret);
        Ok(Self(VerificationKey { algorithm: JwsAlgorithm::Hs256, key_id: None, verifier }))
    }

    /// The key as one that verifies.
    #[must_use]
    pub fn as_verification_key(&self) -> &VerificationKey {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(redacted)")
    }
}

/// A private key that signs with one algorithm. Cheap to clone; wiped by its backend when the last clone is dropped.
#[derive(Clone)]
pub struct SigningKey {
    algorithm: JwsAlgorithm,
    key_id: Arc<str>,
    public: Arc<Jwk>,
    signer: Arc<dyn Sign>,
}

impl SigningKey {
    /// Makes a private key ready to sign with one algorithm, and checks that it fits its public half.
    ///
    /// # Errors
    ///
    /// [`UnusableKey`], also if the key has no `kid`, by which its users will find it.
    pub fn new(backend: CryptoBackend, key: &PrivateJwk, algorithm: JwsAlgorithm) -> Result<Self, UnusableKey> {
        let public = key.public();
        let key_id = public.key_id().ok_or(UnusableKey::WithoutKeyId)?;
        if !public.may("sign", algorithm) {
            return Err(UnusableKey::NotForThisAlgorithm);
        }
        let signer = backend.signer(key, algorithm)?;
        Ok(Self {
            algorithm,
            key_id: key_id.into(),
            public: Arc::new(public.clone().for_signatures(algorithm)),
            signer,
        })
    }

    /// The one algorithm.
    #[must_use]
    pub fn algorithm(&self) -> JwsAlgorithm {
        self.algorithm
    }

    /// The name that tokens and the published set have for it.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The half to publish.
    #[must_use]
    pub fn public(&self) -> &Jwk {
        &self.public
    }

    /// Signs a message: the bytes that stand in a JWS, for ECDSA both numbers at full length.
    ///
    /// # Errors
    ///
    /// [`SigningFailed`] if the backend cannot.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        self.signer.sign(message).ok_or(SigningFailed)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.algorithm)
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

/// Why a key cannot be made ready. For whoever configures or registers it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum UnusableKey {
    /// The numbers are no key: a point off its curve, or halves that do not belong together.
    #[error("not a key")]
    Invalid,
    /// The JSON of the key breaks a rule.
    #[error(transparent)]
    Jwk(#[from] InvalidJwk),
    /// The key is of another type, or its `alg`, `use` or `key_ops` are for something else.
    #[error("the key is not for this algorithm")]
    NotForThisAlgorithm,
    /// The chosen backend has no such algorithm, or does not sign with it.
    #[error("the backend does not have the algorithm")]
    UnsupportedAlgorithm,
    /// The key is too short.
    #[error("the key is too short")]
    Weak,
    /// A key to sign with needs a name.
    #[error("the key has no kid")]
    WithoutKeyId,
}

/// Why no key of a set can verify a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NoSuchKey {
    /// The token names no key, and several fit.
    #[error("the token names no key, and several fit")]
    Ambiguous,
    /// The named key is for another algorithm.
    #[error("the key is for another algorithm")]
    OtherAlgorithm,
    /// No key has this name. A newer set may have it.
    #[error("no such key")]
    Unknown,
}

/// The backend could not sign. Nothing was issued.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("signing failed")]
#[non_exhaustive]
pub struct SigningFailed;

const LEAST_BYTES_OF_SECRET: usize = 32;
