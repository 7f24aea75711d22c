//! grantsmith
#![forbid(unsafe_code)]

pub mod host;
pub mod policy;
pub mod record;
pub mod storage;
pub mod value;
pub mod wire;
