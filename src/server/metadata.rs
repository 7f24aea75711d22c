//! The metadata document, derived from what was built.
//!
//! [RFC 8414](https://www.rfc-editor.org/rfc/rfc8414)

use super::AuthorizationServer;
use crate::value::{AuthenticationMethod, GrantType, ResponseMode, ResponseType};
use crate::wire::Metadata;

impl AuthorizationServer {
    /// Where the public keys of the server are, if it has any.
    #[cfg(feature = "jwt")]
    pub(crate) fn keys_url(&self) -> Option<&str> {
        self.0.signing_keys.as_ref().map(|_| self.0.endpoints.keys.as_str())
    }

    /// What the server offers. It cannot promise what is not there.
    #[must_use]
    pub fn metadata(&self) -> Metadata {
        let methods = |methods: &[AuthenticationMethod]| methods.iter().map(ToString::to_string).collect::<Vec<_>>();
        let confidential = [AuthenticationMethod::ClientSecretBasic, AuthenticationMethod::ClientSecretPost];
        let all = [confidential[0], confidential[1], AuthenticationMethod::None];
        let built_in = [GrantType::AuthorizationCode, GrantType::ClientCredentials, GrantType::RefreshToken];
        let custom = self.0.custom_grants.iter().map(|grant| grant.grant_type().to_string());
        let endpoints = &self.0.endpoints;
        Metadata {
            issuer: self.0.issuer.to_string(),
            authorization_endpoint: endpoints.authorization.clone(),
            token_endpoint: endpoints.token.clone(),
            #[cfg(feature = "jwt")]
            jwks_uri: self.keys_url().map(ToOwned::to_owned),
            #[cfg(not(feature = "jwt"))]
            jwks_uri: None,
            scopes_supported: self.0.scopes_supported.clone(),
            response_types_supported: vec![ResponseType::Code.as_str().to_owned()],
            response_modes_supported: [ResponseMode::Query, ResponseMode::FormPost]
                .map(|mode| mode.as_str().to_owned())
                .to_vec(),
            grant_types_supported: built_in.iter().map(ToString::to_string).chain(custom).collect(),
            token_endpoint_auth_methods_supported: methods(&all),
            revocation_endpoint: endpoints.revocation.clone(),
            revocation_endpoint_auth_methods_supported: methods(&all),
            introspection_endpoint: endpoints.introspection.clone(),
            introspection_endpoint_auth_methods_supported: methods(&confidential),
            code_challenge_methods_supported: vec!["S256".to_owned()],
            authorization_response_iss_parameter_supported: true,
            request_uri_parameter_supported: false,
            service_documentation: self.0.service_documentation.clone(),
        }
    }
}
