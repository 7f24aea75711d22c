//! The executable form of the [`Storage`] contract: what a host runs against its own store.
//!
//! ```
//! # pollster::block_on(async {
//! use std::sync::Arc;
//!
//! use grantsmith::storage::contract;
//! use grantsmith::storage::memory::MemoryStorage;
//!
//! let report = contract::check(async || Arc::new(MemoryStorage::new())).await;
//! assert!(report.is_clean(), "{report}");
//! # })
//! ```
//!
//! [`check`] runs in the caller's task and knows no runtime: races are several calls that are polled in turn. They are
//! real if the store's calls go over separate connections, as those of a pool do. A store that needs no runtime is
//! also given to [`check_threads`], where every racing call has a thread of its own.
//!
//! Faults inside a store cannot be caused from outside. The suite repeats calls whose answers were lost, and drops
//! calls half-way; what the server makes of a store that fails is tested with [`Faulty`].

mod clause;
mod faulty;
mod interruption;
mod key_space;
mod listing;
mod purging;
mod race;
mod sample;
mod trial;
mod writing;

use std::fmt;
use std::sync::Arc;

pub use clause::Clause;
pub use faulty::{Counts, Fault, Faulty};

use self::race::Crew;
use self::trial::{Outcome, Trial};
use crate::host::Storage;

/// Checks every [`Clause`] of the contract, each on a store of its own.
///
/// `make` gives an empty store at each call: a new schema, a temporary file. The suite uses times in the year 2100, so
/// that an engine with native expiry keeps its records.
pub async fn check<S: Storage + 'static>(make: impl AsyncFn() -> Arc<S>) -> Report {
    let mut report = Report::default();
    for clause in Clause::ALL {
        let trial = Trial::new(make().await, Crew::OneTask);
        report.note(clause, judge(clause, &trial).await);
    }
    report
}

/// Checks every [`Clause`], with a thread for each racing call. For stores that need no runtime.
///
/// It blocks the calling thread.
pub fn check_threads<S: Storage + 'static>(make: impl Fn() -> Arc<S>) -> Report {
    let mut report = Report::default();
    for clause in Clause::ALL {
        let trial = Trial::new(make(), Crew::Threads);
        report.note(clause, race::block_on(judge(clause, &trial)));
    }
    report
}

async fn judge(clause: Clause, trial: &Trial) -> Outcome {
    match clause {
        Clause::SavedIsSeen => writing::saved_is_seen(trial).await,
        Clause::AbsentRefusesPresent => writing::absent_refuses_present(trial).await,
        Clause::WrongVersionIsRefused => writing::wrong_version_is_refused(trial).await,
        Clause::UpdateNeverResurrects => writing::update_never_resurrects(trial).await,
        Clause::RepeatIsApplied => writing::repeat_is_applied(trial).await,
        Clause::RemoveNeedsVersion => writing::remove_needs_version(trial).await,
        Clause::OldVersionStaysOld => writing::old_version_stays_old(trial).await,
        Clause::BodySurvives => key_space::body_survives(trial).await,
        Clause::KindsAreSeparate => key_space::kinds_are_separate(trial).await,
        Clause::RealmsAreSeparate => key_space::realms_are_separate(trial).await,
        Clause::ListingFindsAll => listing::finds_all(trial).await,
        Clause::ListingNamesNoStranger => listing::names_no_stranger(trial).await,
        Clause::ListingFollowsOwner => listing::follows_owner(trial).await,
        Clause::ListingSurvivesChange => listing::survives_change(trial).await,
        Clause::DueIsByTime => listing::due_is_by_time(trial).await,
        Clause::ForeignCursorIsRefused => listing::foreign_cursor_is_refused(trial).await,
        Clause::PurgeTakesOnlyExpired => purging::takes_only_expired(trial).await,
        Clause::PurgeIsInBatches => purging::is_in_batches(trial).await,
        Clause::PurgeSparesRenewed => purging::spares_renewed(trial).await,
        Clause::OneOfManyWins => race::one_of_many_wins(trial).await,
        Clause::NoUpdateIsLost => race::no_update_is_lost(trial).await,
        Clause::DroppedCallIsWhole => interruption::dropped_call_is_whole(trial).await,
    }
}

/// What a store did against the contract.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Report {
    violations: Vec<Violation>,
}

/// One clause that does not hold.
#[derive(Clone, Debug)]
pub struct Violation {
    clause: Clause,
    what: String,
}

impl Report {
    /// Whether every clause holds.
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

    fn note(&mut self, clause: Clause, outcome: Outcome) {
        self.violations.extend(outcome.err().map(|broken| Violation { clause, what: broken.into_sentence() }));
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
        if self.is_clean() {
            return f.write_str("the storage keeps the contract");
        }
        f.write_str("the storage breaks the contract:")?;
        self.violations.iter().try_for_each(|violation| write!(f, "\n  {violation}"))
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}, but {}", self.clause, self.clause.rule(), self.what)
    }
}
