//! The table.

use std::fmt;

use crate::wrk::Measured;

/// What one operation gives, beside the control.
pub(crate) struct Figure {
    pub(crate) operation: &'static str,
    pub(crate) ours: Measured,
    pub(crate) control: Measured,
    /// The least share of the control's throughput.
    pub(crate) goal: Option<f64>,
}

impl Figure {
    pub(crate) const HEADER: &str =
        "operation            server/s  control/s  share   goal   p50 us   p99 us   (control: p50, p99)";

    fn share(&self) -> f64 {
        self.ours.per_second / self.control.per_second
    }

    /// Whether the goal is reached, or there is none.
    pub(crate) fn is_good(&self) -> bool {
        self.goal.is_none_or(|goal| self.share() >= goal)
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [median, slowest] = self.ours.latency;
        let [control_median, control_slowest] = self.control.latency;
        let goal = self.goal.map_or("-".to_owned(), |goal| format!("{goal:.2}"));
        write!(
            f,
            "{:<18} {:>10.0} {:>10.0} {:>6.2} {goal:>6} {median:>8} {slowest:>8}   ({control_median}, {control_slowest}){}",
            self.operation,
            self.ours.per_second,
            self.control.per_second,
            self.share(),
            if self.is_good() { "" } else { "  short" },
        )
    }
}

/// The one in the middle by throughput.
pub(crate) fn median(mut measured: Vec<Measured>) -> Option<Measured> {
    measured.sort_by(|one, other| one.per_second.total_cmp(&other.per_second));
    measured.get(measured.len() / 2).copied()
}
