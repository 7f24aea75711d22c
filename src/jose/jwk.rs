//! Public keys as JSON.
//!
//! A key that exists here is a public key for signatures, of a type and size that may be used; what its owner allows
//! with it is kept beside it. Whether a point lies on its curve is checked by the backend that is given the key.
//! Certificates and links in a key (`x5c`, `x5u`, …) are never used.
//!
//! [RFC 7517 §4](https://www.rfc-editor.org/rfc/rfc7517#section-4),
//! [RFC 7518 §6](https://www.rfc-editor.org/rfc/rfc7518#section-6),
//! [RFC 8037 §2](https://www.rfc-editor.org/rfc/rfc8037#section-2)

use serde_json::Value;

use super::base64;
use crate::value::{Digest, JwsAlgorithm};
use crate::wire::strict_json::{self, InvalidJson, Object};

/// A public key, with what its owner says about it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Jwk {
    material: PublicKey,
    key_id: Option<Box<str>>,
    algorithm: Option<Box<str>>,
    key_use: Option<Box<str>>,
    operations: Vec<Box<str>>,
}

impl Jwk {
    /// A key of which nothing but the key itself is said.
    #[must_use]
    pub fn new(material: PublicKey) -> Self {
        Self { material, key_id: None, algorithm: None, key_use: None, operations: Vec::new() }
    }

    /// Reads the JSON of a public key. Members that are not known are ignored.
    ///
    /// # Errors
    ///
    /// [`InvalidJwk`] says which rule it breaks.
    pub fn parse(text: &[u8]) -> Result<Self, InvalidJwk> {
        if text.len() > MOST_BYTES {
            return Err(InvalidJwk::TooLong);
        }
        Self::from_object(&strict_json::object(text)?)
    }

    /// The same, of JSON that was read already.
    pub(super) fn from_object(members: &Object) -> Result<Self, InvalidJwk> {
        if text(members, "kty")? == Some("oct") {
            return Err(InvalidJwk::Symmetric);
        }
        if PRIVATE_MEMBERS.iter().any(|name| members.contains_key(*name)) {
            return Err(InvalidJwk::PrivateMember);
        }
        Self::public_half(members)
    }

    /// The public half of a key, whether the private one is there or not.
    pub(super) fn public_half(members: &Object) -> Result<Self, InvalidJwk> {
        let material = PublicKey::from_object(members)?;
        let key_use = text(members, "use")?.map(Box::from);
        let operations = operations(members)?;
        ensure_consistent(key_use.as_deref(), &operations)?;
        let key_id = text(members, "kid")?.map(bounded_key_id).transpose()?;
        let algorithm = text(members, "alg")?.map(Box::from);
        Ok(Self { material, key_id, algorithm, key_use, operations })
    }

    /// The same key under a name.
    ///
    /// # Errors
    ///
    /// [`InvalidJwk::KeyId`] if the name is empty or longer than 256 bytes.
    pub fn with_key_id(mut self, key_id: &str) -> Result<Self, InvalidJwk> {
        self.key_id = Some(bounded_key_id(key_id)?);
        Ok(self)
    }

    /// The same key, for signatures with one algorithm.
    #[must_use]
    pub fn for_signatures(mut self, algorithm: JwsAlgorithm) -> Self {
        self.algorithm = Some(algorithm.as_str().into());
        self.key_use = Some("sig".into());
        self.operations = Vec::new();
        self
    }

    /// The key itself.
    #[must_use]
    pub fn material(&self) -> &PublicKey {
        &self.material
    }

    /// The name of the key among its owner's keys: opaque, compared byte for byte.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Whether its type can, and its owner lets it verify signatures with this algorithm.
    #[must_use]
    pub fn may_verify(&self, algorithm: JwsAlgorithm) -> bool {
        self.may("verify", algorithm)
    }

