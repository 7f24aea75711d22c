//! Serving documents that are for everybody: the metadata, rendered once, and the public keys.
//!
//! [RFC 8414 §3](https://www.rfc-editor.org/rfc/rfc8414#section-3)

use bytes::Bytes;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

use super::{answer, cors};
use crate::server::AuthorizationServer;
#[cfg(feature = "jwt")]
use crate::server::EndpointError;

/// Where the document of an issuer with that path is found: inserted before the path, and appended to it.
pub(super) fn paths(issuer_path: &str) -> impl Iterator<Item = String> {
    let inserted = format!("{WELL_KNOWN}{issuer_path}");
    let appended = (!issuer_path.is_empty()).then(|| format!("{issuer_path}{WELL_KNOWN}"));
    [inserted].into_iter().chain(appended)
}

/// The document of a server.
pub(super) fn render(server: &AuthorizationServer) -> Bytes {
    server.metadata().to_json().into()
}

/// What becomes of a request for a document without a look at it. `None` if the document is to be shown.
pub(super) fn refusal(method: &Method) -> Option<Response<Bytes>> {
    match *method {
        Method::OPTIONS => Some(cors::preflight_for_document()),
        Method::GET | Method::HEAD => None,
        _ => Some(answer::method_not_allowed("GET, HEAD, OPTIONS")),
    }
}

/// Answers a request for the metadata.
pub(super) fn respond(method: &Method, document: &Bytes) -> Response<Bytes> {
    let max_age = HeaderValue::from_static("public, max-age=300");
    refusal(method).unwrap_or_else(|| shown(method, document, answer::JSON, max_age))
}

/// Answers a request for the public keys.
#[cfg(feature = "jwt")]
pub(super) async fn respond_with_keys(server: &AuthorizationServer, method: &Method) -> Response<Bytes> {
    match server.published_keys().await {
        Ok(Some(keys)) => {
            let max_age = format!("public, max-age={}", keys.fresh_for.as_seconds());
            let max_age = HeaderValue::try_from(max_age).unwrap_or(HeaderValue::from_static("no-store"));
            shown(method, &Bytes::copy_from_slice(&keys.json), KEY_SET, max_age)
        }
        Ok(None) => answer::not_found(),
        Err(error) => answer::direct(EndpointError::from(error).to_answer()),
    }
}

/// A document, of which a request by HEAD is told the length only.
fn shown(method: &Method, document: &Bytes, content_type: HeaderValue, max_age: HeaderValue) -> Response<Bytes> {
    let is_head = *method == Method::HEAD;
    let mut headers = HeaderMap::with_capacity(6);
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(CACHE_CONTROL, max_age);
    headers.insert(X_CONTENT_TYPE_OPTIONS, answer::NO_SNIFF);
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    if is_head {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(document.len()));
    }
    answer::response(StatusCode::OK, headers, if is_head { Bytes::new() } else { document.clone() })
}

/// [RFC 7517 §8.5.2](https://www.rfc-editor.org/rfc/rfc7517#section-8.5.2)
#[cfg(feature = "jwt")]
const KEY_SET: HeaderValue = HeaderValue::from_static("application/jwk-set+json");
const WELL_KNOWN: &str = "/.well-known/oauth-authorization-server";
