//! Answering until somebody says stop, and then finishing what was begun.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use hyper_util::rt::TokioTimer;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tracing::info;

use crate::listeners::Listener;

/// Answers at every listener with its router until SIGTERM or SIGINT comes. Then nobody new is let in, and requests under way have that
/// long to be answered.
///
/// # Errors
///
/// A listener broke.
pub async fn serve(listeners: Vec<(Router, Listener)>, patience: Duration) -> io::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let mut running = JoinSet::new();
    let mut handles = Vec::new();
    for (router, listener) in listeners {
        let handle = Handle::new();
        running.spawn(answer(router, listener, handle.clone()));
        handles.push(handle);
    }
    let broken = tokio::select! {
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
        ended = running.join_next() => ended,
    };
    info!("stopping");
    for handle in &handles {
        handle.graceful_shutdown(Some(patience));
    }
    let mut outcome = broken.map_or(Ok(()), flattened);
    while let Some(ended) = running.join_next().await {
        outcome = outcome.and(flattened(ended));
    }
    info!("stopped");
    outcome
}

async fn answer(router: Router, listener: Listener, handle: Handle<SocketAddr>) -> io::Result<()> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let mut plain = axum_server::from_tcp(listener.tcp)?.handle(handle);
    // Whoever opens connections and says nothing must not keep them.
    plain.http_builder().http1().timer(TokioTimer::new()).header_read_timeout(HEADERS);
    match listener.tls {
        None => plain.serve(service).await,
        Some(tls) => plain.acceptor(RustlsAcceptor::new(RustlsConfig::from_config(tls))).serve(service).await,
    }
}

fn flattened(ended: Result<io::Result<()>, tokio::task::JoinError>) -> io::Result<()> {
    ended.unwrap_or_else(|error| Err(io::Error::other(error)))
}

const HEADERS: Duration = Duration::from_secs(15);
