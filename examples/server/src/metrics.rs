//! Counters for Prometheus, at a listener of their own.

use std::net::SocketAddr;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusBuilder;

use crate::listeners::{self, Listener};

/// Begins to count, and listens at the address.
///
/// # Errors
///
/// The address is taken.
pub fn listen(address: SocketAddr) -> Result<(Router, Listener), String> {
    let listener = listeners::bare(address)?;
    let counters = PrometheusBuilder::new().install_recorder().map_err(|error| error.to_string())?;
    let show = async move || ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], counters.render());
    Ok((Router::new().route("/metrics", get(show)), listener))
}
