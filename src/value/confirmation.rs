//! What a sender-constrained credential is bound to.
//!
//! [RFC 7800 §3](https://www.rfc-editor.org/rfc/rfc7800#section-3)

use serde::{Deserialize, Serialize};

use super::Digest;

/// The key that a sender must prove to hold, by its thumbprint.
///
/// Thumbprints are public, but they are compared like every digest.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub enum Confirmation {
    /// A DPoP proof key: the RFC 7638 thumbprint ([RFC 9449 §6](https://www.rfc-editor.org/rfc/rfc9449#section-6)).
    #[serde(rename = "jkt")]
    ProofKey(Digest),
    /// A client certificate ([RFC 8705 §3.1](https://www.rfc-editor.org/rfc/rfc8705#section-3.1)).
    #[serde(rename = "x5t#S256")]
    Certificate(Digest),
}

impl Confirmation {
    /// Whether the presented key is the one that the credential is bound to.
    #[must_use]
    pub fn matches(&self, presented: &Self) -> bool {
        match (self, presented) {
            (Self::ProofKey(bound), Self::ProofKey(presented))
            | (Self::Certificate(bound), Self::Certificate(presented)) => bound.matches(presented),
            (Self::ProofKey(_), Self::Certificate(_)) | (Self::Certificate(_), Self::ProofKey(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_matches_itself_and_no_other_kind_of_key() {
        let thumbprint = Digest::from([1; 32]);
        let other = Digest::from([2; 32]);

        assert!(Confirmation::ProofKey(thumbprint).matches(&Confirmation::ProofKey(thumbprint)));
        assert!(Confirmation::Certificate(thumbprint).matches(&Confirmation::Certificate(thumbprint)));
        assert!(!Confirmation::ProofKey(thumbprint).matches(&Confirmation::ProofKey(other)));
        assert!(!Confirmation::Certificate(thumbprint).matches(&Confirmation::Certificate(other)));
        assert!(!Confirmation::ProofKey(thumbprint).matches(&Confirmation::Certificate(thumbprint)));
        assert!(!Confirmation::Certificate(thumbprint).matches(&Confirmation::ProofKey(thumbprint)));
    }
}
