//! Bytes to types and back: requests as they come in, answers as they go out.

mod answer;
mod authorization_request;
mod authorization_response;
mod client_authentication;
mod error_response;
mod form_request;
mod introspection_answer;
mod introspection_response;
mod json;
mod metadata;
mod parameters;
mod revocation_request;
pub(crate) mod strict_json;
mod token_request;
mod token_response;

pub use answer::Answer;
pub use authorization_request::{AuthorizationRequest, MalformedAuthorizationRequest};
#[cfg(feature = "http")]
pub(crate) use authorization_response::escape;
pub use authorization_response::{AuthorizationResponse, FormPost, ResponseContent};
pub use client_authentication::{MalformedCredentials, PresentedClient, PresentedMethod};
pub use error_response::ErrorCode;
pub use form_request::FormRequest;
pub use introspection_answer::{IntrospectedToken, IntrospectedType, IntrospectionAnswer, MalformedIntrospection};
pub use introspection_response::{ActiveToken, IntrospectionResponse};
pub use metadata::Metadata;
pub use parameters::{MalformedParameters, Parameters};
pub use revocation_request::TokenQuery;
pub use strict_json::InvalidJson;
pub use token_request::{CodeRequest, MalformedTokenRequest, PresentedVerifier, RefreshRequest, RequestedTerms};
pub use token_response::TokenResponse;
