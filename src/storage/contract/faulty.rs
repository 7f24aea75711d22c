//! A storage that fails when it is told to, and counts what it is asked.

use std::collections::BTreeMap;
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use async_trait::async_trait;

use super::crew::pause;
use super::random::Random;
use crate::host::{Cursor, Expected, Filter, Listing, Saved, Storage, StorageError, StorageErrorKind};
use crate::record::{Key, Record, Version, Versioned};
use crate::value::Timestamp;

/// What goes wrong with one call.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// The call has to be polled twice, and reaches the store at the second time.
    Delay,
    /// The call reaches the store, and has to be polled once more for the answer.
    DelayAfter,
    /// The call fails before it reaches the store.
    Error,
    /// The call reaches the store, and then fails: a lost acknowledgement.
    ErrorAfter,
    /// The call is polled once, and given up if it has no answer then, as by a time limit.
    GiveUp,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 5] = [Self::Delay, Self::DelayAfter, Self::Error, Self::ErrorAfter, Self::GiveUp];
}

/// Wraps a [`Storage`]; chosen calls go wrong, and all are counted. The same script always does the same.
///
/// Calls are numbered from zero over all methods, in the order in which they are first polled.
///
/// ```
/// use std::sync::Arc;
///
/// use grantsmith::host::Storage;
/// use grantsmith::record::{Key, RecordKind};
/// use grantsmith::storage::memory::MemoryStorage;
/// use grantsmith::storage::contract::{Fault, Faulty};
///
/// let storage = Faulty::new(Arc::new(MemoryStorage::new())).at(1, Fault::Error);
/// let key = Key::from_parts([0; 16], RecordKind::Grant, [0; 32]);
///
/// assert!(pollster::block_on(storage.load(key)).is_ok());
/// assert!(pollster::block_on(storage.load(key)).is_err());
/// assert_eq!(storage.counts().loads, 2);
/// ```
pub struct Faulty {
    inner: Arc<dyn Storage>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    script: BTreeMap<u64, Fault>,
    always: Option<Fault>,
    seeded: Option<(u64, u64)>,
    counts: Counts,
}

/// How often each method was called.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Counts {
    /// Calls of [`load`](Storage::load).
    pub loads: u64,
    /// Calls of [`save`](Storage::save).
    pub saves: u64,
    /// Calls of [`remove`](Storage::remove).
    pub removes: u64,
    /// Calls of [`list`](Storage::list).
    pub lists: u64,
    /// Calls of [`purge_expired`](Storage::purge_expired).
    pub purges: u64,
}

impl Faulty {
    /// The same store, with nothing wrong yet.
    #[must_use]
    pub fn new(inner: Arc<dyn Storage>) -> Self {
        Self { inner, state: Mutex::default() }
    }

    /// The call of that number goes wrong.
    #[must_use]
    pub fn at(self, call: u64, fault: Fault) -> Self {
        self.inject(call, fault);
        self
    }

    /// Every call goes wrong, unless its number was given a fault of its own.
    #[must_use]
    pub fn at_every_call(self, fault: Fault) -> Self {
        self.state().always = Some(fault);
        self
    }

    /// One call in about `one_in` goes wrong, which and how following from `seed`.
    #[must_use]
    pub fn seeded(self, seed: u64, one_in: u64) -> Self {
        self.state().seeded = Some((seed, one_in));
        self
    }

    /// The call of that number goes wrong. For a store that is in use already; see [`Counts::total`] for the number of
    /// the next call.
    pub fn inject(&self, call: u64, fault: Fault) {
        self.state().script.insert(call, fault);
    }

    /// Nothing goes wrong any more.
    pub fn heal(&self) {
        let state = &mut *self.state();
        *state = State { counts: state.counts, ..State::default() };
    }

    /// How often each method was called.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.state().counts
    }

    /// Counts, and numbers calls, from zero again. The script stays.
    pub fn reset(&self) {
        self.state().counts = Counts::default();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self, count: impl FnOnce(&mut Counts) -> &mut u64) -> Option<Fault> {
        let state = &mut *self.state();
        let call = state.counts.total();
        *count(&mut state.counts) += 1;
        state.script.get(&call).copied().or(state.always).or_else(|| {
            let (seed, one_in) = state.seeded?;
            drawn(seed, call, one_in)
        })
    }

    async fn with<T>(
        &self,
        fault: Option<Fault>,
        call: impl Future<Output = Result<T, StorageError>>,
    ) -> Result<T, StorageError> {
        match fault {
            Some(Fault::Error) => return Err(failure(StorageErrorKind::Unavailable)),
            Some(Fault::Delay) => pause().await,
            Some(Fault::GiveUp) => {
                return polled_once(call).await.unwrap_or_else(|| Err(failure(StorageErrorKind::OutcomeUnknown)));
            }
            Some(Fault::DelayAfter | Fault::ErrorAfter) | None => {}
        }
        let answer = call.await;
        match fault {
            Some(Fault::ErrorAfter) => return Err(failure(StorageErrorKind::OutcomeUnknown)),
            Some(Fault::DelayAfter) => pause().await,
            Some(Fault::Delay | Fault::Error | Fault::GiveUp) | None => {}
        }
        answer
    }
}

