//! A demonstration API: notes, behind a guard for reading and one for writing.

use std::sync::Arc;

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderValue, Method};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use grantsmith::http::GuardLayer;
use grantsmith::resource::{Requirement, VerifiedToken};
use grantsmith::server::{AuthorizationServer, Guard};
use grantsmith::value::{Resource, ScopeSet};
use serde_json::{Value, json};
use tower_http::cors::CorsLayer;

/// The API. Tokens must be meant for the issuer and [`PATH`].
///
/// # Errors
///
/// The issuer and the path make no resource, or an origin is none.
pub fn router(server: &AuthorizationServer, origins: &[String]) -> Result<Router, String> {
    let base = server.issuer().path();
    let resource: Resource = format!("{}{PATH}", server.issuer()).parse().map_err(|error| format!("{error}"))?;
    let guard = |scope: &str| -> Result<GuardLayer, String> {
        let scope = if scope.is_empty() { Ok(ScopeSet::empty()) } else { scope.parse() };
        let scope = scope.map_err(|error| format!("{error}"))?;
        let requirement = Requirement::new(resource.clone()).with_scopes(scope);
        Ok(GuardLayer::new(Guard::new(Arc::new(server.clone()), requirement)))
    };
    let reading = get(list).layer(guard("notes:read")?);
    let writing = post(add).layer(guard("notes:write")?);
    let origins: Result<Vec<HeaderValue>, _> = origins.iter().map(|origin| origin.parse()).collect();
    let origins = origins.map_err(|error| format!("cors.allowed_origins: {error}"))?;
    let sharing = CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([AUTHORIZATION]);
    Ok(Router::new()
        .route(&format!("{base}{PATH}/notes"), reading.merge(writing))
        .route(&format!("{base}{PATH}/me"), get(me).layer(guard("")?))
        .route(&format!("{base}/resource"), get(me).layer(guard("")?))
        // Around the guard: what asks before it asks has no token.
        .layer(sharing))
}

/// Behind the guard a handler sees whose token it was, and what it allows.
async fn list(Extension(token): Extension<VerifiedToken>) -> Json<Value> {
    let reader = token.subject.as_ref().map_or("a machine", |subject| subject.as_str());
    Json(json!({ "notes": ["Follow the white rabbit"], "read_by": reader }))
}

async fn add() -> Json<Value> {
    Json(json!({ "added": true }))
}

async fn me(Extension(token): Extension<VerifiedToken>) -> Json<Value> {
    let text = |value: Option<&str>| value.map(str::to_owned);
    Json(json!({
        "sub": text(token.subject.as_ref().map(AsRef::as_ref)),
        "client_id": text(token.client.as_ref().map(AsRef::as_ref)),
        "scope": token.scope.as_str(),
    }))
}

/// Where the API is, below the issuer.
pub const PATH: &str = "/api";
