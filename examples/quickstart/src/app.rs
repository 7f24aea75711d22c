//! The app as a web page, for a person with a browser: it asks, comes back with a code, and shows what that gave.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Redirect};
use axum::routing::get;
use oauth2::TokenResponse as _;

use crate::client::{self, Answer, App, Attempt, Metadata, call};
use crate::print::shortened;
use crate::sessions::{cookie, random_word};
use crate::wire::Wire;
use crate::world::World;
use crate::{Outcome, api, pages, registrations};

/// What the app's pages work with.
struct Site {
    app: App,
    wire: Wire,
    callback: url::Url,
    resource: String,
    notes_url: String,
    /// Attempts under way, each found by the cookie of the browser that began it.
    attempts: Mutex<HashMap<String, Attempt>>,
}

/// The app as a router.
pub async fn router(world: &World) -> Outcome<Router> {
    let metadata = Metadata::discover(&world.wire, &world.issuer).await?;
    let site = Site {
        app: App::new(&world.wire, &metadata, registrations::APP, &world.redirect_uri)?,
        wire: world.wire.clone(),
        callback: world.redirect_uri.clone(),
        resource: world.resource.clone(),
        notes_url: world.notes_url.clone(),
        attempts: Mutex::default(),
    };
    Ok(Router::new()
        .route("/", get(home))
        .route("/start", get(start))
        .route("/callback", get(callback))
        .route("/pages.css", get(pages::stylesheet))
        .with_state(Arc::new(site)))
}

async fn home() -> Response<String> {
    let text = "An app on your device. It wants to read your notes, which another server keeps, without your password.";
    pages::message(StatusCode::OK, "Notebook", text, Some(("Connect to your notes", "/start")))
}

async fn start(State(site): State<Arc<Site>>) -> axum::response::Response {
    let Ok(key) = random_word() else { return failed("No random bytes.").into_response() };
    let Ok(cookie) = HeaderValue::from_str(&format!("{COOKIE}={key}; Path=/; HttpOnly; SameSite=Lax")) else {
        return failed("No cookie.").into_response();
    };
    let attempt = site.app.begin(&format!("{} {}", api::READ, api::WRITE), &site.resource);
    let onward = Redirect::to(attempt.url.as_str());
    let mut attempts = site.attempts.lock().unwrap_or_else(PoisonError::into_inner);
    // Whoever only ever starts must not fill the memory.
    if attempts.len() >= MOST_ATTEMPTS {
        attempts.clear();
    }
    attempts.insert(key, attempt);
    ([(header::SET_COOKIE, cookie)], onward).into_response()
}

async fn callback(State(site): State<Arc<Site>>, headers: HeaderMap, uri: Uri) -> Response<String> {
    let attempt = cookie(&headers, COOKIE)
        .and_then(|key| site.attempts.lock().unwrap_or_else(PoisonError::into_inner).remove(key));
    match attempt {
        Some(attempt) => site.finish(attempt, &uri).await.unwrap_or_else(|error| failed(&crate::with_causes(&*error))),
        None => failed("This browser has asked for nothing, or has had its answer."),
    }
}

impl Site {
    async fn finish(&self, attempt: Attempt, uri: &Uri) -> Outcome<Response<String>> {
        let mut url = self.callback.clone();
        url.set_query(uri.query());
        let code = match self.app.answer(&attempt, &url)? {
            Answer::Code(code) => code,
            Answer::Error(error) if error == "access_denied" => return Ok(declined()),
            Answer::Error(error) => return Ok(failed(&format!("The server says {error}."))),
        };
        let tokens = self.app.redeem(attempt, code).await?;
        let answer = call(&self.wire, client::APP, Method::GET, &self.notes_url, Some(tokens.access_token())).await?;
        let sections = [
            ("Access token", shortened(tokens.access_token().secret())),
            ("Refresh token", tokens.refresh_token().map_or_else(String::new, |token| shortened(token.secret()))),
            ("The API's answer", String::from_utf8_lossy(answer.body()).into_owned()),
        ];
        let text = "The code is redeemed, and the API has been called. The terminal shows how.";
        Ok(pages::listing("Connected", text, &sections, ("Start again", "/")))
    }
}

fn declined() -> Response<String> {
    let text = "You said no, so the app has no access to your notes.";
    pages::message(StatusCode::OK, "Not connected", text, Some(("Start again", "/")))
}

fn failed(text: &str) -> Response<String> {
    pages::message(StatusCode::BAD_REQUEST, "Not connected", text, Some(("Start again", "/")))
}

const COOKIE: &str = "quickstart_attempt";
const MOST_ATTEMPTS: usize = 1000;
