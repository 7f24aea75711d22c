//! Redirection URIs: what may be registered, and when a requested one is a registered one.
//!
//! [RFC 6749 §3.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2),
//! [RFC 8252 §7](https://www.rfc-editor.org/rfc/rfc8252#section-7),
//! [RFC 9700 §2.1](https://www.rfc-editor.org/rfc/rfc9700#section-2.1)

use std::str::FromStr;
use std::sync::Arc;

use url::{Host, Url};

use super::text::{is_uri_byte, textual};

/// A redirection URI that may be registered: `https`, `http` on loopback, or a private-use scheme with a dot.
///
/// No user, fragment, space or control byte; no response parameter of ours in the query; at most 2048 bytes. The text
/// is kept as it was registered and compared byte for byte, never decoded or normalized.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RedirectUri(Arc<str>);

textual!(RedirectUri, InvalidRedirectUri);

/// Whether `http://localhost` is a loopback address for this client.
///
/// The name can be made to point elsewhere, so it is not, unless the client opts in
/// ([RFC 8252 §8.3](https://www.rfc-editor.org/rfc/rfc8252#section-8.3)).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a name is loopback or it is not")]
pub enum LocalhostRule {
    /// Only the literals `127.0.0.1` and `[::1]` are loopback.
    LiteralsOnly,
    /// `localhost` counts too.
    NameToo,
}

impl RedirectUri {
    /// Whether `requested` is this registered URI: equal byte for byte, or, for a native client's loopback URI, equal
    /// but for the port ([RFC 8252 §7.3](https://www.rfc-editor.org/rfc/rfc8252#section-7.3)).
    #[must_use]
    pub fn matches(&self, requested: &str, is_native: bool, localhost: LocalhostRule) -> bool {
        if *self.0 == *requested {
            return true;
        }
        if !is_native {
            return false;
        }
        match (Loopback::parse(&self.0), Loopback::parse(requested)) {
            (Some(registered), Some(requested)) => {
                registered.host == requested.host
                    && registered.rest == requested.rest
                    && (registered.host != "localhost" || localhost == LocalhostRule::NameToo)
            }
            _ => false,
        }
    }

    /// Whether the URI is `http` on a loopback address.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.0.starts_with("http:")
    }

    /// Whether the URI is `http://localhost`, which needs the client's opt-in.
    #[must_use]
    pub fn is_localhost(&self) -> bool {
        Loopback::parse(&self.0).is_some_and(|loopback| loopback.host == "localhost")
    }

    /// Whether the URI has a private-use scheme, which only native clients may register.
    #[must_use]
    pub fn has_private_scheme(&self) -> bool {
        !self.0.starts_with("https:") && !self.is_loopback()
    }

    /// The host that the browser goes to, for the user to see; for a private-use URI, its scheme.
    #[must_use]
    pub fn destination(&self) -> &str {
        let Some((scheme, rest)) = self.0.split_once(':') else { return "" };
        match rest.strip_prefix("//") {
            Some(authority) if !self.has_private_scheme() => authority.split(['/', '?']).next().unwrap_or_default(),
            _ => scheme,
        }
    }

    /// What a `form-action` directive must allow so that a form of ours may end at this URI: its origin, or the scheme
    /// where no origin can be written there, as for private-use schemes and IPv6 addresses
    /// ([CSP §2.3.1](https://www.w3.org/TR/CSP3/#framework-directive-source-list)).
    #[must_use]
    pub fn form_action(&self) -> String {
        let scheme = self.0.split_once(':').map_or("", |(scheme, _)| scheme);
        let authority = if self.has_private_scheme() { "" } else { self.destination() };
        // Whatever else may stand in a host would end the directive.
        let is_plain = authority.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:".contains(&byte));
        if is_plain && !authority.is_empty() { format!("{scheme}://{authority}") } else { format!("{scheme}:") }
    }
}

impl FromStr for RedirectUri {
    type Err = InvalidRedirectUri;

    fn from_str(text: &str) -> Result<Self, InvalidRedirectUri> {
        if text.len() > MAXIMUM_LENGTH {
            return Err(InvalidRedirectUri::TooLong);
        }
        if !text.bytes().all(is_uri_byte) {
            return Err(InvalidRedirectUri::ForbiddenByte);
        }
        if text.contains('#') {
            return Err(InvalidRedirectUri::Fragment);
        }
        let url = Url::parse(text).map_err(|_| InvalidRedirectUri::NotAbsolute)?;
        match url.scheme() {
            "https" if text.starts_with("https://") => ensure_https(text, &url)?,
            "http" if Loopback::parse(text).is_some() => {}
            "http" => return Err(InvalidRedirectUri::NotHttps),
            scheme => ensure_private(text, scheme)?,
        }
        if url.query_pairs().any(|(name, _)| RESERVED.contains(&name.as_ref())) {
            return Err(InvalidRedirectUri::ReservedParameter);
        }
        Ok(Self(text.into()))
    }
}

