//! The log: lines for people or for programs, on standard error, without secrets.

use std::io;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use tokio::time::Instant;
use tracing::{debug, info};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use crate::config::{LogFormat, LogSection};

/// Begins to write.
///
/// # Errors
///
/// The filter is none.
pub fn init(section: &LogSection) -> Result<(), String> {
    let filter: Targets = section
        .filter
        .parse()
        .map_err(|_| "must be a level, or targets and levels such as \"info,grantsmith=debug\"".to_owned())?;
    let lines = fmt::layer().with_writer(io::stderr);
    let lines = match section.format {
        LogFormat::Text => lines.with_ansi(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry().with(lines.with_filter(filter)).try_init().map_err(|error| error.to_string())
}

/// One line for each request: the path, never the query, in which codes and states travel.
pub async fn log_requests(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let begun = Instant::now();
    let response = next.run(request).await;
    metrics::counter!("grantsmith_server_answers_total", "status" => response.status().as_str().to_owned())
        .increment(1);
    let (status, micros) = (response.status().as_u16(), begun.elapsed().as_micros());
    if path == "/health" {
        debug!(%method, path, status, micros, "answered");
    } else {
        info!(%method, path, status, micros, "answered");
    }
    response
}
