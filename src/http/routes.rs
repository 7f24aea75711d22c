//! Which path is which endpoint, decided once from the configured URLs.

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response};
use url::Url;

use super::cors::{AllowedOrigins, InvalidOrigin};
use super::form::{self, FormEndpoint};
use super::{cors, metadata};
use crate::server::AuthorizationServer;

/// Every route of a service, sorted by path.
#[derive(Clone, Default)]
pub(super) struct Routes {
    table: Vec<(String, Route)>,
    origins: AllowedOrigins,
}

/// What is found at a path.
#[derive(Clone)]
pub(super) struct Route {
    site: Arc<Site>,
    endpoint: Endpoint,
}

/// One issuer.
struct Site {
    server: AuthorizationServer,
    document: Bytes,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Endpoint {
    Form(FormEndpoint),
    Metadata,
}

/// How a request goes on, once its route is known.
pub(super) enum Step {
    /// It is answered already.
    Answered(Response<Bytes>),
    /// The body is needed.
    ReadBody,
}

impl Routes {
    /// The same routes and those of one more issuer.
    ///
    /// # Errors
    ///
    /// [`InvalidMount::PathTaken`] if two endpoints would have one path.
    pub(super) fn and(mut self, server: AuthorizationServer) -> Result<Self, InvalidMount> {
        let urls = server.endpoints();
        let mut added = vec![
            (path_of(&urls.token), Endpoint::Form(FormEndpoint::Token)),
            (path_of(&urls.introspection), Endpoint::Form(FormEndpoint::Introspection)),
            (path_of(&urls.revocation), Endpoint::Form(FormEndpoint::Revocation)),
        ];
        added.extend(metadata::paths(server.issuer().path()).map(|path| (path, Endpoint::Metadata)));
        let site = Arc::new(Site { document: metadata::render(&server), server });
        for (path, endpoint) in added {
            match self.position(&path) {
                Ok(_) => return Err(InvalidMount::PathTaken { value: path }),
                Err(at) => self.table.insert(at, (path, Route { site: Arc::clone(&site), endpoint })),
            }
        }
        Ok(self)
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
        let table: Vec<_> = self.table.iter().filter_map(below).collect();
        if table.is_empty() {
            return Err(error("no endpoint has a path below it"));
        }
        Ok(Self { table, origins: self.origins.clone() })
    }

    /// The same routes, with answers shared with pages of these origins.
    pub(super) fn shared_with(self, origins: AllowedOrigins) -> Self {
        Self { origins, ..self }
    }

    /// The route of exactly that path.
    pub(super) fn find(&self, path: &str) -> Option<&Route> {
        let at = self.position(path).ok()?;
        self.table.get(at).map(|(_, route)| route)
    }

    /// Looks at a request without its body.
    pub(super) fn begin(&self, route: &Route, parts: &Parts) -> Step {
        match route.endpoint {
            Endpoint::Metadata => Step::Answered(metadata::respond(&parts.method, &route.site.document)),
            Endpoint::Form(_) => {
                let is_shared = self.is_shared(route);
                if is_shared && parts.method == Method::OPTIONS {
                    return Step::Answered(cors::preflight_for_form());
                }
                let allow = if is_shared { "POST, OPTIONS" } else { "POST" };
                form::refusal(parts, allow).map_or(Step::ReadBody, Step::Answered)
            }
        }
    }

    /// Adds what other origins must know about an answer.
    pub(super) fn share(&self, route: &Route, parts: &Parts, response: &mut Response<Bytes>) {
        if self.is_shared(route) {
            self.origins.share(&parts.headers, response.headers_mut());
        }
    }

    fn is_shared(&self, route: &Route) -> bool {
        let is_for_browsers = match route.endpoint {
            Endpoint::Form(FormEndpoint::Revocation | FormEndpoint::Token) => true,
            Endpoint::Form(FormEndpoint::Introspection) | Endpoint::Metadata => false,
        };
        is_for_browsers && !self.origins.is_empty()
    }

    fn position(&self, path: &str) -> Result<usize, usize> {
        self.table.binary_search_by(|(candidate, _)| candidate.as_str().cmp(path))
    }
}

impl Route {
    /// Answers a request whose body was read.
    pub(super) async fn respond(&self, parts: &Parts, body: &[u8]) -> Response<Bytes> {
        let Site { server, document } = &*self.site;
        match self.endpoint {
            Endpoint::Form(endpoint) => form::respond(server, endpoint, parts, body).await,
            Endpoint::Metadata => metadata::respond(&parts.method, document),
        }
    }
}

/// The path of a URL as clients will send it.
fn path_of(url: &str) -> String {
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
