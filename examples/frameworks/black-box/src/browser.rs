//! A browser with a user in front of it: it keeps cookies and reads a form.

use std::collections::BTreeMap;

use ureq::http::{Method, request};
use url::Url;

use crate::Site;
use crate::client::{AUTHORIZE, Answer, NOTES, fields, send};

/// A browser that comes from nowhere.
pub(crate) struct Browser<'a> {
    site: &'a Site,
    cookies: BTreeMap<String, String>,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(site: &'a Site) -> Self {
        Self { site, cookies: BTreeMap::new() }
    }

    /// Goes through an authorization as far as the client's own URL, and answers the parameters there.
    pub(crate) fn authorize(&mut self, client: &str, decision: &str) -> BTreeMap<String, String> {
        let query = fields(&[
            ("response_type", "code"),
            ("client_id", client),
            ("redirect_uri", CALLBACK),
            ("scope", "read"),
            ("resource", NOTES),
            ("state", "s1"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        let login = self.open(&format!("{AUTHORIZE}?{query}"));
        assert_eq!(login.status, 303, "{}", login.body);
        assert_eq!(login.headers("set-cookie").count(), 2, "the session of the host, and the binding of the library");

        let consent = self.open(login.header("location").expect("the login leads on"));
        assert_eq!(consent.status, 200, "{}", consent.body);
        assert_eq!(consent.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(consent.header("cache-control"), Some("no-store"));
        assert_eq!(consent.header("x-frame-options"), Some("DENY"));
        assert_eq!(consent.header("content-security-policy"), Some("frame-ancestors 'none'"));
        assert!(consent.body.contains("You are at 127.0.0.1."), "the service knows who calls: {}", consent.body);

        let form =
            fields(&[("handle", between(&consent.body, "name=\"handle\" value=\"", "\"")), ("decision", decision)]);
        let action = between(&consent.body, "action=\"", "\"");
        let answer = send(self.with_cookies(self.site.form(action).header("origin", &self.site.issuer)), form);
        assert_eq!(answer.status, 303, "{}", answer.body);
        let location = Url::parse(answer.header("location").expect("the decision leads on")).expect("a URL");
        assert_eq!(&location[..url::Position::AfterPath], CALLBACK);
        let parameters: BTreeMap<_, _> = location.query_pairs().into_owned().collect();
        assert_eq!((parameters["state"].as_str(), &parameters["iss"]), ("s1", &self.site.issuer));
        parameters
    }

    fn open(&mut self, path: &str) -> Answer {
        let answer = send(self.with_cookies(self.site.request(Method::GET, path)), ());
        for cookie in answer.headers("set-cookie") {
            let (name, rest) = cookie.split_once('=').expect("a cookie has a name");
            let value = rest.split(';').next().unwrap_or_default();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    fn with_cookies(&self, request: request::Builder) -> request::Builder {
        if self.cookies.is_empty() {
            return request;
        }
        let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        request.header("cookie", pairs.join("; "))
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split(after).next().unwrap_or_default()
}

pub(crate) const CALLBACK: &str = "https://app.example/callback";
/// The example of [RFC 7636](https://www.rfc-editor.org/rfc/rfc7636#appendix-B).
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
