//! Every algorithm, through `aws-lc-rs`.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, ECDH_P256};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPairComponents;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, EcdsaVerificationAlgorithm, Ed25519KeyPair, KeyPair as _,
    ParsedPublicKey, RsaEncoding, RsaKeyPair, RsaParameters, RsaPublicKeyComponents,
};
use zeroize::Zeroizing;

use super::{Sign, Verify, p256_point, uncompressed};
use crate::jose::jwk::PublicKey;
use crate::jose::key::UnusableKey;
use crate::jose::private_jwk::{PrivateJwk, PrivateKey};
use crate::value::{JwsAlgorithm, SymmetricKey};

pub(super) const SIGNS: &[JwsAlgorithm] =
    &[JwsAlgorithm::EdDsa, JwsAlgorithm::Ed25519, JwsAlgorithm::Es256, JwsAlgorithm::Ps256, JwsAlgorithm::Rs256];

pub(super) fn verifier(key: &PublicKey, algorithm: JwsAlgorithm) -> Result<Arc<dyn Verify>, UnusableKey> {
    let parsed = match (key, algorithm) {
        (PublicKey::Ec { x, y, .. }, JwsAlgorithm::Es256 | JwsAlgorithm::Es384 | JwsAlgorithm::Es512) => {
            ParsedPublicKey::new(ecdsa(algorithm)?, uncompressed(x, y))
        }
        (PublicKey::Ed25519 { x }, JwsAlgorithm::EdDsa | JwsAlgorithm::Ed25519) => {
            ParsedPublicKey::new(&signature::ED25519, x)
        }
        (PublicKey::Rsa { modulus, exponent }, _) => {
            RsaPublicKeyComponents { n: modulus, e: exponent }.to_parsed_public_key(rsa(algorithm)?)
        }
        (PublicKey::Ec { .. } | PublicKey::Ed25519 { .. }, _) => return Err(UnusableKey::NotForThisAlgorithm),
    };
    Ok(Arc::new(Public(parsed.map_err(|_| UnusableKey::Invalid)?)))
}

fn ecdsa(algorithm: JwsAlgorithm) -> Result<&'static EcdsaVerificationAlgorithm, UnusableKey> {
    match algorithm {
        JwsAlgorithm::Es256 => Ok(&signature::ECDSA_P256_SHA256_FIXED),
        JwsAlgorithm::Es384 => Ok(&signature::ECDSA_P384_SHA384_FIXED),
        JwsAlgorithm::Es512 => Ok(&signature::ECDSA_P521_SHA512_FIXED),
        _ => Err(UnusableKey::NotForThisAlgorithm),
    }
}

fn rsa(algorithm: JwsAlgorithm) -> Result<&'static RsaParameters, UnusableKey> {
    match algorithm {
        JwsAlgorithm::Ps256 => Ok(&signature::RSA_PSS_2048_8192_SHA256),
        JwsAlgorithm::Ps384 => Ok(&signature::RSA_PSS_2048_8192_SHA384),
        JwsAlgorithm::Ps512 => Ok(&signature::RSA_PSS_2048_8192_SHA512),
        JwsAlgorithm::Rs256 => Ok(&signature::RSA_PKCS1_2048_8192_SHA256),
        JwsAlgorithm::Rs384 => Ok(&signature::RSA_PKCS1_2048_8192_SHA384),
        JwsAlgorithm::Rs512 => Ok(&signature::RSA_PKCS1_2048_8192_SHA512),
        _ => Err(UnusableKey::NotForThisAlgorithm),
    }
}

pub(super) fn secret_verifier(secret: &[u8]) -> Arc<dyn Verify> {
    Arc::new(Secret(hmac::Key::new(hmac::HMAC_SHA256, secret)))
}

