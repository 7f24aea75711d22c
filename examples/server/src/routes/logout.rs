//! Logging out, or making room for somebody else.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use super::login::onward;
use crate::app::App;
use crate::forms::Purpose;
use crate::pages::error::{Problem, of_ours};
use crate::pages::logout;

#[derive(Deserialize)]
pub struct Logout {
    csrf: String,
    /// The request that goes on with somebody else.
    handle: Option<String>,
}

pub async fn ask(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    match app.host.session(&headers) {
        Some(session) => logout::question(&app.host, &headers, &session).into_response(),
        None => logout::done(&app.host.site).into_response(),
    }
}

pub async fn log_out(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    form: Result<Form<Logout>, FormRejection>,
) -> Response {
    let host = &app.host;
    let session = host.session(&headers);
    let form = match form {
        // Whoever is logged out already wants what is the case.
        Ok(Form(form)) if session.is_none() && form.handle.is_none() => {
            return logout::done(&host.site).into_response();
        }
        Ok(Form(form)) if host.forms.are_ours(&headers, Purpose::LogOut, session.as_ref(), &form.csrf) => form,
        _ => return of_ours(&host.site, &headers, Problem::FormNotOurs).into_response(),
    };
    let cookie = host.sessions.close(&headers);
    if form.handle.is_some() {
        return onward(host, form.handle.as_deref(), cookie);
    }
    let mut response = logout::done(&host.site).into_response();
    response.headers_mut().extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
    response
}
