//! For tests only: what a person would do at the pages, in one request.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use grantsmith::host::{Clock as _, SystemClock};
use grantsmith::server::{Approved, Authorization, Decision, Need, UserSession, Visitor};
use serde::Deserialize;

use super::login::next_second;
use crate::app::App;
use crate::sessions::session_at;

#[derive(Deserialize)]
pub struct Drive {
    /// A URL of the authorization endpoint.
    goto: String,
    /// Whether to say no.
    cancel: Option<String>,
}

/// Logs the user in, decides, and answers with where the browser would be sent in the end.
pub async fn drive(State(app): State<Arc<App>>, Form(form): Form<Drive>) -> Response {
    let Some(mut session) = app.host.auto_login.clone() else { return said(StatusCode::NOT_FOUND, String::new()) };
    let endpoint = &app.server.endpoints().authorization;
    let query = form.goto.strip_prefix(endpoint.as_str()).and_then(|rest| rest.strip_prefix('?'));
    let Some(query) = query else {
        return said(StatusCode::BAD_REQUEST, format!("goto must be {endpoint} and a query\n"));
    };
    let mut browser = String::new();
    let mut answer = app.server.authorize(query.as_bytes(), &visitor(&session, "")).await;
    for _ in 0..MOST_STEPS {
        let Authorization::Ask(interaction) = answer else { return finished(answer) };
        browser = interaction.binding.clone().unwrap_or(browser);
        if interaction.need == Need::LogInAgain {
            next_second().await;
            match session_at(SystemClock.now(), session.subject.clone()) {
                Ok(anew) => session = anew,
                Err(error) => return said(StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
            }
        }
        let visitor = visitor(&session, &browser);
        answer = match interaction.need {
            Need::Consent => {
                let yes = || Decision::Approve(Approved::default());
                let decision = if form.cancel.is_some() { Decision::Deny } else { yes() };
                app.server.decide(&interaction.handle, &visitor, &decision).await
            }
            Need::LogIn | Need::LogInAgain | Need::SelectAccount => {
                app.server.resume(&interaction.handle, &visitor).await
            }
        };
    }
    finished(answer)
}

fn visitor<'a>(session: &'a UserSession, browser: &'a str) -> Visitor<'a> {
    Visitor { session: Some(session), binding: Some(browser).filter(|browser| !browser.is_empty()), caller: None }
}

fn finished(answer: Authorization) -> Response {
    match answer {
        Authorization::Redirect(location) => said(StatusCode::OK, location),
        Authorization::FormPost(form) => {
            let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&form.fields).finish();
            said(StatusCode::OK, format!("{}\n{body}", form.action))
        }
        Authorization::ErrorPage(page) => {
            let status = StatusCode::from_u16(page.status()).unwrap_or(StatusCode::BAD_REQUEST);
            said(status, page.text().to_owned())
        }
        Authorization::Ask(interaction) => said(StatusCode::CONFLICT, format!("still asked: {:?}", interaction.need)),
    }
}

fn said(status: StatusCode, text: String) -> Response {
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, text).into_response()
}

const MOST_STEPS: usize = 6;