    pub(super) fn may(&self, operation: &str, algorithm: JwsAlgorithm) -> bool {
        let named = self.algorithm.as_deref().map(str::parse::<JwsAlgorithm>);
        self.material.can_do(algorithm)
            && self.key_use.as_deref().is_none_or(|text| text == "sig")
            && (self.operations.is_empty() || self.operations.iter().any(|text| **text == *operation))
            && named.is_none_or(|named| named.is_ok_and(|named| named.means_the_same_as(algorithm)))
    }

    /// The SHA-256 thumbprint ([RFC 7638](https://www.rfc-editor.org/rfc/rfc7638)): the same for every description of
    /// the key, and for its private half.
    #[must_use]
    pub fn thumbprint(&self) -> Digest {
        self.material.thumbprint()
    }

    /// The JSON, without what was not understood when it was read.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut members = self.material.to_object();
        let mut add = |name: &str, text: Option<&str>| {
            if let Some(text) = text {
                members.insert(name.into(), text.into());
            }
        };
        add("kid", self.key_id.as_deref());
        add("use", self.key_use.as_deref());
        add("alg", self.algorithm.as_deref());
        if !self.operations.is_empty() {
            members.insert("key_ops".into(), self.operations.iter().map(|text| Value::from(&**text)).collect());
        }
        Value::Object(members)
    }
}

/// A public key without anything that is said about it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum PublicKey {
    /// A point, if it lies on the curve.
    #[non_exhaustive]
    Ec {
        /// The curve.
        curve: Curve,
        /// The first coordinate, as long as the field.
        x: Vec<u8>,
        /// The second coordinate, as long as the field.
        y: Vec<u8>,
    },
    /// An Ed25519 key, if the bytes are a point.
    #[non_exhaustive]
    Ed25519 {
        /// The encoded point.
        x: [u8; 32],
    },
    /// An RSA key of 2048 to 8192 bits.
    #[non_exhaustive]
    Rsa {
        /// The modulus, big-endian, without leading zeros.
        modulus: Vec<u8>,
        /// The exponent, big-endian, without leading zeros.
        exponent: Vec<u8>,
    },
}

impl PublicKey {
    fn from_object(members: &Object) -> Result<Self, InvalidJwk> {
        let bytes = |name| bytes(members, name);
        match text(members, "kty")?.ok_or(InvalidJwk::MissingMember)? {
            "EC" => {
                let curve = Curve::named(text(members, "crv")?.ok_or(InvalidJwk::MissingMember)?)?;
                let (x, y) = (bytes("x")?, bytes("y")?);
                if x.len() != curve.field_length() || y.len() != curve.field_length() {
                    return Err(InvalidJwk::CoordinateLength);
                }
                Ok(Self::Ec { curve, x, y })
            }
            "OKP" => {
                if text(members, "crv")?.ok_or(InvalidJwk::MissingMember)? != "Ed25519" {
                    return Err(InvalidJwk::UnsupportedCurve);
                }
                Self::ed25519(bytes("x")?.try_into().map_err(|_| InvalidJwk::CoordinateLength)?)
            }
            "RSA" => Self::rsa(bytes("n")?, bytes("e")?),
            _ => Err(InvalidJwk::UnsupportedType),
        }
    }

    /// An Ed25519 key.
    ///
    /// # Errors
    ///
    /// [`InvalidJwk::WeakKey`] for a point of small order: signatures under such a key fit more than one message.
    pub fn ed25519(x: [u8; 32]) -> Result<Self, InvalidJwk> {
        let [rest @ .., last] = x;
        let without_sign = |[first @ .., end]: &[u8; 32]| *first == rest && *end == last & 0x7f;
        if SMALL_ORDER.iter().any(without_sign) { Err(InvalidJwk::WeakKey) } else { Ok(Self::Ed25519 { x }) }
    }

