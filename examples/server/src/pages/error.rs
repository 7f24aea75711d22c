//! Error pages: a text for each kind that never changes; HTML for people, JSON for programs that ask for it.

use askama::Template;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use grantsmith::server::{ErrorPage, ErrorPageKind};
use grantsmith::value::RedirectUri;
use grantsmith::wire::{AuthorizationResponse, FormPost};
use serde_json::json;

use super::Site;

/// What went wrong outside of the library.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Problem {
    FormNotOurs,
    MethodNotAllowed,
    NotFound,
    Unavailable,
}

impl Problem {
    fn status(self) -> StatusCode {
        match self {
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::FormNotOurs => StatusCode::FORBIDDEN,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotFound => StatusCode::NOT_FOUND,
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::FormNotOurs => "form_not_ours",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::NotFound => "not_found",
            Self::Unavailable => "unavailable",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::FormNotOurs => "This form is too old",
            Self::MethodNotAllowed | Self::NotFound => "There is no such page",
            Self::Unavailable => "Not available right now",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::FormNotOurs => {
                "The form was sent from a page that is not valid any more, or your browser does not keep cookies. Go back, \
                 load the page again, and send it once more."
            }
            Self::MethodNotAllowed | Self::NotFound => "Nothing is found at this address. Check it for typing errors.",
            Self::Unavailable => "This server cannot answer right now. Try again in a moment.",
        }
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct Page<'a> {
    site: &'a Site,
    kind: &'a str,
    title: &'a str,
    text: &'a str,
    onward: Option<Onward<'a>>,
}

/// Where the user may go by a click.
struct Onward<'a> {
    destination: &'a str,
    link: Option<&'a str>,
    form: Option<&'a FormPost>,
}

/// A page for what the library refuses.
pub fn of_library(site: &Site, headers: &HeaderMap, error: &ErrorPage) -> Response<String> {
    let (kind, title) = named(error.kind());
    let onward = error.onward().map(|onward| Onward {
        destination: &onward.destination,
        link: match &onward.response {
            AuthorizationResponse::Redirect(location) => Some(location.as_str()),
            _ => None,
        },
        form: match &onward.response {
            AuthorizationResponse::FormPost(form) => Some(form),
            _ => None,
        },
    });
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = answer(site, headers, status, &Page { site, kind, title, text: error.text(), onward });
    if let Some(after) = error.retry_after() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(after.as_seconds()));
    }
    response
}

/// A page for what goes wrong before or after.
pub fn of_ours(site: &Site, headers: &HeaderMap, problem: Problem) -> Response<String> {
    let page = Page { site, kind: problem.kind(), title: problem.title(), text: problem.text(), onward: None };
    answer(site, headers, problem.status(), &page)
}

fn answer(site: &Site, headers: &HeaderMap, status: StatusCode, page: &Page<'_>) -> Response<String> {
    if !wants_json(headers) {
        let form = page.onward.as_ref().and_then(|onward| onward.form);
        let form_action = form.and_then(|form| Some(form.action.parse::<RedirectUri>().ok()?.form_action()));
        return site.page(status, page, form_action.as_deref(), None);
    }
    let mut response = Response::new(json!({ "error": page.kind, "error_description": page.text }).to_string());
    *response.status_mut() = status;
    site.secure(response.headers_mut(), None, None);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Whether it is a program that asks: one that wants JSON and does not take HTML.
fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut types =
        accept.flat_map(|value| value.split(',')).map(|part| part.split(';').next().unwrap_or_default().trim());
    let mut wants = false;
    types.all(|name| {
        wants |= name.eq_ignore_ascii_case("application/json");
        !name.eq_ignore_ascii_case("text/html")
    }) && wants
}

/// The name of a kind for programs, and its title for people.
fn named(kind: ErrorPageKind) -> (&'static str, &'static str) {
    match kind {
        ErrorPageKind::AlreadyCompleted => ("already_completed", "Already done"),
        ErrorPageKind::AnotherBrowser => ("another_browser", "Started in another browser"),
        ErrorPageKind::DecisionOutOfBounds => ("decision_out_of_bounds", "Nothing was chosen"),
        ErrorPageKind::HandleExpired => ("handle_expired", "This took too long"),
        ErrorPageKind::HandleInvalid => ("handle_invalid", "This request is not known"),
        ErrorPageKind::RequestInvalid => ("request_invalid", "This request cannot be answered"),
        ErrorPageKind::RequestOfUnverifiedClient => ("request_of_unverified_client", "This request failed"),
        ErrorPageKind::TooManyAttempts => ("too_many_attempts", "Too many attempts"),
        ErrorPageKind::Unavailable => ("unavailable", "Not available right now"),
        _ => ("other", "This did not work"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_programs_that_take_no_html_get_json() {
        for (accept, is_json) in [
            ("application/json", true),
            ("application/json, */*;q=0.5", true),
            ("text/html,application/json", false),
            ("application/json;q=0.9,text/html;q=0.1", false),
            ("*/*", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(wants_json(&headers), is_json, "{accept}");
        }
        assert!(!wants_json(&HeaderMap::new()));
    }
}
