//! What came out of a check.

use std::fmt;

use super::clause::Clause;
use super::trial::{Outcome, Trial};

/// What a store did against the contract, and how much was tried.
#[derive(Clone, Debug)]
#[must_use]
pub struct Report {
    violations: Vec<Violation>,
    checked: Vec<Clause>,
    operations: u64,
    handles: usize,
    seed: u64,
    crew: String,
}

/// One clause that does not hold.
#[derive(Clone, Debug)]
pub struct Violation {
    clause: Clause,
    what: String,
}

impl Report {
    pub(super) fn new(seed: u64, crew: String) -> Self {
        Self { violations: Vec::new(), checked: Vec::new(), operations: 0, handles: 0, seed, crew }
    }

    pub(super) fn note(&mut self, clause: Clause, outcome: Outcome, trial: &Trial) {
        self.checked.push(clause);
        self.operations += trial.operations();
        self.handles = self.handles.max(trial.handles());
        self.violations.extend(outcome.err().map(|broken| Violation { clause, what: broken.into_sentence() }));
    }

    /// Whether every clause that was checked holds.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.violations.is_empty()
    }

    /// The clauses that do not hold.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// Whether that clause is among those that do not hold.
    #[must_use]
    pub fn names(&self, clause: Clause) -> bool {
        self.violations.iter().any(|violation| violation.clause == clause)
    }

    /// The clauses that were checked.
    #[must_use]
    pub fn checked(&self) -> &[Clause] {
        &self.checked
    }

    /// How many calls reached the store.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.operations
    }

    /// What the random workloads followed from.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }
}

impl Violation {
    /// The clause.
    #[must_use]
    pub fn clause(&self) -> Clause {
        self.clause
    }

    /// What the store did.
    #[must_use]
    pub fn what(&self) -> &str {
        &self.what
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { violations, checked, operations, handles, seed, crew } = self;
        let clauses = checked.len();
        if self.is_clean() {
            write!(f, "the storage keeps the contract: {clauses} clauses")?;
        } else {
            write!(f, "the storage breaks the contract: {} of {clauses} clauses", violations.len())?;
        }
        let handles = if *handles == 1 { "one handle".to_owned() } else { format!("{handles} handles") };
        write!(f, ", {operations} operations through {handles}, {crew}, seed {seed}")?;
        violations.iter().try_for_each(|violation| write!(f, "\n  {violation}"))
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}, but {}", self.clause, self.clause.rule(), self.what)
    }
}