pub(super) fn signer(key: &PrivateJwk, algorithm: JwsAlgorithm) -> Result<Arc<dyn Sign>, UnusableKey> {
    let invalid = |_| UnusableKey::Invalid;
    match (key.public().material(), &key.secret, algorithm) {
        (PublicKey::Ec { x, y, .. }, PrivateKey::Curve { d }, JwsAlgorithm::Es256) => {
            let algorithm: &EcdsaSigningAlgorithm = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
            let pair = EcdsaKeyPair::from_private_key_and_public_key(algorithm, d, &uncompressed(x, y));
            Ok(Arc::new(Ecdsa(pair.map_err(invalid)?)))
        }
        (PublicKey::Ed25519 { x }, PrivateKey::Curve { d }, JwsAlgorithm::EdDsa | JwsAlgorithm::Ed25519) => {
            Ok(Arc::new(Ed25519(Ed25519KeyPair::from_seed_and_public_key(d, x).map_err(invalid)?)))
        }
        (PublicKey::Rsa { modulus, exponent }, PrivateKey::Rsa(numbers), JwsAlgorithm::Ps256 | JwsAlgorithm::Rs256) => {
            let pair = RsaKeyPair::from_components(&KeyPairComponents {
                public_key: RsaPublicKeyComponents { n: &modulus[..], e: &exponent[..] },
                d: &numbers.d[..],
                p: &numbers.p[..],
                q: &numbers.q[..],
                dP: &numbers.dp[..],
                dQ: &numbers.dq[..],
                qInv: &numbers.qi[..],
            });
            let is_pss = algorithm == JwsAlgorithm::Ps256;
            let padding: &dyn RsaEncoding =
                if is_pss { &signature::RSA_PSS_SHA256 } else { &signature::RSA_PKCS1_SHA256 };
            Ok(Arc::new(Rsa { pair: pair.map_err(invalid)?, padding }))
        }
        _ => Err(UnusableKey::UnsupportedAlgorithm),
    }
}

pub(super) fn public_half(algorithm: JwsAlgorithm, secret: &[u8; 32]) -> Result<PublicKey, UnusableKey> {
    match algorithm {
        JwsAlgorithm::Es256 => {
            let key = agreement::PrivateKey::from_private_key(&ECDH_P256, secret).map_err(|_| UnusableKey::Invalid)?;
            p256_point(key.compute_public_key().map_err(|_| UnusableKey::Invalid)?.as_ref())
        }
        JwsAlgorithm::EdDsa | JwsAlgorithm::Ed25519 => {
            let pair = Ed25519KeyPair::from_seed_unchecked(secret).map_err(|_| UnusableKey::Invalid)?;
            let x = pair.public_key().as_ref().try_into().map_err(|_| UnusableKey::Invalid)?;
            Ok(PublicKey::ed25519(x)?)
        }
        _ => Err(UnusableKey::UnsupportedAlgorithm),
    }
}

pub(super) fn seal(key: &SymmetricKey, nonce: [u8; 12], context: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    // Encrypted where it lies, so that no copy stays behind.
    let mut sealed = Vec::with_capacity(text.len() + AES_256_GCM.tag_len());
    sealed.extend_from_slice(text);
    let unique = Nonce::assume_unique_for_key(nonce);
    cipher(key)?.seal_in_place_append_tag(unique, Aad::from(context), &mut sealed).ok()?;
    Some([&nonce[..], &sealed].concat())
}

pub(super) fn open(key: &SymmetricKey, nonce: [u8; 12], context: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(sealed.to_vec());
    let nonce = Nonce::assume_unique_for_key(nonce);
    let length = cipher(key)?.open_in_place(nonce, Aad::from(context), &mut text).ok()?.len();
    text.truncate(length);
    Some(text)
}

fn cipher(key: &SymmetricKey) -> Option<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, key.expose()).ok().map(LessSafeKey::new)
}

struct Public(ParsedPublicKey);

impl Verify for Public {
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.0.verify_sig(message, signature).is_ok()
    }
}

struct Secret(hmac::Key);

impl Verify for Secret {
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        hmac::verify(&self.0, message, signature).is_ok()
    }
}

struct Ecdsa(EcdsaKeyPair);

impl Sign for Ecdsa {
    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        // The generator is part of the signature only; the library draws by itself.
        self.0.sign(&SystemRandom::new(), message).ok().map(|signature| signature.as_ref().to_vec())
    }
}

struct Ed25519(Ed25519KeyPair);

impl Sign for Ed25519 {
    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        self.0.try_sign(message).ok().map(|signature| signature.as_ref().to_vec())
    }
}

struct Rsa {
    pair: RsaKeyPair,
    padding: &'static dyn RsaEncoding,
}

impl Sign for Rsa {
    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(self.padding, &SystemRandom::new(), message, &mut signature).ok().map(|()| signature)
    }
}
