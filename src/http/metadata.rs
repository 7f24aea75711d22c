//! Serving the metadata document: rendered once, for everybody.
//!
//! [RFC 8414 §3](https://www.rfc-editor.org/rfc/rfc8414#section-3)

use bytes::Bytes;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

use super::{answer, cors};
use crate::server::AuthorizationServer;

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

/// Answers a request for the document.
pub(super) fn respond(method: &Method, document: &Bytes) -> Response<Bytes> {
    let is_head = *method == Method::HEAD;
    if *method == Method::OPTIONS {
        return cors::preflight_for_document();
    }
    if *method != Method::GET && !is_head {
        return answer::method_not_allowed("GET, HEAD, OPTIONS");
    }
    let mut headers = HeaderMap::with_capacity(6);
    headers.insert(CONTENT_TYPE, answer::JSON);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, answer::NO_SNIFF);
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    if is_head {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(document.len()));
    }
    answer::response(StatusCode::OK, headers, if is_head { Bytes::new() } else { document.clone() })
}

const WELL_KNOWN: &str = "/.well-known/oauth-authorization-server";
