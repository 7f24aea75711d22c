//! Values as the file writes them.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use grantsmith::value::{Issuer, Lifetime, Resource};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

/// A span of time: a whole number and a unit, `90s`, `10m`, `12h`, `30d`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Span(Lifetime);

impl Span {
    pub const fn minutes(minutes: u64) -> Self {
        Self(Lifetime::minutes(minutes))
    }

    pub const fn lifetime(self) -> Lifetime {
        self.0
    }

    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.0.as_seconds())
    }
}

impl FromStr for Span {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        const RULE: &str = "must be a whole number and one of the units s, m, h, d, such as \"10m\"";
        let units = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400)];
        let (number, seconds) =
            units.iter().find_map(|(unit, seconds)| Some((text.strip_suffix(*unit)?, *seconds))).ok_or(RULE)?;
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let number: u64 = number.parse().ok().filter(|_| is_number).ok_or(RULE)?;
        number.checked_mul(seconds).map(|seconds| Self(Lifetime::seconds(seconds))).ok_or(RULE)
    }
}

/// Where records are kept.
#[derive(Clone, Eq, PartialEq)]
pub enum StoreUrl {
    /// Gone with the process.
    Memory,
    /// A file.
    Sqlite(PathBuf),
    /// The URL as the driver reads it. It may hold a password.
    Postgres(String),
    /// The URL as the driver reads it. It may hold a password.
    Redis(String),
}

impl FromStr for StoreUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = text.split_once(':').unwrap_or((text, ""));
        match (scheme, rest) {
            ("memory", "") => Ok(Self::Memory),
            ("sqlite", path) if !path.is_empty() => Ok(Self::Sqlite(path.into())),
            ("postgres" | "postgresql", _) if cfg!(not(feature = "postgres")) => {
                Err("this program was built without feature postgres")
            }
            ("redis" | "rediss", _) if cfg!(not(feature = "redis")) => {
                Err("this program was built without feature redis")
            }
            ("postgres" | "postgresql", rest) if !rest.is_empty() => Ok(Self::Postgres(whole_url(text, rest))),
            ("redis" | "rediss", rest) if !rest.is_empty() => Ok(Self::Redis(whole_url(text, rest))),
            _ => Err("must be sqlite:PATH, postgres:URL, redis:URL or memory"),
        }
    }
}

/// The URL after the store's name, which may be the URL's own beginning: `postgres:postgres://…` says no more than
/// `postgres://…`, and `postgres:host=…` is for the driver without the name.
fn whole_url(text: &str, after_the_name: &str) -> String {
    if after_the_name.starts_with("//") { text.to_owned() } else { after_the_name.to_owned() }
}

/// Without what may hold a password.
impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(_) => f.write_str("postgres"),
            Self::Redis(_) => f.write_str("redis"),
        }
    }
}

/// A resource: an absolute URI, or a path below the issuer.
#[derive(Clone, Debug)]
pub enum ResourceText {
    Absolute(Resource),
    BelowIssuer(String),
}

impl ResourceText {
    /// The resource, now that the issuer is known.
    ///
    /// # Errors
    ///
    /// The issuer and the path make no resource.
    pub fn at(&self, issuer: &Issuer) -> Result<Resource, String> {
        match self {
            Self::Absolute(resource) => Ok(resource.clone()),
            Self::BelowIssuer(path) => format!("{issuer}{path}").parse().map_err(|rule| format!("{rule}")),
        }
    }
}

impl FromStr for ResourceText {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with('/') {
            return Ok(Self::BelowIssuer(text.to_owned()));
        }
        text.parse().map(Self::Absolute).map_err(|rule| format!("{rule}; or a path, for what lies below the issuer"))
    }
}

/// What is kept of a password: an argon2 string.
#[derive(Clone)]
pub struct PasswordPhc(String);

impl PasswordPhc {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for PasswordPhc {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let is_argon2 = PasswordHash::new(text).is_ok_and(|hash| {
            hash.algorithm.as_str().starts_with("argon2")
                && argon2::Params::try_from(&hash).is_ok()
                && hash.hash.is_some()
        });
        if is_argon2 { Ok(Self(text.to_owned())) } else { Err("must be an argon2 hash, as hash-password prints it") }
    }
}

/// A secret that is written in clear.
#[derive(Clone)]
pub struct Clear(Zeroizing<String>);

impl Clear {
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for Clear {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() { Err("must not be empty") } else { Ok(Self(Zeroizing::new(text.to_owned()))) }
    }
}

/// Says nothing of what it holds.
macro_rules! redacted {
    ($($type:ident),+) => {$(
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($type), "(redacted)"))
            }
        }
    )+};
}

redacted!(Clear, PasswordPhc);

/// Reads a value as its text form is read everywhere else.
macro_rules! from_text {
    ($($type:ident),+) => {$(
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    )+};
}

from_text!(Clear, PasswordPhc, ResourceText, Span, StoreUrl);
