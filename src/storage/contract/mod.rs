//! The executable form of the [`Storage`](crate::host::Storage) contract: what a host runs against its own store.
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
//! # Races
//!
//! [`check`] runs in the caller's task and knows no runtime: racing calls are polled in turn. That is real if the
//! store's calls go over separate connections, as those of a pool do. It is more real with [`Suite::spawning`], where
//! every racing call is a task of your runtime, and with [`check_threads`], where it has a thread, for a store that
//! needs no runtime.
//!
//! Servers share a database, so give the [`Suite`] two [`Handles`] to the same store: two pools, two clients. Racing
//! calls are spread over them, and what is saved through one must be seen through the other.
//!
//! # Faults and histories
//!
//! Faults inside a store cannot be caused from outside. The suite wraps it in [`Faulty`]: calls fail before they reach
//! it, lose their answers, are delayed, or are given up half-way. Seeded workers record what they asked, what they
//! were told and when; a search then looks for one order of all calls on a key that explains every answer, and reports
//! the seed if there is none.
//!
//! # How long it takes
//!
//! About 8,000 calls in 30 clauses, most of them one after the other: below a second in memory, about ten seconds with
//! a store that takes a millisecond for a call. Every clause needs an empty store of its own. The default seed is
//! always the same; [`Suite::with_seed`] and [`Suite::with_histories`] try more.

mod clause;
mod crew;
mod faults;
mod faulty;
mod handles;
mod history;
mod interruption;
mod key_space;
mod linearize;
mod listing;
mod listing_race;
mod purging;
mod race;
mod random;
mod report;
mod sample;
mod sizes;
mod suite;
mod trial;
mod workload;
mod writing;

pub use clause::Clause;
pub use crew::Task;
pub use faulty::{Counts, Fault, Faulty};
pub use report::{Report, Violation};
pub use suite::{Handles, Suite};

use self::trial::{Outcome, Trial};

/// Checks every [`Clause`] of the contract, each on a store of its own.
///
/// `make` gives an empty store at each call: a new schema, a temporary file; as an `Arc`, or as two [`Handles`]. The
/// suite uses times in the year 2100, so that an engine with native expiry keeps its records.
pub async fn check<H: Into<Handles>>(make: impl AsyncFn() -> H) -> Report {
    Suite::new(make).check().await
}

/// Checks every [`Clause`], with a thread for each racing call. For stores that need no runtime.
///
/// It blocks the calling thread.
pub fn check_threads<H: Into<Handles>>(make: impl Fn() -> H) -> Report {
    crew::block_on(Suite::new(async || make()).in_threads().check())
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
        Clause::HandlesAgree => handles::agree(trial).await,
        Clause::HistoryIsLinearizable => workload::history_is_linearizable(trial).await,
        Clause::LostAnswersAreExplained => workload::lost_answers_are_explained(trial).await,
        Clause::ErrorsAreSettled => faults::errors_are_settled(trial).await,
        Clause::ListingMissesNothing => listing_race::misses_nothing(trial).await,
        Clause::ListingFollowsRaces => listing_race::follows_races(trial).await,
        Clause::LongestNamesAreKept => sizes::longest_names_are_kept(trial).await,
        Clause::LargestRecordSurvives => sizes::largest_record_survives(trial).await,
    }
}
