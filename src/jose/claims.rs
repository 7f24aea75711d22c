//! The claims of a token, each of the type that its name demands.
//!
//! A claim of the wrong type makes the whole malformed; it never counts as absent.
//!
//! [RFC 7519 §4.1](https://www.rfc-editor.org/rfc/rfc7519#section-4.1)

use std::fmt;

use serde_json::Value;

use crate::value::Timestamp;
use crate::wire::strict_json::{self, InvalidJson, Object};

/// What a token says.
#[derive(Clone)]
pub struct Claims {
    issuer: Option<Box<str>>,
    subject: Option<Box<str>>,
    audience: Option<Audience>,
    expires_at: Option<Timestamp>,
    not_before: Option<Timestamp>,
    issued_at: Option<Timestamp>,
    token_id: Option<Box<str>>,
    members: Object,
}

impl Claims {
    /// Reads a payload.
    ///
    /// # Errors
    ///
    /// [`InvalidClaims`] says which rule it breaks.
    pub fn parse(payload: &[u8]) -> Result<Self, InvalidClaims> {
        let members = strict_json::object(payload)?;
        let text = |name| match members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if !text.is_empty() => Ok(Some(Box::from(text.as_str()))),
            Some(_) => Err(InvalidClaims::Text),
        };
        // Fractions are rounded so that the token is good for less, never for more.
        let expires_at = date(members.get("exp"), f64::floor)?;
        let (not_before, issued_at) = (date(members.get("nbf"), f64::ceil)?, date(members.get("iat"), f64::floor)?);
        Ok(Self {
            issuer: text("iss")?,
            subject: text("sub")?,
            audience: members.get("aud").map(Audience::parse).transpose()?,
            expires_at,
            not_before,
            issued_at,
            token_id: text("jti")?,
            members,
        })
    }

    /// `iss`
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// `sub`
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// `aud`
    #[must_use]
    pub fn audience(&self) -> Option<&Audience> {
        self.audience.as_ref()
    }

    /// `exp`
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    /// `nbf`
    #[must_use]
    pub fn not_before(&self) -> Option<Timestamp> {
        self.not_before
    }

    /// `iat`
    #[must_use]
    pub fn issued_at(&self) -> Option<Timestamp> {
        self.issued_at
    }

    /// `jti`
    #[must_use]
    pub fn token_id(&self) -> Option<&str> {
        self.token_id.as_deref()
    }

    /// Any claim, by name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.members.get(name)
    }

    /// Any claim whose value is a string.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_str)
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Claims(redacted)")
    }
}

/// Whom a token is for. Compared byte for byte.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Audience {
    /// One, written as a string.
    One(Box<str>),
    /// At least one, written as an array.
    List(Vec<Box<str>>),
}

impl Audience {
    fn parse(value: &Value) -> Result<Self, InvalidClaims> {
        let one = |value: &Value| match value {
            Value::String(text) if !text.is_empty() => Ok(Box::from(text.as_str())),
            _ => Err(InvalidClaims::Audience),
        };
        match value {
            Value::Array(list) if !list.is_empty() => list.iter().map(one).collect::<Result<_, _>>().map(Self::List),
            value => one(value).map(Self::One),
        }
    }

    /// Whether it is among those that the token is for.
    #[must_use]
    pub fn contains(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => **one == *audience,
            Self::List(list) => list.iter().any(|one| **one == *audience),
        }
    }
}

/// Why a payload is not taken as claims.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidClaims {
    /// `aud` is neither a string nor an array of strings, or one is empty.
    #[error("the audience is neither a string nor a list of strings")]
    Audience,
    /// `exp`, `nbf` or `iat` is not a number of seconds between the years 1970 and 9999.
    #[error("a time is not a number of seconds")]
    Date,
    /// It is not one JSON object.
    #[error(transparent)]
    Json(#[from] InvalidJson),
    /// `iss`, `sub` or `jti` is not a string, or empty.
    #[error("a claim is not a text")]
    Text,
}

/// A `NumericDate`, which may have a fraction.
fn date(value: Option<&Value>, rounded: fn(f64) -> f64) -> Result<Option<Timestamp>, InvalidClaims> {
    let Some(value) = value else { return Ok(None) };
    let Value::Number(number) = value else { return Err(InvalidClaims::Date) };
    let seconds = match (number.as_i64(), number.as_f64()) {
        (Some(seconds), _) => Some(seconds),
        (None, Some(seconds)) if (0.0..=LATEST_FRACTION).contains(&seconds) => whole(rounded(seconds)),
        (None, _) => None,
    };
    match seconds {
        Some(seconds) if (0..=LATEST).contains(&seconds) => Ok(Some(Timestamp::from_seconds(seconds))),
        _ => Err(InvalidClaims::Date),
    }
}

/// A number without fraction as an integer. There is no conversion that cannot lose anything, but its text is exact.
fn whole(number: f64) -> Option<i64> {
    format!("{number:.0}").parse().ok()
}

/// The last second of the year 9999.
const LATEST: i64 = 253_402_300_799;
const LATEST_FRACTION: f64 = 253_402_300_799.0;
