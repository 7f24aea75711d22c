//! What a user has connected, and ending it.

use std::sync::Arc;

use axum::Form;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Redirect, Response};
use grantsmith::value::ClientId;
use serde::Deserialize;
use tracing::warn;

use crate::app::App;
use crate::connected;
use crate::forms::Purpose;
use crate::pages::error::{Problem, of_ours};
use crate::pages::{account, login};

#[derive(Deserialize)]
pub struct Shown {
    /// What was just disconnected.
    disconnected: Option<String>,
}

#[derive(Deserialize)]
pub struct Disconnect {
    client: String,
    csrf: String,
}

pub async fn show(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    shown: Result<Query<Shown>, QueryRejection>,
) -> Response {
    let Some(session) = app.host.session(&headers) else {
        return login::alone(&app.host, &headers, None).into_response();
    };
    match connected::apps_of(&app.server, &app.host.words, &session.subject).await {
        Ok(apps) => {
            let shown = shown.ok().and_then(|Query(shown)| shown.disconnected);
            let disconnected = shown.and_then(|id| app.host.words.client(&id.parse().ok()?));
            account::page(&app.host, &headers, &session, &apps, disconnected).into_response()
        }
        Err(error) => {
            warn!(%error, "cannot list what is connected");
            of_ours(&app.host.site, &headers, Problem::Unavailable).into_response()
        }
    }
}

pub async fn disconnect(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    form: Result<Form<Disconnect>, FormRejection>,
) -> Response {
    let host = &app.host;
    let Some(session) = host.session(&headers) else {
        return login::alone(host, &headers, None).into_response();
    };
    let form = match form {
        Ok(Form(form)) if host.forms.are_ours(&headers, Purpose::Disconnect, Some(&session), &form.csrf) => form,
        _ => return of_ours(&host.site, &headers, Problem::FormNotOurs).into_response(),
    };
    let Ok(client) = form.client.parse::<ClientId>() else {
        return of_ours(&host.site, &headers, Problem::NotFound).into_response();
    };
    match app.server.withdraw_consent(&session.subject, &client).await {
        Ok(_) => {
            let client: String = url::form_urlencoded::byte_serialize(client.as_str().as_bytes()).collect();
            Redirect::to(&format!("{}/account?disconnected={client}", host.site.base)).into_response()
        }
        Err(error) => {
            warn!(%error, "cannot disconnect");
            of_ours(&host.site, &headers, Problem::Unavailable).into_response()
        }
    }
}
