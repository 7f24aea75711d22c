//! Printing: every exchange as a reader wants to see it.
//!
//! Parameters stand on a line each, decoded, with a note where a name comes up for the first time. Tokens are
//! shortened.

use std::collections::HashSet;
use std::env;
use std::fmt::{self, Write as _};
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Mutex, PoisonError};

use axum::http::{HeaderMap, HeaderName, Request, Response, header};
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

    /// An invitation to whoever reads this.
    pub fn invite(&self, text: &str) {
        write_out(&format!("\n{}\n", self.paint(Style::Strong, text)));
    }

    /// Prints a request and its response.
    pub fn exchange(&self, from: &str, to: &str, request: &Request<Vec<u8>>, response: &Response<Vec<u8>>) {
        let parties = self.paint(Style::Party, &format!("{from} → {to}"));
        let line = self.paint(Style::Strong, &format!("{} {}", request.method(), request.uri().path()));
        let mut lines = parameters(request.uri().query().unwrap_or_default());
        lines.extend(headers(request.headers(), &[header::AUTHORIZATION, header::COOKIE]));
        lines.extend(body(request.headers(), request.body()));
        let asked = self.block(&lines);

        let style = if response.status().as_u16() < 400 { Style::Good } else { Style::Bad };
        let status = self.paint(style, &format!("← {}", response.status()));
        let mut lines = headers(response.headers(), &[header::LOCATION, header::SET_COOKIE, header::WWW_AUTHENTICATE]);
        lines.extend(body(response.headers(), response.body()));
        let answered = self.block(&lines);
        write_out(&format!("\n  {parties}  {line}\n{asked}  {status}\n{answered}"));
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

    /// Names, values and notes in columns.
    fn block(&self, lines: &[Line]) -> String {
        let width = lines.iter().map(|line| line.name.len()).max().unwrap_or_default().max(NAME_WIDTH);
        let mut block = String::new();
        for Line { name, value } in lines {
            let name_shown = self.paint(Style::Name, &format!("{name:<width$}"));
            _ = match self.note(name, value) {
                Some(note) => {
                    writeln!(block, "      {name_shown}  {value:<VALUE_WIDTH$}  {}", self.paint(Style::Faint, note))
                }
                None => writeln!(block, "      {name_shown}  {value}"),
            };
        }
        block
    }

    /// What a name means, once.
    fn note(&self, name: &str, value: &str) -> Option<&'static str> {
        let name = if name == "Authorization" { value.split(' ').next().unwrap_or(name) } else { name };
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

/// A name and its value, as they are shown.
struct Line {
    name: String,
    value: String,
}

impl Line {
    fn new(name: &str, value: &str) -> Self {
        let value = if name == "password" { "•••••".to_owned() } else { shortened(value) };
        Self { name: name.to_owned(), value }
    }
}

fn headers(headers: &HeaderMap, shown: &[HeaderName]) -> Vec<Line> {
    let named = shown.iter().flat_map(|name| headers.get_all(name).iter().map(move |value| (name, value)));
    named.flat_map(|(name, value)| header_as_shown(name, value.to_str().unwrap_or("(not text)"))).collect()
}

fn header_as_shown(name: &HeaderName, value: &str) -> Vec<Line> {
    match *name {
        header::LOCATION => {
            let (target, query) = value.split_once('?').unwrap_or((value, ""));
            std::iter::once(Line::new("Location", target)).chain(parameters(query)).collect()
        }
        header::COOKIE => value.split("; ").map(|cookie| Line::new("Cookie", &cookie_as_shown(cookie))).collect(),
        header::SET_COOKIE => vec![Line::new("Set-Cookie", &cookie_as_shown(value))],
        header::WWW_AUTHENTICATE => vec![Line::new("WWW-Authenticate", value)],
        header::AUTHORIZATION => vec![Line::new("Authorization", &authorization_as_shown(value))],
        _ => vec![Line::new(name.as_str(), value)],
    }
}

fn body(headers: &HeaderMap, body: &[u8]) -> Vec<Line> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let text = String::from_utf8_lossy(body);
    match kind.split(';').next().unwrap_or_default() {
        "application/x-www-form-urlencoded" => parameters(&text),
        "application/json" => match serde_json::from_str(&text) {
            Ok(Value::Object(members)) => {
                members.iter().map(|(name, value)| Line::new(name, &json_as_shown(value))).collect()
            }
            _ => vec![Line::new("(not JSON)", &text)],
        },
        "text/html" => vec![Line::new("(a page)", &html::summary(&text))],
        _ if text.is_empty() => Vec::new(),
        _ => vec![Line::new("(text)", &text)],
    }
}

fn parameters(encoded: &str) -> Vec<Line> {
    let pairs = url::form_urlencoded::parse(encoded.as_bytes());
    pairs.map(|(name, value)| Line::new(&name, &value)).collect()
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
    let is_random =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b'+' | b'=' | b'/');
    if text.len() < 24 || !text.bytes().all(is_random) {
        return text.to_owned();
    }
    format!("{}…{}", &text[..10], &text[text.len() - 6..])
}

/// A reader who closes the pipe early is no failure.
fn write_out(text: &str) {
    _ = io::stdout().lock().write_all(text.as_bytes());
}

const NAME_WIDTH: usize = 21;
const VALUE_WIDTH: usize = 34;

/// What names mean. Each is explained once; those that speak for themselves are not here.
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
    ("error", "no more is said: it would help a thief"),
    // Tokens in use.
    ("Basic", "the client's name and secret"),
    ("Bearer", "a header: URLs end up in logs"),
    ("WWW-Authenticate", "what is missing"),
    ("token", "the token in question"),
    ("token_type_hint", "where to look first"),
    ("active", "the one member that is always there"),
    ("sub", "the user"),
    ("aud", "the API that may accept the token"),
    ("exp", "seconds since 1970"),
    // The host's own pages.
    ("Location", "the browser goes on there"),
    ("Set-Cookie", "kept by the browser, hidden from scripts"),
    ("handle", "the request, sealed: nothing is stored yet"),
    ("password", "the app never sees it"),
    ("decision", "counts once, from this browser, for this request"),
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
        for text in
            ["alice", "urn:ietf:params:oauth:grant-type:x", "the code has expired and more", "authorization_code"]
        {
            assert_eq!(shortened(text), text);
        }
    }
}
