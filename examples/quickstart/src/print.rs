//! Printing: every exchange as a reader wants to see it.
//!
//! Parameters stand on a line each, decoded, with a note where a name comes up for the first time. Tokens are shortened.

use std::collections::HashSet;
use std::env;
use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Mutex, PoisonError};

use axum::http::{HeaderName, Request, Response, header};
use serde_json::Value;

use crate::html;

/// What is printed, in order.
pub struct Transcript {
    colours: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    explained: HashSet<&'static str>,
    chapters: u32,
    checks: u32,
}

impl Transcript {
    /// A transcript on the standard output, in colours if that is a terminal and `NO_COLOR` is not set.
    pub fn new() -> Self {
        let wants_none = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { colours: io::stdout().is_terminal() && !wants_none, state: Mutex::default() }
    }

    /// Begins a chapter: a numbered title and what the reader is about to see.
    pub fn chapter(&self, title: &str, text: &str) {
        let mut state = self.state();
        state.chapters += 1;
        let title = self.paint(Style::Title, &format!("{}. {title}", state.chapters));
        write_out(&format!("\n{title}\n{text}\n"));
    }

    /// A line between two exchanges.
    pub fn remark(&self, text: &str) {
        write_out(&format!("\n  {text}\n"));
    }

    /// Prints a request and its response.
    pub fn exchange(&self, from: &str, to: &str, request: &Request<Vec<u8>>, response: &Response<Vec<u8>>) {
        let mut page = String::new();
        let parties = format!("{from} → {to}");
        let line = format!("{} {}", request.method(), request.uri().path());
        _ = writeln!(page, "\n  {}  {}", self.paint(Style::Party, &parties), self.paint(Style::Strong, &line));
        self.parameters(&mut page, request.uri().query().unwrap_or_default());
        self.headers(&mut page, request.headers(), &[header::AUTHORIZATION, header::COOKIE]);
        self.body(&mut page, request.headers(), request.body());

        let status = response.status();
        let style = if status.as_u16() < 400 { Style::Good } else { Style::Bad };
        _ = writeln!(page, "  {}", self.paint(style, &format!("← {status}")));
        let shown = [header::LOCATION, header::SET_COOKIE, header::WWW_AUTHENTICATE];
        self.headers(&mut page, response.headers(), &shown);
        self.body(&mut page, response.headers(), response.body());
        write_out(&page);
    }

    /// Says that `claim` holds, or ends the program with it.
    pub fn check(&self, claim: &str, holds: bool) -> Result<(), Broken> {
        if !holds {
            return Err(Broken(claim.to_owned()));
        }
        self.state().checks += 1;
        write_out(&format!("    {} {claim}\n", self.paint(Style::Good, "✓")));
        Ok(())
    }

    /// The last line.
    pub fn end(&self) {
        let text = format!("Everything held: {} checks.", self.state().checks);
        write_out(&format!("\n{}\n", self.paint(Style::Good, &text)));
    }

    fn headers(&self, page: &mut String, headers: &axum::http::HeaderMap, shown: &[HeaderName]) {
        for name in shown {
            for value in headers.get_all(name) {
                let value = value.to_str().unwrap_or("(not text)");
                let (name, value, parameters) = header_as_shown(name, value);
                self.line(page, name, &value);
                self.parameters(page, &parameters);
            }
        }
    }

    fn body(&self, page: &mut String, headers: &axum::http::HeaderMap, body: &[u8]) {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let text = String::from_utf8_lossy(body);
        match kind.split(';').next().unwrap_or_default() {
            "application/x-www-form-urlencoded" => self.parameters(page, &text),
            "application/json" => {
                if let Ok(Value::Object(members)) = serde_json::from_str(&text) {
                    members.iter().for_each(|(name, value)| self.line(page, name, &json_as_shown(value)));
                }
            }
            "text/html" => self.line(page, "(a page)", &html::summary(&text)),
            _ if !text.is_empty() => self.line(page, "(text)", &text),
            _ => {}
        }
    }

    fn parameters(&self, page: &mut String, encoded: &str) {
        for (name, value) in url::form_urlencoded::parse(encoded.as_bytes()) {
            self.line(page, &name, &value);
        }
    }

    fn line(&self, page: &mut String, name: &str, value: &str) {
        let value = if name == "password" { "•••••".to_owned() } else { shortened(value) };
        let note = self.note(name).map(|note| self.paint(Style::Faint, &format!("  {note}")));
        let padded = if note.is_some() { format!("{value:<34}") } else { value };
        let name = self.paint(Style::Name, &format!("{name:<21}"));
        _ = writeln!(page, "      {name} {padded}{}", note.unwrap_or_default());
    }

