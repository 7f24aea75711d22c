//! The two clocks of a measurement.
//!
//! Thread CPU time leaves out whatever else runs on the machine. Only the two-thread figure needs wall time: a thread
//! that waits for a lock spends no CPU time, and that waiting is what the figure is about.

use std::time::Duration;

use cpu_time::ThreadTime;

/// How much CPU time this thread spends in `work`.
pub fn cpu_time_of<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let started_at = ThreadTime::now();
    let result = work();
    (result, started_at.elapsed())
}
