//! Authorization requests: who asks, where the answer goes, what may be asked, and what the visitor has to do.

mod address;
mod errors;
mod parameters;
mod responses;
mod visit;
