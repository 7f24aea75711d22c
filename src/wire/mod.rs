//! Bytes to types and back: requests as they come in, answers as they go out.

mod parameters;

pub use parameters::{MalformedParameters, Parameters};
