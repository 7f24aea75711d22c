//! Responses: what the endpoints answer, and the headers that every response carries.

use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, PRAGMA, REFERRER_POLICY, RETRY_AFTER,
    WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use crate::wire::{Answer, ErrorCode};

/// The answer of an endpoint that clients call directly.
pub(super) fn direct(answer: Answer) -> Response<Bytes> {
    let status = StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut headers = HeaderMap::with_capacity(MOST_HEADERS);
    headers.insert(CACHE_CONTROL, NO_STORE);
    headers.insert(PRAGMA, NO_CACHE);
    headers.insert(X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
    if let Some(challenge) = answer.challenge().and_then(|text| HeaderValue::from_str(text).ok()) {
        headers.insert(WWW_AUTHENTICATE, challenge);
    }
    if let Some(after) = answer.retry_after() {
        headers.insert(RETRY_AFTER, HeaderValue::from(after.as_seconds()));
    }
    let body = answer.into_body();
    if !body.is_empty() {
        headers.insert(CONTENT_TYPE, JSON);
    }
    response(status, headers, body.into())
}

/// A request that did not reach the protocol, for a client that expects JSON.
pub(super) fn invalid_request(status: StatusCode) -> Response<Bytes> {
    let mut response = direct(Answer::error(ErrorCode::InvalidRequest));
    *response.status_mut() = status;
    response
}

/// No route of that path.
pub(super) fn not_found() -> Response<Bytes> {
    response(StatusCode::NOT_FOUND, page_headers(), Bytes::new())
}

/// A route, but not for that method.
pub(super) fn method_not_allowed(allowed: &'static str) -> Response<Bytes> {
    let mut headers = page_headers();
    headers.insert(ALLOW, HeaderValue::from_static(allowed));
    response(StatusCode::METHOD_NOT_ALLOWED, headers, Bytes::new())
}

/// The headers of whatever a browser might show: not kept, not framed, not guessed at, not told to anybody.
pub(super) fn page_headers() -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(2 * MOST_HEADERS);
    headers.insert(CACHE_CONTROL, NO_STORE);
    headers.insert(PRAGMA, NO_CACHE);
    headers.insert(X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    headers
}

pub(super) fn response(status: StatusCode, headers: HeaderMap, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");
pub(super) const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Room for what a successful answer carries, with CORS; a map of this capacity costs two allocations.
const MOST_HEADERS: usize = 6;
