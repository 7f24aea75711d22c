//! What racing workers asked and were told, and when.

use std::collections::HashSet;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::faulty::InjectedFault;
use super::linearize::{self, Unexplained};
use super::trial::{Broken, Outcome};
use crate::host::{Expected, Saved, StorageError};
use crate::record::{Key, Version};

/// One call on one key, from its question to its answer.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub(super) action: Action,
    pub(super) answer: Answer,
    pub(super) asked: u64,
    /// [`u64::MAX`] if there was no answer: then the call may still happen.
    pub(super) answered: u64,
    pub(super) worker: usize,
}

/// What was asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Action {
    Load,
    Save { next: Version, expected: Expected },
    Remove { expected: Version },
    Purge,
}

/// What was told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Answer {
    Found(Option<Version>),
    Written(Saved),
    /// A purge removed something, here or elsewhere.
    Purged,
    Unknown,
}

/// Everything that was asked about a few keys.
pub(super) struct History {
    clock: AtomicU64,
    keys: Vec<Key>,
    entries: Mutex<Vec<(Key, Operation)>>,
    expiring: Mutex<HashSet<Version>>,
}

/// A question that is on its way.
pub(super) struct Asked<'a> {
    history: &'a History,
    worker: usize,
    at: u64,
}

impl History {
    pub(super) fn of(keys: Vec<Key>) -> Self {
        let (entries, expiring) = (Mutex::default(), Mutex::default());
        Self { clock: AtomicU64::new(0), keys, entries, expiring }
    }

    /// Notes that a purge may take what is saved under that version.
    pub(super) fn may_expire(&self, version: Version) {
        locked(&self.expiring).insert(version);
    }

    pub(super) fn ask(&self, worker: usize) -> Asked<'_> {
        Asked { history: self, worker, at: self.clock.fetch_add(1, Ordering::SeqCst) }
    }

    /// Whether one order of the calls on each key explains all answers.
    pub(super) fn judge(&self) -> Result<(), Unexplained> {
        let (entries, expiring) = (locked(&self.entries), locked(&self.expiring));
        self.keys.iter().try_for_each(|key| {
            let of_key = entries.iter().filter(|(other, _)| other == key);
            linearize::explain(of_key.map(|(_, operation)| operation.clone()).collect(), &expiring)
        })
    }
}

impl Asked<'_> {
    pub(super) fn found(self, key: Key, answer: &Result<Option<Version>, StorageError>) {
        // A load that failed says nothing and changes nothing.
        if let Ok(version) = answer {
            self.note(key, Action::Load, Answer::Found(*version));
        }
    }

    pub(super) fn written(self, key: Key, action: Action, answer: &Result<Saved, StorageError>) {
        match answer {
            Ok(saved) => self.note(key, action, Answer::Written(*saved)),
            Err(error) if may_have_been_done(error) => self.note(key, action, Answer::Unknown),
            Err(_) => {}
        }
    }

    pub(super) fn purged(self, answer: &Result<u64, StorageError>) {
        let answer = match answer {
            Ok(0) => return,
            Ok(_) => Answer::Purged,
            Err(error) if may_have_been_done(error) => Answer::Unknown,
            Err(_) => return,
        };
        for key in &self.history.keys {
            Self { ..self }.note(*key, Action::Purge, answer);
        }
    }

    fn note(self, key: Key, action: Action, answer: Answer) {
        let now = self.history.clock.fetch_add(1, Ordering::SeqCst);
        let answered = if answer == Answer::Unknown { u64::MAX } else { now };
        let operation = Operation { action, answer, asked: self.at, answered, worker: self.worker };
        locked(&self.history.entries).push((key, operation));
    }
}

/// Passes on the errors that the suite did not cause.
pub(super) fn tolerate<T>(answer: Result<T, StorageError>) -> Outcome<Option<T>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if is_injected(&error) => Ok(None),
        Err(error) => Err(Broken::from(error)),
    }
}

fn is_injected(error: &StorageError) -> bool {
    std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<InjectedFault>)
}

fn may_have_been_done(error: &StorageError) -> bool {
    error.kind() != crate::host::StorageErrorKind::Unavailable
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A version of the suite in words: it counts them.
pub(super) fn name(version: Option<Version>) -> String {
    version.map_or_else(|| "nothing".to_owned(), |version| format!("#{}", u128::from_be_bytes(*version.as_bytes())))
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "worker {} ", self.worker)?;
        match self.action {
            Action::Load => f.write_str("loaded")?,
            Action::Save { next, expected: Expected::Absent } => write!(f, "saved {} over nothing", name(Some(next)))?,
            Action::Save { next, expected: Expected::Version(old) } => {
                write!(f, "saved {} over {}", name(Some(next)), name(Some(old)))?;
            }
            Action::Remove { expected } => write!(f, "removed {}", name(Some(expected)))?,
            Action::Purge => f.write_str("purged")?,
        }
        match self.answer {
            Answer::Found(version) => write!(f, " and found {}", name(version))?,
            Answer::Written(saved) => write!(f, " and was answered {saved:?}")?,
            Answer::Purged => f.write_str(" and was answered")?,
            Answer::Unknown => return write!(f, " from {} and was never answered", self.asked),
        }
        write!(f, " from {} to {}", self.asked, self.answered)
    }
}
