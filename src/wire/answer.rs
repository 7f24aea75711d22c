//! A direct answer, ready for any HTTP library.

use std::borrow::Cow;
use std::fmt;

use super::json::Object;
use super::{ErrorCode, IntrospectionResponse, TokenResponse};
use crate::value::Lifetime;

/// Status, headers and JSON body of an answer from an endpoint that clients call directly.
///
/// Every such answer carries credentials or tells about them, so none may be cached.
pub struct Answer {
    status: u16,
    challenge: Option<Cow<'static, str>>,
    retry_after: Option<Lifetime>,
    body: Vec<u8>,
}

impl Answer {
    /// An error, without a description: what could be added would only help somebody probing.
    #[must_use]
    pub fn error(code: ErrorCode) -> Self {
        let challenge = (code == ErrorCode::InvalidClient).then_some(Cow::Borrowed(CHALLENGE));
        let mut body = Object::with_capacity(code.as_str().len() + 12);
        body.text("error", code.as_str());
        Self { status: code.status(), challenge, retry_after: None, body: body.end() }
    }

    /// An error that is worth trying again after that time.
    #[must_use]
    pub fn error_for(code: ErrorCode, retry_after: Lifetime) -> Self {
        Self { retry_after: Some(retry_after), ..Self::error(code) }
    }

    /// Nothing to say: the token is not valid any more, if it ever was.
    #[must_use]
    pub fn revoked() -> Self {
        Self { status: 200, challenge: None, retry_after: None, body: Vec::new() }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The value of the `WWW-Authenticate` header, if there is one.
    #[must_use]
    pub fn challenge(&self) -> Option<&str> {
        self.challenge.as_deref()
    }

    /// The value of the `Retry-After` header in seconds, if there is one.
    #[must_use]
    pub fn retry_after(&self) -> Option<Lifetime> {
        self.retry_after
    }

    /// All headers of the answer.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, Cow<'_, str>)> {
        let content_type = (!self.body.is_empty()).then_some(("content-type", Cow::Borrowed("application/json")));
        let challenge = self.challenge.as_deref().map(|challenge| ("www-authenticate", Cow::Borrowed(challenge)));
        let retry = self.retry_after.map(|after| ("retry-after", Cow::Owned(after.as_seconds().to_string())));
        [("cache-control", Cow::Borrowed("no-store")), ("pragma", Cow::Borrowed("no-cache"))]
            .into_iter()
            .chain(content_type)
            .chain(challenge)
            .chain(retry)
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body, with capacity for nothing more.
    #[must_use]
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }
}

/// The body may carry tokens.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Answer({}, {} bytes, redacted)", self.status, self.body.len())
    }
}

impl From<TokenResponse> for Answer {
    fn from(response: TokenResponse) -> Self {
        Self { status: 200, challenge: None, retry_after: None, body: response.to_json() }
    }
}

impl From<IntrospectionResponse<'_>> for Answer {
    fn from(response: IntrospectionResponse<'_>) -> Self {
        Self { status: 200, challenge: None, retry_after: None, body: response.to_json() }
    }
}

const CHALLENGE: &str = r#"Basic realm="clients", charset="UTF-8""#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_its_code_and_nothing_else() {
        covers!("RFC6749-4.1.2.1-13");
        for code in ErrorCode::ALL {
            let answer = Answer::error(code);

            let body: serde_json::Value = serde_json::from_slice(answer.body()).unwrap();
            assert_eq!(body, serde_json::json!({"error": code.as_str()}));
            assert_eq!(answer.status(), code.status());
            assert_eq!(answer.challenge().is_some(), answer.status() == 401);
            assert_eq!(answer.retry_after(), None);
        }
    }

    #[test]
    fn no_answer_may_be_cached_and_every_body_is_json() {
        let answer = Answer::error_for(ErrorCode::InvalidClient, Lifetime::seconds(7));
        let headers: Vec<_> = answer.headers().map(|(name, value)| (name, value.into_owned())).collect();
        let expected = [
            ("cache-control", "no-store"),
            ("pragma", "no-cache"),
            ("content-type", "application/json"),
            ("www-authenticate", r#"Basic realm="clients", charset="UTF-8""#),
            ("retry-after", "7"),
        ];
        assert_eq!(headers, expected.map(|(name, value)| (name, value.to_owned())));
    }

    #[test]
    fn a_revocation_has_no_body_and_so_no_type() {
        let answer = Answer::revoked();

        assert_eq!((answer.status(), answer.body()), (200, &b""[..]));
        assert_eq!(answer.headers().map(|(name, _)| name).collect::<Vec<_>>(), ["cache-control", "pragma"]);
        assert_eq!(answer.into_body(), b"");
    }
}
