//! The service that hosts mount.

use std::convert::Infallible;
use std::fmt;
use std::future::ready;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;

use super::answer;
use super::body::{self, UnreadableBody};
use super::cors::AllowedOrigins;
use super::pages::Pages;
use super::routes::{InvalidMount, Routes, Step};
use crate::server::AuthorizationServer;

/// Every endpoint of one or several issuers: an `http::Request` in, an `http::Response` out.
///
/// A `tower_service::Service` that never fails, is always ready, is cheap to clone and takes any body. What is not
/// exactly a configured path is answered 404, so it can stand behind the routes of the host as their fallback.
#[derive(Clone)]
pub struct OAuthService(Arc<Routes>);

impl OAuthService {
    /// The endpoints of a server, with the pages that its users see.
    ///
    /// # Errors
    ///
    /// [`InvalidMount::PathTaken`] if two endpoints have one path.
    pub fn new(server: AuthorizationServer, pages: Arc<dyn Pages>) -> Result<Self, InvalidMount> {
        Routes::of(server, Some(pages)).map(Self::of)
    }

    /// The endpoints of a server whose clients are machines: all but the authorization endpoint.
    ///
    /// # Errors
    ///
    /// [`InvalidMount::PathTaken`] if two endpoints have one path.
    pub fn without_pages(server: AuthorizationServer) -> Result<Self, InvalidMount> {
        Routes::of(server, None).map(Self::of)
    }

    /// The endpoints of this service and those of another, for several issuers in one process.
    ///
    /// # Errors
    ///
    /// [`InvalidMount::PathTaken`] if two endpoints have one path. Requests are told apart by path alone: for issuers of
    /// the same path at different hosts, keep one service for each and let the framework choose by host.
    pub fn and(&self, other: &Self) -> Result<Self, InvalidMount> {
        self.0.and(&other.0).map(Self::of)
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
        Ok(Self::of(self.0.shared_with(origins)))
    }

    /// Answers one request, for frameworks without `tower`.
    pub fn handle(&self, request: Request<Bytes>) -> impl Future<Output = Response<Bytes>> + Send + use<'_> {
        // Taken apart here, so that the future does not carry the request twice.
        let (parts, body) = request.into_parts();
        async move { respond(&self.0, &parts, |longest| ready(body::within(body, longest))).await }
    }

    fn of(routes: Routes) -> Self {
        answer::prepare();
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
        let (parts, body) = request.into_parts();
        Box::pin(async move {
            let response = respond(&routes, &parts, |longest| body::read(body, longest)).await;
            Ok(response.map(Full::new))
        })
    }
}

/// Answers a request, whose body is read only where it is needed.
async fn respond<F: Future<Output = Result<Bytes, UnreadableBody>>>(
    routes: &Routes,
    parts: &Parts,
    read: impl FnOnce(u64) -> F,
) -> Response<Bytes> {
    let Some(route) = routes.find(parts.uri.path()) else { return answer::not_found() };
    let mut response = match route.begin(parts) {
        Step::Answered(response) => response,
        Step::Without(body) => route.respond(parts, body.as_ref()).await,
        Step::ReadBody(longest) => route.respond(parts, read(longest).await.as_ref()).await,
    };
    route.share(parts, &mut response);
    response
}

impl fmt::Debug for OAuthService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OAuthService")
    }
}
