//! Token requests, one type for each grant type.
//!
//! [RFC 6749 §4.1.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3),
//! [§4.4.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.4.2),
//! [§6](https://www.rfc-editor.org/rfc/rfc6749#section-6),
//! [RFC 8707 §2.2](https://www.rfc-editor.org/rfc/rfc8707#section-2.2)

use std::borrow::Cow;
use std::fmt;

use super::{MalformedParameters, Parameters};
use crate::record::{CredentialKind, PresentedCredential};
use crate::value::{CodeVerifier, ResourceSet, ScopeSet};

/// The part of a token request that asks for terms.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RequestedTerms {
    /// The scope, if one is named.
    pub scope: Option<ScopeSet>,
    /// The resources that are named.
    pub resources: ResourceSet,
}

impl RequestedTerms {
    /// Reads `scope` and `resource`.
    ///
    /// # Errors
    ///
    /// [`MalformedTokenRequest`]: a malformed scope or resource.
    pub fn read(parameters: &Parameters<'_>) -> Result<Self, MalformedTokenRequest> {
        let scope = match parameters.get("scope")? {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| MalformedTokenRequest::Scope)?),
        };
        Ok(Self { scope, resources: Self::read_resources(parameters)? })
    }

    fn read_resources(parameters: &Parameters<'_>) -> Result<ResourceSet, MalformedTokenRequest> {
        if !parameters.has("resource") {
            return Ok(ResourceSet::default());
        }
        let resources = parameters.get_all("resource")?;
        // Counted before anything is parsed: the work is bounded by what a grant may hold.
        if resources.len() > MOST_RESOURCES {
            return Err(MalformedTokenRequest::Resource);
        }
        let resources: Result<Vec<_>, _> = resources.iter().map(|text| text.parse()).collect();
        resources.and_then(ResourceSet::new).map_err(|_| MalformedTokenRequest::Resource)
    }
}

/// A request to redeem a code.
#[non_exhaustive]
pub struct CodeRequest<'a> {
    /// The code; `None` if the text is no code of this server.
    pub code: Option<PresentedCredential>,
    /// The redirection URI, if it is repeated.
    pub redirect_uri: Option<Cow<'a, str>>,
    /// The verifier.
    pub verifier: PresentedVerifier<'a>,
    /// The terms that are asked for. A scope is not: the code has one.
    pub resources: ResourceSet,
}

/// A code verifier as presented.
#[derive(Debug)]
#[non_exhaustive]
pub enum PresentedVerifier<'a> {
    /// None was sent.
    Absent,
    /// One was sent that no client may choose.
    Malformed,
    /// One was sent.
    WellFormed(CodeVerifier<'a>),
}

impl<'a> CodeRequest<'a> {
    /// Reads a request to redeem a code.
    ///
    /// # Errors
    ///
    /// [`MalformedTokenRequest`]: no code, a repeated parameter, a malformed resource.
    pub fn read(prefix: &str, parameters: &Parameters<'a>) -> Result<Self, MalformedTokenRequest> {
        let code = parameters.get("code")?.ok_or(MalformedTokenRequest::CodeMissing)?;
        let verifier = match parameters.get("code_verifier")? {
            None => PresentedVerifier::Absent,
            Some(text) => CodeVerifier::new(text).map_or(PresentedVerifier::Malformed, PresentedVerifier::WellFormed),
        };
        Ok(Self {
            code: PresentedCredential::parse(prefix, &code).filter(|code| code.kind() == CredentialKind::Code),
            redirect_uri: parameters.get("redirect_uri")?,
            verifier,
            resources: RequestedTerms::read_resources(parameters)?,
        })
    }
}

impl fmt::Debug for CodeRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeRequest(redacted)")
    }
}

/// A request to use a refresh token.
#[derive(Debug)]
#[non_exhaustive]
pub struct RefreshRequest {
    /// The refresh token; `None` if the text is no refresh token of this server.
    pub token: Option<PresentedCredential>,
    /// The terms that are asked for.
    pub terms: RequestedTerms,
}

impl RefreshRequest {
    /// Reads a request to use a refresh token.
    ///
    /// # Errors
    ///
    /// [`MalformedTokenRequest`]: no token, a repeated parameter, a malformed scope or resource.
    pub fn read(prefix: &str, parameters: &Parameters<'_>) -> Result<Self, MalformedTokenRequest> {
        let token = parameters.get("refresh_token")?.ok_or(MalformedTokenRequest::RefreshTokenMissing)?;
        let token = PresentedCredential::parse(prefix, &token);
        Ok(Self {
            token: token.filter(|token| token.kind() == CredentialKind::RefreshToken),
            terms: RequestedTerms::read(parameters)?,
        })
    }
}

/// A request of a machine for itself.
#[derive(Debug)]
#[non_exhaustive]
pub struct ClientCredentialsRequest {
    /// The terms that are asked for.
    pub terms: RequestedTerms,
}

impl ClientCredentialsRequest {
    /// Reads a request of a machine for itself.
    ///
    /// # Errors
    ///
    /// [`MalformedTokenRequest`]: a repeated parameter, a malformed scope or resource.
    pub fn read(parameters: &Parameters<'_>) -> Result<Self, MalformedTokenRequest> {
        Ok(Self { terms: RequestedTerms::read(parameters)? })
    }
}

/// Why a token request cannot be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MalformedTokenRequest {
    /// No code.
    #[error("no code is presented")]
    CodeMissing,
    /// No grant type.
    #[error("no grant type is named")]
    GrantTypeMissing,
    /// A bad escape, bad UTF-8, a repeated parameter, too much of it.
    #[error(transparent)]
    Parameters(#[from] MalformedParameters),
    /// No refresh token.
    #[error("no refresh token is presented")]
    RefreshTokenMissing,
    /// A resource that is not one, or too many.
    #[error("a resource is malformed")]
    Resource,
    /// A scope that is not one.
    #[error("the scope is malformed")]
    Scope,
}

const MOST_RESOURCES: usize = 16;
