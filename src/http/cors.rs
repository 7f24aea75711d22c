//! Which other origins may read an answer.
//!
//! The metadata is for everybody. The token and revocation endpoints are for the origins that the host names, the
//! introspection and authorization endpoints for none. Credentials of the browser are never allowed.
//!
//! [RFC 9700 §2.6](https://www.rfc-editor.org/rfc/rfc9700#section-2.6), [Fetch](https://fetch.spec.whatwg.org/#http-cors-protocol)

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE,
    ALLOW, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use url::{Host, Url};

use super::answer;

/// The origins that the host named.
#[derive(Clone, Debug, Default)]
pub(super) struct AllowedOrigins(Vec<HeaderValue>);

impl AllowedOrigins {
    /// Reads a list of origins.
    ///
    /// # Errors
    ///
    /// [`InvalidOrigin`] names the first that is not one.
    pub(super) fn new<'a>(origins: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidOrigin> {
        origins.into_iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Whether no origin was named.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells the browser whether the page that asks may read the answer.
    pub(super) fn share(&self, request: &HeaderMap, response: &mut HeaderMap) {
        response.insert(VARY, HeaderValue::from_static("Origin"));
        let mut asking = request.get_all(ORIGIN).iter();
        let (Some(origin), None) = (asking.next(), asking.next()) else { return };
        if let Some(allowed) = self.0.iter().find(|allowed| *allowed == origin) {
            response.insert(ACCESS_CONTROL_ALLOW_ORIGIN, allowed.clone());
        }
    }
}

/// The answer to a preflight for an endpoint that takes forms. [`AllowedOrigins::share`] adds who may go on.
pub(super) fn preflight_for_form() -> Response<Bytes> {
    preflight("POST, OPTIONS", "POST", "authorization, content-type")
}

/// The answer to a preflight for a document that everybody may read.
pub(super) fn preflight_for_document() -> Response<Bytes> {
    let mut response = preflight("GET, HEAD, OPTIONS", "GET, HEAD", "*");
    response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

fn preflight(allow: &'static str, methods: &'static str, names: &'static str) -> Response<Bytes> {
    let mut headers = answer::page_headers();
    headers.insert(ALLOW, HeaderValue::from_static(allow));
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(names));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    answer::response(StatusCode::NO_CONTENT, headers, Bytes::new())
}

/// Reads an origin as a browser writes it.
fn read(text: &str) -> Result<HeaderValue, InvalidOrigin> {
    let error = || InvalidOrigin { value: text.to_owned() };
    let url = Url::parse(text).map_err(|_| error())?;
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let is_trustworthy = url.scheme() == "https" || (url.scheme() == "http" && is_loopback);
    if !is_trustworthy || url.origin().ascii_serialization() != text {
        return Err(error());
    }
    HeaderValue::from_str(text).map_err(|_| error())
}

/// A text that is not the origin of a web page.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "allow_origins {value}: must be https (or http on loopback), a host in lower case, and a port if it is not the default"
)]
#[non_exhaustive]
pub struct InvalidOrigin {
    /// The text.
    pub value: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_as_browsers_write_them_are_taken() {
        for origin in ["https://app.example", "https://app.example:8443", "http://localhost:3000", "http://[::1]:3000"]
        {
            assert!(AllowedOrigins::new([origin]).is_ok(), "{origin}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "*",
            "null",
            "app.example",
            "http://app.example",
            "https://app.example/",
            "https://app.example/path",
            "https://App.example",
            "https://app.example:443",
            "https://*.example",
            "https://user@app.example",
            "file:///",
        ] {
            assert_eq!(AllowedOrigins::new([text]).unwrap_err().value, text);
        }
    }
}
