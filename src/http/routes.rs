//! Which path is which endpoint, decided once from the configured URLs.

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response};
use url::Url;

use super::authorization::{PageEndpoint, UserSide};
use super::body::{LONGEST_FORM, UnreadableBody};
use super::cors::{AllowedOrigins, InvalidOrigin};
use super::form::{self, FormEndpoint};
use super::pages::Pages;
use super::{answer, cors, metadata};
use crate::server::AuthorizationServer;

/// Every route of a service, sorted by path.
#[derive(Clone, Default)]
pub(super) struct Routes(Vec<(String, Route)>);

/// What is found at a path.
#[derive(Clone)]
pub(super) struct Route {
    site: Arc<Site>,
    origins: Arc<AllowedOrigins>,
    endpoint: Endpoint,
}

/// One issuer.
struct Site {
    server: AuthorizationServer,
    document: Bytes,
    user_side: Option<UserSide>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Endpoint {
    Form(FormEndpoint),
    #[cfg(feature = "jwt")]
    Keys,
    Metadata,
    Page(PageEndpoint),
}

/// How a request goes on, once its route is known.
pub(super) enum Step {
    /// It is answered already.
    Answered(Response<Bytes>),
    /// The body is needed, if it is not longer than so many bytes.
    ReadBody(u64),
    /// The body is not needed, or will not do.
    Without(Result<Bytes, UnreadableBody>),
}

impl Routes {
    /// The routes of one issuer.
    ///
    /// # Errors
    ///
    /// [`InvalidMount::PathTaken`] if two endpoints would have one path.
    pub(super) fn of(server: AuthorizationServer, pages: Option<Arc<dyn Pages>>) -> Result<Self, InvalidMount> {
        let urls = server.endpoints();
        let mut found = vec![
            (path_of(&urls.token), Endpoint::Form(FormEndpoint::Token)),
            (path_of(&urls.introspection), Endpoint::Form(FormEndpoint::Introspection)),
            (path_of(&urls.revocation), Endpoint::Form(FormEndpoint::Revocation)),
        ];
        found.extend(metadata::paths(server.issuer().path()).map(|path| (path, Endpoint::Metadata)));
        #[cfg(feature = "jwt")]
        found.extend(server.keys_url().map(|url| (path_of(url), Endpoint::Keys)));
        let authorization = path_of(&urls.authorization);
        let user_side = pages.map(|pages| UserSide::new(pages, &authorization));
        if let Some(UserSide { paths, .. }) = &user_side {
            found.push((paths.resume.clone(), Endpoint::Page(PageEndpoint::Resume)));
            found.push((paths.decide.clone(), Endpoint::Page(PageEndpoint::Decide)));
            found.push((authorization, Endpoint::Page(PageEndpoint::Authorize)));
        }
        let site = Arc::new(Site { document: metadata::render(&server), server, user_side });
        let origins = Arc::new(AllowedOrigins::default());
        let mut routes = Self::default();
        for (path, endpoint) in found {
            routes.add(path, Route { site: Arc::clone(&site), origins: Arc::clone(&origins), endpoint })?;
        }
        Ok(routes)
    }

    /// These routes and those of another table.
    ///
    /// # Errors
    ///
    /// [`InvalidMount::PathTaken`] if two endpoints would have one path.
    pub(super) fn and(&self, other: &Self) -> Result<Self, InvalidMount> {
        let mut both = self.clone();
        for (path, route) in &other.0 {
            both.add(path.clone(), route.clone())?;
        }
        Ok(both)
    }

    fn add(&mut self, path: String, route: Route) -> Result<(), InvalidMount> {
        match self.position(&path) {
            Ok(_) => Err(InvalidMount::PathTaken { value: path }),
            Err(at) => {
                self.0.insert(at, (path, route));
                Ok(())
            }
        }
    }

    /// The routes below a prefix, without the prefix.
    ///
    /// # Errors
    ///
    /// [`InvalidMount::Prefix`] if the prefix is none, or no route lies below it.
    pub(super) fn below(&self, prefix: &str) -> Result<Self, InvalidMount> {
        let error = |rule| InvalidMount::Prefix { value: prefix.to_owned(), rule };
        if !prefix.starts_with('/') || prefix.ends_with('/') {
            return Err(error("must begin with a slash and not end with one"));
        }
        let below = |(path, route): &(String, Route)| {
            let rest = path.strip_prefix(prefix).filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
            Some((if rest.is_empty() { "/".to_owned() } else { rest.to_owned() }, route.clone()))
        };
        let table: Vec<_> = self.0.iter().filter_map(below).collect();
        if table.is_empty() { Err(error("no endpoint has a path below it")) } else { Ok(Self(table)) }
    }

