//! Names of signature algorithms.
//!
//! [RFC 7518 §3.1](https://www.rfc-editor.org/rfc/rfc7518#section-3.1),
//! [RFC 9864 §2.2](https://www.rfc-editor.org/rfc/rfc9864#section-2.2)

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A signature algorithm, by the name that stands in `alg`. Names are matched exactly; `none` is not one of them.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[non_exhaustive]
pub enum JwsAlgorithm {
    /// Ed25519 by its older name, which could mean other curves too. Here it never does.
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// Ed25519.
    Ed25519,
    /// ECDSA with P-256 and SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// ECDSA with P-384 and SHA-384.
    #[serde(rename = "ES384")]
    Es384,
    /// ECDSA with P-521 and SHA-512.
    #[serde(rename = "ES512")]
    Es512,
    /// HMAC with SHA-256: for `client_secret_jwt` only, with the client's secret as its key.
    #[serde(rename = "HS256")]
    Hs256,
    /// RSASSA-PSS with SHA-256.
    #[serde(rename = "PS256")]
    Ps256,
    /// RSASSA-PSS with SHA-384.
    #[serde(rename = "PS384")]
    Ps384,
    /// RSASSA-PSS with SHA-512.
    #[serde(rename = "PS512")]
    Ps512,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    #[serde(rename = "RS384")]
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    #[serde(rename = "RS512")]
    Rs512,
}

impl JwsAlgorithm {
    /// Every algorithm that has a name here.
    pub const ALL: &[Self] = &[
        Self::EdDsa,
        Self::Ed25519,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::Hs256,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
    ];

    /// The name in `alg`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Ed25519 => "Ed25519",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::Hs256 => "HS256",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
        }
    }

    /// Whether both names mean the same computation: equal names, or the two names of Ed25519.
    #[must_use]
    pub fn means_the_same_as(self, other: Self) -> bool {
        let one_name = |algorithm| if algorithm == Self::EdDsa { Self::Ed25519 } else { algorithm };
        one_name(self) == one_name(other)
    }
}

impl fmt::Display for JwsAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for JwsAlgorithm {
    type Err = UnknownJwsAlgorithm;

    fn from_str(text: &str) -> Result<Self, UnknownJwsAlgorithm> {
        Self::ALL.iter().copied().find(|algorithm| algorithm.as_str() == text).ok_or(UnknownJwsAlgorithm)
    }
}

/// The text names no signature algorithm that is known here.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not the name of a signature algorithm that is known here")]
#[non_exhaustive]
pub struct UnknownJwsAlgorithm;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_algorithm_is_read_from_exactly_what_it_prints() {
        for algorithm in JwsAlgorithm::ALL {
            assert_eq!(algorithm.as_str().parse(), Ok(*algorithm));
            assert_eq!(serde_json::to_value(algorithm).unwrap(), algorithm.as_str());
            assert_eq!(serde_json::from_value::<JwsAlgorithm>(algorithm.as_str().into()).unwrap(), *algorithm);
            assert_eq!(format!(" {algorithm}").parse::<JwsAlgorithm>(), Err(UnknownJwsAlgorithm));
        }
    }

    #[test]
    fn none_and_other_cases_are_no_algorithm() {
        covers!("ATK-256", "RFC7518-3.6-01", "RFC8725-3.2-01", "RFC8725-3.2-02");
        for text in ["none", "None", "NONE", "nOnE", "", "null", "es256", "RS1", "HS384", "HS512", "ES256K", "Ed448"] {
            assert_eq!(text.parse::<JwsAlgorithm>(), Err(UnknownJwsAlgorithm), "{text}");
        }
    }

    #[test]
    fn only_the_two_names_of_ed25519_mean_the_same() {
        for left in JwsAlgorithm::ALL {
            for right in JwsAlgorithm::ALL {
                let is_ed25519 = |name: &JwsAlgorithm| matches!(name, JwsAlgorithm::EdDsa | JwsAlgorithm::Ed25519);
                let expected = left == right || (is_ed25519(left) && is_ed25519(right));
                assert_eq!(left.means_the_same_as(*right), expected, "{left} {right}");
            }
        }
    }
}
