//! A fault at every call of a life of a record, and a client that asks again.

use super::faulty::{Fault, Faulty};
use super::history::tolerate;
use super::sample::{NOW, Owner};
use super::trial::{Broken, Outcome, Trial, ensure, realm};
use crate::host::{Expected, Filter, Saved, Storage, StorageError};
use crate::record::{Record, Versioned};

pub(super) async fn errors_are_settled(trial: &Trial) -> Outcome {
    // A call that was given up may still happen after the next one, so nothing is certain then.
    let faults = Fault::ALL.into_iter().filter(|fault| *fault != Fault::GiveUp);
    for (number, fault) in faults.enumerate() {
        for call in 0..MOST_CALLS {
            let storage = Faulty::new(trial.handle(number)).at(call, fault);
            let life = Life { trial, storage: &storage, owner: Owner::named(&realm()?, &format!("{number} {call}"))? };
            life.live()
                .await
                .map_err(|broken| Broken::new(format!("with {fault:?} at call {call}, {}", broken.into_sentence())))?;
            if storage.counts().total() <= call {
                break;
            }
        }
    }
    Ok(())
}

struct Life<'a> {
    trial: &'a Trial,
    storage: &'a Faulty,
    owner: Owner,
}

impl Life<'_> {
    /// Every call there is, each asked again until it is answered.
    async fn live(&self) -> Outcome {
        let Owner { subject, realm, .. } = &self.owner;
        let created = self.trial.versioned(self.owner.session(NOW).into());
        self.save(&created, Expected::Absent).await?;
        self.is_stored(Some(&created)).await?;
        let updated = self.trial.versioned(self.owner.session(NOW).ended_at(NOW, NOW).into());
        self.save(&updated, Expected::Version(created.version)).await?;
        self.is_stored(Some(&updated)).await?;

        let filter = Filter::Subject(*realm.fingerprint(), subject.clone());
        let page = self.asked(async || self.storage.list(&filter, None, 10).await).await?;
        let is_listed = page.keys.contains(&created.record.key());
        ensure(is_listed, || "a listing did not have the record".to_owned())?;

        let key = created.record.key();
        let removed = self.asked(async || self.storage.remove(key, updated.version).await).await?;
        ensure(removed == Saved::Applied, || "a removal was refused".to_owned())?;
        self.is_stored(None).await?;

        let expired = self.trial.versioned(self.owner.session(NOW).into());
        self.save(&expired, Expected::Absent).await?;
        self.asked(async || self.storage.purge_expired(NOW, 10).await).await?;
        self.is_stored(None).await
    }

    async fn save(&self, next: &Versioned<Record>, expected: Expected) -> Outcome {
        let saved = self.asked(async || self.storage.save(next.clone(), expected).await).await?;
        ensure(saved == Saved::Applied, || "a save was refused".to_owned())
    }

    async fn is_stored(&self, saved: Option<&Versioned<Record>>) -> Outcome {
        let key = self.owner.session(NOW).key();
        let found = self.asked(async || self.storage.load(key).await).await?.map(|found| found.version);
        ensure(found == saved.map(|saved| saved.version), || "the record was not in the state that was told".to_owned())
    }

    /// Asks until there is an answer. Only one call has a fault.
    async fn asked<T>(&self, call: impl AsyncFn() -> Result<T, StorageError>) -> Outcome<T> {
        for _ in 0..2 {
            if let Some(answer) = tolerate(call().await)? {
                return Ok(answer);
            }
        }
        Err(Broken::new("a call failed twice"))
    }
}

/// More than a life has.
const MOST_CALLS: u64 = 100;
