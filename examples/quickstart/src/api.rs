//! The protected API: alice's notes, behind a guard for reading and one for writing.

use std::sync::Arc;

use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use grantsmith::http::GuardLayer;
use grantsmith::resource::{Requirement, VerifiedToken};
use grantsmith::server::{AuthorizationServer, Guard};
use grantsmith::value::Resource;
use serde_json::{Value, json};

use crate::Outcome;

/// The API as a router. Tokens must be meant for `resource`.
pub fn router(server: &AuthorizationServer, resource: &Resource) -> Outcome<Router> {
    let guard = |scope: &str| -> Outcome<GuardLayer> {
        let requirement = Requirement::new(resource.clone()).with_scopes(scope.parse()?);
        Ok(GuardLayer::new(Guard::new(Arc::new(server.clone()), requirement)))
    };
    let reading = get(list).layer(guard(READ)?);
    let writing = post(add).layer(guard(WRITE)?);
    Ok(Router::new().route("/notes", reading.merge(writing)))
}

/// Behind the guard a handler sees whose token it was, and what it allows.
async fn list(Extension(token): Extension<VerifiedToken>) -> Json<Value> {
    let reader = token.subject.as_ref().map_or("a machine", |subject| subject.as_str());
    Json(json!({ "notes": ["Follow the white rabbit"], "read_by": reader }))
}

async fn add() -> Json<Value> {
    Json(json!({ "added": true }))
}

/// The scopes, and what the consent page says about them.
pub const SCOPES: [(&str, &str); 2] = [(READ, "Read your notes"), (WRITE, "Write and change your notes")];
pub const READ: &str = "notes:read";
pub const WRITE: &str = "notes:write";
