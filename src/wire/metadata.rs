//! Authorization server metadata.
//!
//! [RFC 8414 §2](https://www.rfc-editor.org/rfc/rfc8414#section-2)

use serde::Serialize;

/// The metadata document. Empty lists are left out.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Metadata {
    /// The issuer identifier.
    pub issuer: String,
    /// The authorization endpoint.
    pub authorization_endpoint: String,
    /// The token endpoint.
    pub token_endpoint: String,
    /// Where the keys are that verify what the server signs, if it signs anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// The scope tokens that the host wants to be known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes_supported: Vec<String>,
    /// Always `code`.
    pub response_types_supported: Vec<String>,
    /// How responses may travel.
    pub response_modes_supported: Vec<String>,
    /// The grant types that the server offers.
    pub grant_types_supported: Vec<String>,
    /// How clients may authenticate at the token endpoint.
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// The revocation endpoint.
    pub revocation_endpoint: String,
    /// How clients may authenticate there.
    pub revocation_endpoint_auth_methods_supported: Vec<String>,
    /// The introspection endpoint.
    pub introspection_endpoint: String,
    /// How resource servers may authenticate there.
    pub introspection_endpoint_auth_methods_supported: Vec<String>,
    /// The PKCE methods: `S256` only.
    pub code_challenge_methods_supported: Vec<String>,
    /// Whether responses carry `iss`: always.
    pub authorization_response_iss_parameter_supported: bool,
    /// Whether `request_uri` is understood: said, because its default is yes.
    pub request_uri_parameter_supported: bool,
    /// Documentation for developers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_documentation: Option<String>,
}

impl Metadata {
    /// The document as JSON.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}
