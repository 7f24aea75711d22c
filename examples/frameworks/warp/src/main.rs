//! The endpoints as a warp filter.
//!
//! ```text
//! cargo run -p mount-warp [-- 127.0.0.1:3000]
//! ```
//!
//! warp has the types of `http`, but no place for a `tower` service: a filter takes the request apart, and a function
//! puts it together again. `demo` stands for the rest of the application: its pages, its clients, what its API answers.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use demo::{DemoPages, Outcome};
use futures_util::{Stream, TryStreamExt as _};
use grantsmith::http::{Caller, OAuthService};
use grantsmith::server::Guard;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use tokio::net::TcpListener;
use tower::Service as _;
use warp::filters::path::FullPath;
use warp::http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use warp::{Filter, Rejection, Reply};

/// Every endpoint. Put it behind the filters of the host.
fn endpoints(oauth: OAuthService) -> impl Filter<Extract = (impl Reply,), Error = Rejection> + Clone {
    let query = warp::query::raw().map(Some).or_else(async |_| Ok::<_, Infallible>((None,)));
    warp::method()
        .and(warp::path::full())
        .and(query)
        .and(warp::header::headers_cloned())
        .and(warp::addr::remote())
        .and(warp::body::stream())
        .and_then(move |method, path, query, headers, peer, body| {
            answer(oauth.clone(), method, uri(&path, query), headers, peer, body)
        })
}

fn uri(path: &FullPath, query: Option<String>) -> Uri {
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    // It was one before warp took it apart.
    Uri::try_from(format!("{}{query}", path.as_str())).unwrap_or_default()
}

async fn answer(
    mut oauth: OAuthService,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    peer: Option<SocketAddr>,
    body: impl Stream<Item = Result<impl Buf + Send + 'static, warp::Error>> + Send + 'static,
) -> Result<Response<Bytes>, Rejection> {
    let mut request = Request::new(StreamBody::new(body.map_ok(Frame::data)));
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    if let Some(peer) = peer {
        // Who calls, for rate limits. Behind a proxy, ask the proxy instead.
        request.extensions_mut().insert(Caller::new(peer.ip().to_string()));
    }
    let Ok(response) = oauth.call(request).await;
    let (parts, body) = response.into_parts();
    let Ok(body) = body.collect().await;
    Ok(Response::from_parts(parts, body.to_bytes()))
}

/// An API that asks the guard itself.
async fn notes(guard: Guard, headers: HeaderMap) -> Result<Response<Bytes>, Rejection> {
    let authorization = headers.get_all("authorization").into_iter().map(HeaderValue::as_bytes);
    match guard.admit(authorization, None).await {
        Ok(token) => Ok(Response::new(demo::notes(&token).into())),
        Err(error) => Ok(guard.refuse(error)),
    }
}

#[tokio::main]
async fn main() -> Outcome {
    let listener = TcpListener::bind(demo::address()?).await?;
    let server = demo::server(&format!("http://{}", listener.local_addr()?))?;
    demo::introduce(&server).await?;
    let guard = demo::guard(&server)?;
    let oauth = OAuthService::new(server, Arc::new(DemoPages))?.allow_origins([demo::APP_ORIGIN])?;
    let api =
        warp::path!("api" / "notes").and(warp::get()).map(move || guard.clone()).and(warp::header::headers_cloned());
    warp::serve(api.and_then(notes).or(endpoints(oauth))).incoming(listener).run().await;
    Ok(())
}
