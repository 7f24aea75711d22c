//! Looks at every answer of a stage, whatever the attack was: what must never be in any of them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Mutex;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use url::form_urlencoded::parse;

use super::browser::Form;
use crate::http_exchange::{Answered, ISSUER};

/// Knows every secret of a stage, and every proven redirection URI.
#[derive(Default)]
pub(super) struct Witness {
    secrets: Mutex<BTreeMap<String, Kind>>,
    redirect_uris: Mutex<Vec<String>>,
}

/// What a secret is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    AccessToken,
    Binding,
    ClientSecret,
    Code,
    Handle,
    RefreshToken,
}

/// What is remembered of a request.
pub(super) struct Asked {
    path: String,
    /// The values of its parameters that would do something in a page.
    lively: Vec<String>,
}

impl Witness {
    pub(super) fn keep(&self, kind: Kind, secret: &str) {
        self.secrets.lock().unwrap().insert(secret.to_owned(), kind);
    }

    /// Answers may lead there.
    pub(super) fn allow(&self, redirect_uris: &[String]) {
        self.redirect_uris.lock().unwrap().extend_from_slice(redirect_uris);
    }

    pub(super) fn note(request: &Request<Full<Bytes>>) -> Asked {
        let body = pollster::block_on(request.body().clone().collect()).unwrap().to_bytes();
        let query = request.uri().query().unwrap_or_default().as_bytes();
        // Nobody reads what is longer.
        let body = &body[..body.len().min(64 * 1024)];
        let values = [query, body].into_iter().flat_map(parse).flat_map(|(name, value)| [name, value]);
        let is_lively = |value: &str| value.len() > 3 && value.contains(['<', '"', '\'', '\r', '\n', '\0']);
        let lively = values.filter(|value| is_lively(value)).map(Cow::into_owned).collect();
        Asked { path: request.uri().path().to_owned(), lively }
    }

    pub(super) fn look_at(&self, asked: &Asked, answer: &Answered) {
        assert!(!answer.status.is_server_error(), "{}", answer.golden());
        for (name, value) in &answer.headers {
            assert!(value.as_bytes().iter().all(|byte| (0x20..0x7f).contains(byte)), "{name}");
        }
        assert_eq!(answer.header("access-control-allow-credentials"), None);
        let golden = answer.golden();
        for value in &asked.lively {
            assert!(!golden.contains(value), "{value} in {golden}");
        }
        self.look_for_secrets(asked, answer);
        match asked.path.as_str() {
            "/token" => self.look_at_token(answer),
            "/introspect" => look_at_introspection(answer),
            "/revoke" => look_at_direct(answer),
            path if path.starts_with("/authorize") => self.look_at_page(answer),
            _ => assert!(answer.header("location").is_none()),
        }
    }

    /// Whatever was issued once is in no later answer.
    fn look_for_secrets(&self, asked: &Asked, answer: &Answered) {
        let golden = answer.golden();
        let is_page = asked.path.starts_with("/authorize");
        for (secret, kind) in &*self.secrets.lock().unwrap() {
            let may_be_there = match kind {
                // The same decision, made again, has the same answer; and a page is shown again with its handle.
                Kind::Code | Kind::Handle => is_page,
                // The refresh token of a confidential client may stay the same.
                Kind::RefreshToken => asked.path == "/token" && answer.status.is_success(),
                Kind::AccessToken | Kind::Binding | Kind::ClientSecret => false,
            };
            assert!(may_be_there || !golden.contains(secret.as_str()), "a {kind:?} in {golden}");
        }
    }

    fn look_at_token(&self, answer: &Answered) {
        look_at_direct(answer);
        if answer.status != StatusCode::OK {
            return;
        }
        let json = answer.json();
        for (name, value) in json.as_object().unwrap() {
            match name.as_str() {
                "access_token" => self.keep(Kind::AccessToken, value.as_str().unwrap()),
                "refresh_token" => self.keep(Kind::RefreshToken, value.as_str().unwrap()),
                "token_type" => assert_eq!(value, "Bearer"),
                "expires_in" | "scope" => {}
                other => panic!("{other} in a token response"),
            }
        }
    }

