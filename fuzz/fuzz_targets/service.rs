//! The whole `http` service: a few requests in a row, some of them sensible, with what earlier answers gave out.

#![no_main]

use std::collections::BTreeMap;
use std::sync::Arc;

use arbitrary::Arbitrary;
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use grantsmith::http::{OAuthService, Pages, Paths};
use grantsmith::server::{Interaction, RegisteredClient, UserSession};
use grantsmith_fuzz::World;
use http::request::Parts;
use http::{HeaderMap, Request, Response, StatusCode};
use libfuzzer_sys::fuzz_target;
use pollster::FutureExt as _;

#[derive(Arbitrary, Debug)]
struct Step<'a> {
    method: Method<'a>,
    path: Path<'a>,
    caller: Caller<'a>,
    is_form: bool,
    has_origin: bool,
    is_logged_in: bool,
    content: Content<'a>,
}

#[derive(Arbitrary, Debug)]
enum Method<'a> {
    Get,
    Post,
    Head,
    Options,
    Other(&'a str),
}

#[derive(Arbitrary, Debug)]
enum Path<'a> {
    Authorize,
    Decide,
    Introspect,
    Metadata,
    Other(&'a str),
    Resume,
    Revoke,
    Token,
}

#[derive(Arbitrary, Debug)]
enum Caller<'a> {
    Nobody,
    Client { number: u8, by_header: bool },
    Other(&'a [u8]),
}