impl Counts {
    /// All calls together.
    #[must_use]
    pub fn total(self) -> u64 {
        self.loads + self.saves + self.removes + self.lists + self.purges
    }
}

#[async_trait]
impl Storage for Faulty {
    async fn load(&self, key: Key) -> Result<Option<Versioned<Record>>, StorageError> {
        let fault = self.next(|counts| &mut counts.loads);
        self.with(fault, self.inner.load(key)).await
    }

    async fn save(&self, next: Versioned<Record>, expected: Expected) -> Result<Saved, StorageError> {
        let fault = self.next(|counts| &mut counts.saves);
        self.with(fault, self.inner.save(next, expected)).await
    }

    async fn remove(&self, key: Key, expected: Version) -> Result<Saved, StorageError> {
        let fault = self.next(|counts| &mut counts.removes);
        self.with(fault, self.inner.remove(key, expected)).await
    }

    async fn list(&self, filter: &Filter, after: Option<&Cursor>, limit: u32) -> Result<Listing, StorageError> {
        let fault = self.next(|counts| &mut counts.lists);
        self.with(fault, self.inner.list(filter, after, limit)).await
    }

    async fn purge_expired(&self, now: Timestamp, limit: u32) -> Result<u64, StorageError> {
        let fault = self.next(|counts| &mut counts.purges);
        self.with(fault, self.inner.purge_expired(now, limit)).await
    }
}

impl fmt::Debug for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faulty").field("state", &self.state()).finish_non_exhaustive()
    }
}

fn failure(kind: StorageErrorKind) -> StorageError {
    StorageError::new(kind).because(InjectedFault)
}

/// Polls once, as a caller does whose time is up.
async fn polled_once<T>(call: impl Future<Output = T>) -> Option<T> {
    let mut call = pin!(call);
    poll_fn(|context| match call.as_mut().poll(context) {
        Poll::Ready(answer) => Poll::Ready(Some(answer)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// The fault of a call, by seed and call.
fn drawn(seed: u64, call: u64, one_in: u64) -> Option<Fault> {
    let mut random = Random::new(seed, call);
    if random.is_one_in(one_in) { random.pick(&Fault::ALL).copied() } else { None }
}

/// What [`Faulty`] gives as the reason of its errors.
#[derive(Debug, thiserror::Error)]
#[error("an injected fault")]
pub(super) struct InjectedFault;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::RecordKind;
    use crate::storage::memory::MemoryStorage;

    fn faulty() -> Faulty {
        Faulty::new(Arc::new(MemoryStorage::new()))
    }

    fn key() -> Key {
        Key::from_parts([0; 16], RecordKind::Grant, [0; 32])
    }

    #[test]
    fn the_same_seed_does_the_same() {
        let draw = |seed| (0..1000).map(|call| drawn(seed, call, 3)).collect::<Vec<_>>();

        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        let count = draw(1).iter().flatten().count();
        assert!((250..420).contains(&count), "{count} faults in 1000 calls");
    }

    #[test]
    fn only_the_chosen_call_fails() {
        let storage = faulty().at(1, Fault::Error);

        let answers = [0, 1, 2].map(|_| pollster::block_on(storage.load(key())).is_ok());

        assert_eq!(answers, [true, false, true]);
        assert_eq!(storage.counts(), Counts { loads: 3, ..Counts::default() });
    }

    #[test]
    fn a_delayed_call_is_polled_twice() {
        for fault in [Fault::Delay, Fault::DelayAfter] {
            let storage = faulty().at_every_call(fault);
            let mut call = storage.load(key());
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());

            assert!(call.as_mut().poll(&mut context).is_pending());
            assert!(call.as_mut().poll(&mut context).is_ready());
        }
    }

    #[test]
    fn a_call_that_is_given_up_has_an_unknown_outcome_only_if_it_was_not_done() {
        let slow = faulty().at(0, Fault::Delay);
        let storage = Faulty::new(Arc::new(slow)).at_every_call(Fault::GiveUp);

        let answers = [0, 1].map(|_| pollster::block_on(storage.load(key())));

        let [given_up, done] = answers;
        assert_eq!(given_up.unwrap_err().kind(), StorageErrorKind::OutcomeUnknown);
        assert!(done.is_ok());
    }

    #[test]
    fn a_healed_store_works_and_still_counts() {
        let storage = faulty().at_every_call(Fault::ErrorAfter).seeded(1, 1);
        assert!(pollster::block_on(storage.purge_expired(Timestamp::MAX, 1)).is_err());

        storage.heal();

        assert!(pollster::block_on(storage.purge_expired(Timestamp::MAX, 1)).is_ok());
        assert_eq!(storage.counts().purges, 2);
    }
}