    /// An RSA key, of big-endian numbers without leading zeros.
    ///
    /// # Errors
    ///
    /// [`InvalidJwk::WeakKey`] unless the modulus is odd and has 2048 to 8192 bits, and the exponent is odd, at least
    /// 65537 and has at most 33 bits.
    pub fn rsa(modulus: Vec<u8>, exponent: Vec<u8>) -> Result<Self, InvalidJwk> {
        let is_odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
        if modulus.first() == Some(&0) || exponent.first() == Some(&0) {
            return Err(InvalidJwk::LeadingZero);
        }
        let wide_exponent =
            exponent.iter().try_fold(0_u64, |value, byte| value.checked_mul(256)?.checked_add((*byte).into()));
        let is_sound = (2048..=8192).contains(&bits(&modulus))
            && is_odd(&modulus)
            && is_odd(&exponent)
            && wide_exponent.is_some_and(|value| (65_537..1 << 33).contains(&value));
        if is_sound { Ok(Self::Rsa { modulus, exponent }) } else { Err(InvalidJwk::WeakKey) }
    }

    /// Whether a key of this type can be used with the algorithm.
    #[must_use]
    pub fn can_do(&self, algorithm: JwsAlgorithm) -> bool {
        match algorithm {
            JwsAlgorithm::EdDsa | JwsAlgorithm::Ed25519 => matches!(self, Self::Ed25519 { .. }),
            JwsAlgorithm::Es256 => matches!(self, Self::Ec { curve: Curve::P256, .. }),
            JwsAlgorithm::Es384 => matches!(self, Self::Ec { curve: Curve::P384, .. }),
            JwsAlgorithm::Es512 => matches!(self, Self::Ec { curve: Curve::P521, .. }),
            JwsAlgorithm::Ps256
            | JwsAlgorithm::Ps384
            | JwsAlgorithm::Ps512
            | JwsAlgorithm::Rs256
            | JwsAlgorithm::Rs384
            | JwsAlgorithm::Rs512 => matches!(self, Self::Rsa { .. }),
            JwsAlgorithm::Hs256 => false,
        }
    }

    /// The members that make the key, and no others ([RFC 7638 §3.2](https://www.rfc-editor.org/rfc/rfc7638#section-3.2)).
    fn members(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Ec { curve, x, y } => vec![
                ("crv", curve.as_str().to_owned()),
                ("kty", "EC".to_owned()),
                ("x", base64::encode(x)),
                ("y", base64::encode(y)),
            ],
            Self::Ed25519 { x } => {
                vec![("crv", "Ed25519".to_owned()), ("kty", "OKP".to_owned()), ("x", base64::encode(x))]
            }
            Self::Rsa { modulus, exponent } => {
                vec![("e", base64::encode(exponent)), ("kty", "RSA".to_owned()), ("n", base64::encode(modulus))]
            }
        }
    }

    fn thumbprint(&self) -> Digest {
        // In the order of their names, and none of them needs an escape.
        let members: Vec<String> = self.members().iter().map(|(name, text)| format!("\"{name}\":\"{text}\"")).collect();
        Digest::of(&[b"{", members.join(",").as_bytes(), b"}"])
    }

    pub(super) fn to_object(&self) -> Object {
        self.members().into_iter().map(|(name, text)| (name.to_owned(), Value::from(text))).collect()
    }
}

/// A curve of the NIST.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Curve {
    /// P-256.
    P256,
    /// P-384.
    P384,
    /// P-521.
    P521,
}

impl Curve {
    fn named(text: &str) -> Result<Self, InvalidJwk> {
        [Self::P256, Self::P384, Self::P521]
            .into_iter()
            .find(|curve| curve.as_str() == text)
            .ok_or(InvalidJwk::UnsupportedCurve)
    }

