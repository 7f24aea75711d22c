//! Listings while others write.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::crew::{Call, pause};
use super::interruption::is_listed;
use super::random::Random;
use super::sample::{NOW, Owner};
use super::trial::{Broken, Outcome, Trial, ensure, listed, realm};
use crate::host::{Expected, Filter, Saved, Storage};
use crate::record::{Key, Record, Versioned};

pub(super) async fn misses_nothing(trial: &Trial) -> Outcome {
    for round in 0..ROUNDS {
        whoever_is_told_first_lists(trial, round).await?;
    }
    let alice = Owner::named(&realm()?, "alice")?;
    let ledger = Arc::new(Ledger {
        acknowledged: Mutex::default(),
        writing: AtomicUsize::new(WRITERS),
        pages: AtomicU64::new(0),
    });
    let writers = (0..WRITERS).map(|number| -> Call<()> {
        let (trial, storage, ledger, alice) = (trial.clone(), trial.handle(number), Arc::clone(&ledger), alice.clone());
        Box::pin(async move {
            let outcome = write(&trial, &*storage, &ledger, &alice, number).await;
            ledger.writing.fetch_sub(1, Ordering::SeqCst);
            outcome
        })
    });
    let walkers = alice.filters().into_iter().enumerate().map(|(number, filter)| -> Call<()> {
        let (storage, ledger) = (trial.handle(number + 1), Arc::clone(&ledger));
        Box::pin(async move {
            for _ in 0..MOST_WALKS {
                let is_last = ledger.writing.load(Ordering::SeqCst) == 0;
                walk(&*storage, &ledger, &filter).await?;
                if is_last {
                    break;
                }
            }
            Ok(())
        })
    });
    let calls: Vec<_> = writers.chain(walkers).collect();
    trial.race(calls).await.map(drop)
}

/// One save from two sides, as after a time limit: the first to be told that it is saved finds it listed.
async fn whoever_is_told_first_lists(trial: &Trial, round: u64) -> Outcome {
    let owner = Owner::named(&realm()?, &format!("owner {round}"))?;
    let saved = trial.versioned(owner.grant(10_000 + round, NOW));
    let key = saved.record.key();
    let calls = (0..2).map(|number| -> Call<()> {
        let (storage, saved, filters) = (trial.handle(number), saved.clone(), owner.filters());
        Box::pin(async move {
            let answer = storage.save(saved, Expected::Absent).await?;
            ensure(answer == Saved::Applied, || "of two saves of one version, one was refused".to_owned())?;
            for filter in &filters {
                let keys = listed(&*storage, filter, 10).await?;
                ensure(keys.contains(&key), || format!("{filter:?} missed a record after its save was acknowledged"))?;
            }
            Ok(())
        })
    });
    trial.race(calls.collect()).await.map(drop)
}

struct Ledger {
    /// What was acknowledged, and what nobody has asked to remove since.
    acknowledged: Mutex<HashSet<Key>>,
    /// How many still write.
    writing: AtomicUsize,
    /// How many pages were read.
    pages: AtomicU64,
}

impl Ledger {
    fn acknowledged(&self) -> MutexGuard<'_, HashSet<Key>> {
        self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the walkers keep up, so that there is a walk under way at every write.
    async fn wait_for_page(&self, number: u64) {
        for _ in 0..MOST_PAUSES {
            if self.pages.load(Ordering::SeqCst) >= number {
                break;
            }
            pause().await;
        }
    }
}

/// Approves, refreshes and ends grants of one owner.
async fn write(trial: &Trial, storage: &dyn Storage, ledger: &Ledger, owner: &Owner, number: usize) -> Outcome {
    let stream = u64::try_from(number).unwrap_or_default();
    let mut random = Random::new(trial.workload().seed, stream);
    let mut live: Vec<Versioned<Record>> = Vec::new();
    for step in 0..WRITES {
        let is_filling = step < WRITES / 4;
        if !is_filling {
            ledger.wait_for_page(step - WRITES / 4).await;
        }
        let chosen = usize::try_from(random.below(8))
            .ok()
            .filter(|at| !is_filling && *at < live.len())
            .map(|at| live.swap_remove(at));
        match (random.below(4), chosen) {
            (0, Some(saved)) => {
                let key = saved.record.key();
                ledger.acknowledged().remove(&key);
                is_applied(storage.remove(key, saved.version).await?)?;
            }
            (1 | 2, Some(saved)) => {
                let next = trial.versioned(saved.record.clone());
                is_applied(storage.save(next.clone(), Expected::Version(saved.version)).await?)?;
                live.push(next);
            }
            (_, untouched) => {
                live.extend(untouched);
                let next = trial.versioned(owner.grant(stream * WRITES + step, NOW));
                is_applied(storage.save(next.clone(), Expected::Absent).await?)?;
                ledger.acknowledged().insert(next.record.key());
                live.push(next);
            }
        }
    }
    Ok(())
}

fn is_applied(saved: Saved) -> Outcome {
    ensure(saved == Saved::Applied, || "a writer that was alone with its records met a conflict".to_owned())
}

/// Walks through the pages while others write.
async fn walk(storage: &dyn Storage, ledger: &Ledger, filter: &Filter) -> Outcome {
    let before = ledger.acknowledged().clone();
    let (mut found, mut after) = (HashSet::new(), None);
    for _ in 0..MOST_PAGES {
        let page = storage.list(filter, after.as_ref(), 3).await?;
        ledger.pages.fetch_add(1, Ordering::SeqCst);
        found.extend(page.keys);
        after = page.next;
        pause().await;
        if after.is_none() {
            break;
        }
    }
    // What was asked to be removed meanwhile may be missing.
    let still = ledger.acknowledged();
    let missed = before.iter().filter(|key| still.contains(key) && !found.contains(key)).count();
    ensure(missed == 0, || {
        format!("{filter:?} missed {missed} of {} records that were acknowledged before", before.len())
    })
}

pub(super) async fn follows_races(trial: &Trial) -> Outcome {
    for round in 0..ROUNDS {
        let alice = Owner::named(&realm()?, &format!("alice {round}"))?;
        let bob = Owner { subject: Owner::named(&realm()?, &format!("bob {round}"))?.subject, ..alice.clone() };
        let key = trial.create(alice.session(NOW).into()).await?.record.key();
        let owners = [&bob, &alice].into_iter().cycle().take(6);
        let calls = owners.enumerate().map(|(number, owner)| -> Call<()> {
            Box::pin(give_to(trial.clone(), trial.handle(number), key, owner.clone()))
        });
        trial.race(calls.collect()).await?;
        is_listed(trial, key, "a race for its owner").await?;
    }
    Ok(())
}

/// Makes it the owner's, whoever has it.
async fn give_to(trial: Trial, storage: Arc<dyn Storage>, key: Key, owner: Owner) -> Outcome {
    for _ in 0..MOST_ATTEMPTS {
        let Some(found) = storage.load(key).await? else {
            return Err(Broken::new("a record that nobody removed was gone"));
        };
        let next = trial.versioned(owner.session(NOW).into());
        if storage.save(next, Expected::Version(found.version)).await? == Saved::Applied {
            return Ok(());
        }
    }
    Err(Broken::new(format!("a save conflicted {MOST_ATTEMPTS} times with six writers")))
}

const ROUNDS: u64 = 16;
const WRITES: u64 = 40;
const WRITERS: usize = 4;
const MOST_PAUSES: usize = 200;
const MOST_WALKS: usize = 1000;
const MOST_PAGES: usize = 1000;
const MOST_ATTEMPTS: u32 = 10_000;
