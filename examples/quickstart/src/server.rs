//! The authorization server in an axum router. Copy this.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use grantsmith::host::{DerivedKeyring, Entropy as _, SystemEntropy};
use grantsmith::http::OAuthService;
use grantsmith::policy::Policy;
use grantsmith::server::AuthorizationServer;
use grantsmith::storage::memory::MemoryStorage;

use crate::{Outcome, api, pages};

/// The server at `issuer`.
pub fn build(issuer: &str) -> Outcome<AuthorizationServer> {
    let mut secret = [0; 32];
    // For production, load it: what was made with it is worth nothing without it.
    SystemEntropy.fill(&mut secret)?;
    let keyring = DerivedKeyring::new(1, secret)?;

    let mut policy = Policy::default();
    // For loopback only. Everywhere else the issuer is an https URL, and this line goes.
    policy.danger.allows_insecure_loopback_issuer = true;

    let server = AuthorizationServer::builder(issuer, Arc::new(MemoryStorage::new()), Arc::new(keyring))
        .policy(policy)
        .scopes_supported(api::SCOPES.map(|(scope, _)| scope))
        .build()?;
    Ok(server)
}

/// All of its endpoints, and the pages of the application.
pub fn router(server: AuthorizationServer) -> Outcome<Router> {
    Ok(Router::new()
        .route("/pages.css", get(pages::stylesheet))
        .fallback_service(OAuthService::without_pages(server)?))
}
