//! The endpoints that clients call directly with a form: token, introspection, revocation.
//!
//! [RFC 6749 §3.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.2),
//! [RFC 7009 §2.1](https://www.rfc-editor.org/rfc/rfc7009#section-2.1),
//! [RFC 7662 §2.1](https://www.rfc-editor.org/rfc/rfc7662#section-2.1)

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};

use super::body::UnreadableBody;
use super::{Caller, answer};
use crate::server::{AuthorizationServer, EndpointError};
use crate::wire::{Answer, FormRequest, Parameters};

/// An endpoint that clients call directly.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum FormEndpoint {
    Introspection,
    Revocation,
    Token,
}

/// The refusal of what is not a form in the body, before the body is read.
pub(super) fn refusal(parts: &Parts, allow: &'static str) -> Option<Response<Bytes>> {
    if parts.method != Method::POST {
        return Some(answer::method_not_allowed(allow));
    }
    (!is_form(parts)).then(|| answer::invalid_request(StatusCode::BAD_REQUEST))
}

/// Whether the body is a form, and nothing that belongs into it is in the query.
pub(super) fn is_form(parts: &Parts) -> bool {
    has_form_type(&parts.headers) && !parts.uri.query().is_some_and(has_protocol_parameters)
}

/// Answers a request whose body is a form.
pub(super) async fn respond(
    server: &AuthorizationServer,
    endpoint: FormEndpoint,
    parts: &Parts,
    body: Result<&Bytes, &UnreadableBody>,
) -> Response<Bytes> {
    let body = match body {
        Ok(body) => body,
        Err(UnreadableBody::TooLong) => return answer::invalid_request(StatusCode::PAYLOAD_TOO_LARGE),
        Err(UnreadableBody::Broken | UnreadableBody::NotAForm) => {
            return answer::invalid_request(StatusCode::BAD_REQUEST);
        }
    };
    let authorization = match authorization_of(&parts.headers) {
        Ok(authorization) => authorization,
        Err(status) => return answer::invalid_request(status),
    };
    let request = FormRequest { body, authorization, caller: parts.extensions.get::<Caller>().map(Caller::as_str) };
    let answered: Result<Answer, EndpointError> = match endpoint {
        // Boxed one by one, the futures stay within the sizes that allocators keep at hand.
        FormEndpoint::Introspection => Box::pin(server.introspected(&request, |response| Answer::from(response))).await,
        FormEndpoint::Revocation => Box::pin(server.revoke(&request)).await.map(|()| Answer::revoked()),
        FormEndpoint::Token => Box::pin(server.tokens(&request)).await,
    };
    answer::direct(answered.unwrap_or_else(|error| error.to_answer()))
}

/// The `Authorization` header, if there is one.
fn authorization_of(headers: &HeaderMap) -> Result<Option<&[u8]>, StatusCode> {
    let mut headers = headers.get_all(AUTHORIZATION).iter();
    let authorization = headers.next().map(HeaderValue::as_bytes);
    // Two headers are two mechanisms, and which one counts must not depend on who reads them.
    if headers.next().is_none() { Ok(authorization) } else { Err(StatusCode::BAD_REQUEST) }
}

/// Whether there is exactly one content type, and it is that of a form in UTF-8.
fn has_form_type(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(content_type), None) = (types.next(), types.next()) else { return false };
    let content_type = content_type.as_bytes();
    content_type == FORM || is_form_with_charset(content_type)
}

/// `application/x-www-form-urlencoded; charset=utf-8`, in any case, with optional spaces and quotes.
fn is_form_with_charset(content_type: &[u8]) -> bool {
    let Some((essence, rest)) = content_type.split_at_checked(FORM.len()) else { return false };
    if !essence.eq_ignore_ascii_case(FORM) {
        return false;
    }
    let rest = rest.trim_ascii();
    if rest.is_empty() {
        return true;
    }
    let Some((b';', parameter)) = rest.split_first() else { return false };
    let Some((name, charset)) = parameter.trim_ascii_start().split_at_checked(CHARSET.len()) else { return false };
    if !name.eq_ignore_ascii_case(CHARSET) {
        return false;
    }
    let quoted = charset.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
    quoted.unwrap_or(charset).eq_ignore_ascii_case(b"utf-8")
}

/// Whether a query names anything that belongs into the body: URLs are logged, and two places would contradict.
fn has_protocol_parameters(query: &str) -> bool {
    match Parameters::parse(query.as_bytes()) {
        Ok(parameters) => PROTOCOL_PARAMETERS.iter().any(|name| parameters.has(name)),
        // What cannot be read cannot be cleared.
        Err(_) => true,
    }
}

const CHARSET: &[u8] = b"charset=";
const FORM: &[u8] = b"application/x-www-form-urlencoded";

const PROTOCOL_PARAMETERS: [&str; 27] = [
    "access_token",
    "actor_token",
    "assertion",
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "decision",
    "device_code",
    "grant_type",
    "handle",
    "password",
    "redirect_uri",
    "refresh_token",
    "request",
    "request_uri",
    "resource",
    "response_type",
    "scope",
    "state",
    "subject_token",
    "token",
    "username",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&'static str]) -> HeaderMap {
        values.iter().map(|value| (CONTENT_TYPE, HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_form_in_utf_8_is_a_form() {
        for value in [
            "application/x-www-form-urlencoded",
            "Application/X-WWW-Form-Urlencoded",
            "application/x-www-form-urlencoded;charset=utf-8",
            "application/x-www-form-urlencoded; charset=UTF-8",
            "application/x-www-form-urlencoded ; Charset=\"utf-8\"",
        ] {
            assert!(has_form_type(&headers(&[value])), "{value}");
        }
    }

    #[test]
    fn everything_else_is_not() {
        for value in [
            "",
            "application/json",
            "text/plain",
            "multipart/form-data; boundary=x",
            "application/x-www-form-urlencodedx",
            "application/x-www-form-urlencoded, application/json",
            "application/x-www-form-urlencoded; charset=utf-16",
            "application/x-www-form-urlencoded; charset=utf-8; charset=utf-16",
            "application/x-www-form-urlencoded; charset=\"utf-8",
            "application/x-www-form-urlencoded; boundary=x",
            "application/x-www-form-urlencoded;",
            "multipart/form-data; a=application/x-www-form-urlencoded",
        ] {
            assert!(!has_form_type(&headers(&[value])), "{value}");
        }
        assert!(!has_form_type(&headers(&[])));
        assert!(!has_form_type(&headers(&["application/x-www-form-urlencoded", "application/x-www-form-urlencoded"])));
    }

    #[test]
    fn a_query_may_not_name_what_belongs_into_the_body() {
        for query in ["client_secret=s", "a=b&code=c", "client%5Fid=c", "state", "%zz"] {
            assert!(has_protocol_parameters(query), "{query}");
        }
        for query in ["", "tenant=1", "x-client_id=c"] {
            assert!(!has_protocol_parameters(query), "{query}");
        }
    }
}
