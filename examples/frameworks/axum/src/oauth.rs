//! What the README shows first: a server, and its endpoints in a router.

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use grantsmith::host::DerivedKeyring;
use grantsmith::http::{OAuthService, Pages};
use grantsmith::policy::Policy;
use grantsmith::server::AuthorizationServer;
use grantsmith::storage::memory::MemoryStorage;

/// The server. Every mistake in what it is built from is an error that names field, value and rule.
pub fn server(issuer: &str, secret: [u8; 32], policy: Policy) -> Result<AuthorizationServer, Box<dyn Error>> {
    let storage = Arc::new(MemoryStorage::new()); // or SQLite, PostgreSQL, Redis, or your own
    let keyring = Arc::new(DerivedKeyring::new(1, secret)?);
    let builder = AuthorizationServer::builder(issuer, storage, keyring);
    Ok(builder.policy(policy).scopes_supported(["read", "write"]).build()?)
}

/// The authorization, token, introspection, revocation and metadata endpoints, at the URLs of the issuer.
pub fn router(server: AuthorizationServer, pages: Arc<dyn Pages>) -> Result<Router, Box<dyn Error>> {
    let endpoints = OAuthService::new(server, pages)?; // `pages`: who is logged in, your login and consent pages
    let endpoints = endpoints.allow_origins(["https://app.example"])?; // clients that run in pages of this origin
    Ok(Router::new().fallback_service(endpoints))
}
