//! The rules that a profile chooses from.

use super::claims::{Audience, Claims};
use super::jws::Header;
use crate::value::Lifetime;

/// What `typ` a token must have.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum TypeRule<'a> {
    /// This one.
    Exactly(&'a str),
    /// This one, or none: for uses that are older than types.
    OrAbsent(&'a str),
    /// This one, none, or `JWT`, which says nothing: for uses where clients are known to write it.
    OrGeneric(&'a str),
}

impl TypeRule<'_> {
    pub(super) fn allows(self, header: &Header) -> bool {
        match self {
            Self::Exactly(typ) => header.is_of_type(typ),
            Self::OrAbsent(typ) => header.typ().is_none() || header.is_of_type(typ),
            Self::OrGeneric(typ) => header.typ().is_none() || header.is_of_type(typ) || header.is_of_type("JWT"),
        }
    }
}

/// Who must have made a token. Its keys have to be that issuer's.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum IssuerRule<'a> {
    /// This one, byte for byte.
    Exactly(&'a str),
    /// The use has no issuer: it is the key that counts.
    NotUsed,
}

impl IssuerRule<'_> {
    pub(super) fn allows(self, claims: &Claims) -> bool {
        match self {
            Self::Exactly(issuer) => claims.issuer() == Some(issuer),
            Self::NotUsed => true,
        }
    }
}

/// Whom a token must be about.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum SubjectRule<'a> {
    /// This one, byte for byte.
    Exactly(&'a str),
    /// Somebody.
    Present,
    /// The use has no subject, or may have none.
    NotUsed,
}

impl SubjectRule<'_> {
    pub(super) fn allows(self, claims: &Claims) -> bool {
        match self {
            Self::Exactly(subject) => claims.subject() == Some(subject),
            Self::Present => claims.subject().is_some(),
            Self::NotUsed => true,
        }
    }
}

/// Whom a token must be for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum AudienceRule<'a> {
    /// This one alone, written as a string and not as an array
    /// ([RFC 10070](https://www.rfc-editor.org/rfc/rfc10070)).
    OnlyAsString(&'a str),
    /// This one, perhaps among others.
    Contains(&'a str),
    /// The use has no audience.
    NotUsed,
}

impl AudienceRule<'_> {
    pub(super) fn allows(self, claims: &Claims) -> bool {
        match (self, claims.audience()) {
            (Self::OnlyAsString(expected), Some(Audience::One(one))) => **one == *expected,
            (Self::Contains(expected), Some(audience)) => audience.contains(expected),
            (Self::OnlyAsString(_), Some(Audience::List(_))) | (Self::OnlyAsString(_) | Self::Contains(_), None) => {
                false
            }
            (Self::NotUsed, _) => true,
        }
    }
}

/// What to do about `exp`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ExpiryRule {
    /// It must be there and in the future.
    Required,
    /// It must be in the future if it is there.
    Optional,
    /// It may have passed: for hints, which prove only that something was issued once.
    Ignored,
}

/// Within what a `jti` must not occur twice.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SingleUse {
    /// Among the tokens of one issuer.
    OfIssuer,
    /// Among the tokens of one key that the token itself carries.
    OfKey,
}

/// How much the clocks of two machines may differ: 10 to 60 seconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Skew(Lifetime);

impl Skew {
    /// A skew of that many seconds. `None` unless it is 10 to 60.
    #[must_use]
    pub fn seconds(seconds: u64) -> Option<Self> {
        (10..=60).contains(&seconds).then_some(Self(Lifetime::seconds(seconds)))
    }

    /// As a span.
    #[must_use]
    pub fn as_lifetime(self) -> Lifetime {
        self.0
    }
}

impl Default for Skew {
    /// 30 seconds.
    fn default() -> Self {
        Self(Lifetime::seconds(30))
    }
}
