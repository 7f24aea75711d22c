//! What a library must offer to be measured, and the requests that all of them get.
//!
//! Every library sees the same bytes but for its own codes, tokens and paths: a confidential client that authenticates
//! with HTTP Basic, PKCE S256, and a resource server that introspects the tokens addressed to it.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use memchr::memmem::Finder;

pub const CLIENT_ID: &str = "bench-client";
pub const CLIENT_SECRET: &str = "c2VjcmV0LW9mLXRoZS1jbGllbnQtMDEyMzQ1Njc4OQ";
pub const RESOURCE_SERVER_ID: &str = "bench-resource-server";
pub const RESOURCE_SERVER_SECRET: &str = "c2VjcmV0LW9mLXRoZS1yZXNvdXJjZS1zZXJ2ZXItMDE";
pub const ISSUER: &str = "https://as.example.com";
pub const REDIRECT_URI: &str = "https://client.example.com/callback";
pub const RESOURCE: &str = "https://api.example.com/";
pub const SCOPE: &str = "read write";

/// RFC 7636 appendix B.
pub const CODE_CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const CODE_VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

pub type Request = http::Request<Bytes>;

/// One library, set up with its own memory storage, one client and one resource server.
pub trait Subject: Send + Sized + Sync {
    /// How the figures name it.
    const NAME: &'static str;
    /// Where it answers.
    const PATHS: Paths;

    /// A server without any grant.
    fn start() -> Self;

    /// Whether the library answers this operation at all.
    fn offers(operation: Operation) -> bool;

    /// How the client and the resource server authenticate.
    fn credentials(&self) -> &Credentials;

    /// A code for a new grant of this user, approved through the library's own API.
    fn approve(&self, user: &str) -> String;

    /// Answers one HTTP request.
    fn answer(&self, request: Request) -> Reply;

    /// A grant that has been redeemed.
    fn grant(&self, user: &str) -> Tokens {
        Tokens::from_reply(&self.answer(self.redeem_request(&self.approve(user))))
    }

    /// Issues as many grants as asked for.
    fn populate(&self, count: usize) {
        for number in 0..count {
            self.grant(&user(number));
        }
    }

    /// What requests for the operation spend: fresh codes, tokens of fresh grants, or nothing.
    fn prepare(&self, operation: Operation, count: usize) -> Vec<String> {
        (0..count)
            .map(|number| match operation {
                Operation::ClientCredentials => String::new(),
                Operation::RedeemCode => self.approve(&user(number)),
                Operation::Refresh | Operation::Introspect | Operation::RevokeRefreshToken => {
                    self.grant(&user(number)).spent_by(operation)
                }
            })
            .collect()
    }

    /// The request for an operation.
    fn request(&self, operation: Operation, spent: &str) -> Request {
        match operation {
            Operation::ClientCredentials => self.client_credentials_request(),
            Operation::RedeemCode => self.redeem_request(spent),
            Operation::Refresh => self.refresh_request(spent),
            Operation::Introspect => self.introspect_request(spent),
            Operation::RevokeRefreshToken => self.revoke_request(spent),
        }
    }

    fn client_credentials_request(&self) -> Request {
        let form = form(&[("grant_type", "client_credentials"), ("scope", SCOPE), ("resource", RESOURCE)]);
        request(Self::PATHS.token, &self.credentials().client, form)
    }

    fn redeem_request(&self, code: &str) -> Request {
        let form = form(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", CODE_VERIFIER),
        ]);
        request(Self::PATHS.token, &self.credentials().client, form)
    }

    fn refresh_request(&self, refresh_token: &str) -> Request {
        let form = form(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]);
        request(Self::PATHS.token, &self.credentials().client, form)
    }

    fn introspect_request(&self, access_token: &str) -> Request {
        let form = form(&[("token", access_token), ("token_type_hint", "access_token")]);
        request(Self::PATHS.introspect, &self.credentials().resource_server, form)
    }

    fn revoke_request(&self, refresh_token: &str) -> Request {
        let form = form(&[("token", refresh_token), ("token_type_hint", "refresh_token")]);
        request(Self::PATHS.revoke, &self.credentials().client, form)
    }
}

