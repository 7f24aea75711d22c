//! The endpoints in a Rocket.
//!
//! ```text
//! cargo run -p mount-rocket [-- 127.0.0.1:3000]
//! ```
//!
//! Rocket 0.5 has types of its own, so requests and responses are copied from one to the other.
//! `demo` stands for the rest of the application: its pages, its clients, what its API answers.

use std::io::Cursor;
use std::sync::Arc;

use bytes::Bytes;
use demo::{DemoPages, Outcome};
use grantsmith::http::{Caller, OAuthService};
use grantsmith::server::Guard;
use rocket::config::{Config, LogLevel};
use rocket::data::{Data, ToByteUnit as _};
use rocket::http::Method::{Delete, Get, Head, Options, Patch, Post, Put};
use rocket::http::Status;
use rocket::route::{Handler, Outcome as Routed, Route};
use rocket::{Build, Request, Response, Rocket};

/// The endpoints, and an API behind a guard. They have the last rank: whatever the host has a route for is the host's.
fn mount(rocket: Rocket<Build>, oauth: &OAuthService, guard: Guard) -> Rocket<Build> {
    let endpoint = |method| Route::ranked(isize::MAX, method, "/<path..>", Endpoints(oauth.clone()));
    let endpoints = [Delete, Get, Head, Options, Patch, Post, Put].map(endpoint);
    rocket.mount("/", endpoints).mount("/api/notes", [Route::new(Get, "/", Notes(guard))])
}

#[derive(Clone)]
struct Endpoints(OAuthService);

#[rocket::async_trait]
impl Handler for Endpoints {
    async fn handle<'r>(&self, request: &'r Request<'_>, body: Data<'r>) -> Routed<'r> {
        // More than any endpoint takes: the service refuses what is longer than it wants.
        let Ok(body) = body.open(64.kibibytes()).into_bytes().await else { return Routed::Error(Status::BadRequest) };
        match adopted(request, body.into_inner().into()) {
            Ok(request) => Routed::Success(released(self.0.handle(request).await)),
            Err(_) => Routed::Error(Status::BadRequest),
        }
    }
}

/// The request in the types of `http`.
fn adopted(request: &Request<'_>, body: Bytes) -> Result<http::Request<Bytes>, http::Error> {
    let mut adopted = http::Request::builder().method(request.method().as_str()).uri(request.uri().to_string());
    for header in request.headers().iter() {
        adopted = adopted.header(header.name().as_str(), header.value());
    }
    if let Some(peer) = request.remote() {
        // Who calls, for rate limits. Behind a proxy, ask the proxy instead.
        adopted = adopted.extension(Caller::new(peer.ip().to_string()));
    }
    adopted.body(body)
}

/// The response in the types of Rocket.
fn released<'r>(response: http::Response<Bytes>) -> Response<'r> {
    let mut released = Response::build();
    released.status(Status::new(response.status().as_u16()));
    for (name, value) in response.headers() {
        released.raw_header_adjoin(name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned());
    }
    released.sized_body(response.body().len(), Cursor::new(response.into_body())).finalize()
}

/// An API that asks the guard itself.
#[derive(Clone)]
struct Notes(Guard);

#[rocket::async_trait]
impl Handler for Notes {
    async fn handle<'r>(&self, request: &'r Request<'_>, _: Data<'r>) -> Routed<'r> {
        let authorization = request.headers().get("authorization").map(str::as_bytes);
        let query = request.uri().query().map(|query| query.as_str());
        match self.0.admit(authorization, query).await {
            Ok(token) => Routed::from(request, demo::notes(&token)),
            Err(error) => Routed::Success(released(self.0.refuse(error))),
        }
    }
}

#[rocket::main]
async fn main() -> Outcome {
    let address = demo::address()?;
    let server = demo::server(&format!("http://{address}"))?;
    demo::introduce(&server).await?;
    let guard = demo::guard(&server)?;
    let oauth = OAuthService::new(server, Arc::new(DemoPages))?.allow_origins([demo::APP_ORIGIN])?;
    let config =
        Config { address: address.ip(), port: address.port(), log_level: LogLevel::Critical, ..Config::default() };
    mount(rocket::custom(config), &oauth, guard).launch().await?;
    Ok(())
}
