//! Several writers at once.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use super::sample::{NOW, Owner};
use super::trial::{Broken, Outcome, Trial, ensure, realm};
use crate::host::{Expected, Saved};
use crate::record::{Record, Versioned};

pub(super) async fn one_of_many_wins(trial: &Trial) -> Outcome {
    for round in 0..ROUNDS {
        let owner = Owner::named(&realm()?, &format!("subject {round}"))?;
        let first: Vec<_> = (0..WRITERS).map(|_| trial.versioned(owner.epoch(NOW).into())).collect();
        let created = winner(trial, &first, Expected::Absent, "expected nothing").await?;

        let next = owner.epoch(NOW).advanced(NOW);
        let updates: Vec<_> = (0..WRITERS).map(|_| trial.versioned(next.clone().into())).collect();
        let latest = winner(trial, &updates, Expected::Version(created.version), "expected one version").await?;
        removed_or_updated(trial, latest).await?;
    }
    Ok(())
}

/// Saves all of them at once; the store then holds the one that was applied.
async fn winner<'a>(
    trial: &Trial,
    writes: &'a [Versioned<Record>],
    expected: Expected,
    what: &str,
) -> Outcome<&'a Versioned<Record>> {
    let calls = writes.iter().map(|next| save(trial, next.clone(), expected)).collect();
    let answers = trial.crew.run(calls).await.into_iter().collect::<Outcome<Vec<_>>>()?;
    let mut applied = writes.iter().zip(answers).filter(|(_, saved)| *saved == Saved::Applied).map(|(write, _)| write);
    let (Some(winner), None) = (applied.next(), applied.next()) else {
        return Err(Broken::new(format!("of {WRITERS} saves that {what}, none or several were applied")));
    };
    trial.holds(winner, "after it won a race").await?;
    Ok(winner)
}

/// An update and a removal that expect the same version: one of them is too late.
async fn removed_or_updated(trial: &Trial, stored: &Versioned<Record>) -> Outcome {
    let (key, version) = (stored.record.key(), stored.version);
    let next = trial.versioned(stored.record.clone());
    let removal: Call<'_, Saved> = Box::pin(async move { Ok(trial.storage().remove(key, version).await?) });
    let calls = vec![save(trial, next.clone(), Expected::Version(version)), removal];
    let answers = trial.crew.run(calls).await.into_iter().collect::<Outcome<Vec<_>>>()?;
    match answers.as_slice() {
        [Saved::Applied, Saved::Conflict] => trial.holds(&next, "after it won against a removal").await,
        [Saved::Conflict, Saved::Applied] => trial.lacks(key, "after its removal won").await,
        _ => Err(Broken::new("an update and a removal that expected the same version were both applied, or neither")),
    }
}

pub(super) async fn no_update_is_lost(trial: &Trial) -> Outcome {
    let owner = Owner::named(&realm()?, "alice")?;
    let key = trial.create(owner.epoch(NOW).into()).await?.record.key();
    let calls = (0..WRITERS).map(|_| -> Call<'_, ()> {
        Box::pin(async move {
            for _ in 0..ROUNDS {
                advance(trial, key).await?;
            }
            Ok(())
        })
    });
    trial.crew.run(calls.collect()).await.into_iter().collect::<Outcome<()>>()?;

    let expected = u64::from(WRITERS) * u64::from(ROUNDS) + 1;
    match trial.load(key).await?.map(|found| found.record) {
        Some(Record::Subject(epoch)) => ensure(epoch.epoch() == expected, || {
            format!("{expected} counts were acknowledged, and {} are stored", epoch.epoch())
        }),
        _ => Err(Broken::new("the counted record was gone")),
    }
}

/// Counts one up, as often as it takes.
async fn advance(trial: &Trial, key: crate::record::Key) -> Outcome {
    for _ in 0..MOST_ATTEMPTS {
        let Some(Versioned { version, record: Record::Subject(epoch) }) = trial.load(key).await? else {
            return Err(Broken::new("the counted record was gone"));
        };
        let next = trial.versioned(epoch.advanced(NOW).into());
        if trial.storage().save(next, Expected::Version(version)).await? == Saved::Applied {
            return Ok(());
        }
    }
    Err(Broken::new(format!("a save conflicted {MOST_ATTEMPTS} times with {WRITERS} writers")))
}

fn save(trial: &Trial, next: Versioned<Record>, expected: Expected) -> Call<'_, Saved> {
    Box::pin(async move { Ok(trial.storage().save(next, expected).await?) })
}

/// A call that takes part in a race.
pub(super) type Call<'a, T> = Pin<Box<dyn Future<Output = Outcome<T>> + Send + 'a>>;

/// Who makes the calls of a race.
#[derive(Clone, Copy, Debug)]
pub(super) enum Crew {
    /// The caller's task, which polls all of them in turn.
    OneTask,
    /// A thread for each.
    Threads,
}

impl Crew {
    /// Runs all calls at once; the answers are in the order of the calls.
    pub(super) async fn run<T: Send>(self, calls: Vec<Call<'_, T>>) -> Vec<Outcome<T>> {
        match self {
            Self::OneTask => polled_in_turn(calls).await,
            Self::Threads => in_threads(calls),
        }
    }
}

async fn polled_in_turn<T>(calls: Vec<Call<'_, T>>) -> Vec<Outcome<T>> {
    let mut calls: Vec<_> = calls.into_iter().map(|call| (call, None)).collect();
    poll_fn(|context| {
        for (call, answer) in &mut calls {
            if answer.is_none()
                && let Poll::Ready(ready) = call.as_mut().poll(context)
            {
                *answer = Some(ready);
            }
        }
        if calls.iter().all(|(_, answer)| answer.is_some()) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    calls.into_iter().filter_map(|(_, answer)| answer).collect()
}

fn in_threads<T: Send>(calls: Vec<Call<'_, T>>) -> Vec<Outcome<T>> {
    let start = &Barrier::new(calls.len());
    thread::scope(|scope| {
        let threads: Vec<_> = calls
            .into_iter()
            .map(|call| {
                scope.spawn(move || {
                    start.wait();
                    block_on(call)
                })
            })
            .collect();
        let answers = threads.into_iter().map(thread::ScopedJoinHandle::join);
        answers.map(|answer| answer.unwrap_or_else(|_| Err(Broken::new("a call panicked")))).collect()
    })
}

/// Runs a future on this thread.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(answer) => return answer,
            Poll::Pending => thread::park(),
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

const WRITERS: u32 = 8;
const ROUNDS: u32 = 16;
const MOST_ATTEMPTS: u32 = 10_000;
