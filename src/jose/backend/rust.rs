//! ES256, Ed25519 and HS256 in Rust.

use std::sync::Arc;

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::{Aead as _, Payload};
use hmac::{Hmac, KeyInit as _, Mac as _};
use p256::ecdsa::signature::Signer as _;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Sign, Verify, p256_point, uncompressed};
use crate::jose::jwk::PublicKey;
use crate::jose::key::UnusableKey;
use crate::jose::private_jwk::{PrivateJwk, PrivateKey};
use crate::value::{Digest, JwsAlgorithm, SymmetricKey, Wiped, equal};

pub(super) const SIGNS: &[JwsAlgorithm] = &[JwsAlgorithm::EdDsa, JwsAlgorithm::Ed25519, JwsAlgorithm::Es256];
pub(super) const VERIFIES: &[JwsAlgorithm] =
    &[JwsAlgorithm::EdDsa, JwsAlgorithm::Ed25519, JwsAlgorithm::Es256, JwsAlgorithm::Hs256];

pub(super) fn verifier(key: &PublicKey, algorithm: JwsAlgorithm) -> Result<Arc<dyn Verify>, UnusableKey> {
    match (key, algorithm) {
        (PublicKey::Ec { x, y, .. }, JwsAlgorithm::Es256) => {
            let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&uncompressed(x, y));
            Ok(Arc::new(key.map_err(|_| UnusableKey::Invalid)?))
        }
        (PublicKey::Ed25519 { x }, JwsAlgorithm::EdDsa | JwsAlgorithm::Ed25519) => {
            let key = ed25519_dalek::VerifyingKey::from_bytes(x);
            Ok(Arc::new(key.map_err(|_| UnusableKey::Invalid)?))
        }
        _ => Err(UnusableKey::UnsupportedAlgorithm),
    }
}

pub(super) fn secret_verifier(secret: &[u8]) -> Arc<dyn Verify> {
    // What HMAC does with a key, written out, because it cannot fail: longer ones are hashed, shorter ones filled up.
    let mut block = Wiped::<64>::zeros();
    let key = if secret.len() > block.len() { Digest::of(&[secret]).as_bytes().to_vec() } else { secret.to_vec() };
    let key = Zeroizing::new(key);
    block.split_at_mut(key.len()).0.copy_from_slice(&key);
    Arc::new(Secret(block))
}

pub(super) fn signer(key: &PrivateJwk, algorithm: JwsAlgorithm) -> Result<Arc<dyn Sign>, UnusableKey> {
    match (key.public().material(), &key.secret, algorithm) {
        (PublicKey::Ec { x, y, .. }, PrivateKey::Curve { d }, JwsAlgorithm::Es256) => {
            let key = p256::ecdsa::SigningKey::from_slice(d).map_err(|_| UnusableKey::Invalid)?;
            let is_pair = *key.verifying_key().to_sec1_point(false).as_bytes() == uncompressed(x, y);
            if is_pair { Ok(Arc::new(key)) } else { Err(UnusableKey::Invalid) }
        }
        (PublicKey::Ed25519 { x }, PrivateKey::Curve { d }, JwsAlgorithm::EdDsa | JwsAlgorithm::Ed25519) => {
            let key = ed25519_dalek::SigningKey::try_from(d.as_slice()).map_err(|_| UnusableKey::Invalid)?;
            if key.verifying_key().as_bytes() == x { Ok(Arc::new(key)) } else { Err(UnusableKey::Invalid) }
        }
        _ => Err(UnusableKey::UnsupportedAlgorithm),
    }
}

pub(super) fn public_half(algorithm: JwsAlgorithm, secret: &[u8; 32]) -> Result<PublicKey, UnusableKey> {
    match algorithm {
        JwsAlgorithm::Es256 => {
            let key = p256::ecdsa::SigningKey::from_slice(secret).map_err(|_| UnusableKey::Invalid)?;
            p256_point(key.verifying_key().to_sec1_point(false).as_bytes())
        }
        JwsAlgorithm::EdDsa | JwsAlgorithm::Ed25519 => {
            Ok(PublicKey::ed25519(ed25519_dalek::SigningKey::from_bytes(secret).verifying_key().to_bytes())?)
        }
        _ => Err(UnusableKey::UnsupportedAlgorithm),
    }
}

pub(super) fn seal(key: &SymmetricKey, nonce: [u8; 12], context: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    let sealed = cipher(key).encrypt(&nonce.into(), Payload { msg: text, aad: context }).ok()?;
    Some([&nonce[..], &sealed].concat())
}

pub(super) fn open(key: &SymmetricKey, nonce: [u8; 12], context: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    cipher(key).decrypt(&nonce.into(), Payload { msg: sealed, aad: context }).ok().map(Zeroizing::new)
}

fn cipher(key: &SymmetricKey) -> Aes256Gcm {
    Aes256Gcm::new(&(*key.expose()).into())
}

impl Verify for p256::ecdsa::VerifyingKey {
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        p256::ecdsa::Signature::from_slice(signature)
            .is_ok_and(|signature| p256::ecdsa::signature::Verifier::verify(self, message, &signature).is_ok())
    }
}

impl Verify for ed25519_dalek::VerifyingKey {
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        ed25519_dalek::Signature::from_slice(signature)
            .is_ok_and(|signature| self.verify_strict(message, &signature).is_ok())
    }
}

/// The key as a block, which is wiped, where a state of HMAC would not be.
struct Secret(Wiped<64>);

impl Verify for Secret {
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let mac = Hmac::<Sha256>::new(&(*self.0).into()).chain_update(message);
        equal(&mac.finalize().into_bytes(), signature)
    }
}

impl Sign for p256::ecdsa::SigningKey {
    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let signature: p256::ecdsa::Signature = self.try_sign(message).ok()?;
        Some(signature.to_bytes().to_vec())
    }
}

impl Sign for ed25519_dalek::SigningKey {
    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        self.try_sign(message).ok().map(|signature| signature.to_bytes().to_vec())
    }
}
