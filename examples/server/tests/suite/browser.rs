//! A browser that keeps cookies and follows redirects as long as they stay at the server; and a client without cookies.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use ureq::http::{HeaderMap, Response};
use ureq::{Agent, Body};
use url::Url;

use crate::html::{Form, attribute, tags, text_of};
use crate::program::Program;

/// What was answered.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    /// A header's value; empty without one.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Where a foreign redirect leads.
    pub fn location(&self) -> Url {
        assert_eq!(self.status, 303, "{}", self.body);
        self.header("location").parse().unwrap()
    }

    /// A parameter of where it leads.
    pub fn parameter(&self, name: &str) -> Option<String> {
        self.location().query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    /// The heading of the page.
    pub fn heading(&self) -> String {
        text_of(&self.body, "h1")
    }

    /// The class of the page.
    pub fn class(&self) -> String {
        tags(&self.body, "body").next().and_then(|tag| attribute(tag, "class")).unwrap_or_default()
    }

    pub fn form(&self, button: &str) -> Form {
        Form::of_button(&self.body, button).unwrap_or_else(|| panic!("no {button} in {}", self.body))
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A browser.
pub struct Browser {
    issuer: String,
    cookies: BTreeMap<String, String>,
    /// Sent along with everything.
    pub headers: Vec<(&'static str, &'static str)>,
}

impl Browser {
    pub fn new(program: &Program) -> Self {
        Self { issuer: program.issuer.clone(), cookies: BTreeMap::new(), headers: vec![("accept", "text/html")] }
    }

    /// A browser in which that user is logged in.
    pub fn of(program: &Program, user: &str, password: &str) -> Self {
        let mut browser = Self::new(program);
        let page = browser.get("/login");
        let page = browser.submit(page.form("login-submit").fill("login", user).fill("password", password));
        assert_eq!(page.class(), "page-account", "{}", page.body);
        browser
    }

    pub fn alice(program: &Program) -> Self {
        Self::of(program, "alice", "wonderland")
    }

    pub fn get(&mut self, path: &str) -> Answer {
        self.follow("get", &format!("{}{path}", self.issuer), &[])
    }

    pub fn open(&mut self, url: &str) -> Answer {
        self.follow("get", url, &[])
    }

    #[expect(clippy::needless_pass_by_value, reason = "forms are filled in where they are sent")]
    pub fn submit(&mut self, form: Form) -> Answer {
        let url = Url::parse(&self.issuer).unwrap().join(&form.action).unwrap();
        self.follow(&form.method, url.as_str(), &form.fields)
    }

    /// The page of the login form, filled in and sent.
    pub fn log_in(&mut self, page: &Answer, user: &str, password: &str) -> Answer {
        self.submit(page.form("login-submit").fill("login", user).fill("password", password))
    }

    pub fn cookies(&self) -> &BTreeMap<String, String> {
        &self.cookies
    }

    fn follow(&mut self, method: &str, url: &str, fields: &[(String, String)]) -> Answer {
        let mut answer = self.once(method, url, fields);
        for _ in 0..5 {
            let location = answer.header("location").to_owned();
            let is_ours = location.starts_with('/') || location.starts_with(&self.issuer);
            if answer.status != 303 || !is_ours {
                return answer;
            }
            let url = Url::parse(&self.issuer).unwrap().join(&location).unwrap();
            answer = self.once("get", url.as_str(), &[]);
        }
        panic!("too many redirects");
    }

    fn once(&mut self, method: &str, url: &str, fields: &[(String, String)]) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let mut headers = self.headers.clone();
        headers.push(("cookie", &cookies));
        let answer = match method {
            "post" => post(url, fields, &headers),
            _ if fields.is_empty() => get(url, &headers),
            _ => get(Url::parse_with_params(url, fields).unwrap().as_str(), &headers),
        };
        for cookie in answer.headers.get_all("set-cookie") {
            let (pair, attributes) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            assert!(attributes.contains("HttpOnly") && attributes.contains("SameSite=Lax"), "{attributes}");
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}

/// An authorization request of `web-app`; a later parameter replaces an earlier one, an empty one leaves it out.
pub fn request(program: &Program, changes: &[(&str, &str)]) -> String {
    let mut parameters = BTreeMap::from([
        ("response_type", "code"),
        ("client_id", "web-app"),
        ("redirect_uri", REDIRECT_URI),
        ("scope", "notes:read notes:write"),
        ("state", "a state"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    parameters.extend(changes.iter().copied());
    parameters.retain(|_, value| !value.is_empty());
    Url::parse_with_params(&program.url("/authorize"), parameters).unwrap().into()
}

/// The tokens that the code in a redirect gives to `web-app`.
pub fn redeem(program: &Program, code: &str) -> Value {
    let fields = [("grant_type", "authorization_code"), ("code", code), ("code_verifier", VERIFIER)];
    let answer = post(&program.url("/token"), &fields, &[("authorization", &basic("web-app", "web-app-secret"))]);
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

/// The status of the demonstration API for a token.
pub fn notes(program: &Program, tokens: &Value) -> u16 {
    get(&program.url("/api/notes"), &[("authorization", &bearer(tokens))]).status
}

pub fn bearer(tokens: &Value) -> String {
    format!("Bearer {}", tokens["access_token"].as_str().unwrap())
}

pub fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

pub fn get(url: &str, headers: &[(&str, &str)]) -> Answer {
    let request = headers.iter().fold(agent().get(url), |request, (name, value)| request.header(*name, *value));
    read(request.call().unwrap())
}

pub fn post<N: AsRef<str>, V: AsRef<str>>(url: &str, fields: &[(N, V)], headers: &[(&str, &str)]) -> Answer {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = agent().post(url).header("content-type", "application/x-www-form-urlencoded");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    read(request.send(body).unwrap())
}

pub fn options(url: &str, headers: &[(&str, &str)]) -> Answer {
    let request = headers.iter().fold(agent().options(url), |request, (name, value)| request.header(*name, *value));
    read(request.call().unwrap())
}

fn agent() -> Agent {
    Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into()
}

fn read(mut response: Response<Body>) -> Answer {
    let body = response.body_mut().read_to_string().unwrap();
    Answer { status: response.status().as_u16(), headers: response.headers().clone(), body }
}

pub const REDIRECT_URI: &str = "https://client.example/callback";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
