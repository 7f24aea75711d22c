//! Responses: what the endpoints answer, and the headers that every response carries.

use std::sync::LazyLock;

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
    let mut headers = if answer.body().is_empty() { NO_BODY.clone() } else { JSON_BODY.clone() };
    if let Some(challenge) = answer.challenge().and_then(|text| HeaderValue::from_str(text).ok()) {
        headers.insert(WWW_AUTHENTICATE, challenge);
    }
    if let Some(after) = answer.retry_after() {
        headers.insert(RETRY_AFTER, HeaderValue::from(after.as_seconds()));
    }
    response(status, headers, answer.into_body().into())
}

/// Does beforehand what the first answer would wait for.
pub(super) fn prepare() {
    LazyLock::force(&JSON_BODY);
}

/// The headers of every direct answer. They are put together once, because a copy costs a fraction of that.
static NO_BODY: LazyLock<HeaderMap> = LazyLock::new(|| {
    let mut headers = HeaderMap::with_capacity(MOST_HEADERS);
    headers.insert(CACHE_CONTROL, NO_STORE);
    headers.insert(PRAGMA, NO_CACHE);
    headers.insert(X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
    headers
});

/// The same for an answer with a body.
static JSON_BODY: LazyLock<HeaderMap> = LazyLock::new(|| {
    let mut headers = NO_BODY.clone();
    headers.insert(CONTENT_TYPE, JSON);
    headers
});

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

/// A page of HTML.
pub(super) fn page(status: u16, html: String) -> Response<Bytes> {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut headers = page_headers();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response(status, headers, html.into())
}

/// Adds to a page of the host what it lacks: not kept, not framed, not told to anybody.
pub(super) fn harden(headers: &mut HeaderMap) {
    headers.insert(CACHE_CONTROL, NO_STORE);
    headers.insert(PRAGMA, NO_CACHE);
    headers.insert(X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
    headers.entry(X_FRAME_OPTIONS).or_insert(DENY);
    headers.entry(REFERRER_POLICY).or_insert(NO_REFERRER);
    let names_ancestors = |directive: &[u8]| {
        let name = directive.trim_ascii_start().get(..FRAME_ANCESTORS.len()).unwrap_or_default();
        name.eq_ignore_ascii_case(FRAME_ANCESTORS)
    };
    let mut policies = headers.get_all(CONTENT_SECURITY_POLICY).iter();
    let is_said = policies.any(|policy| policy.as_bytes().split(|byte| *byte == b';').any(names_ancestors));
    if !is_said {
        // A second policy adds to the first: browsers obey both.
        headers.append(CONTENT_SECURITY_POLICY, HeaderValue::from_static("frame-ancestors 'none'"));
    }
}

/// The headers of whatever a browser might show: not kept, not framed, not guessed at, not told to anybody.
pub(super) fn page_headers() -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(2 * MOST_HEADERS);
    headers.insert(CACHE_CONTROL, NO_STORE);
    headers.insert(PRAGMA, NO_CACHE);
    headers.insert(X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
    headers.insert(X_FRAME_OPTIONS, DENY);
    headers.insert(REFERRER_POLICY, NO_REFERRER);
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
const DENY: HeaderValue = HeaderValue::from_static("DENY");
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");
const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

const FRAME_ANCESTORS: &[u8] = b"frame-ancestors";

/// Room for what a successful answer carries, with CORS; a map of this capacity costs two allocations.
const MOST_HEADERS: usize = 6;