/// What is measured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Operation {
    ClientCredentials,
    RedeemCode,
    Refresh,
    Introspect,
    RevokeRefreshToken,
}

impl Operation {
    pub const ALL: [Self; 5] =
        [Self::ClientCredentials, Self::RedeemCode, Self::Refresh, Self::Introspect, Self::RevokeRefreshToken];

    pub fn name(self) -> &'static str {
        match self {
            Self::ClientCredentials => "client credentials",
            Self::RedeemCode => "redeem code",
            Self::Refresh => "refresh",
            Self::Introspect => "introspect",
            Self::RevokeRefreshToken => "revoke refresh token",
        }
    }

    /// What the body of a good answer contains.
    pub fn expected(self) -> &'static [u8] {
        match self {
            Self::ClientCredentials => b"\"access_token\":\"",
            Self::RedeemCode | Self::Refresh => b"\"refresh_token\":\"",
            Self::Introspect => b"\"active\":true",
            Self::RevokeRefreshToken => b"",
        }
    }
}

/// The paths of the endpoints.
pub struct Paths {
    pub token: &'static str,
    pub introspect: &'static str,
    pub revoke: &'static str,
}

/// The `Authorization` headers of the client and of the resource server.
pub struct Credentials {
    pub client: HeaderValue,
    pub resource_server: HeaderValue,
}

impl Credentials {
    pub fn basic(client: (&str, &str), resource_server: (&str, &str)) -> Self {
        Self { client: basic(client), resource_server: basic(resource_server) }
    }
}

/// An answer, as far as it is checked.
pub struct Reply {
    pub status: StatusCode,
    pub body: Bytes,
}

impl Reply {
    /// Whether the operation succeeded.
    pub fn is_good(&self, operation: Operation) -> bool {
        self.has(&Finder::new(operation.expected()))
    }

    /// Whether this is a success that contains what is looked for.
    pub fn has(&self, expected: &Finder<'_>) -> bool {
        self.status == StatusCode::OK && expected.find(&self.body).is_some()
    }
}

/// What a redeemed grant is used with.
#[derive(Clone)]
pub struct Tokens {
    pub access_token: String,
    pub refresh_token: String,
}

impl Tokens {
    /// The token that an operation on a redeemed grant spends.
    pub fn spent_by(self, operation: Operation) -> String {
        if operation == Operation::Introspect { self.access_token } else { self.refresh_token }
    }

    /// # Panics
    ///
    /// If the reply is not a token response: no figure is worth having then.
    pub fn from_reply(reply: &Reply) -> Self {
        assert!(reply.is_good(Operation::RedeemCode), "{}: {}", reply.status, String::from_utf8_lossy(&reply.body));
        Self { access_token: member(&reply.body, "access_token"), refresh_token: member(&reply.body, "refresh_token") }
    }
}

/// The name of the user whose grant this is.
pub fn user(number: usize) -> String {
    format!("user-{number:07}")
}

/// Drives a future without a runtime. Memory storage never waits, but a contended lock may.
pub fn finish<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::yield_now(),
        }
    }
}

fn request(path: &'static str, authorization: &HeaderValue, form: String) -> Request {
    http::Request::post(path)
        .header(header::HOST, "as.example.com")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::CONTENT_LENGTH, form.len())
        .header(header::ACCEPT, "application/json")
        .header(header::AUTHORIZATION, authorization)
        .body(Bytes::from(form))
        .expect("the request is well formed")
}

/// Parameters as a form or a query.
pub fn form(parameters: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

fn basic((id, secret): (&str, &str)) -> HeaderValue {
    let credentials = STANDARD.encode(format!("{id}:{secret}"));
    HeaderValue::try_from(format!("Basic {credentials}")).expect("base64 is a header value")
}

/// A string member of a flat JSON object. Tokens need no unescaping.
fn member(body: &[u8], name: &str) -> String {
    let body = std::str::from_utf8(body).expect("JSON is UTF-8");
    let (_, rest) = body.split_once(&format!("\"{name}\":\"")).expect("the member is there");
    let (value, _) = rest.split_once('"').expect("the string ends");
    value.to_owned()
}
