//! The authorization endpoint, and beneath it the way back from the host's pages.
//!
//! [RFC 6749 §3.1](https://www.rfc-editor.org/rfc/rfc6749#section-3.1),
//! [RFC 9700 §4.16](https://www.rfc-editor.org/rfc/rfc9700#section-4.16)

use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_SECURITY_POLICY, LOCATION, SET_COOKIE};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};

use super::body::{LONGEST_FORM, UnreadableBody};
use super::pages::{Pages, Paths};
use super::routes::Step;
use super::{Caller, answer, cookie, decision, form};
use crate::server::{Authorization, AuthorizationServer, ErrorPage, ErrorPageKind, Visitor};
use crate::wire::FormPost;

/// An endpoint that browsers are sent to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum PageEndpoint {
    Authorize,
    Decide,
    Resume,
}

impl PageEndpoint {
    /// Looks at a request without its body.
    ///
    /// `HEAD` is refused: it would do what `GET` does, and a code nobody receives helps nobody.
    pub(super) fn begin(self, parts: &Parts) -> Step {
        let (allows_get, allow, longest) = match self {
            Self::Authorize => (true, "GET, POST", LONGEST_FORM),
            Self::Decide => (false, "POST", LONGEST_WITH_HANDLE),
            Self::Resume => (true, "GET, POST", LONGEST_WITH_HANDLE),
        };
        match parts.method {
            Method::GET if allows_get => Step::Without(Ok(Bytes::new())),
            Method::POST if form::is_form(parts) => Step::ReadBody(longest),
            Method::POST => Step::Without(Err(UnreadableBody::NotAForm)),
            _ => Step::Answered(answer::method_not_allowed(allow)),
        }
    }
}

/// What the host has for users, and where it sends them.
pub(super) struct UserSide {
    pub(super) pages: Arc<dyn Pages>,
    pub(super) paths: Paths,
}

impl UserSide {
    pub(super) fn new(pages: Arc<dyn Pages>, authorization: &str) -> Self {
        Self { pages, paths: Paths::beneath(authorization) }
    }

    /// Answers a request: the query of a `GET`, the body of a `POST`, never both.
    pub(super) async fn respond(
        &self,
        server: &AuthorizationServer,
        endpoint: PageEndpoint,
        parts: &Parts,
        body: Result<&Bytes, &UnreadableBody>,
    ) -> Response<Bytes> {
        let Ok(body) = body else {
            return self.say(ErrorPage::new(ErrorPageKind::RequestInvalid), parts).await;
        };
        let input = match parts.method {
            Method::GET => parts.uri.query().unwrap_or_default().as_bytes(),
            _ => body,
        };
        let session = self.pages.session(parts).await;
        let visitor = Visitor {
            session: session.as_ref(),
            binding: cookie::read(&parts.headers, server.issuer()),
            caller: parts.extensions.get::<Caller>().map(Caller::as_str),
        };
        let answered = match endpoint {
            PageEndpoint::Authorize => server.authorize(input, &visitor).await,
            PageEndpoint::Resume => server.resume(decision::take_handle(input).0, &visitor).await,
            PageEndpoint::Decide => {
                let (handle, rest) = decision::take_handle(input);
                match decision::read(&rest) {
                    Ok(decision) => server.decide(handle, &visitor, &decision).await,
                    Err(_) => Authorization::ErrorPage(ErrorPage::new(ErrorPageKind::DecisionOutOfBounds)),
                }
            }
        };
        self.send(server, answered, parts).await
    }

    async fn send(&self, server: &AuthorizationServer, answered: Authorization, parts: &Parts) -> Response<Bytes> {
        match answered {
            Authorization::Redirect(location) => match HeaderValue::try_from(location) {
                Ok(location) => see_other(location),
                Err(_) => self.say(ErrorPage::new(ErrorPageKind::Unavailable), parts).await,
            },
            Authorization::FormPost(form) => {
                let mut response = answer::page(200, form.to_html());
                let policy = HeaderValue::from_static(FormPost::CONTENT_SECURITY_POLICY);
                response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
                response
            }
            Authorization::ErrorPage(page) => self.say(page, parts).await,
            Authorization::Ask(interaction) => {
                let mut response = self.pages.ask(parts, &interaction, &self.paths).await;
                answer::harden(response.headers_mut());
                let binding = interaction.binding.as_deref();
                if let Some(cookie) = binding.and_then(|value| cookie::set(value, server.issuer())) {
                    response.headers_mut().append(SET_COOKIE, cookie);
                }
                response
            }
        }
    }

    async fn say(&self, page: ErrorPage, parts: &Parts) -> Response<Bytes> {
        let mut response = self.pages.error_page(parts, &page).await;
        answer::harden(response.headers_mut());
        response
    }
}

/// 303: the browser follows with `GET`, and never sends a form that held a password on to the client.
fn see_other(location: HeaderValue) -> Response<Bytes> {
    let mut headers = answer::page_headers();
    headers.insert(LOCATION, location);
    answer::response(StatusCode::SEE_OTHER, headers, Bytes::new())
}

/// A handle, and beside it a form.
const LONGEST_WITH_HANDLE: u64 = 48 * 1024;
