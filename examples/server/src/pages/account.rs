//! The page of connected applications.

use askama::Template;
use axum::http::{HeaderMap, Response, StatusCode};
use grantsmith::server::UserSession;

use super::{Site, with_mark};
use crate::app::Host;
use crate::connected::ConnectedApp;
use crate::forms::Purpose;

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage<'a> {
    site: &'a Site,
    user: &'a str,
    apps: &'a [ConnectedApp],
    /// What was just disconnected.
    disconnected: Option<&'a str>,
    csrf_disconnect: String,
    csrf_logout: String,
}

pub fn page(
    host: &Host,
    headers: &HeaderMap,
    session: &UserSession,
    apps: &[ConnectedApp],
    disconnected: Option<&str>,
) -> Response<String> {
    let mark = host.forms.mark(headers, Some(session));
    let page = AccountPage {
        site: &host.site,
        user: session.subject.as_str(),
        apps,
        disconnected,
        csrf_disconnect: mark.word(Purpose::Disconnect),
        csrf_logout: mark.word(Purpose::LogOut),
    };
    with_mark(host.site.page(StatusCode::OK, &page, None, None), &mark)
}
