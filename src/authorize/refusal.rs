//! Why a request is refused: errors that may be redirected, and errors that must not be, as different types.

use super::Reply;
use crate::wire::{ErrorCode, MalformedAuthorizationRequest, MalformedParameters, MalformedTokenRequest};

/// Why a request is answered with a page. For logs and tests; the user sees the same page for all of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PageError {
    /// The client was registered anew since the request began.
    #[error("the client is not the one that asked")]
    ClientReplaced,
    /// The client is switched off.
    #[error("the client is disabled")]
    DisabledClient,
    /// The request does not even say who sent it.
    #[error(transparent)]
    Malformed(#[from] MalformedAuthorizationRequest),
    /// No redirection URI is named, and it is not clear which one is meant.
    #[error("the redirect URI is missing")]
    RedirectUriMissing,
    /// The redirection URI is not one of the client's.
    #[error("the redirect URI is not registered")]
    RedirectUriNotRegistered,
    /// No client of that name.
    #[error("no such client")]
    UnknownClient,
}

/// A refusal that may go to the client, because its redirection URI is proven.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RedirectError {
    /// Where it goes.
    pub reply: Reply,
    /// What is wrong.
    pub refusal: RequestRefusal,
}

/// What is wrong with a request. For logs and tests; clients only see [`code`](Self::code).
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestRefusal {
    /// The user's account is not active.
    #[error("the user's account is not active")]
    AccountInactive,
    /// A code challenge that is not one.
    #[error("the code challenge is malformed")]
    ChallengeMalformed,
    /// A challenge method other than `S256`, or none.
    #[error("the code challenge method is not S256")]
    ChallengeMethodUnsupported,
    /// No code challenge.
    #[error("the code challenge is missing")]
    ChallengeMissing,
    /// The client is not registered for the code grant.
    #[error("the client may not use authorization codes")]
    ClientMayNotUseCodes,
    /// `prompt=none`, but the user must be asked.
    #[error("the user has not consented, and nothing may be shown")]
    ConsentRequired,
    /// A login hint or languages that are too long or have control characters.
    #[error("a hint is malformed")]
    HintMalformed,
    /// `prompt=none`, but the user must log in.
    #[error("the user is not logged in, and nothing may be shown")]
    LoginRequired,
    /// A `max_age` that is not a number of seconds.
    #[error("the maximum age is malformed")]
    MaxAgeMalformed,
    /// A nonce that is too long or not printable.
    #[error("the nonce is malformed")]
    NonceMalformed,
    /// The user, the session or the consent was ended while the approval was being saved.
    #[error("the approval was overtaken by an end")]
    Overtaken,
    /// A repeated parameter.
    #[error(transparent)]
    Parameters(#[from] MalformedParameters),
    /// An unknown prompt, or `none` with others.
    #[error("the prompt is malformed")]
    PromptMalformed,
    /// A request object.
    #[error("request objects are not supported")]
    RequestObject,
    /// A request by reference.
    #[error("requests by reference are not supported")]
    RequestReference,
    /// A malformed resource, or too many.
    #[error("a resource is malformed")]
    ResourceMalformed,
    /// A resource that the client may not use.
    #[error("the requested resource exceeds what the client may have")]
    ResourceNotGranted,
    /// A response mode that is not offered.
    #[error("the response mode is not supported")]
    ResponseModeUnsupported,
    /// No response type.
    #[error("the response type is missing")]
    ResponseTypeMissing,
    /// A response type that is not offered.
    #[error("the response type is not supported")]
    ResponseTypeUnsupported,
    /// A malformed scope.
    #[error("the scope is malformed")]
    ScopeMalformed,
    /// A scope that the client may not ask for, or none where there is no default.
    #[error("the requested scope exceeds what the client may have")]
    ScopeNotGranted,
    /// A state that is too long or not printable.
    #[error("the state is malformed")]
    StateMalformed,
}

impl RequestRefusal {
    /// The error code sent to the client
    /// ([RFC 6749 §4.1.2.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1)).
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::AccountInactive | Self::Overtaken => ErrorCode::AccessDenied,
            Self::ChallengeMalformed
            | Self::ChallengeMethodUnsupported
            | Self::ChallengeMissing
            | Self::HintMalformed
            | Self::MaxAgeMalformed
            | Self::NonceMalformed
            | Self::Parameters(_)
            | Self::PromptMalformed
            | Self::ResponseModeUnsupported
            | Self::ResponseTypeMissing
            | Self::StateMalformed => ErrorCode::InvalidRequest,
            Self::ClientMayNotUseCodes => ErrorCode::UnauthorizedClient,
            Self::ConsentRequired => ErrorCode::ConsentRequired,
            Self::LoginRequired => ErrorCode::LoginRequired,
            Self::RequestObject => ErrorCode::RequestNotSupported,
            Self::RequestReference => ErrorCode::RequestUriNotSupported,
            Self::ResourceMalformed | Self::ResourceNotGranted => ErrorCode::InvalidTarget,
            Self::ResponseTypeUnsupported => ErrorCode::UnsupportedResponseType,
            Self::ScopeMalformed | Self::ScopeNotGranted => ErrorCode::InvalidScope,
        }
    }
}

impl From<MalformedTokenRequest> for RequestRefusal {
    fn from(malformed: MalformedTokenRequest) -> Self {
        match malformed {
            MalformedTokenRequest::Parameters(malformed) => Self::Parameters(malformed),
            MalformedTokenRequest::Resource => Self::ResourceMalformed,
            // Scope and resource are all that is read of the terms.
            MalformedTokenRequest::Scope
            | MalformedTokenRequest::CodeMissing
            | MalformedTokenRequest::GrantTypeMissing
            | MalformedTokenRequest::RefreshTokenMissing => Self::ScopeMalformed,
        }
    }
}
