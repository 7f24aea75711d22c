//! The host of a stage: who is logged in, and the pages that users see.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;

use async_trait::async_trait;
use bytes::Bytes;
use grantsmith::host::Clock as _;
use grantsmith::http::{Pages, Paths};
use grantsmith::record::Authentication;
use grantsmith::server::{Interaction, Need, UserSession};
use grantsmith::testing::FixedClock;
use http::Response;
use http::request::Parts;

/// Keeps login sessions, and asks with plain pages.
pub(super) struct Portal {
    clock: FixedClock,
    sessions: Mutex<BTreeMap<String, UserSession>>,
}

impl Portal {
    pub(super) fn new(clock: FixedClock) -> Self {
        Self { clock, sessions: Mutex::default() }
    }

    /// Somebody logs in now. Returns the value of the session cookie.
    pub(super) fn log_in(&self, subject: &str) -> String {
        let mut sessions = self.sessions.lock().unwrap();
        let id = format!("session-{}", sessions.len());
        let mut authentication = Authentication::at(self.clock.now());
        authentication.session = Some(id.parse().unwrap());
        sessions.insert(id.clone(), UserSession { subject: subject.parse().unwrap(), authentication });
        id
    }
}

#[async_trait]
impl Pages for Portal {
    async fn session(&self, request: &Parts) -> Option<UserSession> {
        let cookies = request.headers.get("cookie")?.to_str().ok()?;
        let id = cookies.split("; ").find_map(|cookie| cookie.strip_prefix("session="))?;
        self.sessions.lock().unwrap().get(id).cloned()
    }

    async fn ask(&self, _: &Parts, interaction: &Interaction, paths: &Paths) -> Response<Bytes> {
        let Interaction { need, client, .. } = interaction;
        let name = client.display.name.as_deref().unwrap_or(client.id.as_str());
        let subject = interaction.subject.as_ref().map_or("nobody", |subject| subject.as_str());
        let action = if *need == Need::Consent { &paths.decide } else { &paths.resume };
        let mut html = format!("<!DOCTYPE html><title>{need:?}</title><p>");
        for text in [name, subject, &interaction.destination, interaction.scope.as_str()] {
            write!(html, "{} ", escaped(text)).unwrap();
        }
        if let Some(hint) = &interaction.login_hint {
            html.push_str(&escaped(hint));
        }
        let handle = &interaction.handle;
        write!(
            html,
            r#"</p><form method="post" action="{action}"><input type="hidden" name="handle" value="{handle}">"#
        )
        .unwrap();
        html.push_str("</form>");
        Response::builder().header("content-type", "text/html; charset=utf-8").body(html.into()).unwrap()
    }
}

pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
