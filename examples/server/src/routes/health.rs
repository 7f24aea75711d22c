//! Whether the server can answer.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use grantsmith::record::Client;
use grantsmith::value::ClientId;
use serde_json::json;

use crate::app::App;

/// Asks the storage for something. What it answers does not matter.
pub async fn show(State(app): State<Arc<App>>) -> Response {
    let id = "health".parse::<ClientId>();
    let answered = match id {
        Ok(id) => app.storage.load(Client::key_of(app.server.realm(), &id)).await.is_ok(),
        Err(_) => false,
    };
    let (status, text) =
        if answered { (StatusCode::OK, "ok") } else { (StatusCode::SERVICE_UNAVAILABLE, "storage unavailable") };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(json!({ "status": text }))).into_response()
}
