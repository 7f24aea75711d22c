//! Random identifiers: of a grant, of one registration of a client.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Gives an array newtype its base64url text form.
macro_rules! random_identifier {
    ($type:ident, $bytes:literal) => {
        impl $type {
            /// Takes bytes that were drawn at random.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }

            /// The identifier's bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($type), "({})"), self)
            }
        }

        impl FromStr for $type {
            type Err = InvalidIdentifier;

            fn from_str(text: &str) -> Result<Self, InvalidIdentifier> {
                let mut bytes = [0; $bytes];
                match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes) {
                    Ok($bytes) => Ok(Self(bytes)),
                    _ => Err(InvalidIdentifier),
                }
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

/// The identity of a grant: 96 random bits. Not a secret; hosts may show it to operators.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct GrantId([u8; 12]);

random_identifier!(GrantId, 12);

/// One registration of a client: 128 random bits.
///
/// A client that is deleted and registered again under the same name is another instance, so old grants stay dead.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct InstanceId([u8; 16]);

random_identifier!(InstanceId, 16);

/// 128 random bits that make one key derivation differ from the next.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Salt([u8; 16]);

random_identifier!(Salt, 16);

/// The text is not an identifier of this length in base64url.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not an identifier in base64url")]
#[non_exhaustive]
pub struct InvalidIdentifier;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_read_from_exactly_what_it_prints() {
        let grant = GrantId::from_bytes([255; 12]);
        assert_eq!(grant.to_string(), "_".repeat(16));
        assert_eq!(grant.to_string().parse(), Ok(grant));
        for text in ["", "_", &"_".repeat(15), &"_".repeat(17), &"_".repeat(20), "AAAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAA+"]
        {
            assert_eq!(text.parse::<GrantId>(), Err(InvalidIdentifier), "{text}");
        }
    }

    #[test]
    fn surplus_bits_are_refused() {
        let instance = InstanceId::from_bytes([0; 16]);
        assert_eq!(instance.to_string(), "A".repeat(22));
        assert_eq!(format!("{}B", "A".repeat(21)).parse::<InstanceId>(), Err(InvalidIdentifier));
    }
}
