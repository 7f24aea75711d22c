//! Seeded workers that load, save, remove and purge the same few records, and a judge of what they were told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::crew::{Call, pause};
use super::faulty::Faulty;
use super::history::{Action, History, tolerate};
use super::interruption::is_listed;
use super::random::Random;
use super::sample::{NOW, Owner};
use super::trial::{Broken, Outcome, Trial, are_equal, ensure, realm};
use crate::host::{Expected, Saved, Storage};
use crate::record::{Key, Record, Version, Versioned};
use crate::value::Lifetime;

pub(super) async fn history_is_linearizable(trial: &Trial) -> Outcome {
    play_all(trial, None).await
}

pub(super) async fn lost_answers_are_explained(trial: &Trial) -> Outcome {
    play_all(trial, Some(5)).await
}

/// Plays a history for each seed; one call in about `faulty` goes wrong.
async fn play_all(trial: &Trial, faulty: Option<u64>) -> Outcome {
    let workload = trial.workload();
    for number in 0..workload.histories {
        let seed = workload.seed.wrapping_add(u64::from(number));
        play(trial, seed, faulty)
            .await
            .map_err(|broken| Broken::new(format!("{} (it comes again with seed {seed})", broken.into_sentence())))?;
    }
    Ok(())
}

async fn play(trial: &Trial, seed: u64, faulty: Option<u64>) -> Outcome {
    let stage = Arc::new(Stage::of(seed)?);
    let workers = (0..WORKERS).map(|number| -> Call<()> {
        let stream = u64::try_from(number).unwrap_or_default();
        let storage = match faulty {
            Some(one_in) => Arc::new(Faulty::new(trial.handle(number)).seeded(seed ^ stream, one_in)),
            None => trial.handle(number),
        };
        let worker = Worker {
            trial: trial.clone(),
            storage,
            stage: Arc::clone(&stage),
            random: Random::new(seed, stream),
            known: HashMap::new(),
            last: None,
            number,
        };
        Box::pin(worker.work())
    });
    trial.race(workers.collect()).await?;

    // Through every handle in turn: what the race left behind is the same for all.
    for (number, key) in (0..trial.handles()).flat_map(|number| stage.keys().map(move |key| (number, key))) {
        let asked = stage.history.ask(WORKERS + number);
        let found = trial.handle(number).load(key).await?;
        stage.is_whole(found.as_ref())?;
        asked.found(key, &Ok(found.map(|found| found.version)));
    }
    stage.history.judge().map_err(|unexplained| Broken::new(unexplained.to_string()))?;
    for key in stage.keys() {
        is_listed(trial, key, "a race").await?;
    }
    Ok(())
}

/// The records that the workers of a history share.
struct Stage {
    owners: Vec<Owner>,
    history: History,
    written: Mutex<HashMap<Version, Record>>,
}

impl Stage {
    fn of(seed: u64) -> Outcome<Self> {
        let owners = (0..KEYS).map(|number| Owner::named(&realm()?, &format!("session {seed} {number}")));
        let owners = owners.collect::<Outcome<Vec<_>>>()?;
        let history = History::of(owners.iter().map(|owner| owner.session(NOW).key()).collect());
        Ok(Self { owners, history, written: Mutex::default() })
    }

    fn keys(&self) -> impl Iterator<Item = Key> {
        self.owners.iter().map(|owner| owner.session(NOW).key())
    }

    fn note(&self, next: &Versioned<Record>) {
        if next.record.expires_at().is_past(NOW) {
            self.history.may_expire(next.version);
        }
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.insert(next.version, next.record.clone());
    }

    /// What was found was saved just so, under that version.
    fn is_whole(&self, found: Option<&Versioned<Record>>) -> Outcome {
        let Some(found) = found else { return Ok(()) };
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = written.get(&found.version).is_some_and(|written| are_equal(written, &found.record));
        ensure(is_same, || "during a race, a load found a record that was never saved under its version".to_owned())
    }
}

/// One of those who race.
struct Worker {
    trial: Trial,
    storage: Arc<dyn Storage>,
    stage: Arc<Stage>,
    random: Random,
    /// What the worker found or wrote last.
    known: HashMap<Key, Version>,
    last: Option<(Versioned<Record>, Expected)>,
    number: usize,
}

impl Worker {
    async fn work(mut self) -> Outcome {
        for _ in 0..self.trial.workload().operations {
            if self.random.is_one_in(2) {
                pause().await;
            }
            let Some(owner) = self.random.pick(&self.stage.owners).cloned() else { return Ok(()) };
            match self.random.below(12) {
                0..=3 => self.load(&owner).await?,
                4..=8 => self.save(&owner).await?,
                9 => self.repeat().await?,
                10 => self.remove(&owner).await?,
                _ => self.purge().await?,
            }
        }
        Ok(())
    }

    async fn load(&mut self, owner: &Owner) -> Outcome {
        let key = owner.session(NOW).key();
        let asked = self.stage.history.ask(self.number);
        let answer = self.storage.load(key).await;
        if let Ok(found) = &answer {
            self.stage.is_whole(found.as_ref())?;
        }
        let answer = answer.map(|found| found.map(|found| found.version));
        asked.found(key, &answer);
        if let Some(found) = tolerate(answer)? {
            self.knows(key, found);
        }
        Ok(())
    }

    async fn save(&mut self, owner: &Owner) -> Outcome {
        let key = owner.session(NOW).key();
        let expected = self.known.get(&key).copied().map_or(Expected::Absent, Expected::Version);
        // Each state says in its own way what it is, so that parts of two states are noticed.
        let user = format!("user {}", self.random.below(1 << 32));
        let owner = Owner { subject: super::sample::parsed(&user)?, ..owner.clone() };
        let expires_at = if self.random.is_one_in(3) { NOW } else { NOW.after(Lifetime::days(1)) };
        let next = self.trial.versioned(owner.session(expires_at).into());
        self.stage.note(&next);
        self.last = Some((next.clone(), expected));
        self.write(next, expected).await
    }

    async fn repeat(&mut self) -> Outcome {
        let Some((next, expected)) = self.last.clone() else { return Ok(()) };
        self.write(next, expected).await
    }

    async fn write(&mut self, next: Versioned<Record>, expected: Expected) -> Outcome {
        let (key, version) = (next.record.key(), next.version);
        let asked = self.stage.history.ask(self.number);
        let answer = self.storage.save(next, expected).await;
        asked.written(key, Action::Save { next: version, expected }, &answer);
        if tolerate(answer)? == Some(Saved::Applied) {
            self.knows(key, Some(version));
        }
        Ok(())
    }

    async fn remove(&mut self, owner: &Owner) -> Outcome {
        let key = owner.session(NOW).key();
        let Some(expected) = self.known.get(&key).copied() else { return Ok(()) };
        let asked = self.stage.history.ask(self.number);
        let answer = self.storage.remove(key, expected).await;
        asked.written(key, Action::Remove { expected }, &answer);
        if tolerate(answer)? == Some(Saved::Applied) {
            self.knows(key, None);
        }
        Ok(())
    }

    async fn purge(&mut self) -> Outcome {
        let asked = self.stage.history.ask(self.number);
        // Without faults: a purge that comes late would take what a later history saved.
        let answer = self.trial.handle(self.number).purge_expired(NOW, 10).await;
        asked.purged(&answer);
        tolerate(answer).map(drop)
    }

    fn knows(&mut self, key: Key, version: Option<Version>) {
        match version {
            Some(version) => self.known.insert(key, version),
            None => self.known.remove(&key),
        };
    }
}

const WORKERS: usize = 6;
const KEYS: usize = 2;