    fn look_at_page(&self, answer: &Answered) {
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe-inline"), "{policy}");
        assert!(!answer.golden().contains("access-control-"));
        if let Some(cookie) = answer.header("set-cookie") {
            let (value, attributes) = cookie.strip_prefix("__Host-grantsmith=").unwrap().split_once(';').unwrap();
            assert_eq!(attributes, " Path=/; HttpOnly; SameSite=Lax; Secure");
            self.keep(Kind::Binding, value);
        }
        let html = answer.text();
        for fetching in ["<script ", "<img", "<iframe", "<link", "<base", "url("] {
            assert!(!html.contains(fetching), "{html}");
        }
        if let Some(location) = answer.header("location") {
            assert_eq!((answer.status, html), (StatusCode::SEE_OTHER, ""));
            let response = self.response_in(location);
            self.look_at_response(&parse(response.as_bytes()).into_owned().collect::<Vec<_>>());
        } else if let Some(form) = Form::find(html) {
            if let Some(handle) = form.value("handle") {
                assert!(form.action.starts_with("/authorize/"));
                return self.keep(Kind::Handle, handle);
            }
            assert_eq!(self.response_in(&format!("{}?", form.action)), "");
            self.look_at_response(&form.fields);
        }
    }

    /// What was added to a registered redirection URI.
    fn response_in<'a>(&self, location: &'a str) -> &'a str {
        let (uris, found) = (self.redirect_uris.lock().unwrap(), without_port(location));
        let is_proven = |uri: &String| {
            let rest = found.strip_prefix(uri.as_str())?;
            let rest = if uri.contains('?') { rest.strip_prefix('&') } else { rest.strip_prefix('?') };
            rest.map(|rest| &location[location.len() - rest.len()..])
        };
        let response = uris.iter().find_map(is_proven);
        response.unwrap_or_else(|| panic!("sent to {location}, which nobody registered"))
    }

    /// An authorization response: one code or one error, the state as it was, and who answers.
    fn look_at_response(&self, response: &[(String, String)]) {
        let mut names: Vec<_> = response.iter().map(|(name, _)| name.as_str()).collect();
        names.retain(|name| *name != "state");
        assert!(names == ["code", "iss"] || names == ["error", "iss"], "{response:?}");
        assert!(response.iter().filter(|(name, _)| name == "state").count() <= 1, "{response:?}");
        for (name, value) in response {
            match name.as_str() {
                "iss" => assert_eq!(value, ISSUER),
                "code" => self.keep(Kind::Code, value),
                "error" => assert!(ERRORS.contains(&value.as_str()), "{value}"),
                _ => {}
            }
        }
    }

    /// The text with each secret replaced by what it is.
    pub(super) fn masked(&self, text: &str) -> String {
        let secrets = self.secrets.lock().unwrap();
        secrets.iter().fold(text.to_owned(), |text, (secret, kind)| text.replace(secret, &format!("<{kind:?}>")))
    }
}

/// The port of a loopback redirection URI is chosen at run time.
fn without_port(location: &str) -> String {
    for host in ["http://127.0.0.1:", "http://[::1]:"] {
        if let Some(rest) = location.strip_prefix(host) {
            return format!(
                "{}{}",
                &host[..host.len() - 1],
                rest.trim_start_matches(|digit: char| digit.is_ascii_digit())
            );
        }
    }
    location.to_owned()
}

fn look_at_introspection(answer: &Answered) {
    look_at_direct(answer);
    if answer.status == StatusCode::OK && answer.json()["active"] == false {
        assert_eq!(answer.text(), r#"{"active":false}"#);
    }
}

/// Nothing is kept, and an error says its code and nothing else.
fn look_at_direct(answer: &Answered) {
    assert_eq!(answer.header("location"), None);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("pragma"), Some("no-cache"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("www-authenticate").is_some(), answer.status == StatusCode::UNAUTHORIZED);
    if answer.status.is_client_error() && answer.status != StatusCode::METHOD_NOT_ALLOWED {
        let error = answer.error();
        assert!(ERRORS.contains(&error.as_str()), "{error}");
        assert_eq!(answer.text(), format!(r#"{{"error":"{error}"}}"#));
    }
}

/// Every error code that any endpoint has.
const ERRORS: [&str; 15] = [
    "access_denied",
    "consent_required",
    "invalid_client",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "invalid_target",
    "login_required",
    "request_not_supported",
    "request_uri_not_supported",
    "server_error",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_grant_type",
    "unsupported_response_type",
];
