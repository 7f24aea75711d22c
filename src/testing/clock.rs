//! A clock that moves when it is told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::host::Clock;
use crate::value::{Lifetime, Timestamp};

/// A clock that stands still until it is set. Clones share the hands.
#[derive(Clone, Debug)]
pub struct FixedClock(Arc<AtomicI64>);

impl FixedClock {
    /// A clock that shows that many seconds after 1970-01-01 00:00:00 UTC.
    #[must_use]
    pub fn at(seconds: i64) -> Self {
        Self(Arc::new(AtomicI64::new(seconds)))
    }

    /// Sets the clock, forwards or back.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.as_seconds(), Ordering::SeqCst);
    }

    /// Moves the clock forwards.
    pub fn advance(&self, lifetime: Lifetime) {
        self.set(self.now().after(lifetime));
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(self.0.load(Ordering::SeqCst))
    }
}
