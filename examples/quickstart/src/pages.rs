//! The pages that people see: plain HTML, no scripts, everything escaped by the macro that writes it.

use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use maud::{DOCTYPE, Markup, html};

/// The login page. `app` is who sent the user here, if that is known.
pub fn login(app: Option<&str>, handle: &str, failure: Option<&str>) -> Response<String> {
    let body = html! {
        h1 { "Sign in" }
        @if let Some(app) = app { p.faint { "to continue to " strong { (app) } } }
        @if let Some(failure) = failure { p.alert role="alert" { (failure) } }
        form method="post" action="/login" {
            input type="hidden" name="handle" value=(handle);
            label for="username" { "User name" }
            input #username name="username" autocomplete="username" autocapitalize="none" required autofocus;
            label for="password" { "Password" }
            input #password name="password" type="password" autocomplete="current-password" required;
            button.primary { "Sign in" }
        }
        footer { p.faint { "For this demonstration: " code { "alice" } " and " code { "wonderland" } "." } }
    };
    page(if failure.is_some() { StatusCode::UNAUTHORIZED } else { StatusCode::OK }, "Sign in", &body)
}

/// What the consent page says.
pub struct ConsentPage<'a> {
    /// Who asks.
    pub app: &'a str,
    /// Who decides.
    pub user: &'a str,
    /// What the app could do, in words.
    pub terms: &'a [&'a str],
    /// Where the answer goes.
    pub destination: &'a str,
    /// Where the decision goes.
    pub action: &'a str,
    pub handle: &'a str,
}

/// The consent page.
pub fn consent(view: &ConsentPage<'_>) -> Response<String> {
    let title = format!("Allow {}?", view.app);
    let body = html! {
        h1 { (title) }
        p.faint { "It asks to do this in your name:" }
        ul.terms { @for term in view.terms { li { (term) } } }
        form method="post" action=(view.action) {
            input type="hidden" name="handle" value=(view.handle);
            div.choice {
                button.quiet name="decision" value="deny" { "Deny" }
                button.primary name="decision" value="approve" { "Allow" }
            }
        }
        footer {
            p.faint { "Either way you go back to " code { (view.destination) } "." }
            form.faint method="post" action="/logout" {
                input type="hidden" name="handle" value=(view.handle);
                "Signed in as " strong { (view.user) } ". "
                button.link { "Not you?" }
            }
        }
    };
    page(StatusCode::OK, &title, &body)
}

/// A page that says something and leads to nowhere, or to one other place.
pub fn message(status: StatusCode, title: &str, text: &str, onward: Option<(&str, &str)>) -> Response<String> {
    let body = html! {
        h1 { (title) }
        p { (text) }
        @if let Some((label, url)) = onward { a.button.primary href=(url) { (label) } }
    };
    page(status, title, &body)
}

/// A page that lists what is known, under a heading each.
pub fn listing(title: &str, text: &str, sections: &[(&str, String)], onward: (&str, &str)) -> Response<String> {
    let body = html! {
        h1 { (title) }
        p.faint { (text) }
        dl { @for (name, value) in sections { dt { (name) } dd { code { (value) } } } }
        a.button.primary href=(onward.1) { (onward.0) }
    };
    page(StatusCode::OK, title, &body)
}

fn page(status: StatusCode, title: &str, body: &Markup) -> Response<String> {
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                link rel="stylesheet" href="/pages.css";
            }
            body { main { (body) } }
        }
    };
    let mut response = Response::new(document.into_string());
    *response.status_mut() = status;
    secure(response.headers_mut());
    response
}

/// Nothing else may load, nobody may frame the page, and no script may run.
fn secure(headers: &mut HeaderMap) {
    let fixed = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        // Without form-action: browsers apply it to the redirects after a form, and ours lead to the client.
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
        // Not no-referrer: browsers would then send our forms with `Origin: null`.
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// The style sheet of all pages.
pub async fn stylesheet() -> ([(header::HeaderName, &'static str); 1], &'static str) {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("pages.css"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_strangers_say_is_escaped() {
        let response = login(Some("<script>alert(1)</script>"), "\"><b>", None);
        assert!(!response.body().contains("<script>"));
        assert!(!response.body().contains("\"><b>"));
    }
}
