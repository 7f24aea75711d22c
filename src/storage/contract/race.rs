//! Several writers at once.

use super::crew::Call;
use super::sample::{NOW, Owner};
use super::trial::{Broken, Outcome, Trial, ensure, realm};
use crate::host::{Expected, Saved, Storage};
use crate::record::{Key, Record, Versioned};

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
    let answers = trial.race_saves(writes, expected).await?;
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
    let storage = trial.handle(1);
    let removal: Call<Saved> = Box::pin(async move { Ok(storage.remove(key, version).await?) });
    let answers = trial.race(vec![trial.save_call(0, next.clone(), Expected::Version(version)), removal]).await?;
    match answers.as_slice() {
        [Saved::Applied, Saved::Conflict] => trial.holds(&next, "after it won against a removal").await,
        [Saved::Conflict, Saved::Applied] => trial.lacks(key, "after its removal won").await,
        _ => Err(Broken::new("an update and a removal that expected the same version were both applied, or neither")),
    }
}

pub(super) async fn no_update_is_lost(trial: &Trial) -> Outcome {
    let owner = Owner::named(&realm()?, "alice")?;
    let key = trial.create(owner.epoch(NOW).into()).await?.record.key();
    let calls = (0..WRITERS).map(|number| -> Call<()> {
        let (trial, storage) = (trial.clone(), trial.handle(number));
        Box::pin(async move {
            for _ in 0..ROUNDS {
                advance(&trial, &*storage, key).await?;
            }
            Ok(())
        })
    });
    trial.race(calls.collect()).await?;

    let expected = u64::try_from(WRITERS * ROUNDS + 1).unwrap_or(u64::MAX);
    match trial.load(key).await?.map(|found| found.record) {
        Some(Record::Subject(epoch)) => ensure(epoch.epoch() == expected, || {
            format!("{expected} counts were acknowledged, and {} are stored", epoch.epoch())
        }),
        _ => Err(Broken::new("the counted record was gone")),
    }
}

/// Counts one up, as often as it takes.
async fn advance(trial: &Trial, storage: &dyn Storage, key: Key) -> Outcome {
    for _ in 0..MOST_ATTEMPTS {
        let Some(Versioned { version, record: Record::Subject(epoch) }) = storage.load(key).await? else {
            return Err(Broken::new("the counted record was gone"));
        };
        let next = trial.versioned(epoch.advanced(NOW).into());
        if storage.save(next, Expected::Version(version)).await? == Saved::Applied {
            return Ok(());
        }
    }
    Err(Broken::new(format!("a save conflicted {MOST_ATTEMPTS} times with {WRITERS} writers")))
}

/// The same save from several sides, as after a time limit: each is told that it was applied.
pub(super) async fn repeat_is_applied(trial: &Trial) -> Outcome {
    for round in 0..ROUNDS {
        let owner = Owner::named(&realm()?, &format!("subject {round}"))?;
        let mut expected = Expected::Absent;
        for next in [owner.epoch(NOW), owner.epoch(NOW).advanced(NOW)] {
            let next = trial.versioned(next.into());
            let answers = trial.race_saves(&vec![next.clone(); WRITERS], expected).await?;
            let applied = answers.into_iter().filter(|saved| *saved == Saved::Applied).count();
            ensure(applied == WRITERS, || {
                format!("of {WRITERS} saves of one version at once, {applied} were applied")
            })?;
            trial.holds(&next, "after it was saved several times at once").await?;
            expected = Expected::Version(next.version);
        }
    }
    Ok(())
}

const WRITERS: usize = 8;
const ROUNDS: usize = 16;
const MOST_ATTEMPTS: u32 = 10_000;
