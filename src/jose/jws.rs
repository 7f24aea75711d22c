//! The compact serialization of a signature, and what its header must and must not say.
//!
//! [RFC 7515 §5.2](https://www.rfc-editor.org/rfc/rfc7515#section-5.2),
//! [RFC 7515 §7.1](https://www.rfc-editor.org/rfc/rfc7515#section-7.1)

use std::fmt;

use serde_json::Value;

use super::base64;
use super::key::VerificationKey;
use crate::value::JwsAlgorithm;
use crate::wire::strict_json::{self, InvalidJson, Object};

/// A signed text whose form is right. Nothing in it is proven before [`is_signed_by`](Self::is_signed_by) says so.
#[derive(Clone)]
pub struct Jws<'a> {
    signing_input: &'a str,
    header: Header,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Jws<'a> {
    /// Reads a compact serialization of at most `most_bytes` bytes.
    ///
    /// # Errors
    ///
    /// [`InvalidJws`] says which rule it breaks.
    pub fn parse(text: &'a str, most_bytes: usize) -> Result<Self, InvalidJws> {
        if text.len() > most_bytes {
            return Err(InvalidJws::TooLong);
        }
        let (signing_input, signature) = text.rsplit_once('.').ok_or(InvalidJws::NotCompact)?;
        let (header, payload) = signing_input.split_once('.').ok_or(InvalidJws::NotCompact)?;
        if payload.contains('.') {
            return Err(InvalidJws::NotCompact);
        }
        if header.len() > MOST_BYTES_OF_HEADER {
            return Err(InvalidJws::TooLong);
        }
        if signature.is_empty() {
            return Err(InvalidJws::NotSigned);
        }
        let decode = |part| base64::decode(part).ok_or(InvalidJws::Encoding);
        let header = Header::parse(&decode(header)?)?;
        Ok(Self { signing_input, header, payload: decode(payload)?, signature: decode(signature)? })
    }

    /// The protected header. There is no other.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What is signed.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    pub(super) fn into_header(self) -> Header {
        self.header
    }

    /// Whether this key made the signature, with the algorithm that both the header and the key name.
    #[must_use]
    pub fn is_signed_by(&self, key: &VerificationKey) -> bool {
        key.algorithm().means_the_same_as(self.header.algorithm)
            && key.verifies(self.signing_input.as_bytes(), &self.signature)
    }
}

impl fmt::Debug for Jws<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jws").field("header", &self.header).finish_non_exhaustive()
    }
}

/// The header of a signed text.
///
/// Keys, links and certificates in it (`jwk`, `jku`, `x5u`, `x5c`, …) are never used to find a key; only a profile that
/// takes the key from the token reads `jwk`.
#[derive(Clone)]
pub struct Header {
    algorithm: JwsAlgorithm,
    key_id: Option<Box<str>>,
    typ: Option<Box<str>>,
    members: Object,
}

impl Header {
    fn parse(text: &[u8]) -> Result<Self, InvalidJws> {
        let members = strict_json::object(text)?;
        let text = |name: &str| match members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            Some(_) => Err(InvalidJws::MemberType),
        };
        // No extension is known here, so none can be understood; and an empty list must not be written.
        if members.contains_key("crit") {
            return Err(InvalidJws::CriticalHeader);
        }
        let algorithm = text("alg")?.ok_or(InvalidJws::UnknownAlgorithm)?;
        let algorithm = algorithm.parse().map_err(|_| InvalidJws::UnknownAlgorithm)?;
        let (key_id, typ) = (text("kid")?.map(Box::from), text("typ")?.map(Box::from));
        Ok(Self { algorithm, key_id, typ, members })
    }

    /// `alg`
    #[must_use]
    pub fn algorithm(&self) -> JwsAlgorithm {
        self.algorithm
    }

    /// `kid`: opaque, compared byte for byte, and never a path, a query or a link.
    #[must_use]
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// `typ`, as it was written.
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.typ.as_deref()
    }

    /// Whether `typ` is this media type: without regard to case, and `application/` may be left out on both sides.
    #[must_use]
    pub fn is_of_type(&self, typ: &str) -> bool {
        self.typ.as_deref().is_some_and(|named| short_type(named).eq_ignore_ascii_case(short_type(typ)))
    }

    /// Any member of the header.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.members.get(name)
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Header").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// The type without `application/`, if no other slash follows
/// ([RFC 7515 §4.1.9](https://www.rfc-editor.org/rfc/rfc7515#section-4.1.9)).
fn short_type(typ: &str) -> &str {
    match typ.split_at_checked(PREFIX.len()) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) && !rest.contains('/') => rest,
        _ => typ,
    }
}

/// Why a text is not taken as a signed one.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidJws {
    /// `crit` is there.
    #[error("a critical header")]
    CriticalHeader,
    /// A part is not base64url, or not in the one way to write it.
    #[error("a part is not base64url without padding")]
    Encoding,
    /// The header is not one JSON object.
    #[error(transparent)]
    Json(#[from] InvalidJson),
    /// A member of the header is of the wrong JSON type.
    #[error("a header member has the wrong type")]
    MemberType,
    /// Not three parts: something else, or encrypted.
    #[error("not three parts")]
    NotCompact,
    /// The signature is empty.
    #[error("not signed")]
    NotSigned,
    /// The whole, or its header, is longer than allowed.
    #[error("too long")]
    TooLong,
    /// `alg` is absent, `none`, or names nothing that is known here.
    #[error("no algorithm that is known here")]
    UnknownAlgorithm,
}

const PREFIX: &str = "application/";
const MOST_BYTES_OF_HEADER: usize = 4096;
