//! An authorization request, as far as it can be read before the client is known.
//!
//! [RFC 6749 §4.1.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1)

use std::borrow::Cow;
use std::fmt;

use super::{MalformedParameters, MalformedTokenRequest, Parameters, RequestedTerms};
use crate::value::ClientId;

/// An authorization request whose sender named itself. Nothing else of it is read yet.
pub struct AuthorizationRequest<'a> {
    client_id: ClientId,
    redirect_uri: Option<Cow<'a, str>>,
    parameters: Parameters<'a>,
}

impl<'a> AuthorizationRequest<'a> {
    /// Reads who asks, and where the answer shall go.
    ///
    /// # Errors
    ///
    /// [`MalformedAuthorizationRequest`]. There is nowhere to send it to: it is for the user only.
    pub fn read(parameters: Parameters<'a>) -> Result<Self, MalformedAuthorizationRequest> {
        let client_id = parameters.get("client_id")?.ok_or(MalformedAuthorizationRequest::ClientIdMissing)?;
        let client_id = client_id.parse().map_err(|_| MalformedAuthorizationRequest::ClientId)?;
        let redirect_uri = parameters.get("redirect_uri")?;
        Ok(Self { client_id, redirect_uri, parameters })
    }

    /// The client that the request names.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// The redirection URI that the request names.
    #[must_use]
    pub fn redirect_uri(&self) -> Option<&str> {
        self.redirect_uri.as_deref()
    }

    /// Any other parameter.
    ///
    /// # Errors
    ///
    /// [`MalformedParameters::Repeated`] if the parameter occurs more than once.
    pub fn get(&self, name: &str) -> Result<Option<Cow<'a, str>>, MalformedParameters> {
        self.parameters.get(name)
    }

    /// Every value of a parameter, however often it occurs.
    ///
    /// # Errors
    ///
    /// None that parsing has not found already.
    pub fn get_all(&self, name: &str) -> Result<Vec<Cow<'a, str>>, MalformedParameters> {
        self.parameters.get_all(name)
    }

    /// The scope and the resources that are asked for.
    ///
    /// # Errors
    ///
    /// [`MalformedTokenRequest`]: a malformed scope or resource.
    pub fn terms(&self) -> Result<RequestedTerms, MalformedTokenRequest> {
        RequestedTerms::read(&self.parameters)
    }
}

impl fmt::Debug for AuthorizationRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthorizationRequest({}, redacted)", self.client_id)
    }
}

/// Why an authorization request does not even say who sent it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MalformedAuthorizationRequest {
    /// A client identifier that is not one.
    #[error("the client identifier is malformed")]
    ClientId,
    /// No client is named.
    #[error("no client is named")]
    ClientIdMissing,
    /// A bad escape, bad UTF-8, too much of it, a second client identifier or redirection URI.
    #[error(transparent)]
    Parameters(#[from] MalformedParameters),
}
