//! Where the metadata of a protected resource is.
//!
//! [RFC 9728 §3](https://www.rfc-editor.org/rfc/rfc9728#section-3),
//! [§5.1](https://www.rfc-editor.org/rfc/rfc9728#section-5.1)

use std::str::FromStr;
use std::sync::Arc;

use url::Url;

use super::Resource;
use super::issuer::is_loopback;
use super::text::{is_visible, textual};

/// The URL of a protected resource's metadata: `https`, or `http` on a loopback address, at most 1024 bytes.
///
/// No fragment, no user, and none of the characters that a URI has only escaped, so it cannot end the quoted string
/// that a challenge puts it into.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct MetadataUrl(Arc<str>);

textual!(MetadataUrl, InvalidMetadataUrl);

impl MetadataUrl {
    /// The URL that clients derive from a resource identifier: the well-known part between its host and its path.
    ///
    /// # Errors
    ///
    /// [`InvalidMetadataUrl`] if the resource is not a URL that is served over `https`, such as a URN.
    pub fn of(resource: &Resource) -> Result<Self, InvalidMetadataUrl> {
        let text = resource.as_str();
        let after_scheme = text.find("://").ok_or(InvalidMetadataUrl)? + 3;
        let host_length = text.get(after_scheme..).and_then(|rest| rest.find(['/', '?']));
        let (origin, rest) = text
            .split_at_checked(host_length.map_or(text.len(), |length| after_scheme + length))
            .ok_or(InvalidMetadataUrl)?;
        // RFC 9728 §3.1: a slash that only ends the host is removed first.
        let rest = if rest == "/" || rest.starts_with("/?") { rest.trim_start_matches('/') } else { rest };
        format!("{origin}/.well-known/oauth-protected-resource{rest}").parse()
    }
}

impl FromStr for MetadataUrl {
    type Err = InvalidMetadataUrl;

    fn from_str(text: &str) -> Result<Self, InvalidMetadataUrl> {
        let is_allowed = |byte: u8| is_visible(byte) && !b" \"<>\\^`{|}#".contains(&byte);
        if text.len() > MAXIMUM_LENGTH || !text.bytes().all(is_allowed) {
            return Err(InvalidMetadataUrl);
        }
        let url = Url::parse(text).map_err(|_| InvalidMetadataUrl)?;
        let is_served = match (url.scheme(), url.host()) {
            ("https", Some(_)) => true,
            ("http", Some(host)) => is_loopback(&host),
            _ => false,
        };
        if is_served && url.username().is_empty() && url.password().is_none() {
            Ok(Self(text.into()))
        } else {
            Err(InvalidMetadataUrl)
        }
    }
}

/// The text is not the URL of a protected resource's metadata.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a metadata URL is an https URL without fragment, user or characters that must be escaped")]
#[non_exhaustive]
pub struct InvalidMetadataUrl;

const MAXIMUM_LENGTH: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_well_known_part_stands_between_host_and_path() {
        for (resource, url) in [
            ("https://api.example", "https://api.example/.well-known/oauth-protected-resource"),
            ("https://api.example/", "https://api.example/.well-known/oauth-protected-resource"),
            ("https://api.example/mcp", "https://api.example/.well-known/oauth-protected-resource/mcp"),
            ("https://api.example/mcp/", "https://api.example/.well-known/oauth-protected-resource/mcp/"),
            ("https://api.example?a=b", "https://api.example/.well-known/oauth-protected-resource?a=b"),
            ("https://api.example/?a=b", "https://api.example/.well-known/oauth-protected-resource?a=b"),
            ("http://127.0.0.1:8080/x", "http://127.0.0.1:8080/.well-known/oauth-protected-resource/x"),
        ] {
            let resource: Resource = resource.parse().unwrap();
            assert_eq!(MetadataUrl::of(&resource).unwrap().as_str(), url);
        }
    }

    #[test]
    fn what_is_not_served_over_https_has_no_metadata_url() {
        for resource in ["urn:example:notes", "http://api.example/", "https://api.example/\"x"] {
            let resource: Resource = resource.parse().unwrap();
            assert_eq!(MetadataUrl::of(&resource), Err(InvalidMetadataUrl), "{resource}");
        }
    }

    #[test]
    fn nothing_that_ends_a_quoted_string_is_a_metadata_url() {
        covers!("RFC6750-3-07");
        for text in ["https://a/\"", "https://a/\\", "https://a/ b", "https://a/\r\n", "https://a/#f", "https://u@a/"] {
            assert_eq!(text.parse::<MetadataUrl>(), Err(InvalidMetadataUrl), "{text:?}");
        }
    }
}
