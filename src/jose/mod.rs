//! Signed tokens, strictly: compact JWS, JWK, JWK sets and thumbprints, over a choice of cryptography.
//!
//! No protocol rules are here. Algorithm and key are pinned together: a key is made ready for exactly one
//! algorithm, and a header that names another is refused. What is not written in the one canonical way is refused too:
//! other base64, members that occur twice, `crit`, anything oversized. `none` does not exist.
//!
//! [RFC 7515](https://www.rfc-editor.org/rfc/rfc7515), [RFC 7517](https://www.rfc-editor.org/rfc/rfc7517),
//! [RFC 7518](https://www.rfc-editor.org/rfc/rfc7518), [RFC 7638](https://www.rfc-editor.org/rfc/rfc7638),
//! [RFC 8725](https://www.rfc-editor.org/rfc/rfc8725)

mod backend;
mod base64;
mod claims;
mod issue;
mod json;
mod jwk;
mod jwk_set;
mod jws;
mod key;
mod private_jwk;
mod profile;

pub use backend::CryptoBackend;
pub use claims::{Audience, Claims, InvalidClaims};
pub use issue::{IssueError, IssuingProfile, JwtContent, SignedJwt, UnsignedJwt};
pub use json::InvalidJson;
pub use jwk::{Curve, InvalidJwk, Jwk, PublicKey};
pub use jwk_set::{InvalidJwkSet, JwkSet};
pub use jws::{Header, InvalidJws, Jws};
pub use key::{NoSuchKey, SecretKey, SigningFailed, SigningKey, UnusableKey, VerificationKey, VerificationKeys};
pub use private_jwk::PrivateJwk;
pub use profile::{
    AudienceRule, ExpiryRule, InvalidJwt, IssuerRule, JwtRefusal, JwtRule, KeySource, Profile, SingleUse, Skew,
    SubjectRule, TypeRule, UnverifiedJwt, UsedJwt, VerifiedJwt,
};
