//! Logging in, and going on where the user came from.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::{HeaderMap, HeaderValue, Request, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::{Extension, Form};
use grantsmith::host::{Attempt, Clock as _, Endpoint, RateLimiter as _, SystemClock};
use grantsmith::http::Caller;
use grantsmith::value::Subject;
use serde::Deserialize;
use tracing::info;
use zeroize::Zeroizing;

use crate::app::{App, FailedLogin, Host, LoginFailure};
use crate::forms::Purpose;
use crate::pages::error::{Problem, of_ours};
use crate::pages::{login, logout};

#[derive(Deserialize)]
pub struct Credentials {
    login: String,
    password: String,
    csrf: String,
    /// What the library gave along, if an application sent the user here.
    handle: Option<String>,
    /// There was a session already, and the application wants the user to log in all the same.
    again: Option<String>,
}

/// The form for somebody who came on their own.
pub async fn show(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    if app.host.session(&headers).is_some() {
        return Redirect::to(&format!("{}/account", app.host.site.base)).into_response();
    }
    login::alone(&app.host, &headers, None).into_response()
}

pub async fn cancelled(State(app): State<Arc<App>>) -> Response {
    logout::cancelled(&app.host.site).into_response()
}

pub async fn log_in(
    State(app): State<Arc<App>>,
    caller: Option<Extension<Caller>>,
    headers: HeaderMap,
    form: Result<Form<Credentials>, FormRejection>,
) -> Response {
    let host = &app.host;
    let form = match form {
        Ok(Form(form)) if host.forms.are_ours(&headers, Purpose::LogIn, None, &form.csrf) => form,
        _ => return of_ours(&host.site, &headers, Problem::FormNotOurs).into_response(),
    };
    let caller = caller.as_ref().map(|Extension(caller)| caller.as_str());
    let subject = match check(&app, &form.login, Zeroizing::new(form.password), caller).await {
        Ok(subject) => subject,
        Err(reason) => {
            info!(target: "audit", ?reason, "login failed");
            let failed = FailedLogin { login: form.login, reason };
            return ask_again(&app, headers, form.handle.as_deref(), failed).await;
        }
    };
    if form.again.is_some() {
        next_second().await;
    }
    info!(target: "audit", %subject, "logged in");
    match host.sessions.open(&headers, subject) {
        Ok(Some(cookie)) => onward(host, form.handle.as_deref(), Some(cookie)),
        _ => of_ours(&host.site, &headers, Problem::Unavailable).into_response(),
    }
}

/// Who that is, if the password is right and this caller has not guessed too often.
async fn check(
    app: &App,
    login: &str,
    password: Zeroizing<String>,
    caller: Option<&str>,
) -> Result<Subject, LoginFailure> {
    let attempt = Attempt { endpoint: Endpoint::Authorization, client: Some(login), caller };
    app.logins.check(&attempt).await.map_err(|_| LoginFailure::TooOften)?;
    let found = app.host.accounts.log_in(login, password).await.map_err(|_| LoginFailure::Busy)?;
    if found.is_none() {
        app.logins.failed(&attempt).await;
    }
    found.ok_or(LoginFailure::Wrong)
}

/// Sends the user back to the library with what it had given along, or to the account. The library looks at the session,
/// not at how one came.
pub fn onward(host: &Host, handle: Option<&str>, cookie: Option<HeaderValue>) -> Response {
    let onward = match handle {
        Some(handle) => {
            let handle: String = url::form_urlencoded::byte_serialize(handle.as_bytes()).collect();
            Redirect::to(&format!("{}?handle={handle}", host.paths.resume))
        }
        None => Redirect::to(&format!("{}/account", host.site.base)),
    };
    let mut response = onward.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
    response
}

/// The form once more, with what went wrong. Only the library knows from the handle who sent the user here.
async fn ask_again(app: &App, headers: HeaderMap, handle: Option<&str>, failed: FailedLogin) -> Response {
    let Some(handle) = handle else { return login::alone(&app.host, &headers, Some(&failed)).into_response() };
    let handle: String = url::form_urlencoded::byte_serialize(handle.as_bytes()).collect();
    let Ok(mut request) = Request::get(format!("{}?handle={handle}", app.host.paths.resume)).body(Bytes::new()) else {
        return of_ours(&app.host.site, &headers, Problem::FormNotOurs).into_response();
    };
    *request.headers_mut() = headers;
    request.extensions_mut().insert(failed);
    app.endpoints.handle(request).await.map(axum::body::Body::from)
}

/// A login counts as new only if it is of a later second than the request for it.
pub async fn next_second() {
    let begun = SystemClock.now();
    while SystemClock.now() == begun {
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