fn ensure_https(text: &str, url: &Url) -> Result<(), InvalidRedirectUri> {
    let authority = text.strip_prefix("https://").and_then(|rest| rest.split(['/', '?']).next()).unwrap_or_default();
    if authority.contains(['@', '%', '\\']) || !url.username().is_empty() {
        return Err(InvalidRedirectUri::User);
    }
    if authority.contains('*') {
        return Err(InvalidRedirectUri::Wildcard);
    }
    // A URL parser would look for the host behind the slashes that follow.
    if authority.is_empty() {
        return Err(InvalidRedirectUri::NotAbsolute);
    }
    if !text.starts_with(&format!("https://{authority}/")) {
        return Err(InvalidRedirectUri::PathMissing);
    }
    match url.host() {
        Some(Host::Domain("")) | None => Err(InvalidRedirectUri::NotAbsolute),
        Some(_) => Ok(()),
    }
}

/// RFC 8252 §7.1: a private-use scheme is a domain name in reverse, so it has a dot.
fn ensure_private(text: &str, scheme: &str) -> Result<(), InvalidRedirectUri> {
    let has_path = text.get(scheme.len() + 1..).is_some_and(|rest| !rest.trim_matches('/').is_empty());
    let is_reverse_domain = scheme.contains('.') && !scheme.ends_with('.') && !scheme.contains("..");
    let is_as_written = text.starts_with(scheme);
    let authority = text.get(scheme.len() + 1..).and_then(|rest| rest.strip_prefix("//")).unwrap_or_default();
    if authority.split(['/', '?']).next().is_some_and(|authority| authority.contains('@')) {
        return Err(InvalidRedirectUri::User);
    }
    if is_reverse_domain && has_path && is_as_written { Ok(()) } else { Err(InvalidRedirectUri::Scheme) }
}

/// An `http` URI on loopback, cut so that all but the port can be compared.
struct Loopback<'a> {
    host: &'a str,
    rest: &'a str,
}

impl<'a> Loopback<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let after_scheme = text.strip_prefix("http://")?;
        let host = HOSTS.into_iter().find(|host| after_scheme.starts_with(host))?;
        let after_host = after_scheme.strip_prefix(host)?;
        let rest = match after_host.strip_prefix(':') {
            None => after_host,
            Some(after_colon) => {
                let digits = after_colon.bytes().take_while(u8::is_ascii_digit).count();
                let (port, rest) = after_colon.split_at(digits);
                let port = port.parse::<u16>().ok().filter(|port| *port != 0)?;
                // One spelling a port: a leading zero would pass the parser.
                if digits != port.to_string().len() {
                    return None;
                }
                rest
            }
        };
        let is_bounded = rest.is_empty() || rest.starts_with('/') || rest.starts_with('?');
        (is_bounded && rest.bytes().all(is_uri_byte) && !rest.contains('#')).then_some(Self { host, rest })
    }
}

/// Why a text may not be registered as a redirection URI.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidRedirectUri {
    /// A byte that no URI has: a control, a space, a quote, a byte beyond ASCII.
    #[error("the redirect URI contains a byte that no URI has")]
    ForbiddenByte,
    /// A fragment, even an empty one.
    #[error("the redirect URI has a fragment")]
    Fragment,
    /// Not an absolute URI.
    #[error("the redirect URI is not absolute")]
    NotAbsolute,
    /// `http` on a host that is not loopback.
    #[error("the redirect URI is neither https nor http on loopback")]
    NotHttps,
    /// An `https` URI without a path: the complete URI is registered, not a host.
    #[error("the redirect URI has no path")]
    PathMissing,
    /// The query has a parameter that the authorization response sets.
    #[error("the redirect URI contains a parameter of the authorization response")]
    ReservedParameter,
    /// Not a reverse-domain private-use scheme with a path.
    #[error("the redirect URI's scheme is not a reversed domain name with a path")]
    Scheme,
    /// More than 2048 bytes.
    #[error("the redirect URI is longer than 2048 bytes")]
    TooLong,
    /// A user name, or something that looks like one.
    #[error("the redirect URI contains a user name")]
    User,
    /// A pattern in place of a host.
    #[error("the redirect URI's host is a pattern")]
    Wildcard,
}

const MAXIMUM_LENGTH: usize = 2048;
const HOSTS: [&str; 3] = ["127.0.0.1", "[::1]", "localhost"];
/// Parameters of authorization responses; a registered URI that carries one could fake an answer.
const RESERVED: [&str; 12] = [
    "access_token",
    "code",
    "error",
    "error_description",
    "error_uri",
    "expires_in",
    "id_token",
    "iss",
    "response",
    "session_state",
    "state",
    "token_type",
];

#[cfg(test)]
mod tests;
