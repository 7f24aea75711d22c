//! The endpoints and the resource guard as `tower` services over the types of the `http` crate.
//!
//! Routes come from the configured URLs, never from the request: `Host`, `Forwarded` and their relatives change nothing,
//! and a path that is not exactly a configured one is not found.
//!
//! # Mounting
//!
//! An [`OAuthService`] is a `tower` service, so every framework built on `tower` takes it as it is. In axum, where it
//! answers every path that the host does not:
//!
//! ```text
//! let oauth = OAuthService::new(server, Arc::new(MyPages))?;
//! let app = Router::new().route("/login", post(log_in)).fallback_service(oauth);
//! ```
//!
//! An issuer with a path, `https://example.com/auth`, may be nested. axum takes the prefix off, so the service is told
//! to put it back; and the metadata of such an issuer lies at the root of the host too:
//!
//! ```text
//! let app = Router::new()
//!     .nest_service("/auth", oauth.mounted_at("/auth")?)
//!     .route_service("/.well-known/oauth-authorization-server/auth", oauth);
//! ```
//!
//! A framework without `tower` hands its requests to [`OAuthService::handle`], and asks a
//! [`Guard`](crate::server::Guard) itself. The repository has an example for each of eight frameworks.
//!
//! # Headers
//!
//! Answers with credentials, their errors, redirects and pages carry `Cache-Control: no-store`. Whatever a browser might
//! show cannot be framed and tells nobody where it came from. Pages of other origins may read the metadata, and what
//! [`OAuthService::allow_origins`] allows.
//!
//! [RFC 6749 §3](https://www.rfc-editor.org/rfc/rfc6749#section-3), [RFC 8414 §3](https://www.rfc-editor.org/rfc/rfc8414#section-3)

mod answer;
mod authorization;
mod body;
mod caller;
mod cookie;
mod cors;
mod decision;
mod form;
mod guard;
mod metadata;
mod pages;
mod routes;
mod service;

pub use caller::Caller;
pub use cors::InvalidOrigin;
pub use guard::{GuardLayer, GuardService};
pub use pages::{Pages, Paths};
pub use routes::InvalidMount;
pub use service::OAuthService;
