//! Several handles to one store: what one did, the others see.

use super::sample::{NOW, Owner};
use super::trial::{Outcome, Trial, are_equal, ensure, listed, realm};
use crate::host::{Expected, Filter, Saved, Storage};
use crate::record::{Key, Record, Version, Versioned};

pub(super) async fn agree(trial: &Trial) -> Outcome {
    for (one, other) in (0..trial.handles()).flat_map(|one| (0..trial.handles()).map(move |other| (one, other))) {
        let owner = Owner::named(&realm()?, &format!("{one} {other}"))?;
        live(trial, (&*trial.handle(one), &*trial.handle(other)), &owner).await?;
    }
    Ok(())
}

/// A record's life: each step is made through one handle and seen through the other.
async fn live(trial: &Trial, (one, other): (&dyn Storage, &dyn Storage), owner: &Owner) -> Outcome {
    let created = trial.versioned(owner.session(NOW).into());
    let key = created.record.key();
    finds(other, key, None, "before it was saved").await?;
    save(one, &created, Expected::Absent, Saved::Applied, "a first save").await?;
    finds(other, key, Some(&created), "after its first save").await?;
    save(other, &created, Expected::Absent, Saved::Applied, "a save repeated through another handle").await?;
    let second = trial.versioned(owner.session(NOW).into());
    save(other, &second, Expected::Absent, Saved::Conflict, "a save over a record of another handle").await?;
    let filter = Filter::Subject(*owner.realm.fingerprint(), owner.subject.clone());
    lists(other, &filter, key).await?;

    let updated = trial.versioned(owner.session(NOW).ended_at(NOW, NOW).into());
    save(one, &updated, Expected::Version(created.version), Saved::Applied, "an update").await?;
    finds(other, key, Some(&updated), "after an update").await?;
    lists(other, &Filter::Due(NOW), key).await?;
    let late = "an update that expected what another handle had replaced";
    save(other, &second, Expected::Version(created.version), Saved::Conflict, late).await?;
    let next = "an update that expected what another handle had saved";
    save(other, &second, Expected::Version(updated.version), Saved::Applied, next).await?;
    finds(one, key, Some(&second), "after an update through the other handle").await?;

    remove(one, key, second.version).await?;
    finds(other, key, None, "after it was removed").await?;
    let expired = trial.versioned(owner.session(NOW).into());
    save(one, &expired, Expected::Absent, Saved::Applied, "a save after a removal").await?;
    let purged = other.purge_expired(NOW, 10).await?;
    ensure(purged == 1, || format!("through another handle, a purge removed {purged} records where 1 had expired"))?;
    finds(one, key, None, "after it was purged through the other handle").await
}

async fn save(
    handle: &dyn Storage,
    next: &Versioned<Record>,
    expected: Expected,
    answer: Saved,
    what: &str,
) -> Outcome {
    let saved = handle.save(next.clone(), expected).await?;
    ensure(saved == answer, || format!("{what} was answered {saved:?}"))
}

async fn remove(handle: &dyn Storage, key: Key, expected: Version) -> Outcome {
    let saved = handle.remove(key, expected).await?;
    ensure(saved == Saved::Applied, || "a removal under a version of another handle was refused".to_owned())
}

async fn finds(handle: &dyn Storage, key: Key, saved: Option<&Versioned<Record>>, when: &str) -> Outcome {
    let found = handle.load(key).await?;
    let is_same = match (&found, saved) {
        (None, None) => true,
        (Some(found), Some(saved)) => found.version == saved.version && are_equal(&found.record, &saved.record),
        (None, Some(_)) | (Some(_), None) => false,
    };
    ensure(is_same, || format!("another handle did not find the record as it was {when}"))
}

async fn lists(handle: &dyn Storage, filter: &Filter, key: Key) -> Outcome {
    let keys = listed(handle, filter, 10).await?;
    ensure(keys.contains(&key), || format!("through another handle, {filter:?} did not list the record"))
}
