//! A request to one of the endpoints that clients call directly.

use std::fmt;

/// The parts of a `POST` with a form body that matter here, whatever HTTP library received it.
#[derive(Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "hosts without an HTTP crate build it")]
pub struct FormRequest<'a> {
    /// The body, which the host has checked to be `application/x-www-form-urlencoded`.
    pub body: &'a [u8],
    /// The value of the `Authorization` header, if there was one.
    pub authorization: Option<&'a [u8]>,
    /// Who calls, as the host knows it, for the rate limiter.
    pub caller: Option<&'a str>,
}

impl<'a> FormRequest<'a> {
    /// A request with a body and no header.
    #[must_use]
    pub fn new(body: &'a [u8]) -> Self {
        Self { body, authorization: None, caller: None }
    }

    /// The same request with an `Authorization` header.
    #[must_use]
    pub fn with_authorization(self, authorization: &'a [u8]) -> Self {
        Self { authorization: Some(authorization), ..self }
    }
}

impl fmt::Debug for FormRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FormRequest({} bytes, redacted)", self.body.len())
    }
}
