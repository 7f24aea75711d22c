//! The login page: on the way to an application, or to the account.

use askama::Template;
use axum::http::{HeaderMap, Response, StatusCode};
use grantsmith::server::{Interaction, Need};

use super::{Site, with_mark};
use crate::app::{FailedLogin, Host, LoginFailure};
use crate::forms::Purpose;

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    site: &'a Site,
    /// Who sent the user here, and where the user goes from here.
    app: Option<App<'a>>,
    login: &'a str,
    problem: Option<&'static str>,
    /// Whether there is a session, and the password is wanted all the same.
    again: bool,
    csrf: String,
}

struct App<'a> {
    name: &'a str,
    handle: &'a str,
}

/// The page for somebody whom an application sent.
pub fn of_request(
    host: &Host,
    headers: &HeaderMap,
    interaction: &Interaction,
    failed: Option<&FailedLogin>,
) -> Response<String> {
    let client = &interaction.client;
    let name = client.display.name.as_deref().unwrap_or(client.id.as_str());
    let session = interaction.subject.as_ref().map(AsRef::as_ref);
    let login = failed.map(|failed| failed.login.as_str()).or(session).or(interaction.login_hint.as_deref());
    let mark = host.forms.mark(headers, None);
    let page = LoginPage {
        site: &host.site,
        app: Some(App { name, handle: &interaction.handle }),
        login: login.unwrap_or_default(),
        problem: failed.map(problem),
        again: interaction.need == Need::LogInAgain,
        csrf: mark.word(Purpose::LogIn),
    };
    with_mark(host.site.page(status(failed), &page, Some(&interaction.form_action), None), &mark)
}

/// The page for somebody who came on their own.
pub fn alone(host: &Host, headers: &HeaderMap, failed: Option<&FailedLogin>) -> Response<String> {
    let mark = host.forms.mark(headers, None);
    let page = LoginPage {
        site: &host.site,
        app: None,
        login: failed.map(|failed| failed.login.as_str()).unwrap_or_default(),
        problem: failed.map(problem),
        again: false,
        csrf: mark.word(Purpose::LogIn),
    };
    with_mark(host.site.page(status(failed), &page, None, None), &mark)
}

fn problem(failed: &FailedLogin) -> &'static str {
    match failed.reason {
        LoginFailure::Busy => "Too many people are signing in right now. Try again in a moment.",
        LoginFailure::TooOften => "There have been too many attempts. Wait a minute and try again.",
        LoginFailure::Wrong => "The user name or the password is wrong.",
    }
}

fn status(failed: Option<&FailedLogin>) -> StatusCode {
    match failed.map(|failed| failed.reason) {
        None => StatusCode::OK,
        Some(LoginFailure::Busy) => StatusCode::SERVICE_UNAVAILABLE,
        Some(LoginFailure::TooOften) => StatusCode::TOO_MANY_REQUESTS,
        Some(LoginFailure::Wrong) => StatusCode::UNPROCESSABLE_ENTITY,
    }
}
