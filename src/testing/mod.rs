//! What a host's own tests need: a clock that stands still, random bytes that repeat, a server and its tokens.

mod clock;
mod entropy;
mod server;

pub use clock::FixedClock;
pub use entropy::SeededEntropy;
pub use server::TestServer;
