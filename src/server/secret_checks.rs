//! How many imported client secrets are checked at once.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

/// Places for checks. Nobody waits for one: a queue would only make the guesses of a flood last longer.
pub(super) struct SecretChecks {
    free: AtomicU32,
}

impl SecretChecks {
    pub(super) fn at_most(most: NonZeroU32) -> Self {
        Self { free: AtomicU32::new(most.get()) }
    }

    /// A place, until it is dropped. `None` if all are taken.
    pub(super) fn begin(&self) -> Option<Place<'_>> {
        let taken = self.free.fetch_update(Ordering::Acquire, Ordering::Relaxed, |free| free.checked_sub(1));
        // Not `then_some`: a place that is made is given back.
        taken.is_ok().then(|| Place(self))
    }
}

/// A place for one check.
pub(super) struct Place<'a>(&'a SecretChecks);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.free.fetch_add(1, Ordering::Release);
    }
}
