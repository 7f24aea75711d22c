//! Which path is answered by what. What is not here, the library's endpoints answer.

mod account;
pub mod demo;
mod drive;
mod health;
mod login;
mod logout;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use tower_http::timeout::TimeoutLayer;

use crate::app::App;
use crate::callers::{self, Callers};
use crate::config::File;
use crate::logging;
use crate::pages::{self, error::Problem};

/// Everything that the server answers.
///
/// # Errors
///
/// The demonstration API cannot be guarded.
pub fn router(app: &Arc<App>, callers: Callers, file: &File, can_drive: bool) -> Result<Router, String> {
    let base = &app.host.site.base;
    let home = format!("{base}/account");
    let at = |path: &str| format!("{base}{path}");
    let mut router = Router::new()
        .route(&at("/"), get(async move || Redirect::to(&home)))
        .route(&at("/account"), get(account::show))
        .route(&at("/account/disconnect"), post(account::disconnect))
        .route(&at("/login"), get(login::show).post(login::log_in))
        .route(&at("/cancelled"), get(login::cancelled))
        .route(&at("/logout"), get(logout::ask).post(logout::log_out))
        .route(&at("/pages.css"), get(pages::stylesheet))
        .route("/health", get(health::show));
    if can_drive {
        router = router.route(&at("/drive"), post(drive::drive));
    }
    let mut router = router.layer(DefaultBodyLimit::max(LONGEST_FORM)).with_state(Arc::clone(app));
    if file.demo_api {
        router = router.merge(demo::router(&app.server, &file.cors.allowed_origins)?);
    }
    Ok(router
        .fallback_service(app.endpoints.clone())
        .layer(middleware::from_fn_with_state(Arc::clone(app), with_error_page))
        .layer(middleware::from_fn_with_state(Arc::new(callers), callers::tell))
        // Whoever sends a form byte by byte must not keep the connection.
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, LONGEST_REQUEST))
        .layer(middleware::from_fn(logging::log_requests)))
}

/// Gives a page to what was answered without one: no such path, not that method.
async fn with_error_page(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let accept = request.headers().get(header::ACCEPT).cloned();
    let response = next.run(request).await;
    let problem = match response.status() {
        StatusCode::NOT_FOUND => Problem::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Problem::MethodNotAllowed,
        _ => return response,
    };
    if response.headers().contains_key(header::CONTENT_TYPE) {
        return response;
    }
    let asked = accept.into_iter().map(|accept: HeaderValue| (header::ACCEPT, accept)).collect();
    let mut page = pages::error::of_ours(&app.host.site, &asked, problem);
    if let Some(allow) = response.headers().get(header::ALLOW) {
        page.headers_mut().insert(header::ALLOW, allow.clone());
    }
    page.into_response()
}

/// A handle, and beside it what people type.
const LONGEST_FORM: usize = 64 * 1024;
const LONGEST_REQUEST: Duration = Duration::from_secs(30);
