//! The endpoints in a poem route.
//!
//! ```text
//! cargo run -p mount-poem [-- 127.0.0.1:3000]
//! ```
//!
//! `demo` stands for the rest of the application: its pages, its clients, what its API answers.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use demo::{DemoPages, Outcome};
use grantsmith::http::{Caller, OAuthService};
use grantsmith::server::{AuthorizationServer, Guard};
use http_body_util::{BodyExt as _, Full};
use poem::endpoint::TowerCompatExt as _;
use poem::http::HeaderValue;
use poem::listener::TcpListener;
use poem::web::Data;
use poem::{Endpoint, EndpointExt as _, Request, Response, Result, Route, Server, get, handler};

/// The endpoints, and an API behind a guard.
fn routes(server: AuthorizationServer, guard: Guard) -> Outcome<impl Endpoint> {
    let oauth = OAuthService::new(server, Arc::new(DemoPages))?.allow_origins(["https://app.example"])?;
    Ok(Route::new().at("/api/notes", get(notes).data(guard)).nest_no_strip("/", oauth.compat()).before(name_caller))
}

/// An API that asks the guard itself: poem's requests are not those of `http`, which a `GuardLayer` takes.
#[handler]
async fn notes(guard: Data<&Guard>, request: &Request) -> Response {
    let authorization = request.headers().get_all("authorization").iter().map(HeaderValue::as_bytes);
    match guard.admit(authorization, request.uri().query()).await {
        Ok(token) => demo::notes(&token).into(),
        Err(error) => guard.refuse::<Full<Bytes>>(error).map(|body| body.map_err(io::Error::other)).into(),
    }
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
