//! The pages, as plain as can be. What real ones look like is in the quickstart.

use async_trait::async_trait;
use bytes::Bytes;
use grantsmith::host::{Clock as _, SystemClock};
use grantsmith::http::{Caller, Pages, Paths};
use grantsmith::record::Authentication;
use grantsmith::server::{Interaction, Need, UserSession};
use http::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode};

/// Pages for a user who is always alice.
#[derive(Clone, Copy, Debug)]
pub struct DemoPages;

#[async_trait]
impl Pages for DemoPages {
    async fn session(&self, request: &Parts) -> Option<UserSession> {
        let mut cookies = request.headers.get_all(COOKIE).iter().filter_map(|header| header.to_str().ok());
        let is_logged_in = cookies.any(|header| header.split("; ").any(|cookie| cookie == SESSION));
        let subject = "alice".parse().ok().filter(|_| is_logged_in)?;
        Some(UserSession { subject, authentication: Authentication::at(SystemClock.now()) })
    }

    async fn ask(&self, request: &Parts, interaction: &Interaction, paths: &Paths) -> Response<Bytes> {
        match interaction.need {
            Need::LogIn | Need::LogInAgain | Need::SelectAccount => log_in(interaction, paths),
            Need::Consent => consent(request, interaction, paths),
        }
    }
}

/// Your login page goes here.
fn log_in(interaction: &Interaction, paths: &Paths) -> Response<Bytes> {
    let onward = format!("{}?handle={}", paths.resume, interaction.handle);
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().extend([
        (SET_COOKIE, HeaderValue::from_static("session=alice; Path=/; HttpOnly; SameSite=Lax")),
        (LOCATION, HeaderValue::from_str(&onward).unwrap_or(HeaderValue::from_static("/"))),
    ]);
    response
}

/// Your consent page goes here. It says who calls, so that one sees whether the framework tells the service.
fn consent(request: &Parts, interaction: &Interaction, paths: &Paths) -> Response<Bytes> {
    let Interaction { client, handle, scope, .. } = interaction;
    let caller = request.extensions.get::<Caller>().map_or("nobody knows where", Caller::as_str);
    let html = format!(
        "<!DOCTYPE html><title>Allow?</title><p>{} wants to {} your notes. You are at {caller}.</p>\
         <form method=\"post\" action=\"{}\"><input type=\"hidden\" name=\"handle\" value=\"{handle}\">\
         <button name=\"decision\" value=\"approve\">Allow</button>\
         <button name=\"decision\" value=\"deny\">Deny</button></form>",
        client.id,
        scope.as_str(),
        paths.decide,
    );
    let mut response = Response::new(html.into());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

const SESSION: &str = "session=alice";
