//! Why a token is refused: precise for events and tests, in classes for counting.

use std::fmt;

use super::claims::InvalidClaims;
use super::jws::InvalidJws;
use super::key::{NoSuchKey, UnusableKey};

/// Why a text is not taken as a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidJwt {
    /// Its payload is wrong.
    #[error(transparent)]
    Claims(#[from] InvalidClaims),
    /// Its header or its parts are wrong.
    #[error(transparent)]
    Jws(#[from] InvalidJws),
}

impl InvalidJwt {
    /// The class of rules that failed: always [`JwtRule::Shape`], for nothing but the form of the token was looked at.
    #[must_use]
    pub fn rule(&self) -> JwtRule {
        match self {
            Self::Claims(_) | Self::Jws(_) => JwtRule::Shape,
        }
    }
}

/// Why a token is refused. For events and tests; whoever sent it hears only the error of the endpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum JwtRefusal {
    /// `alg` is not allowed for this use.
    #[error("an algorithm that is not allowed here")]
    AlgorithmNotAllowed,
    /// `aud` does not name whom it should.
    #[error("for another audience")]
    Audience,
    /// `jwk` in the header cannot be used.
    #[error(transparent)]
    EmbeddedKey(UnusableKey),
    /// `exp` has passed.
    #[error("expired")]
    Expired,
    /// `iss` is another one.
    #[error("of another issuer")]
    Issuer,
    /// The issuer has no such key.
    #[error(transparent)]
    Key(#[from] NoSuchKey),
    /// `exp` is further away than is allowed here.
    #[error("good for too long")]
    LivesTooLong,
    /// A claim that is needed is absent.
    #[error("{0} is missing")]
    MissingClaim(&'static str),
    /// `nbf` or `iat` is in the future.
    #[error("not yet valid")]
    NotYetValid,
    /// The signature does not fit.
    #[error("the signature does not fit")]
    Signature,
    /// `sub` is another one, or absent.
    #[error("about another subject")]
    Subject,
    /// `iat` is too long ago.
    #[error("too old")]
    TooOld,
    /// `typ` is not the one of this use.
    #[error("of another type")]
    Type,
}

impl JwtRefusal {
    /// The class of rules that failed.
    #[must_use]
    pub fn rule(&self) -> JwtRule {
        match self {
            Self::AlgorithmNotAllowed => JwtRule::Algorithm,
            Self::Audience => JwtRule::Audience,
            Self::EmbeddedKey(_) | Self::Key(_) => JwtRule::Key,
            Self::Expired | Self::LivesTooLong | Self::NotYetValid | Self::TooOld => JwtRule::Time,
            Self::Issuer => JwtRule::Issuer,
            Self::MissingClaim(_) => JwtRule::Claims,
            Self::Signature => JwtRule::Signature,
            Self::Subject => JwtRule::Subject,
            Self::Type => JwtRule::Type,
        }
    }
}

/// A class of rules for tokens.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum JwtRule {
    /// Which algorithms are allowed.
    Algorithm,
    /// Whom it is for.
    Audience,
    /// What it must say.
    Claims,
    /// Who made it.
    Issuer,
    /// Which key made it.
    Key,
    /// How it is written.
    Shape,
    /// That it was not changed.
    Signature,
    /// Whom it is about.
    Subject,
    /// When it is good.
    Time,
    /// What kind of token it is.
    Type,
}

impl JwtRule {
    /// The name in events.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Algorithm => "algorithm",
            Self::Audience => "audience",
            Self::Claims => "claims",
            Self::Issuer => "issuer",
            Self::Key => "key",
            Self::Shape => "shape",
            Self::Signature => "signature",
            Self::Subject => "subject",
            Self::Time => "time",
            Self::Type => "type",
        }
    }
}

impl fmt::Display for JwtRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
