//! What an answer must be.

use http::StatusCode;
use url::form_urlencoded::parse;

use super::browser::Form;
use crate::http_exchange::Answered;

/// An error of an endpoint that clients call directly.
#[track_caller]
pub(super) fn assert_refused(answer: &Answered, status: u16, error: &str) {
    assert_eq!((answer.status.as_u16(), answer.text()), (status, format!(r#"{{"error":"{error}"}}"#).as_str()));
}

/// The page that says that something is wrong, and sends nobody anywhere.
#[track_caller]
pub(super) fn assert_error_page(answer: &Answered) {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.golden());
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(answer.header("location"), None);
    assert_eq!(answer.header("set-cookie"), None);
}

#[track_caller]
pub(super) fn assert_inactive(answer: &Answered) {
    assert_eq!((answer.status, answer.text()), (StatusCode::OK, r#"{"active":false}"#));
}

/// A parameter of an authorization response, be it in the query or in a form.
#[track_caller]
pub(super) fn value_in(answer: &Answered, name: &str) -> Option<String> {
    if let Some(location) = answer.header("location") {
        let (_, query) = location.split_once('?').unwrap();
        return parse(query.as_bytes()).find(|(other, _)| other == name).map(|(_, value)| value.into_owned());
    }
    Form::find(answer.text()).and_then(|form| form.value(name).map(str::to_owned))
}

/// The code that the client is given.
#[track_caller]
pub(super) fn code_in(answer: &Answered) -> String {
    value_in(answer, "code").unwrap_or_else(|| panic!("no code: {}", answer.golden()))
}

/// The error that the client is sent.
#[track_caller]
pub(super) fn assert_sent_error(answer: &Answered, error: &str) {
    assert_eq!(value_in(answer, "error").as_deref(), Some(error), "{}", answer.golden());
    assert_eq!(value_in(answer, "state").as_deref(), Some("the-state"));
}
