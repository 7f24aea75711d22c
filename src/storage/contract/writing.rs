//! One writer at a time: load, save and remove.

use super::race;
use super::sample::{NOW, Owner};
use super::trial::{Outcome, Trial, ensure, realm};
use crate::host::{Expected, Saved};
use crate::record::{Record, Version};
use crate::value::Lifetime;

pub(super) async fn saved_is_seen(trial: &Trial) -> Outcome {
    let alice = Owner::named(&realm()?, "alice")?;
    for number in 0..20 {
        let record = alice.grant(number, NOW);
        trial.lacks(record.key(), "before it was saved").await?;
        let saved = trial.create(record).await?;
        trial.holds(&saved, "after its first save").await?;
    }
    let mut stored = trial.create(alice.epoch(NOW).into()).await?;
    for epoch in 0..20 {
        let next = (0..epoch).fold(alice.epoch(NOW), |epoch, _| epoch.advanced(NOW));
        stored = trial.update(&stored, next.into()).await?;
        trial.holds(&stored, "after an update").await?;
    }
    trial.remove(stored.record.key(), stored.version, Saved::Applied, "removing under the stored version").await?;
    trial.lacks(stored.record.key(), "after it was removed").await
}

pub(super) async fn absent_refuses_present(trial: &Trial) -> Outcome {
    let (first, second) = two_states()?;
    let stored = trial.create(first).await?;
    let other = trial.versioned(second);
    trial.save(&other, Expected::Absent, Saved::Conflict, "a save that expected nothing, over a record,").await?;
    trial.holds(&stored, "after a save that expected nothing").await
}

pub(super) async fn wrong_version_is_refused(trial: &Trial) -> Outcome {
    let (first, second) = two_states()?;
    let old = trial.create(first.clone()).await?;
    let stored = trial.update(&old, second).await?;
    let never = trial.versioned(first.clone());
    for wrong in [old.version, never.version, Version::from_bytes([0xff; 16])] {
        let next = trial.versioned(first.clone());
        let what = "a save that expected another version than the stored one";
        trial.save(&next, Expected::Version(wrong), Saved::Conflict, what).await?;
        trial.holds(&stored, "after a save that expected another version").await?;
    }
    Ok(())
}

pub(super) async fn update_never_resurrects(trial: &Trial) -> Outcome {
    let (first, second) = two_states()?;
    let key = first.key();
    let version = trial.versioned(first.clone()).version;
    let next = trial.versioned(second.clone());
    let what = "a save that expected a version where nothing was stored";
    trial.save(&next, Expected::Version(version), Saved::Conflict, what).await?;
    trial.lacks(key, "after a save that expected a version where nothing was stored").await?;

    let stored = trial.create(first).await?;
    trial.remove(key, stored.version, Saved::Applied, "removing under the stored version").await?;
    let next = trial.versioned(second);
    let what = "a save that expected the version of a removed record";
    trial.save(&next, Expected::Version(stored.version), Saved::Conflict, what).await?;
    trial.lacks(key, "after it was removed and an update came late").await?;

    let alice = Owner::named(&realm()?, "alice")?;
    let expired = trial.create(alice.session(NOW).into()).await?;
    trial.storage().purge_expired(NOW, 10).await?;
    let renewed = trial.versioned(alice.session(NOW.after(Lifetime::days(1))).into());
    let what = "a save that expected the version of a purged record";
    trial.save(&renewed, Expected::Version(expired.version), Saved::Conflict, what).await?;
    trial.lacks(expired.record.key(), "after it was purged and an update came late").await
}

pub(super) async fn repeat_is_applied(trial: &Trial) -> Outcome {
    let (first, second) = two_states()?;
    let created = trial.create(first.clone()).await?;
    trial.save(&created, Expected::Absent, Saved::Applied, "a repeated first save").await?;
    trial.holds(&created, "after a repeated first save").await?;

    let updated = trial.update(&created, second).await?;
    let expected = Expected::Version(created.version);
    trial.save(&updated, expected, Saved::Applied, "a repeated update").await?;
    trial.holds(&updated, "after a repeated update").await?;

    // A repeat that comes too late is a save like any other.
    let third = trial.update(&updated, first).await?;
    trial.save(&updated, expected, Saved::Conflict, "an update repeated after the next one").await?;
    trial.holds(&third, "after an update was repeated too late").await?;
    trial.remove(third.record.key(), third.version, Saved::Applied, "removing under the stored version").await?;
    trial.save(&updated, expected, Saved::Conflict, "an update repeated after the removal").await?;
    trial.lacks(third.record.key(), "after it was removed and an update was repeated").await?;
    race::repeat_is_applied(trial).await
}

pub(super) async fn remove_needs_version(trial: &Trial) -> Outcome {
    let (first, second) = two_states()?;
    let key = first.key();
    let never = trial.versioned(first.clone()).version;
    trial.remove(key, never, Saved::Applied, "removing what was never there").await?;

    let old = trial.create(first).await?;
    let stored = trial.update(&old, second).await?;
    for wrong in [old.version, never] {
        trial.remove(key, wrong, Saved::Conflict, "removing under another version than the stored one").await?;
        trial.holds(&stored, "after a removal under another version").await?;
    }
    trial.remove(key, stored.version, Saved::Applied, "removing under the stored version").await?;
    trial.lacks(key, "after it was removed").await?;
    trial.remove(key, stored.version, Saved::Applied, "removing once more").await
}

pub(super) async fn old_version_stays_old(trial: &Trial) -> Outcome {
    let (first, second) = two_states()?;
    let key = first.key();
    let old = trial.create(first.clone()).await?;
    trial.remove(key, old.version, Saved::Applied, "removing under the stored version").await?;
    let stored = trial.create(first).await?;
    ensure(old.version != stored.version, || "the suite drew a version twice".to_owned())?;

    let next = trial.versioned(second);
    let what = "a save that expected a version from before the record was removed and created again";
    trial.save(&next, Expected::Version(old.version), Saved::Conflict, what).await?;
    let what = "a removal under a version from before the record was removed and created again";
    trial.remove(key, old.version, Saved::Conflict, what).await?;
    trial.holds(&stored, "after writes that expected a version from before").await
}

/// Two states of one record.
fn two_states() -> Outcome<(Record, Record)> {
    let epoch = Owner::named(&realm()?, "alice")?.epoch(NOW);
    let next = epoch.advanced(NOW).finished();
    Ok((epoch.into(), next.into()))
}
