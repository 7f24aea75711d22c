//! The service that hosts mount.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::Full;

use super::answer;
use super::body::{self, UnreadableBody};
use super::cors::AllowedOrigins;
use super::routes::{InvalidMount, Routes, Step};
use crate::server::AuthorizationServer;

/// Every endpoint of one or several issuers: an `http::Request` in, an `http::Response` out.
///
/// A `tower_service::Service` that never fails, is always ready, is cheap to clone and takes any body. What is not
/// exactly a configured path is answered 404, so it can stand behind the routes of the host as their fallback.
#[derive(Clone)]
pub struct OAuthService(Arc<Routes>);

impl OAuthService {
    /// The endpoints of a server whose clients are machines: all but the authorization endpoint.
    ///
    /// # Errors
    ///
    /// [`InvalidMount::PathTaken`] if two endpoints have one path.
    pub fn without_pages(server: AuthorizationServer) -> Result<Self, InvalidMount> {
        Routes::default().and(server).map(Self::of)
    }

    /// The same service with the endpoints of one more issuer, whose clients are machines.
    ///
    /// # Errors
    ///
    /// [`InvalidMount::PathTaken`] if two endpoints have one path.
    pub fn and_without_pages(&self, server: AuthorizationServer) -> Result<Self, InvalidMount> {
        Routes::clone(&self.0).and(server).map(Self::of)
    }

    /// The same service for a framework that takes a prefix off the path before the service sees it.
    ///
    /// The prefix is put back before routes are looked up. What does not lie below it cannot be reached this way, in
    /// particular the metadata of an issuer with a path, which lies at the root of the host: mount the service there too.
    ///
    /// # Errors
    ///
    /// [`InvalidMount::Prefix`] if the prefix is none, or no endpoint lies below it.
    pub fn mounted_at(&self, prefix: &str) -> Result<Self, InvalidMount> {
        self.0.below(prefix).map(Self::of)
    }

    /// The same service for clients that run in web pages of these origins.
    ///
    /// Their scripts may then read what the token and revocation endpoints answer. The metadata is open to all pages
    /// anyway; the introspection and authorization endpoints are open to none.
    ///
    /// # Errors
    ///
    /// [`InvalidMount::Origin`] names the first origin that is not written as browsers write it.
    pub fn allow_origins<'a>(&self, origins: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidMount> {
        let origins = AllowedOrigins::new(origins)?;
        Ok(Self::of(Routes::clone(&self.0).shared_with(origins)))
    }

    /// Answers one request, for frameworks without `tower`.
    pub async fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        respond(&self.0, request.map(Full::new)).await
    }

    fn of(routes: Routes) -> Self {
        Self(Arc::new(routes))
    }
}

impl<B: Body + Send + 'static> tower_service::Service<Request<B>> for OAuthService {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let routes = Arc::clone(&self.0);
        Box::pin(async move { Ok(respond(&routes, request).await.map(Full::new)) })
    }
}

async fn respond<B: Body>(routes: &Routes, request: Request<B>) -> Response<Bytes> {
    let (parts, body) = request.into_parts();
    let Some(route) = routes.find(parts.uri.path()) else { return answer::not_found() };
    let mut response = match routes.begin(route, &parts) {
        Step::Answered(response) => response,
        Step::ReadBody => match body::read(body).await {
            Ok(body) => route.respond(&parts, &body).await,
            Err(UnreadableBody::Broken) => answer::invalid_request(StatusCode::BAD_REQUEST),
            Err(UnreadableBody::TooLong) => answer::invalid_request(StatusCode::PAYLOAD_TOO_LARGE),
        },
    };
    routes.share(route, &parts, &mut response);
    response
}

impl fmt::Debug for OAuthService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OAuthService")
    }
}
