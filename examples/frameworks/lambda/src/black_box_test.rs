//! The function, as a client sees it through an API gateway: requests become events, and what the function makes of
//! them becomes responses. It runs in this process, where the Lambda runtime would run it.

use std::collections::HashMap;
use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn as hyper_service_fn;
use hyper_util::rt::TokioIo;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Context, LambdaEvent, Service as _, service_fn};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::App;

#[tokio::test(flavor = "multi_thread")]
async fn it_serves_everything_that_every_framework_must() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let server = demo::server(&issuer).unwrap();
    let secrets: HashMap<_, _> = demo::register(&server).await.unwrap().into_iter().collect();
    tokio::spawn(gateway(listener, App::new(&server).unwrap()));

    let site = black_box::Site { issuer, secrets };
    tokio::task::spawn_blocking(move || black_box::drive(&site)).await.unwrap();
}

async fn gateway(listener: TcpListener, app: App) {
    loop {
        let (stream, peer) = listener.accept().await.unwrap();
        let app = app.clone();
        let service = hyper_service_fn(move |request| invoke(app.clone(), request, peer));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn invoke(
    app: App,
    request: hyper::Request<Incoming>,
    peer: SocketAddr,
) -> Result<hyper::Response<Full<Bytes>>, hyper::Error> {
    let (parts, body) = request.into_parts();
    let event = event(&parts, &body.collect().await?.to_bytes(), peer);
    let event: LambdaRequest = serde_json::from_value(event).unwrap();

    let mut function = Adapter::from(service_fn(move |request| app.clone().answer(request)));
    let answered = function.call(LambdaEvent::new(event, Context::default())).await.unwrap();

    Ok(response(&serde_json::to_value(answered).unwrap()))
}

/// A request as an HTTP API of API Gateway hands it on, payload format 2.0.
fn event(parts: &hyper::http::request::Parts, body: &[u8], peer: SocketAddr) -> Value {
    let mut headers: HashMap<&str, String> = HashMap::new();
    let mut cookies = Vec::new();
    for (name, value) in &parts.headers {
        let value = value.to_str().unwrap();
        if name == "cookie" {
            cookies.extend(value.split("; "));
            continue;
        }
        let joined = headers.get(name.as_str()).map_or(value.to_owned(), |earlier| format!("{earlier},{value}"));
        headers.insert(name.as_str(), joined);
    }
    let path = parts.uri.path();
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": parts.uri.query().unwrap_or_default(),
        "cookies": cookies,
        "headers": headers,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "domainName": "login.example",
            "http": {
                "method": parts.method.as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": peer.ip().to_string(),
            },
            "requestId": "id",
            "routeKey": "$default",
            "stage": "$default",
            "timeEpoch": 0,
        },
        "body": STANDARD.encode(body),
        "isBase64Encoded": true,
    })
}

/// What a function answered, as the gateway sends it on.
fn response(answer: &Value) -> hyper::Response<Full<Bytes>> {
    let mut response =
        hyper::Response::builder().status(u16::try_from(answer["statusCode"].as_u64().unwrap()).unwrap());
    for (name, value) in answer["headers"].as_object().into_iter().flatten() {
        response = response.header(name, value.as_str().unwrap());
    }
    for cookie in answer["cookies"].as_array().into_iter().flatten() {
        response = response.header("set-cookie", cookie.as_str().unwrap());
    }
    let body = answer["body"].as_str().unwrap_or_default();
    let body = if answer["isBase64Encoded"] == true { STANDARD.decode(body).unwrap() } else { body.into() };
    response.body(Full::from(body)).unwrap()
}
