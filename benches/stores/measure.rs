//! Turns, their times, and what comes of them.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use grantsmith::host::{Expected, Saved, Storage};
use tokio::task::JoinSet;

use crate::Pair;
use crate::records::{self, Item};
use crate::subject::Subject;

/// How much is done.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    records: usize,
    turns: usize,
}

impl Effort {
    pub(crate) const FULL: Self = Self { records: 1_000, turns: 5 };
    pub(crate) const MOMENT: Self = Self { records: 50, turns: 1 };
}

#[derive(Clone, Copy)]
enum Operation {
    Create,
    Load,
    Update,
    Remove,
}

impl Operation {
    const ALL: [Self; 4] = [Self::Create, Self::Load, Self::Update, Self::Remove];

    fn name(self) -> &'static str {
        match self {
            Self::Create => "save a new record",
            Self::Load => "load",
            Self::Update => "save over a version",
            Self::Remove => "remove",
        }
    }

    /// How often each record is used: what takes a few microseconds must be done often to be measured.
    fn rounds(self) -> usize {
        if matches!(self, Self::Load) { 20 } else { 1 }
    }

    async fn perform(self, subject: &dyn Subject, item: &Item) {
        match self {
            Self::Create => subject.create(item).await,
            Self::Load => subject.load(item).await,
            Self::Update => subject.update(item).await,
            Self::Remove => subject.remove(item).await,
        }
    }
}

/// One line of the comparison.
pub(crate) struct Measured {
    store: &'static str,
    operation: Operation,
    through: u128,
    raw: u128,
    /// In hundredths.
    ratio: u128,
    round_trips: String,
}

impl Measured {
    pub(crate) fn is_short(&self) -> bool {
        self.ratio < GOAL
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { store, operation, through, raw, ratio, round_trips } = self;
        let (name, verdict) = (operation.name(), if self.is_short() { "short" } else { "ok" });
        write!(f, "{store},{name},{through},{raw},{},{},{verdict},{round_trips}", hundredths(*ratio), hundredths(GOAL))
    }
}

/// Both take turns, operation by operation.
pub(crate) async fn compared(through: &Arc<dyn Subject>, pair: &Pair, effort: Effort) -> Vec<Measured> {
    let items = Arc::new(records::grants(effort.records).await);
    // Connections are made and statements cached.
    for subject in [through, &pair.raw] {
        turn(subject, &items).await;
    }
    let mut times = Vec::new();
    for number in 0..effort.turns {
        let (mut of_through, mut of_raw) = ([Duration::ZERO; 4], [Duration::ZERO; 4]);
        for ((operation, through_time), raw_time) in Operation::ALL.into_iter().zip(&mut of_through).zip(&mut of_raw) {
            // Who begins changes.
            if number % 2 == 0 {
                *through_time = step(through, operation, &items).await;
                *raw_time = step(&pair.raw, operation, &items).await;
            } else {
                *raw_time = step(&pair.raw, operation, &items).await;
                *through_time = step(through, operation, &items).await;
            }
        }
        times.push((of_through, of_raw));
    }
    let mut lines = Vec::new();
    for (position, operation) in Operation::ALL.into_iter().enumerate() {
        let of = |times: &[Duration; 4]| times.get(position).map_or(0, Duration::as_nanos).max(1);
        let rate = |time: u128| u128::try_from(items.len() * operation.rounds()).unwrap_or(0) * 1_000_000_000 / time;
        let median = |mut values: Vec<u128>| {
            values.sort_unstable();
            values.get(values.len() / 2).copied().unwrap_or_default()
        };
        lines.push(Measured {
            store: pair.name,
            operation,
            through: median(times.iter().map(|(through, _)| rate(of(through))).collect()),
            raw: median(times.iter().map(|(_, raw)| rate(of(raw))).collect()),
            ratio: median(times.iter().map(|(through, raw)| of(raw) * 100 / of(through)).collect()),
            round_trips: round_trips(operation, pair, &items).await,
        });
    }
    lines
}

/// How often one call after the other asks the server, on average.
async fn round_trips(operation: Operation, pair: &Pair, items: &[Item]) -> String {
    let Some((through, count)) = &pair.round_trips else { return "in process".to_owned() };
    let items = items.get(..20).unwrap_or(items);
    let mut asked = 0;
    for step in Operation::ALL {
        count();
        for item in items {
            step.perform(&**through, item).await;
        }
        if step.name() == operation.name() {
            asked = count();
        }
    }
    hundredths(u128::from(asked) * 100 / u128::try_from(items.len()).unwrap_or(1))
}

/// How long an operation takes as the table grows.
pub(crate) async fn grown(
    name: &str,
    through: &Arc<dyn Subject>,
    storage: &Arc<dyn Storage>,
    (effort, sizes): (Effort, &[u64]),
) -> Vec<String> {
    let items = Arc::new(records::grants(effort.records).await);
    let (mut lines, mut filled, mut first) = (Vec::new(), 0, None);
    for size in sizes {
        fill(storage, filled..*size).await;
        filled = *size;
        let mut least = turn(through, &items).await;
        for _ in 1..effort.turns.min(3) {
            let times = turn(through, &items).await;
            least.iter_mut().zip(times).for_each(|(least, time)| *least = (*least).min(time));
        }
        let first = first.get_or_insert(least);
        for ((operation, time), first) in Operation::ALL.into_iter().zip(least).zip(first) {
            let each = time.as_nanos() / u128::try_from(items.len() * operation.rounds()).unwrap_or(1);
            let ratio = time.as_nanos() * 100 / first.as_nanos().max(1);
            let operation = operation.name();
            lines.push(format!("{name},{size},{operation},{},{}", hundredths(each / 10), hundredths(ratio)));
        }
    }
    lines
}

async fn fill(storage: &Arc<dyn Storage>, numbers: std::ops::Range<u64>) {
    let mut tasks = JoinSet::new();
    for task in 0..WRITERS {
        let (storage, numbers) = (Arc::clone(storage), numbers.clone());
        tasks.spawn(async move {
            for number in numbers.filter(|number| number % WRITERS == task) {
                let saved = storage.save(records::filler(number), Expected::Absent).await.unwrap();
                assert_eq!(saved, Saved::Applied);
            }
        });
    }
    tasks.join_all().await;
}

/// Everything is created, loaded, updated and removed.
async fn turn(subject: &Arc<dyn Subject>, items: &Arc<Vec<Item>>) -> [Duration; 4] {
    let mut times = [Duration::ZERO; 4];
    for (operation, time) in Operation::ALL.into_iter().zip(&mut times) {
        *time = step(subject, operation, items).await;
    }
    times
}

/// One operation on every record, in as many rounds as it takes.
async fn step(subject: &Arc<dyn Subject>, operation: Operation, items: &Arc<Vec<Item>>) -> Duration {
    let (next, start) = (Arc::new(AtomicUsize::new(0)), Instant::now());
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let (subject, items, next) = (Arc::clone(subject), Arc::clone(items), Arc::clone(&next));
        tasks.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= items.len() * operation.rounds() {
                    return;
                }
                operation.perform(&*subject, items.get(number % items.len()).unwrap()).await;
            }
        });
    }
    tasks.join_all().await;
    start.elapsed()
}

fn hundredths(number: u128) -> String {
    format!("{}.{:02}", number / 100, number % 100)
}

/// Tasks that work at the same time, and connections of a pool.
pub(crate) const TASKS: usize = 16;
/// Tasks that fill a table.
const WRITERS: u64 = 64;
/// What the store must reach of the raw driver, in hundredths.
const GOAL: u128 = 85;
