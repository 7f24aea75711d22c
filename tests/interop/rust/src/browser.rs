//! As much of a browser as alice needs: it follows redirects, keeps cookies, and sends the forms that it is shown.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use oauth2::http::{Request, header};
use oauth2::url::{Url, form_urlencoded};
use ureq::Agent;

use crate::report::{Outcome, check};

const USER: [(&str, &str); 2] = [("login", "alice"), ("password", "wonderland")];

/// An agent that reports every answer as it came.
pub fn agent() -> Agent {
    let config = Agent::config_builder().http_status_as_error(false).max_redirects(0).max_redirects_will_error(false);
    config.proxy(None).build().into()
}

/// The URL that the user is sent back with, once the listener has answered it.
pub fn authorize(url: &Url, redirect_uri: &str) -> Outcome<Url> {
    let page = Browser { agent: agent(), cookies: BTreeMap::new() }.visit(url)?;
    check(page.url.as_str().starts_with(&format!("{redirect_uri}?")), &format!("ends at {}", page.url))?;
    Ok(page.url)
}

struct Browser {
    agent: Agent,
    /// By host and name.
    cookies: BTreeMap<(String, String), String>,
}

struct Page {
    url: Url,
    text: String,
}

impl Browser {
    fn visit(&mut self, url: &Url) -> Outcome<Page> {
        let mut page = self.open(url.clone(), None)?;
        for _ in 0..4 {
            let kind = page.text.split("<body class=\"").nth(1).and_then(|rest| rest.split('"').next());
            let (button, filled) = match kind {
                Some("page-login") => ("login-submit", &USER[..]),
                Some("page-consent") => ("consent-submit", &[][..]),
                Some("page-error") => return Err("the server shows an error".into()),
                _ => return Ok(page),
            };
            let (action, fields) = form(&page.text, button, filled).ok_or("the form cannot be read")?;
            page = self.open(page.url.join(&action)?, Some(fields))?;
        }
        Err("the forms never end".into())
    }

    fn open(&mut self, mut url: Url, mut fields: Option<String>) -> Outcome<Page> {
        for _ in 0..8 {
            let host = url.host_str().unwrap_or_default().to_owned();
            let cookies = self.cookies.iter().filter(|((of, _), _)| *of == host);
            let cookies: Vec<String> = cookies.map(|((_, name), value)| format!("{name}={value}")).collect();
            let request = Request::builder()
                .method(if fields.is_some() { "POST" } else { "GET" })
                .uri(url.as_str())
                .header(header::ACCEPT, "text/html")
                .header(header::ORIGIN, url.origin().ascii_serialization())
                .header(header::COOKIE, cookies.join("; "))
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            let mut response = self.agent.run(request.body(fields.take().unwrap_or_default())?)?;
            for cookie in response.headers().get_all(header::SET_COOKIE) {
                let cookie = cookie.to_str()?;
                let (name, value) = cookie.split(';').next().and_then(|pair| pair.split_once('=')).ok_or("a cookie")?;
                self.cookies.insert((host.clone(), name.to_owned()), value.to_owned());
            }
            let location = response.headers().get(header::LOCATION).filter(|_| response.status().is_redirection());
            let Some(location) = location else {
                return Ok(Page { url, text: response.body_mut().read_to_string()? });
            };
            url = url.join(location.to_str()?)?;
        }
        Err("the redirects never end".into())
    }
}

/// Where the form with this button leads to, and what it holds when the button is pressed.
fn form(page: &str, button: &str, filled: &[(&str, &str)]) -> Option<(String, String)> {
    let form =
        page.split("<form").skip(1).find(|form| form.split("</form>").next().is_some_and(|it| it.contains(button)))?;
    let form = form.split("</form>").next()?;
    let mut fields = form_urlencoded::Serializer::new(String::new());
    for tag in form.split('<') {
        let tag = tag.split('>').next()?;
        let counts = if tag.starts_with("button") {
            tag.contains(button)
        } else {
            tag.starts_with("input") && (!tag.contains("type=\"checkbox\"") || tag.contains(" checked"))
        };
        let Some(name) = attribute(tag, "name").filter(|_| counts) else { continue };
        let typed = filled.iter().find(|(of, _)| *of == name).map(|(_, value)| (*value).to_owned());
        fields.append_pair(&name, &typed.or_else(|| attribute(tag, "value")).unwrap_or_default());
    }
    Some((attribute(form.split('>').next()?, "action")?, fields.finish()))
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?;
    let text = [("&#34;", "\""), ("&#38;", "&"), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">")];
    Some(text.iter().fold(value.to_owned(), |value, (escaped, plain)| value.replace(escaped, plain)))
}

/// Listens for redirects until the process ends. Answers the redirect URI. Port 0 is any.
pub fn listen(port: u16) -> Outcome<String> {
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    let redirect_uri = format!("http://127.0.0.1:{}/callback", listener.local_addr()?.port());
    thread::spawn(move || listener.incoming().flatten().map(answer).all(|answered| answered.is_ok()));
    Ok(redirect_uri)
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    for line in BufReader::new(&stream).lines() {
        if line?.is_empty() {
            break;
        }
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nOK")
}
