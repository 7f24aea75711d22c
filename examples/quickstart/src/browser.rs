//! The little browser: it keeps cookies, follows redirects, fills in forms and presses buttons.
//!
//! It knows of OAuth as much as any browser: nothing.

use axum::http::{Method, Request, header};
use url::Url;

use crate::Outcome;
use crate::html::{self, decoded};
use crate::print::Broken;
use crate::wire::Wire;

/// A browser with one user in front of it.
pub struct Browser {
    wire: Wire,
    cookies: Vec<Cookie>,
    /// Where the client waits. Nothing listens there: the client is this program.
    client: Url,
}

/// Where a navigation ended.
pub enum Arrival {
    /// At a page that waits for the user.
    Page(Page),
    /// At the client, with the answer in the URL.
    Client(Url),
}

impl Arrival {
    /// The page, if that is where the browser is.
    pub fn page(self) -> Result<Page, Broken> {
        match self {
            Self::Page(page) => Ok(page),
            Self::Client(_) => Err(Broken("the user is asked something".to_owned())),
        }
    }

    /// The URL at the client, if that is where the browser is.
    pub fn client(self) -> Result<Url, Broken> {
        match self {
            Self::Client(url) => Ok(url),
            Self::Page(page) => Err(Broken(format!("the browser is sent back to the client, not to “{}”", page.title))),
        }
    }
}

impl Browser {
    /// A browser without cookies, for a client that waits at `client`.
    pub fn new(wire: &Wire, client: &Url) -> Self {
        Self { wire: wire.clone(), cookies: Vec::new(), client: client.clone() }
    }

    /// Opens a URL, as if the client had sent the user there.
    pub async fn open(&mut self, url: &Url) -> Outcome<Arrival> {
        self.navigate(url.clone(), None).await
    }

    /// Presses the button with that label and submits its form with the fields filled in so far.
    pub async fn press(&mut self, page: &Page, label: &str) -> Outcome<Arrival> {
        let (form, button) = page.button(label)?;
        let mut submission = form.fields.clone();
        submission.extend(button.field.clone());
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(submission).finish();
        self.navigate(page.url.join(&form.action)?, Some((page.url.origin().ascii_serialization(), body))).await
    }

    /// Follows redirects until something waits for the user.
    async fn navigate(&mut self, mut url: Url, mut submission: Option<(String, String)>) -> Outcome<Arrival> {
        for _ in 0..MOST_REDIRECTS {
            if url[..url::Position::AfterPath] == self.client[..url::Position::AfterPath] {
                return Ok(Arrival::Client(url));
            }
            let response = self.wire.send("browser", self.request(&url, submission.take())?).await?;
            for cookie in response.headers().get_all(header::SET_COOKIE) {
                self.keep(Cookie::read(cookie.to_str()?));
            }
            match response.headers().get(header::LOCATION) {
                Some(target) if response.status().is_redirection() => url = url.join(target.to_str()?)?,
                _ => return Ok(Arrival::Page(Page::read(url, &String::from_utf8(response.into_body())?))),
            }
        }
        Err(Broken("the redirects come to an end".to_owned()).into())
    }

    fn request(&self, url: &Url, submission: Option<(String, String)>) -> Outcome<Request<Vec<u8>>> {
        let mut request = Request::builder().uri(url.as_str()).header(header::ACCEPT, "text/html");
        let cookies: Vec<_> = self.cookies.iter().filter(|cookie| cookie.is_sent_to(url)).map(Cookie::pair).collect();
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        Ok(match submission {
            None => request.body(Vec::new())?,
            Some((origin, form)) => request
                .method(Method::POST)
                .header(header::ORIGIN, origin)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form.into_bytes())?,
        })
    }

    fn keep(&mut self, cookie: Cookie) {
        self.cookies.retain(|kept| (&kept.name, &kept.path) != (&cookie.name, &cookie.path));
        if !cookie.is_gone {
            self.cookies.push(cookie);
        }
    }
}

/// A page, with what the user has typed into it.
#[derive(Clone)]
pub struct Page {
    url: Url,
    pub title: String,
    forms: Vec<Form>,
}

#[derive(Clone)]
struct Form {
    action: String,
    fields: Vec<(String, String)>,
    buttons: Vec<Button>,
}

