//! The authorization server in an axum router: this is what to copy.
//!
//! The library answers the protocol. The application brings its login and consent pages ([`pages`]) and knows who is
//! logged in ([`Sessions`]); [`Host`] tells the one about the other.

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Form, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect};
use axum::routing::{get, post};
use grantsmith::host::{DerivedKeyring, Storage};
use grantsmith::http::{OAuthService, Pages, Paths};
use grantsmith::policy::Policy;
use grantsmith::server::{AuthorizationServer, ErrorPage, Interaction, Need, UserSession};
use grantsmith::wire::AuthorizationResponse;
use serde::Deserialize;

use crate::pages::ConsentPage;
use crate::sessions::{Sessions, is_own_form};
use crate::{Outcome, api, pages};

/// The server at `issuer`. With the same storage and the same secret it goes on where an earlier one ended.
pub fn build(issuer: &str, storage: Arc<dyn Storage>, secret: [u8; 32]) -> Outcome<AuthorizationServer> {
    let keyring = DerivedKeyring::new(1, secret)?;

    // For loopback only. Everywhere else the issuer is an https URL, and the default policy does.
    let mut policy = Policy::default();
    policy.danger.allows_insecure_loopback_issuer = true;

    let server = AuthorizationServer::builder(issuer, storage, Arc::new(keyring))
        .policy(policy)
        .scopes_supported(api::SCOPES.map(|(scope, _)| scope))
        .build()?;
    Ok(server)
}

/// The endpoints of the protocol, and the application's own routes before them.
pub fn router(server: AuthorizationServer, sessions: Arc<Sessions>) -> Outcome<Router> {
    let host = Arc::new(Host { sessions, origin: server.issuer().origin().to_owned(), paths: Paths::of(&server) });
    let endpoints = OAuthService::new(server, host.clone())?;
    Ok(Router::new()
        .route("/login", post(log_in))
        .route("/logout", post(log_out))
        .route("/pages.css", get(pages::stylesheet))
        .with_state(host)
        .fallback_service(endpoints))
}

/// The application's side of the authorization endpoint.
struct Host {
    sessions: Arc<Sessions>,
    origin: String,
    paths: Paths,
}

#[async_trait]
impl Pages for Host {
    async fn session(&self, request: &Parts) -> Option<UserSession> {
        self.sessions.of(&request.headers)
    }

    async fn ask(&self, _: &Parts, interaction: &Interaction, paths: &Paths) -> Response<Bytes> {
        let client = &interaction.client;
        let app = client.display.name.as_deref().unwrap_or(client.id.as_str());
        let page = match interaction.need {
            Need::LogIn | Need::LogInAgain | Need::SelectAccount => pages::login(Some(app), &interaction.handle, None),
            Need::Consent => pages::consent(&ConsentPage {
                app,
                user: interaction.subject.as_ref().map(AsRef::as_ref).unwrap_or_default(),
                terms: &interaction.scope.iter().map(in_words).collect::<Vec<_>>(),
                destination: &interaction.destination,
                action: &paths.decide,
                handle: &interaction.handle,
            }),
        };
        page.map(Bytes::from)
    }

    async fn error_page(&self, _: &Parts, error: &ErrorPage) -> Response<Bytes> {
        let onward = error.onward().and_then(|onward| match &onward.response {
            AuthorizationResponse::Redirect(location) => Some((onward.destination.as_str(), location.as_str())),
            _ => None,
        });
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
        pages::message(status, "This did not work", error.text(), onward).map(Bytes::from)
    }
}

#[derive(Deserialize)]
struct Login {
    handle: String,
    username: String,
    password: String,
}

/// Opens a session, and goes on where the user came from.
async fn log_in(
    State(host): State<Arc<Host>>,
    headers: HeaderMap,
    Form(form): Form<Login>,
) -> axum::response::Response {
    if !is_own_form(&headers, &host.origin) {
        return StatusCode::FORBIDDEN.into_response();
    }
    match host.sessions.log_in(&form.username, &form.password) {
        Ok(Some(cookie)) => host.resume(&form.handle, cookie),
        Ok(None) => pages::login(None, &form.handle, Some("User name or password is wrong.")).into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

#[derive(Deserialize)]
struct Logout {
    handle: String,
}

/// Ends the session, and goes on where the user came from, to log in as somebody else.
async fn log_out(
    State(host): State<Arc<Host>>,
    headers: HeaderMap,
    Form(form): Form<Logout>,
) -> axum::response::Response {
    if !is_own_form(&headers, &host.origin) {
        return StatusCode::FORBIDDEN.into_response();
    }
    host.resume(&form.handle, host.sessions.log_out(&headers))
}

impl Host {
    /// Sends the user back to the library with what it had given along. It looks at the session, not at how one came.
    fn resume(&self, handle: &str, cookie: HeaderValue) -> axum::response::Response {
        let handle: String = url::form_urlencoded::byte_serialize(handle.as_bytes()).collect();
        let onward = Redirect::to(&format!("{}?handle={handle}", self.paths.resume));
        ([(header::SET_COOKIE, cookie)], onward).into_response()
    }
}

/// What the consent page says about a scope.
fn in_words(scope: &str) -> &str {
    api::SCOPES.iter().find(|(known, _)| *known == scope).map_or(scope, |(_, words)| words)
}
