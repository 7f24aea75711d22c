//! Error codes, as clients see them.
//!
//! [RFC 6749 §4.1.2.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1),
//! [§5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2),
//! [RFC 9101 §6](https://www.rfc-editor.org/rfc/rfc9101#section-6),
//! [RFC 8707 §2](https://www.rfc-editor.org/rfc/rfc8707#section-2)

use std::fmt;

use serde::{Deserialize, Serialize};

/// A registered error code. Coarse on purpose: reasons that would let a caller probe share one code.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorCode {
    /// The user or the server said no.
    AccessDenied,
    /// `prompt=none`, but the user would have to be asked for consent.
    ConsentRequired,
    /// The client is unknown or was not authenticated.
    InvalidClient,
    /// The code or token is invalid, expired, revoked, or another client's.
    InvalidGrant,
    /// A parameter is missing, repeated, malformed or unsupported.
    InvalidRequest,
    /// The scope is malformed, unknown, or more than may be given.
    InvalidScope,
    /// The resource is malformed, unknown, or more than may be given.
    InvalidTarget,
    /// `prompt=none`, but the user would have to log in.
    LoginRequired,
    /// The server takes no request objects.
    RequestNotSupported,
    /// The server takes no requests by reference.
    RequestUriNotSupported,
    /// The server cannot answer now.
    ServerError,
    /// Too many requests.
    TemporarilyUnavailable,
    /// The client may not do this.
    UnauthorizedClient,
    /// The server does not offer this grant type.
    UnsupportedGrantType,
    /// The server does not offer this response type.
    UnsupportedResponseType,
}

impl ErrorCode {
    /// The code on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AccessDenied => "access_denied",
            Self::ConsentRequired => "consent_required",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::LoginRequired => "login_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
        }
    }

    /// The status of a direct answer with this code.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::InvalidClient => 401,
            Self::TemporarilyUnavailable => 429,
            Self::ServerError => 503,
            Self::AccessDenied
            | Self::ConsentRequired
            | Self::InvalidGrant
            | Self::InvalidRequest
            | Self::InvalidScope
            | Self::InvalidTarget
            | Self::LoginRequired
            | Self::RequestNotSupported
            | Self::RequestUriNotSupported
            | Self::UnauthorizedClient
            | Self::UnsupportedGrantType
            | Self::UnsupportedResponseType => 400,
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
