//! The issuer identifier.
//!
//! [RFC 8414 §2](https://www.rfc-editor.org/rfc/rfc8414#section-2),
//! [RFC 9207 §2](https://www.rfc-editor.org/rfc/rfc9207#section-2)

use std::str::FromStr;
use std::sync::Arc;

use url::{Host, Url};

use super::text::textual;

/// An issuer identifier: an `https` URL without user, query, fragment or trailing slash.
///
/// `http` is accepted for loopback addresses only; the server builder asks for an explicit permission on top. The text
/// is kept and compared byte for byte, never normalized.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Issuer(Arc<str>);

textual!(Issuer, InvalidIssuer);

impl Issuer {
    /// Whether the issuer is served without TLS, which only a loopback address may be.
    #[must_use]
    pub fn is_insecure(&self) -> bool {
        self.0.starts_with("http:")
    }

    /// The path of the issuer: empty, or beginning with a slash and not ending with one.
    #[must_use]
    pub fn path(&self) -> &str {
        let after_scheme = self.0.find("://").map_or(0, |at| at + 3);
        let rest = self.0.get(after_scheme..).unwrap_or_default();
        rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default()
    }

    /// The scheme and authority of the issuer: everything before its path.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.0.strip_suffix(self.path()).unwrap_or(&self.0)
    }
}

impl FromStr for Issuer {
    type Err = InvalidIssuer;

    fn from_str(text: &str) -> Result<Self, InvalidIssuer> {
        if text.len() > MAXIMUM_LENGTH {
            return Err(InvalidIssuer::TooLong);
        }
        let url = Url::parse(text).map_err(|_| InvalidIssuer::NotAUrl)?;
        match (url.scheme(), url.host()) {
            ("https", Some(_)) => {}
            ("http", Some(host)) if is_loopback(&host) => {}
            _ => return Err(InvalidIssuer::NotHttps),
        }
        if text.contains(['?', '#']) {
            return Err(InvalidIssuer::QueryOrFragment);
        }
        if text.contains('@') {
            return Err(InvalidIssuer::User);
        }
        if text.ends_with('/') {
            return Err(InvalidIssuer::TrailingSlash);
        }
        // The parser removes what a comparison of bytes would see: dot segments, upper case, default ports.
        if url.as_str().trim_end_matches('/') != text {
            return Err(InvalidIssuer::NotNormalized);
        }
        Ok(Self(text.into()))
    }
}

pub(super) fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// Why a text is not an issuer identifier.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidIssuer {
    /// Not an absolute URL.
    #[error("the issuer is not an absolute URL")]
    NotAUrl,
    /// Neither `https` nor a loopback address.
    #[error("the issuer is not an https URL")]
    NotHttps,
    /// Written otherwise than a URL parser would print it.
    #[error("the issuer is not in normal form: lower-case host, no default port, no dot segments")]
    NotNormalized,
    /// A query or a fragment.
    #[error("the issuer has a query or a fragment")]
    QueryOrFragment,
    /// More than 512 bytes.
    #[error("the issuer is longer than 512 bytes")]
    TooLong,
    /// A slash at the end, which clients would have to strip in one place and keep in another.
    #[error("the issuer ends with a slash")]
    TrailingSlash,
    /// A user name or password.
    #[error("the issuer contains a user name")]
    User,
}

const MAXIMUM_LENGTH: usize = 512;
