//! The one issuer of tokens. A profile says what every token of its use has in common.
//!
//! What is to be signed is prepared first and signed afterwards, so that the key may be far away.
//!
//! [RFC 7519 §7.1](https://www.rfc-editor.org/rfc/rfc7519#section-7.1)

use std::fmt;

use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::base64;
use super::key::{SigningFailed, SigningKey};
use crate::value::{JwsAlgorithm, Lifetime, Timestamp};

/// What all tokens of one use have in common.
#[derive(Clone, Copy, Debug)]
pub struct IssuingProfile<'a> {
    typ: &'a str,
    issuer: &'a str,
    lifetime: Lifetime,
    reserved: &'a [&'a str],
}

impl<'a> IssuingProfile<'a> {
    /// Tokens of this type, which is written without `application/`, by this issuer, good for so long.
    #[must_use]
    pub fn new(typ: &'a str, issuer: &'a str, lifetime: Lifetime) -> Self {
        Self { typ, issuer, lifetime, reserved: &[] }
    }

    /// Names of claims that only this use may set, beside those of RFC 7519: a host's extra claims never have them,
    /// whether a token has them or not.
    #[must_use]
    pub fn reserving(mut self, names: &'a [&'a str]) -> Self {
        self.reserved = names;
        self
    }

    /// Writes what is to be signed, for a key that is known by its algorithm and name.
    ///
    /// # Errors
    ///
    /// [`IssueError::ReservedClaim`] if an extra claim has a name that is not the host's to give.
    pub fn prepare(
        &self,
        content: JwtContent,
        algorithm: JwsAlgorithm,
        key_id: &str,
        now: Timestamp,
    ) -> Result<UnsignedJwt, IssueError> {
        let JwtContent { mut claims, audience, extra } = content;
        let is_reserved = |name: &String| {
            REGISTERED.contains(&name.as_str()) || self.reserved.contains(&name.as_str()) || claims.contains_key(name)
        };
        if extra.keys().any(is_reserved) {
            return Err(IssueError::ReservedClaim);
        }
        claims.extend(extra);
        claims.insert("iss".into(), self.issuer.into());
        claims.insert("iat".into(), now.as_seconds().into());
        claims.insert("exp".into(), now.after(self.lifetime).as_seconds().into());
        claims.insert("aud".into(), audience);
        let header = json!({ "alg": algorithm, "kid": key_id, "typ": self.typ });
        let mut input = Zeroizing::new(base64::encode(header.to_string().as_bytes()));
        input.push('.');
        base64::append(Value::Object(claims).to_string().as_bytes(), &mut input);
        Ok(UnsignedJwt { input })
    }

    /// Writes and signs a token with a key that is here.
    ///
    /// # Errors
    ///
    /// [`IssueError`].
    pub fn issue(&self, content: JwtContent, key: &SigningKey, now: Timestamp) -> Result<SignedJwt, IssueError> {
        let unsigned = self.prepare(content, key.algorithm(), key.key_id(), now)?;
        let signature = key.sign(unsigned.signing_input())?;
        Ok(unsigned.signed(&signature))
    }
}

/// What one token says.
#[derive(Clone)]
pub struct JwtContent {
    audience: Value,
    claims: Map<String, Value>,
    extra: Map<String, Value>,
}

impl JwtContent {
    /// A token for this audience.
    #[must_use]
    pub fn for_audience(audience: &str) -> Self {
        Self { audience: audience.into(), claims: Map::new(), extra: Map::new() }
    }

    /// The same, for one more.
    #[must_use]
    pub fn and_audience(mut self, audience: &str) -> Self {
        self.audience = match self.audience {
            Value::Array(mut list) => {
                list.push(audience.into());
                Value::Array(list)
            }
            one => json!([one, audience]),
        };
        self
    }

    /// Sets `sub`.
    #[must_use]
    pub fn with_subject(self, subject: &str) -> Self {
        self.with_claim("sub", subject.into())
    }

    /// Sets `jti`: at least 128 random bits, or bound to a record that has them.
    #[must_use]
    pub fn with_token_id(self, token_id: &str) -> Self {
        self.with_claim("jti", token_id.into())
    }

    /// Sets a claim of this use. `iss`, `aud`, `iat` and `exp` are set for it.
    #[must_use]
    pub fn with_claim(mut self, name: &'static str, value: Value) -> Self {
        self.claims.insert(name.into(), value);
        self
    }

    /// Adds claims that the host chose.
    #[must_use]
    pub fn with_extra(mut self, claims: Map<String, Value>) -> Self {
        self.extra.extend(claims);
        self
    }
}

impl fmt::Debug for JwtContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JwtContent(redacted)")
    }
}

/// A token that lacks its signature.
pub struct UnsignedJwt {
    input: Zeroizing<String>,
}

impl UnsignedJwt {
    /// What the key has to sign.
    #[must_use]
    pub fn signing_input(&self) -> &[u8] {
        self.input.as_bytes()
    }

    /// The token with its signature: the bytes that stand in a JWS, for ECDSA both numbers at full length and not DER.
    #[must_use]
    pub fn signed(self, signature: &[u8]) -> SignedJwt {
        let Self { mut input } = self;
        input.push('.');
        base64::append(signature, &mut input);
        SignedJwt(input)
    }
}

impl fmt::Debug for UnsignedJwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnsignedJwt(redacted)")
    }
}

/// A signed token. Whoever holds it may be able to use it, so it is not printed, and wiped when dropped.
pub struct SignedJwt(Zeroizing<String>);

impl SignedJwt {
    /// The token. Whoever calls this answers for where it goes.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SignedJwt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignedJwt(redacted)")
    }
}

/// Why no token was issued.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// An extra claim has a name that is reserved, or that this token sets already.
    #[error("an extra claim has a reserved name")]
    ReservedClaim,
    /// The key did not sign.
    #[error(transparent)]
    SigningFailed(#[from] SigningFailed),
}

/// What RFC 7519 gives a meaning to.
const REGISTERED: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];
