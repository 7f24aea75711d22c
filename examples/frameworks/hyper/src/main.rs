//! The endpoints on hyper alone, without a framework.
//!
//! ```text
//! cargo run -p mount-hyper [-- 127.0.0.1:3000]
//! ```
//!
//! `demo` stands for the rest of the application: its pages, its clients, what its API answers.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use demo::{DemoPages, Outcome};
use grantsmith::http::{Caller, GuardLayer, OAuthService};
use grantsmith::resource::VerifiedToken;
use grantsmith::server::Guard;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tower::{Layer as _, Service as _, service_fn};

/// Everything that this server answers.
#[derive(Clone)]
struct App {
    oauth: OAuthService,
    guard: Guard,
}

impl App {
    async fn answer(
        mut self,
        mut request: Request<Incoming>,
        caller: IpAddr,
    ) -> Result<Response<Full<Bytes>>, Infallible> {
        request.extensions_mut().insert(Caller::new(caller.to_string()));
        match request.uri().path() {
            "/api/notes" => GuardLayer::new(self.guard).layer(service_fn(notes)).call(request).await,
            _ => self.oauth.call(request).await,
        }
    }
}

/// Behind the guard, the request carries whose token it was and what it allows.
async fn notes(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let notes = request.extensions().get::<VerifiedToken>().map(demo::notes).unwrap_or_default();
    Ok(Response::new(Full::from(notes)))
}

#[tokio::main]
async fn main() -> Outcome {
    let listener = TcpListener::bind(demo::address()?).await?;
    let server = demo::server(&format!("http://{}", listener.local_addr()?))?;
    demo::introduce(&server).await?;
    let guard = demo::guard(&server)?;
    let oauth = OAuthService::new(server, Arc::new(DemoPages))?.allow_origins([demo::APP_ORIGIN])?;
    let app = App { oauth, guard };
    loop {
        let (stream, peer) = listener.accept().await?;
        let app = app.clone();
        let service = hyper::service::service_fn(move |request| app.clone().answer(request, peer.ip()));
        tokio::spawn(http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service));
    }
}
