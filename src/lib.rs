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
pub mod host;
pub mod introspection;
pub mod policy;
pub mod record;
pub mod revocation;
pub mod server;
#[cfg(feature = "testing")]
pub mod testing;
pub mod value;
pub mod wire;
