//! The endpoints in a salvo router. salvo needs a newer Rust than the library does.
//!
//! ```text
//! cargo run -p mount-salvo [-- 127.0.0.1:3000]
//! ```
//!
//! `demo` stands for the rest of the application: its pages, its clients, what its API answers.

use std::sync::Arc;

use demo::{DemoPages, Outcome};
use grantsmith::http::{Caller, GuardLayer, OAuthService};
use grantsmith::resource::VerifiedToken;
use grantsmith::server::{AuthorizationServer, Guard};
use salvo::http::ReqBody;
use salvo::prelude::*;

/// The endpoints, and an API behind a guard.
fn router(server: AuthorizationServer, guard: Guard) -> Outcome<Router> {
    let oauth = OAuthService::new(server, Arc::new(DemoPages))?.allow_origins(["https://app.example"])?;
    let oauth = TowerServiceCompat::<ReqBody, _, _, _>::compat(oauth);
    let guard = TowerLayerCompat::compat::<ReqBody>(GuardLayer::new(guard));
    Ok(Router::with_hoop(name_caller)
        .push(Router::with_path("api/notes").hoop(guard).get(notes))
        .push(Router::with_path("{**path}").goal(oauth)))
}

/// Behind the guard, a handler sees whose token it was and what it allows.
#[handler]
async fn notes(request: &mut Request) -> String {
    request.extensions().get::<VerifiedToken>().map(demo::notes).unwrap_or_default()
}

/// Tells the service who calls, for rate limits. Behind a proxy, ask the proxy instead.
#[handler]
async fn name_caller(request: &mut Request) {
    if let Some(peer) = request.remote_addr().ip() {
        request.extensions_mut().insert(Caller::new(peer.to_string()));
    }
}

#[tokio::main]
async fn main() -> Outcome {
    let address = demo::address()?;
    let server = demo::server(&format!("http://{address}"))?;
    demo::introduce(&server).await?;
    let guard = demo::guard(&server)?;
    let router = router(server, guard)?;
    let acceptor = TcpListener::new(address).try_bind().await?;
    Server::new(acceptor).serve(router).await;
    Ok(())
}
