//! Private keys as JSON.
//!
//! [RFC 7518 §6](https://www.rfc-editor.org/rfc/rfc7518#section-6),
//! [RFC 8037 §2](https://www.rfc-editor.org/rfc/rfc8037#section-2)

use std::fmt;

use serde_json::Value;
use zeroize::{Zeroize as _, Zeroizing};

use super::backend::CryptoBackend;
use super::base64;
use super::jwk::{self, InvalidJwk, Jwk, PublicKey};
use super::key::UnusableKey;
use crate::value::JwsAlgorithm;
use crate::wire::strict_json::{self, Object};

/// A key pair for signatures. Wiped when dropped.
pub struct PrivateJwk {
    public: Jwk,
    pub(super) secret: PrivateKey,
}

/// The half that nobody may see.
pub(super) enum PrivateKey {
    /// The scalar of an elliptic curve, or the seed of Ed25519.
    Curve {
        d: Zeroizing<Vec<u8>>,
    },
    Rsa(RsaNumbers),
}

/// Of an RSA key with two primes, big-endian.
pub(super) struct RsaNumbers {
    pub(super) d: Zeroizing<Vec<u8>>,
    pub(super) p: Zeroizing<Vec<u8>>,
    pub(super) q: Zeroizing<Vec<u8>>,
    pub(super) dp: Zeroizing<Vec<u8>>,
    pub(super) dq: Zeroizing<Vec<u8>>,
    pub(super) qi: Zeroizing<Vec<u8>>,
}

impl PrivateJwk {
    /// Reads the JSON of a private key. RSA keys need every number of [RFC 7518
    /// §6.3.2](https://www.rfc-editor.org/rfc/rfc7518#section-6.3.2), and have two primes.
    ///
    /// That both halves belong together is checked where a [`SigningKey`](super::SigningKey) is made of them.
    ///
    /// # Errors
    ///
    /// [`InvalidJwk`] says which rule it breaks.
    pub fn parse(text: &[u8]) -> Result<Self, InvalidJwk> {
        if text.len() > jwk::MOST_BYTES {
            return Err(InvalidJwk::TooLong);
        }
        let mut members = strict_json::object(text)?;
        let parsed = Self::from_object(&members);
        for (_, value) in &mut members {
            if let Value::String(text) = value {
                text.zeroize();
            }
        }
        parsed
    }

    fn from_object(members: &Object) -> Result<Self, InvalidJwk> {
        let public = Jwk::public_half(members)?;
        let number = |name| jwk::bytes(members, name).map(Zeroizing::new);
        let secret = match public.material() {
            PublicKey::Ec { curve, .. } => PrivateKey::Curve { d: of_length(number("d")?, curve.field_length())? },
            PublicKey::Ed25519 { x } => PrivateKey::Curve { d: of_length(number("d")?, x.len())? },
            PublicKey::Rsa { .. } if members.contains_key("oth") => return Err(InvalidJwk::UnsupportedType),
            PublicKey::Rsa { .. } => PrivateKey::Rsa(RsaNumbers {
                d: number("d")?,
                p: number("p")?,
                q: number("q")?,
                dp: number("dp")?,
                dq: number("dq")?,
                qi: number("qi")?,
            }),
        };
        Ok(Self { public, secret })
    }

    /// The key that 32 random bytes are: the scalar of P-256, or the seed of Ed25519. Its `kid` is its thumbprint.
    ///
    /// # Errors
    ///
    /// [`UnusableKey::Invalid`] for one in 2^32 scalars, so draw again;
    /// [`UnusableKey::UnsupportedAlgorithm`] for algorithms other than `ES256`, `Ed25519` and `EdDSA`.
    pub fn from_seed(backend: CryptoBackend, algorithm: JwsAlgorithm, seed: &[u8; 32]) -> Result<Self, UnusableKey> {
        let material = backend.public_half(algorithm, seed)?;
        let public = Jwk::new(material).for_signatures(algorithm);
        let key_id = base64::encode(public.thumbprint().as_bytes());
        let secret = PrivateKey::Curve { d: Zeroizing::new(seed.to_vec()) };
        Ok(Self { public: public.with_key_id(&key_id)?, secret })
    }

    /// The half that everybody may see, with all that is said about the key.
    #[must_use]
    pub fn public(&self) -> &Jwk {
        &self.public
    }

    /// The JSON with the private half, to be sealed. Whoever calls this answers for where it goes.
    #[must_use]
    pub fn expose_json(&self) -> Zeroizing<String> {
        // The members are written one by one into one text that is wiped, so that no copy stays behind.
        let public = self.public.to_json().to_string();
        let mut text = Zeroizing::new(String::with_capacity(jwk::MOST_BYTES));
        text.push_str(public.strip_suffix('}').unwrap_or_default());
        for (name, bytes) in self.secret.numbers() {
            text.push_str(",\"");
            text.push_str(name);
            text.push_str("\":\"");
            base64::append(bytes, &mut text);
            text.push('"');
        }
        text.push('}');
        text
    }
}

impl PrivateKey {
    fn numbers(&self) -> Vec<(&'static str, &[u8])> {
        match self {
            Self::Curve { d } => vec![("d", d)],
            Self::Rsa(RsaNumbers { d, p, q, dp, dq, qi }) => {
                vec![("d", d), ("p", p), ("q", q), ("dp", dp), ("dq", dq), ("qi", qi)]
            }
        }
    }
}

impl fmt::Debug for PrivateJwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateJwk(redacted)")
    }
}

fn of_length(bytes: Zeroizing<Vec<u8>>, length: usize) -> Result<Zeroizing<Vec<u8>>, InvalidJwk> {
    if bytes.len() == length { Ok(bytes) } else { Err(InvalidJwk::CoordinateLength) }
}
