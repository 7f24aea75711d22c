//! Logging out: the question, and the page afterwards; and the page for whoever does not want to log in.

use askama::Template;
use axum::http::{HeaderMap, Response, StatusCode};
use grantsmith::server::UserSession;

use super::{Site, with_mark};
use crate::app::Host;
use crate::forms::Purpose;

#[derive(Template)]
#[template(path = "logout.html")]
struct LogoutPage<'a> {
    site: &'a Site,
    user: &'a str,
    csrf: String,
}

#[derive(Template)]
#[template(path = "message.html")]
struct MessagePage<'a> {
    site: &'a Site,
    class: &'a str,
    title: &'a str,
    text: &'a str,
}

/// Asks whether to log out, because a link on another site must not do it.
pub fn question(host: &Host, headers: &HeaderMap, session: &UserSession) -> Response<String> {
    let mark = host.forms.mark(headers, Some(session));
    let page = LogoutPage { site: &host.site, user: session.subject.as_str(), csrf: mark.word(Purpose::LogOut) };
    with_mark(host.site.page(StatusCode::OK, &page, None, None), &mark)
}

/// Nobody is logged in any more.
pub fn done(site: &Site) -> Response<String> {
    let text = "Apps that you have connected stay connected. To disconnect them, sign in again.";
    let page = MessagePage { site, class: "page-logged-out", title: "You are signed out", text };
    site.page(StatusCode::OK, &page, None, None)
}

/// Somebody came from an application and did not want to log in.
pub fn cancelled(site: &Site) -> Response<String> {
    let text = "You did not sign in, and nothing was shared with the application. You can close this page.";
    let page = MessagePage { site, class: "page-cancelled", title: "Nothing was shared", text };
    site.page(StatusCode::OK, &page, None, None)
}