#[derive(Arbitrary, Debug)]
enum Content<'a> {
    Ask { client: u8, form_post: bool, extra: &'a str },
    Decide { approves: bool, extra: &'a str },
    Machine { extra: &'a str },
    Other(&'a [u8]),
    Redeem { credential: u8, extra: &'a str },
    Refresh { credential: u8, extra: &'a str },
    Token { credential: u8, extra: &'a str },
}

/// What earlier answers gave out.
#[derive(Default)]
struct Held {
    cookie: String,
    credentials: Vec<String>,
    handle: String,
    /// How often each code was answered with tokens.
    redeemed: BTreeMap<String, u32>,
}

fuzz_target!(|steps: Vec<Step<'_>>| {
    let world = World::new();
    let service = OAuthService::new(world.server.clone(), Arc::new(Plain)).expect("a service");
    let mut held = Held::default();
    for step in steps.iter().take(12) {
        let content = step.content(&world, &held);
        let Some(request) = step.request(&world, &held, &content) else { continue };
        let is_token = request.uri().path() == "/token" && request.method() == http::Method::POST;
        let response = service.handle(request).block_on();
        judge(is_token, &content, &response, &mut held);
        keep(&response, &mut held);
    }
});

/// What must hold of every answer.
fn judge(is_token: bool, content: &[u8], response: &Response<Bytes>, held: &mut Held) {
    let status = response.status();
    assert!(!status.is_server_error(), "{status}: the storage never fails");
    assert!(![301, 302, 307, 308].contains(&status.as_u16()), "{status} would take the form along");
    if is_token {
        assert_eq!(response.headers()["cache-control"], "no-store");
    }
    if is_token && status == StatusCode::OK {
        let code = serde_urlencoded::from_bytes::<Vec<(String, String)>>(content).unwrap_or_default();
        let is_redemption = code.iter().any(|(name, value)| name == "grant_type" && value == "authorization_code");
        let code = code.into_iter().find(|(name, _)| name == "code");
        if let Some((_, code)) = code.filter(|_| is_redemption) {
            let times = held.redeemed.entry(code).or_default();
            *times += 1;
            assert_eq!(*times, 1, "a code yields tokens at most once");
        }
    }
}

fn keep(response: &Response<Bytes>, held: &mut Held) {
    if let Some(cookie) = response.headers().get("set-cookie") {
        let cookie = cookie.to_str().expect("a cookie is text");
        assert!(cookie.contains("HttpOnly") && cookie.contains("Secure"), "{cookie}");
        held.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    }
    let body = std::str::from_utf8(response.body()).expect("answers are text");
    if let Some(handle) = body.strip_prefix("handle=") {
        held.handle = handle.to_owned();
    }
    if let Ok(serde_json::Value::Object(members)) = serde_json::from_str(body) {
        let tokens = ["access_token", "refresh_token"].into_iter().filter_map(|name| members.get(name)?.as_str());
        held.credentials.extend(tokens.map(ToOwned::to_owned));
    }
    let location = response.headers().get("location").map(|location| location.to_str().expect("a location is text"));
    let code = location.and_then(|location| location.split(['?', '&']).find_map(|pair| pair.strip_prefix("code=")));
    held.credentials.extend(code.map(ToOwned::to_owned));
}

impl Step<'_> {
    fn content(&self, world: &World, held: &Held) -> Vec<u8> {
        let credential = |number: u8| held.credentials.get(usize::from(number)).map_or("none", String::as_str);
        match self.content {
            Content::Ask { client, form_post, extra } => {
                let client = client_of(world, client);
                let redirect = client.client.redirect_uris.first().map(ToString::to_string).unwrap_or_default();
                let mode = if form_post { "form_post" } else { "query" };
                format!(
                    "response_type=code&client_id={}&redirect_uri={redirect}&code_challenge={CHALLENGE}\
                     &code_challenge_method=S256&response_mode={mode}&state=s{extra}",
                    client.client.id()
                )
            }
            Content::Decide { approves, extra } => {
                let decision = if approves { "approve" } else { "deny" };
                format!("handle={}&decision={decision}{extra}", held.handle)
            }
            Content::Machine { extra } => format!("grant_type=client_credentials{extra}"),
            Content::Other(bytes) => return bytes.to_vec(),
            Content::Redeem { credential: number, extra } => {
                let code = credential(number);
                format!("grant_type=authorization_code&code={code}&code_verifier={VERIFIER}{extra}")
            }
            Content::Refresh { credential: number, extra } => {
                format!("grant_type=refresh_token&refresh_token={}{extra}", credential(number))
            }
            Content::Token { credential: number, extra } => format!("token={}{extra}", credential(number)),
        }
        .into_bytes()
    }

    fn request(&self, world: &World, held: &Held, content: &[u8]) -> Option<Request<Bytes>> {
        let path = match self.path {
            Path::Authorize => "/authorize",
            Path::Decide => "/authorize/decide",
            Path::Introspect => "/introspect",
            Path::Metadata => "/.well-known/oauth-authorization-server",
            Path::Other(path) => path,
            Path::Resume => "/authorize/resume",
            Path::Revoke => "/revoke",
            Path::Token => "/token",
        };
        let method = match self.method {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Options => "OPTIONS",
            Method::Other(name) => name,
            Method::Post => "POST",
        };
        let mut body = content.to_vec();
        let mut request = Request::builder().method(method);
        match self.caller {
            Caller::Nobody => {}
            Caller::Client { number, by_header } => {
                let client = client_of(world, number);
                let (name, secret) = (client.client.id(), client.secret.as_ref().map(|secret| secret.expose()));
                match secret {
                    Some(secret) if by_header => {
                        let pair = STANDARD.encode(format!("{name}:{secret}"));
                        request = request.header("authorization", format!("Basic {pair}"));
                    }
                    _ => body.extend(format!("&client_id={name}").as_bytes()),
                }
            }
            Caller::Other(bytes) => request = request.header("authorization", bytes),
        }
        if self.is_form {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        if self.has_origin {
            request = request.header("origin", "https://spa.example");
        }
        request = request.header("cookie", &held.cookie);
        if self.is_logged_in {
            request = request.header("x-user", "alice");
        }
        let uri = if matches!(self.method, Method::Get) {
            format!("https://as.example{path}?{}", std::str::from_utf8(&body).ok()?)
        } else {
            format!("https://as.example{path}")
        };
        request.uri(uri).body(body.into()).ok()
    }
}

fn client_of(world: &World, number: u8) -> &RegisteredClient {
    &world.clients[usize::from(number) % world.clients.len()]
}

/// Pages of one line, for a user whom a header names.
struct Plain;

#[async_trait]
impl Pages for Plain {
    async fn session(&self, request: &Parts) -> Option<UserSession> {
        is_logged_in(&request.headers).then(World::session)
    }

    async fn ask(&self, _: &Parts, interaction: &Interaction, _: &Paths) -> Response<Bytes> {
        Response::new(format!("handle={}", interaction.handle).into())
    }
}

fn is_logged_in(headers: &HeaderMap) -> bool {
    headers.contains_key("x-user")
}

/// Of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJHguCM-tPRFDVX9Wl2q1sS8oAE";
