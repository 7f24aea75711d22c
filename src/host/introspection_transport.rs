//! How a resource server reaches a remote introspection endpoint.

use std::error::Error;

use async_trait::async_trait;

/// Posts to one introspection endpoint, with the credentials that the resource server has there.
///
/// # How to meet it
///
/// Send the form with `Content-Type: application/x-www-form-urlencoded` and `Accept: application/json`, over TLS, with
/// the host's HTTP client; set a time limit; follow no redirect, because the form and the credentials would go along;
/// read at most 64 KiB of the answer, more is refused anyway.
///
/// # If you get this wrong
///
/// The form holds the token: whatever logs it gives the token away.
#[async_trait]
pub trait IntrospectionTransport: Send + Sync {
    /// Posts the form, and gives back whatever was answered.
    ///
    /// # Errors
    ///
    /// Any error if there was no answer. The request that brought the token is then answered with 503; the token is
    /// not taken for inactive.
    async fn post(&self, form: &[u8]) -> Result<IntrospectionReply, Box<dyn Error + Send + Sync>>;
}

/// What an introspection endpoint answered.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "hosts build it")]
pub struct IntrospectionReply {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}
