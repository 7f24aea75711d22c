//! The endpoints in an axum router. Start here: `oauth` also builds the server.
//!
//! ```text
//! cargo run -p mount-axum [-- 127.0.0.1:3000]
//! ```
//!
//! `demo` stands for the rest of the application: its pages, its clients, what its API answers.

mod oauth;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Extension, Request};
use axum::middleware::map_request;
use axum::routing::get;
use demo::{DemoPages, Outcome};
use grantsmith::http::{Caller, GuardLayer};
use grantsmith::resource::VerifiedToken;
use tokio::net::TcpListener;

/// Behind the guard, a handler sees whose token it was and what it allows.
async fn notes(Extension(token): Extension<VerifiedToken>) -> String {
    demo::notes(&token)
}

/// Tells the service who calls, for rate limits. Behind a proxy, ask the proxy instead.
async fn name_caller(ConnectInfo(peer): ConnectInfo<SocketAddr>, mut request: Request) -> Request {
    request.extensions_mut().insert(Caller::new(peer.ip().to_string()));
    request
}

#[tokio::main]
async fn main() -> Outcome {
    let listener = TcpListener::bind(demo::address()?).await?;
    let server = oauth::server(&format!("http://{}", listener.local_addr()?), demo::secret()?, demo::policy())?;
    demo::introduce(&server).await?;
    let guard = GuardLayer::new(demo::guard(&server)?);
    let app = oauth::router(server, Arc::new(DemoPages))?
        .route("/api/notes", get(notes).layer(guard))
        .layer(map_request(name_caller))
        .into_make_service_with_connect_info::<SocketAddr>();
    Ok(axum::serve(listener, app).await?)
}