    /// The name in `crv`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    /// The bytes of a coordinate, and of each half of a signature.
    #[must_use]
    pub fn field_length(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

/// Why a JWK is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidJwk {
    /// A coordinate or a private key is not as long as its curve demands.
    #[error("a coordinate has the wrong length")]
    CoordinateLength,
    /// A number is not base64url.
    #[error("a member is not base64url without padding")]
    Encoding,
    /// `use` and `key_ops` contradict each other, or an operation is listed twice.
    #[error("use and key_ops contradict each other")]
    InconsistentUse,
    /// It is not one JSON object.
    #[error(transparent)]
    Json(#[from] InvalidJson),
    /// `kid` is empty or longer than 256 bytes.
    #[error("kid is empty or too long")]
    KeyId,
    /// A number begins with a zero byte.
    #[error("a number begins with a zero")]
    LeadingZero,
    /// A member that the type needs is absent.
    #[error("a member is missing")]
    MissingMember,
    /// A member is of the wrong JSON type.
    #[error("a member has the wrong type")]
    MemberType,
    /// It shows a private key.
    #[error("a public key with private members")]
    PrivateMember,
    /// It shows a symmetric key.
    #[error("a symmetric key")]
    Symmetric,
    /// More than 16 KiB.
    #[error("too long")]
    TooLong,
    /// A curve that is not used here.
    #[error("a curve that is not supported")]
    UnsupportedCurve,
    /// A type that is not used here.
    #[error("a key type that is not supported")]
    UnsupportedType,
    /// RSA outside of its bounds, or a point of small order.
    #[error("a weak key")]
    WeakKey,
}

/// The text of a member that may be absent.
pub(super) fn text<'a>(members: &'a Object, name: &str) -> Result<Option<&'a str>, InvalidJwk> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(InvalidJwk::MemberType),
    }
}

/// The bytes of a member that must be there.
pub(super) fn bytes(members: &Object, name: &str) -> Result<Vec<u8>, InvalidJwk> {
    base64::decode(text(members, name)?.ok_or(InvalidJwk::MissingMember)?).ok_or(InvalidJwk::Encoding)
}

fn bounded_key_id(text: &str) -> Result<Box<str>, InvalidJwk> {
    if (1..=MOST_BYTES_OF_KEY_ID).contains(&text.len()) { Ok(text.into()) } else { Err(InvalidJwk::KeyId) }
}

fn operations(members: &Object) -> Result<Vec<Box<str>>, InvalidJwk> {
    let Some(list) = members.get("key_ops") else { return Ok(Vec::new()) };
    let list = list.as_array().filter(|list| !list.is_empty()).ok_or(InvalidJwk::MemberType)?;
    let mut operations: Vec<Box<str>> = Vec::new();
    for operation in list {
        let operation = operation.as_str().ok_or(InvalidJwk::MemberType)?;
        if operations.iter().any(|earlier| **earlier == *operation) {
            return Err(InvalidJwk::InconsistentUse);
        }
        operations.push(operation.into());
    }
    Ok(operations)
}

fn ensure_consistent(key_use: Option<&str>, operations: &[Box<str>]) -> Result<(), InvalidJwk> {
    let allowed: &[&str] = match key_use {
        Some("sig") => &["sign", "verify"],
        Some("enc") => &["encrypt", "decrypt", "wrapKey", "unwrapKey", "deriveKey", "deriveBits"],
        _ => return Ok(()),
    };
    let is_consistent = operations.iter().all(|operation| allowed.contains(&&**operation));
    if is_consistent { Ok(()) } else { Err(InvalidJwk::InconsistentUse) }
}

fn bits(number: &[u8]) -> usize {
    let surplus = number.first().map_or(0, |first| first.leading_zeros());
    (number.len() * 8).saturating_sub(usize::try_from(surplus).unwrap_or_default())
}

/// What only the owner of a key may know ([RFC 7518 §6](https://www.rfc-editor.org/rfc/rfc7518#section-6)).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
pub(super) const MOST_BYTES: usize = 16 * 1024;
const MOST_BYTES_OF_KEY_ID: usize = 256;

/// The encodings of the points of Ed25519 whose order divides eight, without their sign: 0, 1, the two of order eight,
/// -1, and 0 and 1 again with the prime added.
const SMALL_ORDER: [[u8; 32]; 7] = [
    [0; 32],
    [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
    ending_in_7f(0xec),
    ending_in_7f(0xed),
    ending_in_7f(0xee),
];

const fn ending_in_7f(first: u8) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    let [start, .., end] = &mut bytes;
    *start = first;
    *end = 0x7f;
    bytes
}
