//! Purging what has expired.

use super::crew::Call;
use super::sample::{NOW, Owner};
use super::trial::{Outcome, Trial, ensure, realm};
use crate::host::{Expected, Saved};
use crate::value::{Lifetime, Timestamp};

pub(super) async fn takes_only_expired(trial: &Trial) -> Outcome {
    let alice = Owner::named(&realm()?, "alice")?;
    let hour = Lifetime::minutes(60);
    let mut kept = vec![trial.create(alice.client("alice")).await?, trial.create(alice.consent(NOW)).await?];
    kept.push(trial.create(alice.epoch(NOW).into()).await?);
    kept.push(trial.create(alice.grant(0, NOW)).await?);
    kept.push(trial.create(alice.session(NOW.after(Lifetime::seconds(1))).into()).await?);
    let mut expired = vec![trial.create(alice.grant(1, NOW.before(hour))).await?];
    expired.push(trial.create(alice.used("at this second", NOW)).await?);
    expired.push(trial.create(alice.used("a second ago", NOW.before(Lifetime::seconds(1)))).await?);

    ensure(purge(trial, Timestamp::from_seconds(0), 100).await? == 0, || "a purge in 1970 removed records".to_owned())?;
    let purged = purge(trial, NOW, 100).await?;
    ensure(purged == 3, || format!("a purge removed {purged} records where 3 had expired"))?;
    for saved in &expired {
        trial.lacks(saved.record.key(), "after it had expired and was purged").await?;
    }
    for saved in &kept {
        trial.holds(saved, "after a purge before its time").await?;
    }
    // The last instant but one: only what never expires is left.
    let purged = purge(trial, Timestamp::from_seconds(i64::MAX - 1), 100).await?;
    ensure(purged == 2, || format!("a purge at the end of time removed {purged} records where 2 had expired"))?;
    for saved in kept.iter().take(3) {
        trial.holds(saved, "after a purge, although it never expires").await?;
    }
    Ok(())
}

pub(super) async fn is_in_batches(trial: &Trial) -> Outcome {
    let alice = Owner::named(&realm()?, "alice")?;
    let mut expired = Vec::new();
    for number in 0_u64..25 {
        let at = NOW.before(Lifetime::seconds(number));
        expired.push(trial.create(alice.used(&number.to_string(), at)).await?.record.key());
        trial.create(alice.grant(number, NOW)).await?;
    }
    let mut purged = 0;
    for _ in 0..100 {
        let batch = trial.storage().purge_expired(NOW, 10).await?;
        ensure(batch <= 10, || format!("a purge of at most 10 said that it removed {batch}"))?;
        purged += batch;
        let mut gone = 0;
        for key in &expired {
            gone += u64::from(trial.load(*key).await?.is_none());
        }
        ensure(gone == purged, || format!("{gone} records were gone when purges said that they removed {purged}"))?;
        if batch == 0 {
            break;
        }
    }
    ensure(purged == 25, || format!("25 records had expired, and purges removed {purged} before one found nothing"))?;
    ensure(purge(trial, NOW, 0).await? == 0, || "a purge of at most none removed records".to_owned())?;
    is_counted_once(trial).await
}

pub(super) async fn spares_renewed(trial: &Trial) -> Outcome {
    let realm = realm()?;
    let mut stored = Vec::new();
    for number in 0..24 {
        let owner = Owner::named(&realm, &format!("session {number}"))?;
        let expired = trial.create(owner.session(NOW).into()).await?;
        let renewed = trial.versioned(owner.session(NOW.after(Lifetime::days(1))).into());
        stored.push((expired, renewed));
    }
    // Renewed before: the purge must look at what is stored now.
    let (before, meanwhile) = stored.split_at(8);
    for (expired, renewed) in before {
        let expected = Expected::Version(expired.version);
        trial.save(renewed, expected, Saved::Applied, "a save that expected the stored version").await?;
    }
    // Renewed meanwhile: whichever comes first, an acknowledged renewal stays.
    let mut calls: Vec<Call<Option<Saved>>> = Vec::new();
    for (number, (expired, renewed)) in meanwhile.iter().enumerate() {
        let storage = trial.handle(number);
        if number % 4 == 0 {
            let storage = trial.handle(number + 1);
            calls.push(Box::pin(async move { Ok(storage.purge_expired(NOW, 1000).await.map(|_| None)?) }));
        }
        let (renewed, expected) = (renewed.clone(), Expected::Version(expired.version));
        calls.push(Box::pin(async move { Ok(Some(storage.save(renewed, expected).await?)) }));
    }
    let answers = trial.race(calls).await?.into_iter().flatten();
    for ((_, renewed), saved) in meanwhile.iter().zip(answers) {
        match saved {
            Saved::Applied => trial.holds(renewed, "after it was renewed during a purge").await?,
            Saved::Conflict => trial.lacks(renewed.record.key(), "after it was purged before it was renewed").await?,
        }
    }
    purge(trial, NOW, 1000).await?;
    for (_, renewed) in before {
        trial.holds(renewed, "after it was renewed and then a purge came").await?;
    }
    Ok(())
}

/// Sweepers on several servers: each record is counted by the one that removed it.
async fn is_counted_once(trial: &Trial) -> Outcome {
    let alice = Owner::named(&realm()?, "alice")?;
    for number in 0..40 {
        trial.create(alice.used(&format!("raced {number}"), NOW)).await?;
    }
    let calls = (0..4).map(|number| -> Call<u64> {
        let storage = trial.handle(number);
        Box::pin(async move {
            let mut purged = 0;
            for _ in 0..4 {
                purged += storage.purge_expired(NOW, 10).await?;
            }
            Ok(purged)
        })
    });
    let purged = trial.race(calls.collect()).await?.into_iter().sum::<u64>() + purge(trial, NOW, 100).await?;
    ensure(purged == 40, || format!("40 records had expired, and racing purges said that they removed {purged}"))
}

/// Purges until nothing is found, as a sweeper does.
async fn purge(trial: &Trial, now: Timestamp, limit: u32) -> Outcome<u64> {
    let mut purged = 0;
    for _ in 0..100 {
        let batch = trial.storage().purge_expired(now, limit).await?;
        purged += batch;
        if batch == 0 {
            break;
        }
    }
    Ok(purged)
}
