//! The endpoints in an actix-web application.
//!
//! ```text
//! cargo run -p mount-actix-web [-- 127.0.0.1:3000]
//! ```
//!
//! actix-web 4 has the types of `http` 0.2, so requests and responses are copied from one to the other.
//! `demo` stands for the rest of the application: its pages, its clients, what its API answers.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderValue;
use actix_web::web::{self, Bytes, Data, ServiceConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use demo::{DemoPages, Outcome};
use grantsmith::http::{Caller, OAuthService};
use grantsmith::server::Guard;

/// The endpoints, and an API behind a guard.
fn routes(config: &mut ServiceConfig, oauth: OAuthService, guard: Guard) {
    config
        .app_data(Data::new(oauth))
        .app_data(Data::new(guard))
        .route("/api/notes", web::get().to(notes))
        .default_service(web::to(endpoints));
}

/// Every endpoint. actix-web reads the body, 256 KiB at most; the service takes less.
async fn endpoints(oauth: Data<OAuthService>, request: HttpRequest, body: Bytes) -> HttpResponse {
    match adopted(&request, body) {
        Ok(request) => released(oauth.handle(request).await),
        Err(_) => HttpResponse::BadRequest().finish(),
    }
}

/// The request in the types of `http` 1.
fn adopted(request: &HttpRequest, body: Bytes) -> Result<http::Request<Bytes>, http::Error> {
    let mut adopted = http::Request::builder().method(request.method().as_str()).uri(request.uri().to_string());
    for (name, value) in request.headers() {
        adopted = adopted.header(name.as_str(), value.as_bytes());
    }
    if let Some(peer) = request.peer_addr() {
        // Who calls, for rate limits. Behind a proxy, ask the proxy instead.
        adopted = adopted.extension(Caller::new(peer.ip().to_string()));
    }
    adopted.body(body)
}

/// The response in the types of actix-web.
fn released(response: http::Response<Bytes>) -> HttpResponse {
    let status = StatusCode::from_u16(response.status().as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut released = HttpResponse::build(status);
    for (name, value) in response.headers() {
        released.append_header((name.as_str(), value.as_bytes()));
    }
    released.body(response.into_body())
}

/// An API that asks the guard itself.
async fn notes(guard: Data<Guard>, request: HttpRequest) -> HttpResponse {
    let authorization = request.headers().get_all("authorization").map(HeaderValue::as_bytes);
    match guard.admit(authorization, request.uri().query()).await {
        Ok(token) => HttpResponse::Ok().body(demo::notes(&token)),
        Err(error) => released(guard.refuse(error)),
    }
}

#[actix_web::main]
async fn main() -> Outcome {
    let address = demo::address()?;
    let server = demo::server(&format!("http://{address}"))?;
    demo::introduce(&server).await?;
    let guard = demo::guard(&server)?;
    let oauth = OAuthService::new(server, Arc::new(DemoPages))?.allow_origins([demo::APP_ORIGIN])?;
    let app = move || App::new().configure(|config| routes(config, oauth.clone(), guard.clone()));
    Ok(HttpServer::new(app).workers(2).bind(address)?.run().await?)
}
