//! The authorization response: a redirect, or a page that posts a form.
//!
//! [RFC 6749 §4.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2),
//! [RFC 9207 §2](https://www.rfc-editor.org/rfc/rfc9207#section-2),
//! [OAuth 2.0 Form Post Response Mode](https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html)

use std::fmt;

use super::ErrorCode;
use crate::record::Credential;
use crate::value::{Issuer, ResponseMode, State};

/// What an authorization response says.
#[derive(Debug)]
#[non_exhaustive]
pub enum ResponseContent {
    /// The user approved.
    Code(Credential),
    /// The request failed or was denied.
    Error(ErrorCode),
}

/// An authorization response on its way to a redirection URI that was proven for the client.
#[non_exhaustive]
pub enum AuthorizationResponse {
    /// Answer 303 with this `Location`.
    Redirect(String),
    /// Answer 200 with a page that posts this form.
    FormPost(FormPost),
}

/// A form for the client, to be posted by the browser.
#[non_exhaustive]
pub struct FormPost {
    /// Where the form goes.
    pub action: String,
    /// Names and values of its fields. Escape both; [`to_html`](Self::to_html) does.
    pub fields: Vec<(&'static str, String)>,
}

impl AuthorizationResponse {
    /// Puts a response together. `redirect_uri` must have been proven for the client.
    pub(crate) fn new(
        content: &ResponseContent,
        redirect_uri: &str,
        state: Option<&State>,
        issuer: &Issuer,
        mode: ResponseMode,
    ) -> Self {
        let content = match content {
            ResponseContent::Code(code) => ("code", code.expose()),
            ResponseContent::Error(code) => ("error", code.as_str()),
        };
        let state = state.map(|state| ("state", state.as_str()));
        let fields = [content].into_iter().chain(state).chain([("iss", issuer.as_str())]);
        match mode {
            ResponseMode::Query => {
                let query = serde_urlencoded::to_string(fields.collect::<Vec<_>>()).unwrap_or_default();
                let separator = if redirect_uri.contains('?') { '&' } else { '?' };
                Self::Redirect(format!("{redirect_uri}{separator}{query}"))
            }
            ResponseMode::FormPost => Self::FormPost(FormPost {
                action: redirect_uri.to_owned(),
                fields: fields.map(|(name, value)| (name, value.to_owned())).collect(),
            }),
        }
    }
}

impl FormPost {
    /// A page that posts the form by itself, or at a click where scripts are off.
    ///
    /// Send it with [`CONTENT_SECURITY_POLICY`](Self::CONTENT_SECURITY_POLICY).
    #[must_use]
    pub fn to_html(&self) -> String {
        let mut html = String::with_capacity(1024);
        html.push_str("<!DOCTYPE html><html><head><meta charset=\"utf-8\"><title>Continue</title></head><body>");
        html.push_str("<form method=\"post\" action=\"");
        escape(&self.action, &mut html);
        html.push_str("\">");
        for (name, value) in &self.fields {
            html.push_str("<input type=\"hidden\" name=\"");
            escape(name, &mut html);
            html.push_str("\" value=\"");
            escape(value, &mut html);
            html.push_str("\">");
        }
        html.push_str("<noscript><button>Continue</button></noscript></form><script>");
        html.push_str(SCRIPT);
        html.push_str("</script></body></html>");
        html
    }

    /// The policy under which the page of [`to_html`](Self::to_html) works and nothing else does.
    pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; \
         script-src 'sha256-ePniVEkSivX/c7XWBGafqh8tSpiRrKiqYeqbG7N1TOE='";
}

/// Escapes text for an attribute or an element.
fn escape(text: &str, html: &mut String) {
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
}

impl fmt::Debug for AuthorizationResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Redirect(_) => "AuthorizationResponse::Redirect(redacted)",
            Self::FormPost(_) => "AuthorizationResponse::FormPost(redacted)",
        })
    }
}

impl fmt::Debug for FormPost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FormPost(redacted)")
    }
}

const SCRIPT: &str = "document.forms[0].submit()";
