//! A browser: it keeps cookies, and sees forms.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderValue, Request};
use http_body_util::Full;

use super::expect::code_in;
use super::members::{CHALLENGE, Member, Tokens, encoded};
use super::stage::Stage;
use crate::http_exchange::{API, Answered, get, post};

/// One browser, and the process of the server that it talks to.
#[derive(Clone)]
pub(super) struct Browser<'a> {
    pub(super) stage: &'a Stage,
    pub(super) cookies: BTreeMap<String, String>,
}

impl Stage {
    /// A browser without cookies.
    pub(super) fn browser(&self) -> Browser<'_> {
        Browser { stage: self, cookies: BTreeMap::new() }
    }

    /// A browser in which that user is logged in.
    pub(super) fn browser_of(&self, subject: &str) -> Browser<'_> {
        let mut browser = self.browser();
        browser.log_in(subject);
        browser
    }

    /// A code that alice approved.
    pub(super) fn approved_code(&self, client: &Member) -> String {
        code_in(&self.browser_of("alice").approve_all(&Ask::of(client)))
    }

    /// Tokens that alice approved.
    pub(super) fn approved_tokens(&self, client: &Member) -> Tokens {
        let code = self.approved_code(client);
        Tokens::in_answer(&self.redeem(client, &code))
    }
}

impl Browser<'_> {
    pub(super) fn log_in(&mut self, subject: &str) {
        self.cookies.insert("session".to_owned(), self.stage.portal.log_in(subject));
    }

    pub(super) fn authorize(&mut self, ask: &Ask) -> Answered {
        self.get(&format!("/authorize?{}", ask.query()))
    }

    pub(super) fn get(&mut self, target: &str) -> Answered {
        self.send(get(target))
    }

    pub(super) fn post(&mut self, target: &str, form: &str) -> Answered {
        self.send(post(target, "", form))
    }

    pub(super) fn send(&mut self, mut request: Request<Full<Bytes>>) -> Answered {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request.headers_mut().insert("cookie", HeaderValue::try_from(cookies.join("; ")).unwrap());
        }
        let answer = self.stage.send(request);
        if let Some(set) = answer.header("set-cookie") {
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    /// Sends the form of a page, with what the user adds.
    pub(super) fn submit(&mut self, page: &Answered, more: &[(&str, &str)]) -> Answered {
        let form = Form::on(page);
        let mut pairs: Vec<_> = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        pairs.extend(more);
        self.post(&form.action, &encoded(&pairs))
    }

    pub(super) fn approve(&mut self, page: &Answered) -> Answered {
        self.submit(page, &[("decision", "approve")])
    }

    pub(super) fn deny(&mut self, page: &Answered) -> Answered {
        self.submit(page, &[("decision", "deny")])
    }

    /// A request whose user, who is logged in, agrees.
    pub(super) fn approve_all(&mut self, ask: &Ask) -> Answered {
        let page = self.authorize(ask);
        assert_eq!(title(&page), "Consent", "{}", page.golden());
        self.approve(&page)
    }
}

/// An authorization request that is in order, until a test changes it.
#[derive(Clone)]
pub(super) struct Ask(Vec<(String, String)>);

impl Ask {
    /// A request for one resource, to the client's first redirection URI.
    pub(super) fn of(client: &Member) -> Self {
        Self(Vec::new())
            .and("client_id", &client.id)
            .and("redirect_uri", &client.redirect_uri)
            .and("response_type", "code")
            .and("code_challenge", CHALLENGE)
            .and("code_challenge_method", "S256")
            .and("scope", "read write")
            .and("resource", API)
            .and("state", "the-state")
    }

    /// The request with this parameter changed.
    pub(super) fn with(self, name: &str, value: &str) -> Self {
        self.without(name).and(name, value)
    }

    /// The request with this parameter once more.
    pub(super) fn and(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(have, _)| have != name);
        self
    }

    pub(super) fn query(&self) -> String {
        serde_urlencoded::to_string(&self.0).unwrap()
    }
}

/// A form as a browser finds it on a page.
pub(super) struct Form {
    pub(super) action: String,
    pub(super) fields: Vec<(String, String)>,
}

impl Form {
    #[track_caller]
    pub(super) fn on(page: &Answered) -> Self {
        Self::find(page.text()).unwrap_or_else(|| panic!("no form: {}", page.golden()))
    }

    pub(super) fn find(html: &str) -> Option<Self> {
        let (_, form) = html.split_once(r#"<form method="post" action=""#)?;
        let (action, form) = form.split_once('"')?;
        let (form, _) = form.split_once("</form>")?;
        let inputs = form.split(r#"<input type="hidden" name=""#).skip(1);
        let fields = inputs.map(|input| {
            let (name, rest) = input.split_once(r#"" value=""#).unwrap();
            let (value, _) = rest.split_once(r#"">"#).unwrap();
            (unescaped(name), unescaped(value))
        });
        Some(Self { action: unescaped(action), fields: fields.collect() })
    }

    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

fn unescaped(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    text.replace("&amp;", "&")
}

/// The title of a page: what the user is asked to do.
pub(super) fn title(page: &Answered) -> &str {
    let title = page.text().split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
    title.map_or("", |(title, _)| title)
}
