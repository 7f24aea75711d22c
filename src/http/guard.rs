//! The guard in front of a tower service.
//!
//! [RFC 6750 §3](https://www.rfc-editor.org/rfc/rfc6750#section-3)

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::{AUTHORIZATION, CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use tower_layer::Layer;
use tower_service::Service;

use crate::server::{Guard, GuardError};

/// Puts a [`Guard`] in front of a service, such as the routes of an API.
///
/// A request that is let through carries its [`VerifiedToken`](crate::resource::VerifiedToken) in its extensions, and
/// its `Authorization` header is marked sensitive, so that it does not show when the request is printed. Any other is
/// answered with an empty body, and the answer's extensions hold an `Arc<`[`GuardError`]`>` for the host's own logging.
///
/// A preflight request has no token: put a CORS layer around the guard, not inside it.
///
/// ```
/// use std::sync::Arc;
///
/// use grantsmith::http::GuardLayer;
/// use grantsmith::resource::Requirement;
/// use grantsmith::server::{AuthorizationServer, Guard};
///
/// fn for_notes(server: AuthorizationServer) -> Result<GuardLayer, Box<dyn std::error::Error>> {
///     let requirement = Requirement::new("https://api.example/notes".parse()?).with_scopes("notes.read".parse()?);
///     Ok(GuardLayer::new(Guard::new(Arc::new(server), requirement)))
/// }
/// ```
#[derive(Clone, Debug)]
pub struct GuardLayer(Guard);

impl GuardLayer {
    /// A layer with that guard.
    #[must_use]
    pub fn new(guard: Guard) -> Self {
        Self(guard)
    }
}

impl<S> Layer<S> for GuardLayer {
    type Service = GuardService<S>;

    fn layer(&self, inner: S) -> GuardService<S> {
        GuardService { guard: self.0.clone(), inner }
    }
}

/// A service behind a [`Guard`].
#[derive(Clone, Debug)]
pub struct GuardService<S> {
    guard: Guard,
    inner: S,
}

impl<S, RequestBody, ResponseBody> Service<Request<RequestBody>> for GuardService<S>
where
    S: Service<Request<RequestBody>, Response = Response<ResponseBody>> + Clone + Send + 'static,
    S::Future: Send,
    RequestBody: Send + 'static,
    ResponseBody: Default,
{
    type Response = Response<ResponseBody>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<ResponseBody>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<RequestBody>) -> Self::Future {
        // The clone may not be ready: the call goes to the service that was.
        let clone = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, clone);
        let guard = self.guard.clone();
        Box::pin(async move {
            // Only the headers may be borrowed while waiting: bodies need not be shareable between threads.
            let headers = request.headers().get_all(AUTHORIZATION).iter().map(HeaderValue::as_bytes);
            let admitted = guard.admit(headers, request.uri().query());
            match admitted.await {
                Ok(token) => {
                    conceal_token(request.headers_mut());
                    request.extensions_mut().insert(token);
                    inner.call(request).await
                }
                Err(error) => Ok(guard.refuse(error)),
            }
        })
    }
}

fn conceal_token(headers: &mut HeaderMap) {
    if let Some(header) = headers.get_mut(AUTHORIZATION) {
        header.set_sensitive(true);
    }
}

impl Guard {
    /// The answer to a request that [`admit`](Self::admit) did not let through, for frameworks without `tower`.
    ///
    /// Its body is empty, and its extensions hold an `Arc<`[`GuardError`]`>` for the host's own logging.
    #[must_use]
    pub fn refuse<ResponseBody: Default>(&self, error: GuardError) -> Response<ResponseBody> {
        let mut response = Response::new(ResponseBody::default());
        *response.status_mut() = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::UNAUTHORIZED);
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        match error.challenge(self.requirement()) {
            Some(challenge) => {
                // Made of validated text only, so it always is a header value.
                if let Ok(value) = HeaderValue::try_from(challenge.to_string()) {
                    headers.insert(WWW_AUTHENTICATE, value);
                }
            }
            None => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
        }
        response.extensions_mut().insert(Arc::new(error));
        response
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::convert::Infallible;
    use std::future::{Ready, ready};

    use async_trait::async_trait;

    use super::*;
    use crate::host::{TokenValidator, TokenValidatorError};
    use crate::resource::{PresentedToken, Requirement, VerifiedToken};

    struct Nothing;

    #[async_trait]
    impl TokenValidator for Nothing {
        async fn validate(&self, _: &PresentedToken<'_>) -> Result<Option<VerifiedToken>, TokenValidatorError> {
            Ok(None)
        }
    }

    #[derive(Clone)]
    struct Inner;

    /// A body that one thread at a time may have, as those of most frameworks.
    #[derive(Default)]
    struct Body(#[expect(dead_code, reason = "it only makes the body unshareable")] Cell<u8>);

    impl Service<Request<Body>> for Inner {
        type Response = Response<Body>;
        type Error = Infallible;
        type Future = Ready<Result<Response<Body>, Infallible>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Request<Body>) -> Self::Future {
            ready(Ok(Response::default()))
        }
    }

    /// What axum asks of a layer's service.
    fn is_mountable<S>(_: &S) -> bool
    where
        S: Service<Request<Body>, Error = Infallible> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
    {
        true
    }

    #[test]
    fn it_mounts_where_bodies_cannot_be_shared() {
        let requirement = Requirement::new("https://api.example".parse().unwrap());
        let layer = GuardLayer::new(Guard::new(Arc::new(Nothing), requirement));
        assert!(is_mountable(&layer.layer(Inner)));
    }

    #[test]
    fn a_host_without_layers_gets_the_answer_that_the_layer_gives() {
        let requirement = Requirement::new("https://api.example".parse().unwrap());
        let guard = Guard::new(Arc::new(Nothing), requirement.with_scopes("read".parse().unwrap()));
        let error = pollster::block_on(guard.admit([&b"Bearer guess"[..]], None)).unwrap_err();

        let refused: Response<&str> = guard.refuse(error);

        assert_eq!((refused.status(), *refused.body()), (StatusCode::UNAUTHORIZED, ""));
        assert_eq!(refused.headers()[WWW_AUTHENTICATE], "Bearer error=\"invalid_token\", scope=\"read\"");
        assert_eq!(refused.headers()[CACHE_CONTROL], "no-store");
        assert!(matches!(refused.extensions().get::<Arc<GuardError>>().unwrap().as_ref(), GuardError::Refused(_)));
    }
}
