//! What the routes work with, and the host's side of the authorization endpoint.

use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Bytes;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Response};
use grantsmith::host::Storage;
use grantsmith::http::{OAuthService, Pages, Paths};
use grantsmith::limiter::MemoryLimiter;
use grantsmith::policy::RememberedConsent;
use grantsmith::server::{AuthorizationServer, ErrorPage, Interaction, Need, UserSession};
use grantsmith::value::Subject;

use crate::accounts::Accounts;
use crate::forms::Forms;
use crate::pages::{self, Site};
use crate::sessions::{Sessions, session_at};
use crate::words::Words;

/// Everything, for the routes.
pub struct App {
    pub server: AuthorizationServer,
    pub endpoints: OAuthService,
    pub storage: Arc<dyn Storage>,
    pub host: Arc<Host>,
    /// How often a password may be tried.
    pub logins: MemoryLimiter,
}

/// The application's side: its users, their sessions, and its pages.
pub struct Host {
    pub accounts: Arc<Accounts>,
    pub sessions: Sessions,
    pub forms: Forms,
    pub site: Site,
    pub words: Words,
    pub paths: Paths,
    /// For which clients a remembered consent answers the question.
    pub remembers: RememberedConsent,
    /// Whoever has no session is this user: for tests.
    pub auto_login: Option<UserSession>,
}

/// Travels with a request to the authorization endpoint that comes from the login form: it failed, so nobody is there.
#[derive(Clone)]
pub struct FailedLogin {
    pub login: String,
    pub reason: LoginFailure,
}

/// Why nobody was logged in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LoginFailure {
    /// Too many passwords are being checked.
    Busy,
    /// This caller has tried too often.
    TooOften,
    /// There is no such user, or the password is another one.
    Wrong,
}

impl Host {
    /// The session of the browser that sent these headers. Of whoever may not act any more, there is none.
    pub fn session(&self, headers: &HeaderMap) -> Option<UserSession> {
        let session = self.sessions.of(headers).or_else(|| self.auto_login.clone());
        session.filter(|session| self.accounts.is_active(&session.subject))
    }
}

/// The session of the user that tests are logged in as.
///
/// # Errors
///
/// The system gives no random bytes.
pub fn auto_login(subject: Subject) -> Result<UserSession, String> {
    use grantsmith::host::{Clock as _, SystemClock};

    session_at(SystemClock.now(), subject).map_err(|error| error.to_string())
}

#[async_trait]
impl Pages for Host {
    async fn session(&self, request: &Parts) -> Option<UserSession> {
        if request.extensions.get::<FailedLogin>().is_some() { None } else { Self::session(self, &request.headers) }
    }

    async fn ask(&self, request: &Parts, interaction: &Interaction, _: &Paths) -> Response<Bytes> {
        let page = match interaction.need {
            Need::LogIn | Need::LogInAgain => {
                let failed = request.extensions.get::<FailedLogin>();
                pages::login::of_request(self, &request.headers, interaction, failed)
            }
            Need::SelectAccount => pages::choose::page(self, &request.headers, interaction),
            Need::Consent => pages::consent::page(self, &request.headers, interaction),
        };
        page.map(Bytes::from)
    }

    async fn error_page(&self, request: &Parts, error: &ErrorPage) -> Response<Bytes> {
        pages::error::of_library(&self.site, &request.headers, error).map(Bytes::from)
    }
}
