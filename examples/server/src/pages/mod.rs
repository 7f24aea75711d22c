//! The pages that people see: plain HTML from templates that escape what they are given, and no scripts.

pub mod account;
pub mod choose;
pub mod consent;
pub mod error;
pub mod login;
pub mod logout;

use askama::Template;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use grantsmith::value::Issuer;

use crate::forms::Mark;

/// What every page shows, and where its links lead.
pub struct Site {
    /// The name of this server, in the heading of every page.
    pub title: String,
    /// The path that everything lies below: empty, or without a slash at the end.
    pub base: String,
    is_secure: bool,
}

impl Site {
    pub fn new(title: &str, issuer: &Issuer) -> Self {
        Self { title: title.to_owned(), base: issuer.path().to_owned(), is_secure: !issuer.is_insecure() }
    }

    /// A page. `form_action` is where its forms may lead beside here.
    fn page(
        &self,
        status: StatusCode,
        template: &impl Template,
        form_action: Option<&str>,
        image: Option<&str>,
    ) -> Response<String> {
        let Ok(html) = template.render() else { return unrendered() };
        let mut response = Response::new(html);
        *response.status_mut() = status;
        self.secure(response.headers_mut(), form_action, image);
        response
    }

    /// Nothing else may load, nobody may frame the page, no script may run, and forms lead here or to the client.
    fn secure(&self, headers: &mut HeaderMap, form_action: Option<&str>, image: Option<&str>) {
        let mut policy =
            "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
                .to_owned();
        for (separator, source) in [(" ", form_action), ("; img-src ", image)] {
            if let Some(source) = source {
                policy.push_str(separator);
                policy.push_str(source);
            }
        }
        let fixed = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, "no-store"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::X_FRAME_OPTIONS, "DENY"),
        ];
        for (name, value) in fixed {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if let Ok(policy) = HeaderValue::try_from(policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        if self.is_secure {
            let value = HeaderValue::from_static("max-age=31536000");
            headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
        }
    }
}

/// The page with the cookie that its forms need.
fn with_mark(mut response: Response<String>, mark: &Mark<'_>) -> Response<String> {
    if let Some(cookie) = mark.cookie() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn unrendered() -> Response<String> {
    let mut response = Response::new(String::new());
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
}

/// The style sheet of all pages.
pub async fn stylesheet() -> ([(header::HeaderName, &'static str); 3], &'static str) {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=300"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, include_str!("../../assets/pages.css"))
}
