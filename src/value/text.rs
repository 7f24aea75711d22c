//! What all textual values share: printing, comparing, and reading back through their own parser.

/// Gives a newtype over `Arc<str>` its textual traits. The type supplies `FromStr`, which stays the only way in.
macro_rules! textual {
    ($type:ident, $error:ty) => {
        impl $type {
            /// The value as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl ::std::convert::AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl ::std::fmt::Display for $type {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl ::std::convert::TryFrom<&str> for $type {
            type Error = $error;

            fn try_from(text: &str) -> Result<Self, $error> {
                text.parse()
            }
        }

        impl ::serde::Serialize for $type {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $type {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = ::std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(::serde::de::Error::custom)
            }
        }
    };
}

pub(super) use textual;

/// `VSCHAR`: printable ASCII and space ([RFC 6749 appendix A](https://www.rfc-editor.org/rfc/rfc6749#appendix-A)).
pub(super) fn is_visible(byte: u8) -> bool {
    (0x20..=0x7e).contains(&byte)
}

/// Whether every byte is visible. Looks at all of them, which the compiler turns into looks at many at once.
pub(super) fn is_all_visible(text: &str) -> bool {
    text.bytes().fold(true, |is_visible_so_far, byte| is_visible_so_far & is_visible(byte))
}

/// A byte that may occur in a URI ([RFC 3986 §2](https://www.rfc-editor.org/rfc/rfc3986#section-2)).
pub(super) fn is_uri_byte(byte: u8) -> bool {
    is_visible(byte) && !b" \"<>\\^`{|}".contains(&byte)
}
