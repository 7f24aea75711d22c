//! The other side: hyper, which reads the request as everybody must, and answers a constant.

use std::convert::Infallible;
use std::fs;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::Mistake;
use crate::exchange::Answer;
use crate::server::LISTENING;

/// The argument that makes this program the control.
pub(crate) const TASK: &str = "control";

/// Serves the answer that a file holds, until it is killed.
///
/// # Errors
///
/// The file holds no answer, or there is no free port.
pub(crate) fn serve(file: &str) -> Result<(), Mistake> {
    let answer = Answer::parse(&fs::read(file)?)?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(answer_all(Arc::new(answer)))
}

async fn answer_all(answer: Arc<Answer>) -> Result<(), Mistake> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{LISTENING}http://localhost:{}", listener.local_addr()?.port());
    loop {
        let (stream, _) = listener.accept().await?;
        let answer = Arc::clone(&answer);
        let service = service_fn(move |request| answer_one(Arc::clone(&answer), request));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn answer_one(answer: Arc<Answer>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    // What was sent is read to its end, as by the server.
    let Ok(_) = request.into_body().collect().await else {
        let mut refused = Response::default();
        *refused.status_mut() = StatusCode::BAD_REQUEST;
        return Ok(refused);
    };
    let mut response = Response::new(Full::new(answer.body.clone()));
    *response.headers_mut() = answer.headers.clone();
    Ok(response)
}
