//! Signed tokens, strictly: compact JWS, JWK, JWK sets and thumbprints, over a choice of cryptography.
//!
//! No protocol rules are here. Algorithm and key are pinned together: a key is made ready for exactly one
//! algorithm, and a header that names another is refused. What is not written in the one canonical way is refused too:
//! other base64, members that occur twice, `crit`, anything oversized. `none` does not exist.
//!
//! ```
//! use grantsmith::jose::{
//!     AudienceRule, CryptoBackend, IssuerRule, IssuingProfile, JwkSet, JwtContent, KeySource, PrivateJwk, Profile,
//!     SigningKey, SubjectRule, TypeRule, UnverifiedJwt, VerificationKeys,
//! };
//! use grantsmith::value::{JwsAlgorithm, Lifetime, Timestamp};
//!
//! # let json_from_your_vault = br#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
//! #     "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI","kid":"1"}"#;
//! let (backend, now) = (CryptoBackend::RustCrypto, Timestamp::from_seconds(1_800_000_000));
//! let key = SigningKey::new(backend, &PrivateJwk::parse(json_from_your_vault)?, JwsAlgorithm::Es256)?;
//! let published = JwkSet::new(vec![key.public().clone()])?.to_json().to_string();
//!
//! let issuing = IssuingProfile::new("at+jwt", "https://login.example", Lifetime::minutes(5));
//! let token = issuing.issue(JwtContent::for_audience("https://api.example").with_subject("alice"), &key, now)?;
//!
//! let algorithms = [JwsAlgorithm::Es256];
//! let keys = VerificationKeys::new(backend, &JwkSet::parse(published.as_bytes())?, &algorithms); // once, and kept
//! let profile = Profile::new(
//!     TypeRule::Exactly("at+jwt"),
//!     &algorithms,
//!     IssuerRule::Exactly("https://login.example"),
//!     SubjectRule::Present,
//!     AudienceRule::Contains("https://api.example"),
//! );
//! let unverified = UnverifiedJwt::parse(token.expose(), 8192)?;
//! let verified = profile.verify(unverified, KeySource::Keys(&keys), now)?;
//! assert_eq!(verified.claims().subject(), Some("alice"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [RFC 7515](https://www.rfc-editor.org/rfc/rfc7515), [RFC 7517](https://www.rfc-editor.org/rfc/rfc7517),
//! [RFC 7518](https://www.rfc-editor.org/rfc/rfc7518), [RFC 7638](https://www.rfc-editor.org/rfc/rfc7638),
//! [RFC 8725](https://www.rfc-editor.org/rfc/rfc8725)

mod backend;
mod base64;
mod claims;
mod der;
mod issue;
mod jwk;
mod jwk_set;
mod jws;
mod key;
mod private_jwk;
mod profile;
mod refusal;
mod rules;

pub use backend::CryptoBackend;
pub use claims::{Audience, Claims, InvalidClaims};
pub use der::{MalformedSignature, ecdsa_signature_from_der};
pub use issue::{IssueError, IssuingProfile, JwtContent, SignedJwt, UnsignedJwt};
pub use jwk::{Curve, InvalidJwk, Jwk, PublicKey};
pub use jwk_set::{InvalidJwkSet, JwkSet};
pub use jws::{Header, InvalidJws, Jws};
pub use key::{NoSuchKey, SecretKey, SigningFailed, SigningKey, UnusableKey, VerificationKey, VerificationKeys};
pub use private_jwk::PrivateJwk;
pub use profile::{KeySource, Profile, UnverifiedJwt, UsedJwt, VerifiedJwt};
pub use refusal::{InvalidJwt, JwtRefusal, JwtRule};
pub use rules::{AudienceRule, ExpiryRule, IssuerRule, SingleUse, Skew, SubjectRule, TypeRule};
