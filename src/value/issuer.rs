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

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> InvalidIssuer {
        text.parse::<Issuer>().expect_err(text)
    }

    #[test]
    fn an_issuer_is_an_https_url_without_query_or_fragment() {
        covers!("RFC8414-2-01");
        for text in ["https://as.example", "https://as.example/tenant", "https://as.example:8443", "https://[::1]"] {
            let issuer: Issuer = text.parse().unwrap();
            assert_eq!(issuer.as_str(), text);
            assert!(!issuer.is_insecure());
        }
        assert_eq!(refusal("https://as.example?a"), InvalidIssuer::QueryOrFragment);
        assert_eq!(refusal("https://as.example/?"), InvalidIssuer::QueryOrFragment);
        assert_eq!(refusal("https://as.example#a"), InvalidIssuer::QueryOrFragment);
        assert_eq!(refusal("https://as.example/#"), InvalidIssuer::QueryOrFragment);
    }

    #[test]
    fn http_is_refused_except_on_loopback() {
        covers!("RFC8414-2-01", "OAUTH21-1.5-01");
        for text in ["http://as.example", "http://10.0.0.1", "http://localhost.evil.tld", "ftp://as.example", "urn:as"]
        {
            assert_eq!(refusal(text), InvalidIssuer::NotHttps, "{text}");
        }
        for text in ["http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost:8080/as"] {
            assert!(text.parse::<Issuer>().unwrap().is_insecure(), "{text}");
        }
    }

    #[test]
    fn what_a_parser_would_change_is_refused() {
        covers!("RFC8414-4-01");
        for text in [
            "https://AS.example",
            "HTTPS://as.example",
            "https://as.example:443",
            "https://as.example/a/../b",
            "https://as.example/a b",
            "https://as.example/caf\u{e9}",
            "https://as.example/cafe\u{301}",
            "https://as.example/a\\b",
            "https://as.example/\"",
            " https://as.example",
            "https://as.example\n",
            "https:///as.example",
            "http://127.1",
        ] {
            assert_eq!(refusal(text), InvalidIssuer::NotNormalized, "{text}");
        }
    }

    #[test]
    fn two_spellings_of_one_word_are_two_issuers() {
        covers!("RFC8414-4-01");
        let composed: Issuer = "https://as.example/caf%C3%A9".parse().unwrap();
        let decomposed: Issuer = "https://as.example/cafe%CC%81".parse().unwrap();

        assert_ne!(composed, decomposed);
        assert_eq!(composed.as_str(), "https://as.example/caf%C3%A9");
    }

    #[test]
    fn a_user_a_trailing_slash_and_too_much_are_refused() {
        assert_eq!(refusal("https://user@as.example"), InvalidIssuer::User);
        assert_eq!(refusal("https://@as.example"), InvalidIssuer::User);
        assert_eq!(refusal("https://as.example/"), InvalidIssuer::TrailingSlash);
        assert_eq!(refusal("https://as.example/a/"), InvalidIssuer::TrailingSlash);
        for text in ["", "as.example", "/", "https://"] {
            assert_eq!(refusal(text), InvalidIssuer::NotAUrl, "{text}");
        }
        let longest = format!("https://as.example/{}", "x".repeat(493));
        assert!(longest.parse::<Issuer>().is_ok());
        assert_eq!(refusal(&format!("{longest}x")), InvalidIssuer::TooLong);
    }

    #[test]
    fn origin_and_path_are_the_issuer() {
        for (text, origin, path) in [
            ("https://as.example", "https://as.example", ""),
            ("https://as.example/a/b", "https://as.example", "/a/b"),
            ("http://[::1]:8080/a", "http://[::1]:8080", "/a"),
        ] {
            let issuer: Issuer = text.parse().unwrap();
            assert_eq!((issuer.origin(), issuer.path()), (origin, path));
        }
    }
}
