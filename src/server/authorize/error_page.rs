//! A page in place of a redirect.

use crate::host::RateLimited;
use crate::value::Lifetime;
use crate::wire::AuthorizationResponse;

/// A page that says what went wrong, in words that contain nothing from the request.
#[derive(Debug)]
pub struct ErrorPage {
    kind: ErrorPageKind,
    retry_after: Option<Lifetime>,
    onward: Option<Onward>,
}

/// What an error page says. One kind for everything that would tell a stranger about clients.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorPageKind {
    /// The request was decided before, and there is nothing to say again.
    AlreadyCompleted,
    /// The handle belongs to another browser, or the browser keeps no cookies.
    AnotherBrowser,
    /// More was approved than was asked, or nothing.
    DecisionOutOfBounds,
    /// The user took too long.
    HandleExpired,
    /// The handle is none of ours.
    HandleInvalid,
    /// The client or its redirection URI is not proven.
    RequestInvalid,
    /// The request of an unverified client failed. The user may go [`onward`](ErrorPage::onward), but is not sent.
    RequestOfUnverifiedClient,
    /// Too many attempts.
    TooManyAttempts,
    /// The server cannot answer now.
    Unavailable,
}

/// Where an unverified client wants the user to go. Show the destination beside the button.
#[derive(Debug)]
#[non_exhaustive]
pub struct Onward {
    /// The host, or private-use scheme, that the button leads to.
    pub destination: String,
    /// What the button does.
    pub response: AuthorizationResponse,
}

impl ErrorPage {
    pub(super) fn new(kind: ErrorPageKind) -> Self {
        Self { kind, retry_after: None, onward: None }
    }

    pub(super) fn leading_to(destination: &str, response: AuthorizationResponse) -> Self {
        let onward = Onward { destination: destination.to_owned(), response };
        Self { onward: Some(onward), ..Self::new(ErrorPageKind::RequestOfUnverifiedClient) }
    }

    /// What the page says.
    #[must_use]
    pub fn kind(&self) -> ErrorPageKind {
        self.kind
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self.kind {
            ErrorPageKind::AlreadyCompleted
            | ErrorPageKind::DecisionOutOfBounds
            | ErrorPageKind::HandleExpired
            | ErrorPageKind::HandleInvalid
            | ErrorPageKind::RequestInvalid
            | ErrorPageKind::RequestOfUnverifiedClient => 400,
            ErrorPageKind::AnotherBrowser => 403,
            ErrorPageKind::TooManyAttempts => 429,
            ErrorPageKind::Unavailable => 503,
        }
    }

    /// What to tell the user, in English.
    #[must_use]
    pub fn text(&self) -> &'static str {
        match self.kind {
            ErrorPageKind::AlreadyCompleted => {
                "This request has been completed already. Go back to the application and start again if you need to."
            }
            ErrorPageKind::AnotherBrowser => {
                "This request was started in another browser, or your browser does not keep cookies. Go back to the \
                 application and start again."
            }
            ErrorPageKind::DecisionOutOfBounds => "The decision does not fit the request. Go back and decide again.",
            ErrorPageKind::HandleExpired => "This request took too long. Go back to the application and start again.",
            ErrorPageKind::HandleInvalid => {
                "This request is not known here. Go back to the application and start again."
            }
            ErrorPageKind::RequestInvalid => {
                "The application that sent you here made a request that cannot be answered. You can close this page."
            }
            ErrorPageKind::RequestOfUnverifiedClient => {
                "An application that nobody here has verified made a request that failed. You can close this page, or \
                 go on to the application if you know it."
            }
            ErrorPageKind::TooManyAttempts => "There have been too many attempts. Wait a little and try again.",
            ErrorPageKind::Unavailable => "This server cannot answer right now. Try again in a moment.",
        }
    }

    /// When it is worth trying again, if that is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Lifetime> {
        self.retry_after
    }

    /// Where the user may go by a click, and never without one.
    #[must_use]
    pub fn onward(&self) -> Option<&Onward> {
        self.onward.as_ref()
    }
}

impl From<RateLimited> for ErrorPage {
    fn from(limited: RateLimited) -> Self {
        Self { retry_after: Some(limited.retry_after), ..Self::new(ErrorPageKind::TooManyAttempts) }
    }
}
