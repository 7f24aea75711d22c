//! Each operation through the plain API and through the `http` service, beside the floor of unavoidable work.
//!
//! ```text
//! cargo bench --bench operations
//! ```
//!
//! The floor of an operation is what no implementation can leave out: reading the form, the digests of the secrets that
//! are checked and issued, the random bytes, base64, and the JSON of the answer.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a bench that cannot go on has nothing better to do"
)]

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use grantsmith::host::{DerivedKeyring, Entropy as _, SystemEntropy};
use grantsmith::http::OAuthService;
use grantsmith::record::Authentication;
use grantsmith::server::{
    Approved, Authorization, AuthorizationServer, Decision, RegisteredClient, Registration, UserSession, Visitor,
};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::value::{Resource, ResourceSet, Timestamp};
use grantsmith::wire::{FormRequest, TokenResponse};
use http::Request;
use http_body_util::Full;
use sha2::{Digest as _, Sha256};
use tower_service::Service as _;

const VERIFIER: &str = "a-code-verifier-that-is-long-enough-for-everyone";
const API: &str = "https://api.example";

/// A server with one client of each kind.
struct World {
    server: AuthorizationServer,
    service: OAuthService,
    app: RegisteredClient,
    machine: RegisteredClient,
    api: RegisteredClient,
}

impl World {
    fn new() -> Self {
        let keyring = Arc::new(DerivedKeyring::new(1, [7; 32]).expect("a keyring"));
        let storage = Arc::new(MemoryStorage::new());
        let server = AuthorizationServer::builder("https://as.example", storage, keyring).build().expect("a server");
        let api: Resource = API.parse().expect("a resource");
        let resources = ResourceSet::from(api);
        let register = |registration: Registration| {
            let registration = registration.with_scope("read write".parse().expect("a scope"));
            now(server.register(registration)).expect("a client")
        };
        let uris = vec!["https://app.example/callback".parse().expect("a redirect URI")];
        let app = register(Registration::public(uris).with_resources(resources.clone()));
        let machine = register(Registration::machine().with_resources(resources.clone()));
        let api = register(Registration::resource_server(resources));
        let service = OAuthService::without_pages(server.clone()).expect("a service");
        Self { server, service, app, machine, api }
    }

    fn code(&self) -> String {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let session = UserSession {
            subject: "alice".parse().expect("a subject"),
            authentication: Authentication::at(Timestamp::from_seconds(1)),
        };
        let request = format!(
            "response_type=code&client_id={}&code_challenge={challenge}&code_challenge_method=S256",
            self.app.client.id()
        );
        let visitor = Visitor { session: Some(&session), binding: None, caller: None };
        let Authorization::Ask(interaction) = now(self.server.authorize(request.as_bytes(), &visitor)) else {
            panic!("the user was not asked");
        };
        let visitor = Visitor { binding: interaction.binding.as_deref(), ..visitor };
        let decision = Decision::Approve(Approved::default());
        match now(self.server.decide(&interaction.handle, &visitor, &decision)) {
            Authorization::Redirect(url) => {
                let code = url.split("code=").nth(1).and_then(|rest| rest.split('&').next());
                code.expect("a code").to_owned()
            }
            other => panic!("no redirect: {other:?}"),
        }
    }

    fn redemption(&self) -> String {
        let id = self.app.client.id();
        let code = self.code();
        format!("grant_type=authorization_code&code={code}&code_verifier={VERIFIER}&client_id={id}")
    }

    fn tokens(&self) -> TokenResponse {
        now(self.server.token(&FormRequest::new(self.redemption().as_bytes()))).expect("tokens")
    }

    fn refresh_form(&self) -> String {
        let id = self.app.client.id();
        let tokens = self.tokens();
        let token = tokens.refresh_token.as_ref().expect("a refresh token").expose();
        format!("grant_type=refresh_token&refresh_token={token}&client_id={id}")
    }

    fn revocation_form(&self) -> String {
        let id = self.app.client.id();
        let tokens = self.tokens();
        format!("token={}&client_id={id}", tokens.refresh_token.as_ref().expect("a refresh token").expose())
    }
}

/// Polls a future that never waits for anything outside.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

fn basic(client: &RegisteredClient) -> String {
    let secret = client.secret.as_ref().expect("a secret").expose();
    format!("Basic {}", STANDARD.encode(format!("{}:{secret}", client.client.id())))
}

fn request(path: &str, authorization: Option<&str>, form: String) -> Request<Full<Bytes>> {
    let mut request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    request.body(Full::from(form)).expect("a request")
}

/// Reads a form, digests `digests` secrets, draws and encodes `tokens` tokens, writes an answer.
fn floor(form: &str, digests: usize, tokens: usize) -> Vec<u8> {
    let pairs = form.split('&').filter_map(|pair| pair.split_once('=')).count();
    black_box(pairs);
    for _ in 0..digests {
        black_box(Sha256::digest(black_box([1u8; 49])));
    }
    let mut answer = Vec::with_capacity(320);
    answer.extend_from_slice(br#"{"access_token":""#);
    for _ in 0..tokens {
        let mut random = [0; 60];
        SystemEntropy.fill(&mut random).expect("random bytes");
        let mut text = [0; 88];
        let length = URL_SAFE_NO_PAD.encode_slice(&random[..50], &mut text).expect("room");
        answer.extend_from_slice(&text[..length]);
    }
    answer.extend_from_slice(br#"","token_type":"Bearer","expires_in":600,"scope":"read write"}"#);
    answer
}

fn operations(criterion: &mut Criterion) {
    let world = World::new();
    let (machine, api) = (basic(&world.machine), basic(&world.api));
    measure(criterion, &world, "client_credentials", "/token", Some(&machine), (3, 1), || {
        "grant_type=client_credentials&scope=read".to_owned()
    });
    measure(criterion, &world, "redeem", "/token", None, (8, 2), || world.redemption());
    measure(criterion, &world, "refresh", "/token", None, (7, 2), || world.refresh_form());
    let tokens = world.tokens();
    let question = format!("token={}", tokens.access_token.expose());
    measure(criterion, &world, "introspect", "/introspect", Some(&api), (3, 0), || question.clone());
    measure(criterion, &world, "revoke", "/revoke", None, (3, 0), || world.revocation_form());
}

fn measure(
    criterion: &mut Criterion,
    world: &World,
    name: &str,
    path: &str,
    authorization: Option<&str>,
    (digests, tokens): (usize, usize),
    form: impl Fn() -> String,
) {
    let mut group = criterion.benchmark_group(name);
    group.bench_function("floor", |bencher| {
        bencher.iter_batched(&form, |form| floor(&form, digests, tokens), BatchSize::SmallInput);
    });
    group.bench_function("api", |bencher| {
        bencher.iter_batched(
            &form,
            |form| {
                let authorization = authorization.map(str::as_bytes);
                let request = FormRequest { body: form.as_bytes(), authorization, caller: None };
                match path {
                    "/introspect" => drop(black_box(now(world.server.introspect(&request)).expect("an answer"))),
                    "/revoke" => now(world.server.revoke(&request)).expect("an answer"),
                    _ => drop(black_box(now(world.server.token(&request)).expect("tokens"))),
                }
            },
            BatchSize::SmallInput,
        );
    });
    let mut service = world.service.clone();
    group.bench_function("http", |bencher| {
        bencher.iter_batched(
            || request(path, authorization, form()),
            |request| {
                let response = now(service.call(request)).expect("infallible");
                assert_eq!(response.status(), 200);
                response
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

criterion_group!(benches, operations);
criterion_main!(benches);
