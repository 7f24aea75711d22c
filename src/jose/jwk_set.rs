//! Sets of public keys.
//!
//! [RFC 7517 §5](https://www.rfc-editor.org/rfc/rfc7517#section-5)

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::jwk::{InvalidJwk, Jwk};
use crate::wire::strict_json::{self, InvalidJson};

/// The keys of one owner, each with a name of its own or with none.
///
/// A key that is not understood is [skipped](Self::skipped), so that a set may hold keys for other uses; who registers a
/// set may insist that none is. A set that shows a private or symmetric key is refused whole: its owner must hear of it.
#[derive(Clone, Debug, Default)]
pub struct JwkSet {
    keys: Vec<Jwk>,
    skipped: Vec<InvalidJwk>,
}

impl JwkSet {
    /// A set of these keys.
    ///
    /// # Errors
    ///
    /// [`InvalidJwkSet::DuplicateKeyId`], [`InvalidJwkSet::TooManyKeys`].
    pub fn new(keys: Vec<Jwk>) -> Result<Self, InvalidJwkSet> {
        if keys.len() > MOST_KEYS {
            return Err(InvalidJwkSet::TooManyKeys);
        }
        let mut names = BTreeSet::new();
        if keys.iter().filter_map(Jwk::key_id).all(|name| names.insert(name)) {
            Ok(Self { keys, skipped: Vec::new() })
        } else {
            Err(InvalidJwkSet::DuplicateKeyId)
        }
    }

    /// Reads the JSON of a set. Members beside `keys` are ignored.
    ///
    /// # Errors
    ///
    /// [`InvalidJwkSet`] says which rule it breaks.
    pub fn parse(text: &[u8]) -> Result<Self, InvalidJwkSet> {
        if text.len() > MOST_BYTES {
            return Err(InvalidJwkSet::TooLong);
        }
        let object = strict_json::object(text)?;
        let Some(Value::Array(list)) = object.get("keys") else { return Err(InvalidJwkSet::NoKeys) };
        if list.len() > MOST_KEYS {
            return Err(InvalidJwkSet::TooManyKeys);
        }
        let (mut keys, mut skipped) = (Vec::new(), Vec::new());
        for key in list {
            let Value::Object(members) = key else { return Err(InvalidJwkSet::NotAKey) };
            match Jwk::from_object(members) {
                Ok(key) => keys.push(key),
                Err(InvalidJwk::PrivateMember) => return Err(InvalidJwkSet::PrivateKey),
                Err(InvalidJwk::Symmetric) => return Err(InvalidJwkSet::SymmetricKey),
                Err(reason) => skipped.push(reason),
            }
        }
        Ok(Self { skipped, ..Self::new(keys)? })
    }

    /// The keys, in their order.
    #[must_use]
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    /// Why other keys of the set are not among [`keys`](Self::keys).
    #[must_use]
    pub fn skipped(&self) -> &[InvalidJwk] {
        &self.skipped
    }

    /// The JSON of the set. No private key can be in it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({ "keys": self.keys.iter().map(Jwk::to_json).collect::<Vec<_>>() })
    }
}

/// Why a set of keys is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidJwkSet {
    /// Two keys have the same `kid`.
    #[error("two keys have the same kid")]
    DuplicateKeyId,
    /// It is not one JSON object.
    #[error(transparent)]
    Json(#[from] InvalidJson),
    /// There is no array `keys`.
    #[error("no array of keys")]
    NoKeys,
    /// Something in `keys` is not an object.
    #[error("a key that is not an object")]
    NotAKey,
    /// A key is shown with its private half.
    #[error("a key with private members")]
    PrivateKey,
    /// A symmetric key is shown.
    #[error("a symmetric key")]
    SymmetricKey,
    /// More than 64 KiB.
    #[error("too long")]
    TooLong,
    /// More than 64 keys.
    #[error("too many keys")]
    TooManyKeys,
}

const MOST_BYTES: usize = 64 * 1024;
const MOST_KEYS: usize = 64;
