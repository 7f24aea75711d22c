//! What the host shows to users.

use async_trait::async_trait;
use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::request::Parts;
use http::{HeaderValue, Response};

use super::answer;
use super::routes::path_of;
use crate::server::{AuthorizationServer, ErrorPage, Interaction, Onward, UserSession};
use crate::wire::{AuthorizationResponse, escape};

/// The host's side of the authorization endpoint: who is logged in, and the pages.
///
/// The service sends the pages with `Cache-Control: no-store` and the binding cookie, and adds `X-Frame-Options`,
/// `frame-ancestors 'none'` and `Referrer-Policy` where they are missing. All text of the client that the pages show is a
/// stranger's: escape it. A `form-action` in the page's policy must allow [`Interaction::form_action`], because browsers
/// apply it to the redirect that follows the form.
///
/// # The forms
///
/// | page | sends | to |
/// |---|---|---|
/// | log in, log in again, choose an account | the host's own form, then `handle`, by `GET` or `POST` | [`Paths::resume`] |
/// | consent | `handle`, `decision=approve` or `decision=deny`, by `POST` | [`Paths::decide`] |
///
/// With a decision may go `scope` and `resource`, repeated as check boxes do, to approve less than was asked, and
/// `remember=1`. Where there are check boxes, also send one empty `scope`, so that none checked does not mean all.
#[async_trait]
pub trait Pages: Send + Sync {
    /// Who is logged in in this browser, as the host's own session cookie tells.
    async fn session(&self, request: &Parts) -> Option<UserSession>;

    /// The page for what [`Interaction::need`] says, or a redirect to it.
    async fn ask(&self, request: &Parts, interaction: &Interaction, paths: &Paths) -> Response<Bytes>;

    /// The page that says what went wrong. Default: a plain one, in English.
    async fn error_page(&self, request: &Parts, page: &ErrorPage) -> Response<Bytes> {
        let _ = request;
        default_error_page(page)
    }
}

/// Where the host's pages send the user, as paths of this origin.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Paths {
    /// After logging in.
    pub resume: String,
    /// With a decision.
    pub decide: String,
}

impl Paths {
    /// The paths of a server, for routes that go on elsewhere than in [`Pages::ask`], such as a login form's.
    #[must_use]
    pub fn of(server: &AuthorizationServer) -> Self {
        Self::beneath(&path_of(&server.endpoints().authorization))
    }

    /// The paths beneath an authorization endpoint.
    pub(super) fn beneath(authorization: &str) -> Self {
        let base = authorization.trim_end_matches('/');
        Self { resume: format!("{base}/resume"), decide: format!("{base}/decide") }
    }
}

/// A page of fixed text, and a way onward where the core allows one.
pub(super) fn default_error_page(page: &ErrorPage) -> Response<Bytes> {
    let mut html = String::with_capacity(1024);
    html.push_str("<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">");
    html.push_str("<meta name=\"viewport\" content=\"width=device-width\"><title>This did not work</title></head>");
    html.push_str("<body><main><h1>This did not work</h1><p>");
    escape(page.text(), &mut html);
    html.push_str("</p>");
    if let Some(onward) = page.onward() {
        write_onward(onward, &mut html);
    }
    html.push_str("</main></body></html>");
    let mut response = answer::page(page.status(), html);
    if let Some(after) = page.retry_after() {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(after.as_seconds()));
    }
    response
}

fn write_onward(onward: &Onward, html: &mut String) {
    match &onward.response {
        AuthorizationResponse::Redirect(location) => {
            html.push_str("<p><a rel=\"noreferrer\" href=\"");
            escape(location, html);
            html.push_str("\">Go on to ");
            escape(&onward.destination, html);
            html.push_str("</a></p>");
        }
        AuthorizationResponse::FormPost(form) => {
            html.push_str("<form method=\"post\" action=\"");
            escape(&form.action, html);
            html.push_str("\">");
            for (name, value) in &form.fields {
                html.push_str("<input type=\"hidden\" name=\"");
                escape(name, html);
                html.push_str("\" value=\"");
                escape(value, html);
                html.push_str("\">");
            }
            html.push_str("<button>Go on to ");
            escape(&onward.destination, html);
            html.push_str("</button></form>");
        }
    }
}
