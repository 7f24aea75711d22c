//! How the contract is checked: against which store, by whom, and how much.

use std::fmt;
use std::sync::Arc;

use super::clause::Clause;
use super::crew::{Crew, Task};
use super::report::Report;
use super::trial::Trial;
use crate::host::Storage;

/// A check of every [`Clause`], to be pointed at a store.
///
/// ```
/// # let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
/// # runtime.block_on(async {
/// use std::sync::Arc;
///
/// use grantsmith::storage::contract::Suite;
/// # use grantsmith::storage::memory::MemoryStorage as Database;
/// # let open = async |database: &Arc<Database>| Arc::clone(database);
///
/// let make = async || {
///     let empty = Arc::new(Database::new()); // a new schema, a temporary file
///     (open(&empty).await, open(&empty).await) // two pools, as two servers have
/// };
/// let report = Suite::new(make).spawning(tokio::spawn).with_seed(7).check().await;
/// assert!(report.is_clean(), "{report}");
/// # })
/// ```
#[must_use]
pub struct Suite<M> {
    make: M,
    crew: Crew,
    workload: Workload,
    clauses: Vec<Clause>,
}

/// How much the seeded clauses do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Workload {
    pub(super) seed: u64,
    pub(super) histories: u32,
    pub(super) operations: u32,
}

impl<M, H> Suite<M>
where
    M: AsyncFn() -> H,
    H: Into<Handles>,
{
    /// Every clause, polled in the caller's task.
    ///
    /// `make` gives an empty store at each call, with one or more [`Handles`] to it.
    pub fn new(make: M) -> Self {
        let workload = Workload { seed: 1, histories: 8, operations: 40 };
        Self { make, crew: Crew::OneTask, workload, clauses: Clause::ALL.to_vec() }
    }

    /// Every racing call becomes a task of the caller's runtime: `spawning(tokio::spawn)`.
    ///
    /// The runtime must run all tasks at the same time: they wait for each other before they begin.
    pub fn spawning<T>(self, spawn: impl Fn(Task) -> T + Send + Sync + 'static) -> Self {
        Self { crew: Crew::Tasks(Arc::new(move |task| drop(spawn(task)))), ..self }
    }

    /// Every racing call gets a thread of its own, for stores that need no runtime. The check then blocks its thread.
    pub fn in_threads(self) -> Self {
        Self { crew: Crew::Threads, ..self }
    }

    /// What the random workloads follow from. Default: 1. A violation says with which seed it comes again; in threads
    /// or tasks the calls are then the same, their timing is not.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.workload.seed = seed;
        self
    }

    /// How many histories are recorded and judged for each clause that does so. Default: 8. The seed goes up by one
    /// from each to the next.
    pub fn with_histories(mut self, histories: u32) -> Self {
        self.workload.histories = histories;
        self
    }

    /// How many operations each of the six workers of a history performs. Default: 40, at most 1000.
    pub fn with_operations(mut self, operations: u32) -> Self {
        self.workload.operations = operations.min(1000);
        self
    }

    /// Only these clauses.
    pub fn only(self, clauses: &[Clause]) -> Self {
        Self { clauses: clauses.to_vec(), ..self }
    }

    /// Checks each clause on a store of its own.
    pub async fn check(self) -> Report {
        let mut report = Report::new(self.workload.seed, self.crew.to_string());
        for clause in self.clauses {
            let handles = (self.make)().await.into();
            let trial = Trial::new(handles, self.crew.clone(), self.workload);
            let outcome = super::judge(clause, &trial).await;
            report.note(clause, outcome, &trial);
        }
        report
    }
}

impl<M> fmt::Debug for Suite<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Suite").field("workload", &self.workload).finish_non_exhaustive()
    }
}

/// Handles to one store, as several servers have that share a database: pools or connections of their own.
///
/// What is saved through one must be seen through the others, and racing calls are spread over all of them. Made from
/// one `Arc`, or from a pair.
pub struct Handles {
    pub(super) first: Arc<dyn Storage>,
    pub(super) others: Vec<Arc<dyn Storage>>,
}

impl Handles {
    /// One handle.
    #[must_use]
    pub fn new(first: Arc<dyn Storage>) -> Self {
        Self { first, others: Vec::new() }
    }

    /// And another one to the same store.
    #[must_use]
    pub fn and(mut self, other: Arc<dyn Storage>) -> Self {
        self.others.push(other);
        self
    }
}

impl<S: Storage + 'static> From<Arc<S>> for Handles {
    fn from(only: Arc<S>) -> Self {
        Self::new(only)
    }
}

impl From<Arc<dyn Storage>> for Handles {
    fn from(only: Arc<dyn Storage>) -> Self {
        Self::new(only)
    }
}

impl<S: Storage + 'static, T: Storage + 'static> From<(Arc<S>, Arc<T>)> for Handles {
    fn from((first, other): (Arc<S>, Arc<T>)) -> Self {
        Self::new(first).and(other)
    }
}

impl fmt::Debug for Handles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handles").field("count", &(1 + self.others.len())).finish_non_exhaustive()
    }
}
