//! The endpoints in a poem route.
//!
//! ```text
//! cargo run -p mount-poem [-- 127.0.0.1:3000]
//! ```
//!
//! `demo` stands for the rest of the application: its pages, its clients, what its API answers.

use std::sync::Arc;

use demo::{DemoPages, Outcome};
use grantsmith::http::{Caller, GuardLayer, OAuthService};
use grantsmith::resource::VerifiedToken;
use grantsmith::server::{AuthorizationServer, Guard};
use poem::endpoint::TowerCompatExt as _;
use poem::listener::TcpListener;
use poem::middleware::TowerLayerCompatExt as _;
use poem::web::Data;
use poem::{Endpoint, EndpointExt as _, Request, Result, Route, Server, get, handler};

/// The endpoints, and an API behind a guard.
fn routes(server: AuthorizationServer, guard: Guard) -> Outcome<impl Endpoint> {
    let oauth = OAuthService::new(server, Arc::new(DemoPages))?.allow_origins(["https://app.example"])?;
    Ok(Route::new()
        .at("/api/notes", get(notes).with(TowerLayerCompatExt::compat(GuardLayer::new(guard))))
        .nest_no_strip("/", oauth.compat())
        .before(name_caller))
}

/// Behind the guard, a handler sees whose token it was and what it allows.
#[handler]
fn notes(token: Data<&VerifiedToken>) -> String {
    demo::notes(&token)
}

/// Tells the service who calls, for rate limits. Behind a proxy, ask the proxy instead.
async fn name_caller(mut request: Request) -> Result<Request> {
    if let Some(peer) = request.remote_addr().as_socket_addr().copied() {
        request.extensions_mut().insert(Caller::new(peer.ip().to_string()));
    }
    Ok(request)
}

#[tokio::main]
async fn main() -> Outcome {
    let address = demo::address()?;
    let server = demo::server(&format!("http://{address}"))?;
    demo::introduce(&server).await?;
    let guard = demo::guard(&server)?;
    Ok(Server::new(TcpListener::bind(address)).run(routes(server, guard)?).await?)
}
