//! grantsmith
#![forbid(unsafe_code)]

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