    /// The same routes, with answers shared with pages of these origins.
    pub(super) fn shared_with(&self, origins: AllowedOrigins) -> Self {
        let origins = Arc::new(origins);
        let share =
            |(path, route): &(String, Route)| (path.clone(), Route { origins: Arc::clone(&origins), ..route.clone() });
        Self(self.0.iter().map(share).collect())
    }

    /// The route of exactly that path.
    pub(super) fn find(&self, path: &str) -> Option<&Route> {
        let at = self.position(path).ok()?;
        self.0.get(at).map(|(_, route)| route)
    }

    fn position(&self, path: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(candidate, _)| candidate.as_str().cmp(path))
    }
}

impl Route {
    /// Looks at a request without its body.
    pub(super) fn begin(&self, parts: &Parts) -> Step {
        match self.endpoint {
            Endpoint::Metadata => Step::Answered(metadata::respond(&parts.method, &self.site.document)),
            #[cfg(feature = "jwt")]
            Endpoint::Keys => {
                metadata::refusal(&parts.method).map_or_else(|| Step::Without(Ok(Bytes::new())), Step::Answered)
            }
            Endpoint::Form(_) => {
                let is_shared = self.is_shared();
                if is_shared && parts.method == Method::OPTIONS {
                    return Step::Answered(cors::preflight_for_form());
                }
                let allow = if is_shared { "POST, OPTIONS" } else { "POST" };
                form::refusal(parts, allow).map_or(Step::ReadBody(LONGEST_FORM), Step::Answered)
            }
            Endpoint::Page(page) => page.begin(parts),
        }
    }

    /// Answers a request with its body.
    pub(super) async fn respond(&self, parts: &Parts, body: Result<&Bytes, &UnreadableBody>) -> Response<Bytes> {
        let Site { server, document, user_side } = &*self.site;
        match (self.endpoint, user_side) {
            (Endpoint::Form(endpoint), _) => form::respond(server, endpoint, parts, body).await,
            (Endpoint::Metadata, _) => metadata::respond(&parts.method, document),
            // Boxed, like the pages: few ask for it.
            #[cfg(feature = "jwt")]
            (Endpoint::Keys, _) => Box::pin(metadata::respond_with_keys(server, &parts.method)).await,
            // Boxed: it waits for the host's pages, and the other endpoints need not carry its size along.
            (Endpoint::Page(page), Some(user_side)) => Box::pin(user_side.respond(server, page, parts, body)).await,
            (Endpoint::Page(_), None) => answer::not_found(),
        }
    }

    /// Adds what pages of other origins must know about an answer.
    pub(super) fn share(&self, parts: &Parts, response: &mut Response<Bytes>) {
        if self.is_shared() {
            self.origins.share(&parts.headers, response.headers_mut());
        }
    }

    fn is_shared(&self) -> bool {
        let is_for_browsers = match self.endpoint {
            Endpoint::Form(FormEndpoint::Revocation | FormEndpoint::Token) => true,
            Endpoint::Form(FormEndpoint::Introspection) | Endpoint::Metadata | Endpoint::Page(_) => false,
            #[cfg(feature = "jwt")]
            Endpoint::Keys => false,
        };
        is_for_browsers && !self.origins.is_empty()
    }
}

/// The path of a URL as clients will send it.
pub(super) fn path_of(url: &str) -> String {
    Url::parse(url).map(|url| url.path().to_owned()).unwrap_or_default()
}

/// Why a service cannot be put together.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidMount {
    /// An origin that is not one.
    #[error(transparent)]
    Origin(#[from] InvalidOrigin),
    /// Two endpoints of one path. Requests are told apart by path alone.
    #[error("path {value}: must not be the path of two endpoints of one service")]
    PathTaken {
        /// The path.
        value: String,
    },
    /// A prefix that cannot be one.
    #[error("mounted_at {value}: {rule}")]
    Prefix {
        /// The prefix.
        value: String,
        /// The rule that is broken.
        rule: &'static str,
    },
}