    /// What a name means, once.
    fn note(&self, name: &str) -> Option<&'static str> {
        let (name, note) = NOTES.iter().find(|(noted, _)| *noted == name)?;
        self.state().explained.insert(name).then_some(*note)
    }

    fn paint(&self, style: Style, text: &str) -> String {
        if self.colours { format!("\x1b[{}m{text}\x1b[0m", style.code()) } else { text.to_owned() }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something that should have held, and did not.
#[derive(Debug)]
pub struct Broken(pub String);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "did not hold: {}", self.0)
    }
}

impl std::error::Error for Broken {}

#[derive(Clone, Copy)]
enum Style {
    Bad,
    Faint,
    Good,
    Name,
    Party,
    Strong,
    Title,
}

impl Style {
    fn code(self) -> &'static str {
        match self {
            Self::Bad => "31",
            Self::Faint => "2",
            Self::Good => "32",
            Self::Name => "36",
            Self::Party => "35",
            Self::Strong => "1",
            Self::Title => "1;4",
        }
    }
}

/// Name, value, and the parameters that the value carries.
fn header_as_shown<'a>(name: &'a HeaderName, value: &str) -> (&'a str, String, String) {
    match *name {
        header::LOCATION => match value.split_once('?') {
            Some((target, query)) => ("Location", target.to_owned(), query.to_owned()),
            None => ("Location", value.to_owned(), String::new()),
        },
        header::COOKIE => ("Cookie", value.split("; ").map(cookie_as_shown).collect::<Vec<_>>().join("; "), String::new()),
        header::SET_COOKIE => ("Set-Cookie", cookie_as_shown(value), String::new()),
        header::WWW_AUTHENTICATE => ("WWW-Authenticate", value.to_owned(), String::new()),
        header::AUTHORIZATION => ("Authorization", authorization_as_shown(value), String::new()),
        _ => (name.as_str(), value.to_owned(), String::new()),
    }
}

fn cookie_as_shown(cookie: &str) -> String {
    let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let mark = if attributes.is_empty() { "" } else { ";" };
    format!("{name}={}{mark}{attributes}", shortened(value))
}

fn authorization_as_shown(value: &str) -> String {
    match value.split_once(' ') {
        Some((scheme, credential)) => format!("{scheme} {}", shortened(credential)),
        None => shortened(value),
    }
}

fn json_as_shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(json_as_shown).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

/// A long random word as its two ends, so that it can be told from others. Sentences and URLs stay whole.
pub fn shortened(text: &str) -> String {
    let is_random = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'+' | b'=' | b'/');
    if text.len() < 24 || !text.bytes().all(is_random) {
        return text.to_owned();
    }
    format!("{}…{}", &text[..10], &text[text.len() - 6..])
}

/// A reader who closes the pipe early is no failure.
fn write_out(text: &str) {
    _ = io::stdout().lock().write_all(text.as_bytes());
}

const NOTES: &[(&str, &str)] = &[
    // The authorization request and its answer.
    ("response_type", "the client wants a code"),
    ("client_id", "who asks"),
    ("redirect_uri", "where the answer goes; it was registered"),
    ("scope", "what the token allows"),
    ("resource", "the API that the token is for"),
    ("state", "comes back unchanged: the answer to this question"),
    ("code_challenge", "SHA-256 of a secret that the client keeps"),
    ("code_challenge_method", "plain text would protect nothing"),
    ("code", "good once, for a minute, with the secret"),
    ("iss", "who answers: protects clients of several servers"),
    // The token endpoint.
    ("grant_type", "what the client brings"),
    ("code_verifier", "the secret itself: a stolen code is useless"),
    ("access_token", "opens the API"),
    ("refresh_token", "gets the next access token"),
    ("token_type", "whoever bears it may use it"),
    ("expires_in", "in seconds"),
    ("error", "one of the codes of the specification"),
    // Tokens in use.
    ("Authorization", "never in the URL, where logs would keep it"),
    ("WWW-Authenticate", "what is missing"),
    ("token", "the token in question"),
    ("active", "the one member that is always there"),
    ("sub", "the user"),
    ("aud", "the API that may accept the token"),
    ("exp", "seconds since 1970"),
    // The host's own pages.
    ("Location", "the browser goes on there"),
    ("Set-Cookie", "out of reach for scripts"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_words_are_shortened() {
        assert_eq!(shortened("abcdefghijklmnopqrstuvwxyz"), "abcdefghij…uvwxyz");
    }

    #[test]
    fn sentences_and_urls_stay_whole() {
        for text in ["alice", "urn:ietf:params:oauth:grant-type:x", "the code has expired and more", "authorization_code"] {
            assert_eq!(shortened(text), text);
        }
    }
}
