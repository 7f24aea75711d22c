//! The figures and what was promised of them.

use std::fmt;

/// One line of the table.
pub struct Figure {
    pub name: String,
    pub ours: f64,
    /// What ours is held against: `oauth-as`, or the control loop for the two-thread figures.
    pub peer: f64,
    /// What is judged. For a cost, how many times ours the peer's is.
    pub ratio: f64,
    pub goal: Goal,
    /// Told beside, never judged.
    pub remark: String,
}

impl Figure {
    /// A cost in nanoseconds that the peer must exceed so many times.
    pub fn cost(name: &str, ours: f64, peer: f64, goal: f64) -> Self {
        Self { name: name.to_owned(), ours, peer, ratio: peer / ours, goal: Goal::AtLeast(goal), remark: String::new() }
    }

    /// How many times a cost grows.
    pub fn growth(name: String, ours: f64, peer: f64, goal: f64) -> Self {
        Self { name, ours, peer, ratio: ours, goal: Goal::AtMost(goal), remark: String::new() }
    }

    pub fn with_remark(self, remark: String) -> Self {
        Self { remark, ..self }
    }

    pub fn is_met(&self) -> bool {
        match self.goal {
            Goal::AtLeast(bound) => self.ratio >= bound,
            Goal::AtMost(bound) => self.ratio <= bound,
        }
    }

    /// `operation,ours,peer,ratio,goal,ok|short`
    pub fn csv(&self) -> String {
        let Self { name, ours, peer, ratio, goal, .. } = self;
        format!("{name},{ours:.2},{peer:.2},{ratio:.2},{goal},{}", self.verdict())
    }

    pub fn row(&self) -> String {
        let Self { name, ours, peer, ratio, goal, remark, .. } = self;
        format!("{name:<46} {ours:>10.2} {peer:>12.2} {ratio:>7.2} {goal:>7} {:>6}  {remark}", self.verdict())
    }

    pub fn heading() -> String {
        format!("{:<46} {:>10} {:>12} {:>7} {:>7}", "figure", "ours", "peer", "ratio", "goal")
    }

    fn verdict(&self) -> &'static str {
        if self.is_met() { "ok" } else { "short" }
    }
}

/// What the ratio of a figure must be.
#[derive(Clone, Copy)]
pub enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::AtLeast(bound) => format!(">={bound:.2}"),
            Self::AtMost(bound) => format!("<={bound:.2}"),
        };
        f.pad(&text)
    }
}