#[derive(Clone)]
struct Button {
    label: String,
    field: Option<(String, String)>,
}

impl Page {
    fn read(url: Url, html: &str) -> Self {
        let mut title = String::new();
        let mut forms: Vec<Form> = Vec::new();
        for tag in html::tags(html) {
            let text = |name| tag.attribute(name).unwrap_or_default().to_owned();
            let field = tag.attribute("name").map(|name| (name.to_owned(), text("value")));
            match (tag.name.as_str(), forms.last_mut()) {
                ("title", _) => title = decoded(tag.text),
                ("form", _) => forms.push(Form { action: text("action"), fields: Vec::new(), buttons: Vec::new() }),
                ("input", Some(form)) => form.fields.extend(field),
                ("button", Some(form)) => {
                    form.buttons.push(Button { label: decoded(tag.text).trim().to_owned(), field });
                }
                _ => {}
            }
        }
        Self { url, title, forms }
    }

    /// Types `value` into the field of that name.
    pub fn fill(mut self, name: &str, value: &str) -> Outcome<Self> {
        let mut fields = self.forms.iter_mut().flat_map(|form| &mut form.fields);
        let field = fields.find(|(known, _)| known == name);
        let (_, text) = field.ok_or_else(|| Broken(format!("“{}” has a field {name}", self.title)))?;
        value.clone_into(text);
        Ok(self)
    }

    fn button(&self, label: &str) -> Result<(&Form, &Button), Broken> {
        let mut buttons = self.forms.iter().flat_map(|form| form.buttons.iter().map(move |button| (form, button)));
        let pressed = buttons.find(|(_, button)| button.label == label);
        pressed.ok_or_else(|| Broken(format!("“{}” has a button {label}", self.title)))
    }
}

/// A cookie of the one host there is.
struct Cookie {
    name: String,
    value: String,
    path: String,
    is_gone: bool,
}

impl Cookie {
    fn read(header: &str) -> Self {
        let mut parts = header.split(';').map(str::trim);
        let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).unwrap_or_default();
        let mut cookie = Self { name: name.to_owned(), value: value.to_owned(), path: "/".to_owned(), is_gone: false };
        for (attribute, value) in parts.filter_map(|part| part.split_once('=')) {
            match attribute.to_ascii_lowercase().as_str() {
                "path" => value.clone_into(&mut cookie.path),
                "max-age" => cookie.is_gone = value.parse().is_ok_and(|seconds: i64| seconds <= 0),
                _ => {}
            }
        }
        cookie
    }

    /// [RFC 6265 §5.1.4](https://www.rfc-editor.org/rfc/rfc6265#section-5.1.4)
    fn is_sent_to(&self, url: &Url) -> bool {
        let path = self.path.trim_end_matches('/');
        url.path().strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    fn pair(&self) -> String {
        format!("{}={}", self.name, self.value)
    }
}

const MOST_REDIRECTS: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_belongs_to_its_form() {
        let html = r#"<title>Two</title><form action="/a"><button>No</button></form>
            <form action="/b"><input name=x value=1><button name=go value=2> Yes </button></form>"#;
        let page = Page::read("http://127.0.0.1/".parse().expect("a URL"), html).fill("x", "3").expect("a field");
        let (form, button) = page.button("Yes").expect("a button");
        assert_eq!(form.action, "/b");
        assert_eq!(form.fields, [("x".to_owned(), "3".to_owned())]);
        assert_eq!(button.field, Some(("go".to_owned(), "2".to_owned())));
    }

    #[test]
    fn a_cookie_stays_within_its_path() {
        let cookie = Cookie::read("a=b; Path=/authorize; HttpOnly");
        let is_sent = |url: &str| cookie.is_sent_to(&url.parse().expect("a URL"));
        assert!(is_sent("http://127.0.0.1/authorize?x"));
        assert!(is_sent("http://127.0.0.1/authorize/decide"));
        assert!(!is_sent("http://127.0.0.1/authorized"));
        assert!(!is_sent("http://127.0.0.1/"));
    }

    #[test]
    fn a_cookie_is_removed_by_its_age() {
        assert!(Cookie::read("a=; Max-Age=0").is_gone);
        assert!(!Cookie::read("a=b; Max-Age=60").is_gone);
    }
}
