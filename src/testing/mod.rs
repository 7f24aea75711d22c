//! What a host's own tests need: a clock that stands still and random bytes that repeat.

mod clock;
mod entropy;

pub use clock::FixedClock;
pub use entropy::SeededEntropy;
