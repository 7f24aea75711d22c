//! The endpoints and the resource guard as `tower` services over the types of the `http` crate.
//!
//! Routes come from the configured URLs, never from the request: `Host`, `Forwarded` and their relatives change nothing,
//! and a path that is not exactly a configured one is not found.
//!
//! [RFC 6749 §3](https://www.rfc-editor.org/rfc/rfc6749#section-3), [RFC 8414 §3](https://www.rfc-editor.org/rfc/rfc8414#section-3)

mod answer;
mod body;
mod caller;
mod cors;
mod form;
mod guard;
mod metadata;
mod routes;
mod service;

pub use caller::Caller;
pub use cors::InvalidOrigin;
pub use guard::{GuardLayer, GuardService};
pub use routes::InvalidMount;
pub use service::OAuthService;
