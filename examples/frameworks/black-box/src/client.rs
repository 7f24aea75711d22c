//! Plain HTTP, one connection for each request, and no redirect followed.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use ureq::http::{Method, Request, request};
use ureq::{Agent, AsSendBody};
use url::form_urlencoded::Serializer;

use crate::Site;

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: ureq::http::HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    /// The value of a header that is there at most once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers(name);
        let value = values.next();
        assert_eq!(values.next(), None, "{name} is there twice");
        value
    }

    pub(crate) fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.get_all(name).iter().map(|value| value.to_str().expect("headers are text"))
    }

    /// The body, which must be JSON that no cache keeps, apart from the metadata.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "{}", self.body);
        serde_json::from_str(&self.body).expect("the body is JSON")
    }

    pub(crate) fn text(&self, member: &str) -> String {
        let json = self.json();
        json[member].as_str().unwrap_or_else(|| panic!("no {member} in {json}")).to_owned()
    }

    #[track_caller]
    pub(crate) fn assert_refused(&self, status: u16, error: &str) {
        assert_eq!((self.status, self.text("error").as_str()), (status, error));
    }
}

impl Site {
    pub(crate) fn request(&self, method: Method, path: &str) -> request::Builder {
        let url = if path.starts_with('/') { format!("{}{path}", self.issuer) } else { path.to_owned() };
        Request::builder().method(method).uri(url)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path), ())
    }

    /// A `POST` of a form.
    pub(crate) fn form(&self, path: &str) -> request::Builder {
        self.request(Method::POST, path).header("content-type", "application/x-www-form-urlencoded")
    }

    /// A `POST` of a form by a client with a secret.
    pub(crate) fn form_of(&self, client: &str, path: &str) -> request::Builder {
        self.form(path).header("authorization", basic(client, &self.secrets[client]))
    }

    /// What the API answers to somebody with that token.
    pub(crate) fn notes(&self, token: &str) -> Answer {
        send(self.request(Method::GET, "/api/notes").header("authorization", format!("Bearer {token}")), ())
    }
}

/// Sends a request.
pub(crate) fn send(request: request::Builder, body: impl AsSendBody) -> Answer {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_idle_connections(0)
        .max_redirects(0)
        .proxy(None)
        .timeout_global(Some(Duration::from_mins(1)))
        .build();
    let request = request.body(body).expect("the request is one");
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let answered = Agent::new_with_config(config).run(request);
    let (parts, mut body) = answered.unwrap_or_else(|error| panic!("{method} {uri}: {error}")).into_parts();
    let body = body.read_to_string().unwrap_or_else(|error| panic!("{method} {uri}: {error}"));
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}

/// A form with those fields.
pub(crate) fn fields(fields: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(fields).finish()
}

pub(crate) fn basic(client: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{client}:{secret}")))
}

pub(crate) const AUTHORIZE: &str = "/authorize";
pub(crate) const INTROSPECT: &str = "/introspect";
pub(crate) const REVOKE: &str = "/revoke";
pub(crate) const TOKEN: &str = "/token";
pub(crate) const WELL_KNOWN: &str = "/.well-known/oauth-authorization-server";
/// What tokens for the API are meant for.
pub(crate) const NOTES: &str = "https://api.example/notes";
