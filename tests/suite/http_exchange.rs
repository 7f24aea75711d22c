//! One HTTP exchange in a test: a request is written down, driven through the service, and what came back is read.

use std::sync::Arc;

use bytes::Bytes;
use grantsmith::host::DerivedKeyring;
use grantsmith::http::OAuthService;
use grantsmith::server::{AuthorizationServer, Builder, Registration};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::testing::{FixedClock, SeededEntropy};
use grantsmith::value::ResourceSet;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use pollster::block_on;
use tower_service::Service as _;

pub(crate) const ISSUER: &str = "https://as.example";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
pub(crate) const API: &str = "https://api.example/";

/// A server with one machine client and one resource server, and its service.
pub(crate) struct Site {
    pub(crate) server: AuthorizationServer,
    pub(crate) service: OAuthService,
    /// The Basic header of the machine.
    pub(crate) machine: String,
    /// The secret of the machine.
    pub(crate) machine_secret: String,
    /// The Basic header of the resource server.
    pub(crate) api: String,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self::of(builder(ISSUER))
    }

    pub(crate) fn of(builder: Builder) -> Self {
        let server = builder.build().unwrap();
        let resources: ResourceSet = ResourceSet::new(vec![API.parse().unwrap()]).unwrap();
        let machine = Registration::machine()
            .with_id("machine".parse().unwrap())
            .with_scope("read write".parse().unwrap())
            .with_resources(resources.clone());
        let api = Registration::resource_server(resources).with_id("api".parse().unwrap());
        let machine = block_on(server.register(machine)).unwrap().secret.unwrap();
        let api = block_on(server.register(api)).unwrap().secret.unwrap();
        Self {
            service: OAuthService::without_pages(server.clone()).unwrap(),
            server,
            machine: basic("machine", machine.expose()),
            machine_secret: machine.expose().to_owned(),
            api: basic("api", api.expose()),
        }
    }

    /// An access token of the machine for the API.
    pub(crate) fn access_token(&self) -> String {
        let body = "grant_type=client_credentials&resource=https%3A%2F%2Fapi.example%2F";
        let answer = send(&self.service, post("/token", &self.machine, body));
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) fn introspect(&self, token: &str) -> Answered {
        send(&self.service, post("/introspect", &self.api, &format!("token={token}")))
    }
}

/// A server that keeps everything in memory, at a fixed time, with random bytes that repeat.
pub(crate) fn builder(issuer: &str) -> Builder {
    builder_over(issuer, &Arc::new(MemoryStorage::new()))
}

pub(crate) fn builder_over(issuer: &str, storage: &Arc<MemoryStorage>) -> Builder {
    let keyring = DerivedKeyring::new(1, std::array::from_fn(|at| u8::try_from(at).unwrap())).unwrap();
    AuthorizationServer::builder(issuer, Arc::<MemoryStorage>::clone(storage), Arc::new(keyring))
        .clock(Arc::new(FixedClock::at(1_800_000_000)))
        .entropy(Arc::new(SeededEntropy::new(u64::try_from(issuer.len()).unwrap())))
}

pub(crate) fn basic(id: &str, secret: &str) -> String {
    use base64::Engine as _;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}")))
}

pub(crate) fn request(method: Method, target: &str) -> Request<Full<Bytes>> {
    Request::builder().method(method).uri(target).body(Full::default()).unwrap()
}

pub(crate) fn get(target: &str) -> Request<Full<Bytes>> {
    request(Method::GET, target)
}

/// A form, with an `Authorization` header unless that is empty.
pub(crate) fn post(target: &str, authorization: &str, body: &str) -> Request<Full<Bytes>> {
    let request = Request::post(target).header("content-type", FORM);
    let request = if authorization.is_empty() { request } else { request.header("authorization", authorization) };
    request.body(Full::new(Bytes::copy_from_slice(body.as_bytes()))).unwrap()
}

/// The same request with one more header.
pub(crate) fn with(mut request: Request<Full<Bytes>>, name: &'static str, value: &str) -> Request<Full<Bytes>> {
    request.headers_mut().append(name, value.parse().unwrap());
    request
}

pub(crate) fn send(service: &OAuthService, request: Request<Full<Bytes>>) -> Answered {
    let Ok(response) = block_on(service.clone().call(request));
    Answered::read(response)
}

/// A response that was read to its end.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answered {
    fn read(response: Response<Full<Bytes>>) -> Self {
        let (parts, body) = response.into_parts();
        Self { status: parts.status, headers: parts.headers, body: block_on(body.collect()).unwrap().to_bytes() }
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_default().to_owned()
    }

    /// The value of a header that must not be there twice.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next().map(|value| value.to_str().unwrap());
        assert!(values.next().is_none(), "{name} twice");
        value
    }

    /// Everything, as it would be written down: status, headers by name, body.
    pub(crate) fn golden(&self) -> String {
        let mut headers: Vec<_> =
            self.headers.iter().map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap())).collect();
        headers.sort();
        format!("{}\n{}\n{}", self.status.as_u16(), headers.concat(), self.text())
    }

    pub(crate) fn assert_golden(&self, expected: &str) {
        let expected: Vec<_> = expected.trim().lines().map(str::trim).collect();
        let golden = self.golden();
        let golden: Vec<_> = golden.trim().lines().collect();
        assert_eq!(golden, expected, "\n{}", self.golden());
    }
}
