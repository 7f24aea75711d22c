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
        let mut html = String::with_capacity(2048);
        html.push_str("<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>One more step</title>");
        html.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        html.push_str("<meta name=\"color-scheme\" content=\"light dark\"><style>");
        html.push_str(STYLE);
        html.push_str("</style></head><body><main><form method=\"post\" action=\"");
        escape(&self.action, &mut html);
        html.push_str("\">");
        for (name, value) in &self.fields {
            html.push_str("<input type=\"hidden\" name=\"");
            escape(name, &mut html);
            html.push_str("\" value=\"");
            escape(value, &mut html);
            html.push_str("\">");
        }
        html.push_str("<noscript><h1>One more step</h1><p>Press the button to go back to the application.</p>");
        html.push_str("<button>Continue</button></noscript></form></main><script>");
        html.push_str(SCRIPT);
        html.push_str("</script></body></html>");
        html
    }

    /// The policy under which the page of [`to_html`](Self::to_html) works and nothing else does.
    pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; \
         script-src 'sha256-ePniVEkSivX/c7XWBGafqh8tSpiRrKiqYeqbG7N1TOE='; \
         style-src 'sha256-gNiZprRKc9DCSghXwqz8r3ivVeydjrt0Hi2KOjoMQ8w='";
}

/// Escapes text for an attribute or an element.
pub(crate) fn escape(text: &str, html: &mut String) {
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
const STYLE: &str = "body{margin:2rem;font:1.125rem/1.5 system-ui,sans-serif}h1{font-size:1.5rem}\
                     button{padding:.625rem 1.25rem;font:inherit}";

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use sha2::{Digest as _, Sha256};

    use super::*;

    fn denied(redirect_uri: &str, state: &str, mode: ResponseMode) -> AuthorizationResponse {
        let content = ResponseContent::Error(ErrorCode::AccessDenied);
        let issuer = "https://as.example/a".parse().unwrap();
        AuthorizationResponse::new(&content, redirect_uri, Some(&state.parse().unwrap()), &issuer, mode)
    }

    fn location(redirect_uri: &str, state: &str) -> String {
        match denied(redirect_uri, state, ResponseMode::Query) {
            AuthorizationResponse::Redirect(location) => location,
            AuthorizationResponse::FormPost(_) => panic!("a redirect was asked for"),
        }
    }

    fn form(redirect_uri: &str, state: &str) -> FormPost {
        match denied(redirect_uri, state, ResponseMode::FormPost) {
            AuthorizationResponse::FormPost(form) => form,
            AuthorizationResponse::Redirect(_) => panic!("a form was asked for"),
        }
    }

    #[test]
    fn the_parameters_follow_the_query_that_was_registered() {
        let added = "error=access_denied&state=x&iss=https%3A%2F%2Fas.example%2Fa";
        for (redirect_uri, separator) in
            [("https://app.example/cb", "?"), ("https://app.example/cb?a=1", "&"), ("com.example.app:/cb", "?")]
        {
            assert_eq!(location(redirect_uri, "x"), format!("{redirect_uri}{separator}{added}"));
        }
    }

    #[test]
    fn nothing_in_a_state_gets_out_of_its_parameter() {
        covers!("RFC6749-B-01");
        let state: String = (0x20..=0x7e_u8).map(char::from).collect();

        let location = location("https://app.example/cb", &state);

        let url = url::Url::parse(&location).unwrap();
        let read: Vec<_> = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        let expected = [("error", "access_denied"), ("state", &state), ("iss", "https://as.example/a")];
        assert_eq!(read, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert!(!location.contains(['"', ' ', '<', '#']));
    }

    #[test]
    fn no_answer_has_an_error_uri() {
        covers!("RFC6749-4.1.2.1-13");
        let names: Vec<_> = form("https://app.example/cb", "x").fields.iter().map(|(name, _)| *name).collect();

        assert_eq!(names, ["error", "state", "iss"]);
        assert!(!location("https://app.example/cb", "x").contains("error_uri"));
    }

    #[test]
    fn markup_in_a_form_is_escaped() {
        let html = form("https://app.example/cb?a='&b", "\"><script>'&amp;").to_html();

        assert!(html.contains(r#"action="https://app.example/cb?a=&#39;&amp;b""#), "{html}");
        assert!(html.contains(r#"name="state" value="&quot;&gt;&lt;script&gt;&#39;&amp;amp;""#), "{html}");
        assert_eq!(html.matches("<script>").count(), 1);
        assert_eq!(html.matches("method=\"post\"").count(), 1);
    }

    #[test]
    fn the_page_has_its_own_script_and_style_and_no_others() {
        for (directive, text) in [("script-src", SCRIPT), ("style-src", STYLE)] {
            let hash = STANDARD.encode(Sha256::digest(text));
            assert!(FormPost::CONTENT_SECURITY_POLICY.contains(&format!("{directive} 'sha256-{hash}'")));
        }
        assert!(FormPost::CONTENT_SECURITY_POLICY.starts_with("default-src 'none'"));
        assert!(!FormPost::CONTENT_SECURITY_POLICY.contains("unsafe"));
        assert!(form("https://app.example/cb", "x").to_html().contains(&format!("<script>{SCRIPT}</script>")));
    }
}
