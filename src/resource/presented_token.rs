//! Taking a bearer token from a request: from one `Authorization` header, and from nowhere else.
//!
//! A token in the query counts as none, because URLs end up in logs and histories; bodies are not read at all.
//!
//! [RFC 6750 §2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1),
//! [OAuth 2.1 §5.1](https://datatracker.ietf.org/doc/html/draft-ietf-oauth-v2-1#section-5.1)

use std::fmt;

use url::form_urlencoded;

use super::Refusal;

/// A bearer token as somebody presented it: well-formed, nothing more.
#[derive(Clone, Copy)]
pub struct PresentedToken<'a>(&'a str);

impl<'a> PresentedToken<'a> {
    /// Takes the token of a request: its `Authorization` headers, each as it was sent, and the query of its URL.
    ///
    /// Another scheme counts as no authentication, so that a resource may offer several.
    ///
    /// # Errors
    ///
    /// [`Refusal::TokenMissing`], [`Refusal::TokenMalformed`], or [`Refusal::TokenRepeated`] for more than one header,
    /// or for a header and a token in the query.
    pub fn read(authorization: impl IntoIterator<Item = &'a [u8]>, query: Option<&str>) -> Result<Self, Refusal> {
        let mut headers = authorization.into_iter();
        let header = headers.next().ok_or(Refusal::TokenMissing)?;
        if headers.next().is_some() {
            return Err(Refusal::TokenRepeated);
        }
        let (scheme, rest) = match header.iter().position(|byte| *byte == b' ') {
            Some(space) => header.split_at_checked(space).unwrap_or_default(),
            None => (header, <&[u8]>::default()),
        };
        if !scheme.eq_ignore_ascii_case(b"bearer") {
            return Err(Refusal::TokenMissing);
        }
        if query.is_some_and(has_token) {
            return Err(Refusal::TokenRepeated);
        }
        let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
        let text = std::str::from_utf8(rest.get(spaces..).unwrap_or_default());
        text.ok().and_then(Self::parse).ok_or(Refusal::TokenMalformed)
    }

    /// Takes text that is a token by its grammar: `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`, at
    /// most 8192 bytes.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
        let body = text.trim_end_matches('=');
        (text.len() <= MOST_BYTES && !body.is_empty() && body.bytes().all(is_allowed)).then_some(Self(text))
    }

    /// The token's text. Whoever calls this answers for where it goes.
    #[must_use]
    pub fn expose(&self) -> &'a str {
        self.0
    }
}

impl fmt::Debug for PresentedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresentedToken(redacted)")
    }
}

/// Whether a query has a token. What else it has is the resource's business, so it may be malformed.
fn has_token(query: &str) -> bool {
    form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "access_token")
}

/// Self-contained tokens with many claims take a few thousand bytes.
const MOST_BYTES: usize = 8192;
