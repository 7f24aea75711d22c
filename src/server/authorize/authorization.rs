//! What the browser gets next.

use std::fmt;

use super::ErrorPage;
use crate::record::{ClientDisplay, Trust};
use crate::value::{ClientId, ResourceSet, ScopeSet, Subject, Timestamp};
use crate::wire::{AuthorizationResponse, FormPost};

/// What the browser gets next.
#[expect(clippy::exhaustive_enums, reason = "hosts answer each of them")]
pub enum Authorization {
    /// Answer 303 with this `Location`.
    Redirect(String),
    /// Answer 200 with a page that posts this form.
    FormPost(FormPost),
    /// Answer with a page that says what went wrong. Nothing of it may be redirected.
    ErrorPage(ErrorPage),
    /// Ask the user, and come back.
    Ask(Box<Interaction>),
}

impl From<AuthorizationResponse> for Authorization {
    fn from(response: AuthorizationResponse) -> Self {
        match response {
            AuthorizationResponse::Redirect(location) => Self::Redirect(location),
            AuthorizationResponse::FormPost(form) => Self::FormPost(form),
        }
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Redirect(_) => f.write_str("Redirect(redacted)"),
            Self::FormPost(_) => f.write_str("FormPost(redacted)"),
            Self::ErrorPage(page) => write!(f, "ErrorPage({page:?})"),
            Self::Ask(interaction) => write!(f, "Ask({interaction:?})"),
        }
    }
}

/// What to ask the user, and what to show.
///
/// Keep the handle in the page: send it back to [`resume`] when the user has logged in, or to [`decide`] with the
/// decision. All text of the client is a stranger's: escape it.
///
/// [`resume`]: crate::server::AuthorizationServer::resume
/// [`decide`]: crate::server::AuthorizationServer::decide
#[derive(Clone)]
#[non_exhaustive]
pub struct Interaction {
    /// The request on its way through the browser: at most 32 KiB of base64url.
    pub handle: String,
    /// What the user has to do.
    pub need: Need,
    /// Who asks.
    pub client: AskingClient,
    /// The host, or private-use scheme, that the answer will go to.
    pub destination: String,
    /// What a page's `form-action` must allow beside `'self'`, because browsers apply it to the redirect that follows
    /// a form: the origin of the redirection URI, or its scheme.
    pub form_action: String,
    /// The scope that is asked for.
    pub scope: ScopeSet,
    /// The resources that are asked for.
    pub resources: ResourceSet,
    /// Who the client thinks will log in.
    pub login_hint: Option<String>,
    /// The languages that the client thinks the user reads.
    pub ui_locales: Option<String>,
    /// Whether the user shall choose an account, even if only one is logged in.
    pub selects_account: bool,
    /// The user whose session this is, if there is one.
    pub subject: Option<Subject>,
    /// The value to set the binding cookie to, if it is to be set: `Secure`, `HttpOnly`, `SameSite=Lax`, with the
    /// prefix `__Host-`, and apart from the login session, which changes at login while this one stays.
    pub binding: Option<String>,
    /// Until when the user may decide.
    pub expires_at: Timestamp,
}

impl fmt::Debug for Interaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Interaction({:?}, {}, redacted)", self.need, self.client.id)
    }
}

/// The client that asks, as a page may show it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AskingClient {
    /// The client's identifier.
    pub id: ClientId,
    /// What the client says about itself.
    pub display: ClientDisplay,
    /// Whether somebody vouches for it.
    pub trust: Trust,
    /// Whether the client cannot keep a secret, so that another program might pose as it.
    pub is_public: bool,
}

/// What the user has to do.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "hosts have a page for each of them")]
pub enum Need {
    /// Log in; then [`resume`](crate::server::AuthorizationServer::resume).
    LogIn,
    /// Authenticate anew, although there is a session; then resume.
    LogInAgain,
    /// Choose one of the accounts, or confirm the only one; then resume.
    SelectAccount,
    /// Agree or not; then [`decide`](crate::server::AuthorizationServer::decide).
    Consent,
}
