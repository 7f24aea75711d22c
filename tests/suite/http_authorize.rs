//! The authorization endpoint over HTTP: pages, redirects and the binding cookie.

mod deciding;
mod hostile;
mod pages;
mod requests;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use grantsmith::http::{OAuthService, Pages, Paths};
use grantsmith::policy::Policy;
use grantsmith::record::{Authentication, Trust};
use grantsmith::server::{AuthorizationServer, Interaction, Need, Registration, UserSession};
use grantsmith::value::Timestamp;
use http::request::Parts;
use http::{Response, StatusCode};
use url::form_urlencoded::{Serializer, parse};

use crate::http_exchange::{Answered, ISSUER, basic, builder, get, post, send, with};

const CLIENT: &str = "https://client.example/callback";
const STRANGER: &str = "https://stranger.example/callback";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// Pages that say what the library told them, and a session cookie that names the user.
struct PlainPages;

#[async_trait]
impl Pages for PlainPages {
    async fn session(&self, request: &Parts) -> Option<UserSession> {
        let cookies = request.headers.get("cookie")?.to_str().ok()?;
        let subject = cookies.split("; ").find_map(|cookie| cookie.strip_prefix("session="))?;
        let authentication = Authentication::at(Timestamp::from_seconds(1_799_999_000));
        Some(UserSession { subject: subject.parse().ok()?, authentication })
    }

    async fn ask(&self, _: &Parts, interaction: &Interaction, paths: &Paths) -> Response<Bytes> {
        let Interaction { need, handle, .. } = interaction;
        let path = if *need == Need::Consent { &paths.decide } else { &paths.resume };
        Response::new(format!("{need:?} {path} {handle}").into())
    }
}

/// A server with pages, a client that is known and one that registered itself.
struct Office {
    server: AuthorizationServer,
    service: OAuthService,
    basic: String,
}

impl Office {
    fn new() -> Self {
        Self::with_pages(ISSUER, Arc::new(PlainPages))
    }

    fn with_pages(issuer: &str, pages: Arc<dyn Pages>) -> Self {
        let mut policy = Policy::default();
        policy.danger.allows_insecure_loopback_issuer = issuer.starts_with("http:");
        let server = builder(issuer).policy(policy).build().unwrap();
        let known = Registration::confidential(vec![CLIENT.parse().unwrap()]);
        let mut stranger = Registration::confidential(vec![STRANGER.parse().unwrap()]);
        stranger.trust = Trust::Unverified;
        let [known, _] = [("client", known), ("stranger", stranger)].map(|(id, registration)| {
            let registration = registration.with_scope("read write".parse().unwrap());
            pollster::block_on(server.register(registration.with_id(id.parse().unwrap()))).unwrap()
        });
        let basic = basic("client", known.secret.unwrap().expose());
        Self { service: OAuthService::new(server.clone(), pages).unwrap(), server, basic }
    }

    /// A page of this need, for a browser with these cookies.
    fn ask(&self, query: &str, cookies: &str) -> Asked {
        let answer = send(&self.service, with(get(&format!("/authorize?{query}")), "cookie", cookies));
        Asked::of(answer, cookies)
    }

    fn consent(&self, query: &str) -> Asked {
        let asked = self.ask(query, "session=alice");
        assert_eq!((asked.need.as_str(), asked.path.as_str()), ("Consent", "/authorize/decide"));
        asked
    }

    fn decide(&self, asked: &Asked, decision: &str) -> Answered {
        self.decide_as(&asked.cookies, asked, decision)
    }

    fn decide_as(&self, cookies: &str, asked: &Asked, decision: &str) -> Answered {
        let form = format!("handle={}&{decision}", asked.handle);
        send(&self.service, with(post(&asked.path, "", &form), "cookie", cookies))
    }
}

/// What a page asks, and the cookies that the browser has then.
struct Asked {
    answer: Answered,
    need: String,
    path: String,
    handle: String,
    cookies: String,
}

impl Asked {
    fn of(answer: Answered, cookies: &str) -> Self {
        let mut words = answer.text().split(' ').map(str::to_owned);
        let mut word = || words.next().unwrap_or_default();
        let (need, path, handle) = (word(), word(), word());
        let set = answer.header("set-cookie").and_then(|set| set.split(';').next());
        let cookies = set.map_or_else(|| cookies.to_owned(), |set| format!("{cookies}; {set}"));
        Self { answer, need, path, handle, cookies }
    }
}

/// A request that is in order, with more parameters or others.
fn query(more: &[(&str, &str)]) -> String {
    let usual = [
        ("response_type", "code"),
        ("client_id", "client"),
        ("redirect_uri", CLIENT),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("state", "xyz"),
    ];
    let kept = usual.iter().filter(|(name, _)| more.iter().all(|(other, _)| other != name));
    Serializer::new(String::new()).extend_pairs(kept.chain(more)).finish()
}

fn location_of(answer: &Answered) -> Vec<(String, String)> {
    let location = answer.header("location").unwrap_or_else(|| panic!("{}", answer.golden()));
    let (_, query) = location.split_once('?').unwrap();
    parse(query.as_bytes()).into_owned().collect()
}

fn value_in(answer: &Answered, name: &str) -> Option<String> {
    location_of(answer).into_iter().find(|(other, _)| other == name).map(|(_, value)| value)
}

fn is_error_page(answer: &Answered) -> bool {
    answer.status == StatusCode::BAD_REQUEST
        && answer.header("content-type") == Some("text/html; charset=utf-8")
        && answer.header("location").is_none()
}
