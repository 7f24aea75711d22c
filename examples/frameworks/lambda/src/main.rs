//! The endpoints as an AWS Lambda function behind an HTTP API of API Gateway, or a function URL.
//!
//! `demo` stands for the rest of the application: its pages, its clients, what its API answers. Instances of a function
//! share nothing, so a real one has its storage in a database, and its secret from a secret store.

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;

use bytes::Bytes;
use demo::{DemoPages, Outcome};
use grantsmith::http::{Caller, GuardLayer, OAuthService};
use grantsmith::resource::VerifiedToken;
use grantsmith::server::{AuthorizationServer, Guard};
use http_body_util::Full;
use lambda_http::request::RequestContext;
use lambda_http::tower::Layer as _;
use lambda_http::{Request, RequestExt as _, Response, Service as _, service_fn};

/// Everything that this function answers.
#[derive(Clone)]
struct App {
    oauth: OAuthService,
    guard: Guard,
}

impl App {
    fn new(server: &AuthorizationServer) -> Outcome<Self> {
        let oauth = OAuthService::new(server.clone(), Arc::new(DemoPages))?.allow_origins(["https://app.example"])?;
        Ok(Self { oauth, guard: demo::guard(server)? })
    }

    async fn answer(mut self, mut request: Request) -> Result<Response<Full<Bytes>>, Infallible> {
        // Who calls, for rate limits: the gateway says it, not the request.
        if let Some(RequestContext::ApiGatewayV2(context)) = request.request_context_ref() {
            let caller = Caller::new(context.http.source_ip.clone().unwrap_or_default());
            request.extensions_mut().insert(caller);
        }
        match request.uri().path() {
            "/api/notes" => GuardLayer::new(self.guard).layer(service_fn(notes)).call(request).await,
            _ => self.oauth.call(request).await,
        }
    }
}

/// Behind the guard, the request carries whose token it was and what it allows.
async fn notes(request: Request) -> Result<Response<Full<Bytes>>, Infallible> {
    let notes = request.extensions().get::<VerifiedToken>().map(demo::notes).unwrap_or_default();
    Ok(Response::new(Full::from(notes)))
}

#[tokio::main]
async fn main() -> Outcome {
    let server = demo::server("https://login.example")?;
    demo::introduce(&server).await?;
    let app = App::new(&server)?;
    let run = lambda_http::run(service_fn(move |request| app.clone().answer(request)));
    run.await.map_err(|error| -> Box<dyn Error> { error })
}

#[cfg(test)]
mod black_box_test;
