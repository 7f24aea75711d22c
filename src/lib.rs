//! An embeddable OAuth 2.1 authorization server.
//!
//! grantsmith is for applications that issue tokens themselves. Add it as a dependency, pick a storage or write one in
//! five methods, and mount the endpoints into any web framework.
//!
//! **A grant's whole life is one record, and every protocol step is one read, one pure judgement, one
//! compare-and-swap.** So a code is redeemed once whatever races or fails, a future that is dropped leaves all or
//! nothing, and the same code runs on an embedded file and on a cluster.
//!
//! # Quick start
//!
//! A machine gets a token, and an API asks whether it is good:
//!
//! ```
//! use std::sync::Arc;
//!
//! use grantsmith::host::DerivedKeyring;
//! use grantsmith::server::{AuthorizationServer, Registration};
//! use grantsmith::storage::memory::MemoryStorage;
//! use grantsmith::value::{Resource, ResourceSet};
//! use grantsmith::wire::FormRequest;
//! # use base64::Engine as _;
//! # fn basic(client: &grantsmith::server::RegisteredClient) -> String {
//! #     let pair = format!("{}:{}", client.client.id(), client.secret.as_ref().unwrap().expose());
//! #     format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
//! # }
//!
//! # pollster::block_on(async {
//! # let secret_from_your_vault = [7; 32];
//! let storage = Arc::new(MemoryStorage::new());
//! let keyring = Arc::new(DerivedKeyring::new(1, secret_from_your_vault)?);
//! let server = AuthorizationServer::builder("https://login.example", storage, keyring).build()?;
//!
//! let api: Resource = "https://api.example".parse()?;
//! let machine = Registration::machine().with_scope("read".parse()?).with_resources(api.clone().into());
//! let machine = server.register(machine).await?;
//! let api = server.register(Registration::resource_server(ResourceSet::from(api))).await?;
//!
//! let credentials = basic(&machine); // base64 of id and secret
//! let request = FormRequest::new(b"grant_type=client_credentials").with_authorization(credentials.as_bytes());
//! let tokens = server.token(&request).await?;
//!
//! let question = format!("token={}", tokens.access_token.expose());
//! let credentials = basic(&api);
//! let request = FormRequest::new(question.as_bytes()).with_authorization(credentials.as_bytes());
//! let answer = server.introspect(&request).await?;
//! assert_eq!(answer.active().unwrap().scope.as_str(), "read");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! With users, the server pauses for them: [`authorize`](server::AuthorizationServer::authorize) says what your pages
//! must ask, and [`decide`](server::AuthorizationServer::decide) takes the answer. With feature `http`, one service
//! serves every endpoint.
//!
//! # The map
//!
//! | Module | What is there |
//! |---|---|
//! | [`value`] | words: validated values that cannot be wrong |
//! | [`policy`] | what the server allows: plain data, safe defaults, reasons |
//! | [`wire`] | requests and answers: bytes to types and back |
//! | [`record`] | what is stored: the grant and the few records beside it |
//! | `jose` (feature `jwt`) | signed tokens, strictly: JWS, JWK, thumbprints, one verifier and one issuer |
//! | [`authentication`], [`authorize`], [`grant_type`], [`introspection`], [`revocation`], [`resource`] | judgement: pure functions, no I/O, no clock, no randomness |
//! | [`host`] | every trait that you may implement |
//! | [`storage`] | stores that are ready, and the contract that checks yours |
//! | [`server`] | the endpoints, without any HTTP library |
//! | `limiter` (feature, also with `redis`) | rate limiters that are ready |
//! | `http` (feature) | the endpoints and the resource guard as `tower` services |
//! | `testing` (feature) | what your own tests need |
//! | [`guide`] | [defaults and their reasons](guide::defaults), [attacks and what stops them](guide::threats), [changing keys](guide::keyring) |
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

/// Names the requirements that a test shows.
#[cfg(test)]
macro_rules! covers {
    ($($id:literal),+ $(,)?) => { const _: &[&str] = &[$($id),+]; };
}

pub mod authentication;
pub mod authorize;
pub mod grant_type;
pub mod guide;
pub mod host;
#[cfg(feature = "http")]
pub mod http;
pub mod introspection;
#[cfg(feature = "jwt")]
pub mod jose;
#[cfg(any(feature = "limiter", feature = "redis"))]
pub mod limiter;
pub mod policy;
pub mod record;
pub mod resource;
pub mod revocation;
pub mod server;
pub mod storage;
#[cfg(feature = "testing")]
pub mod testing;
pub mod value;
pub mod wire;

#[cfg(test)]
mod world;
