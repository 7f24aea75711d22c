//! A storage on which every call waits for its cue, and a director who tries every order of cues.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use grantsmith::host::{Cursor, Expected, Filter, Listing, Saved, Storage, StorageError, StorageErrorKind};
use grantsmith::record::{Key, Record, Version, Versioned};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::value::Timestamp;

/// What goes wrong at a save.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    /// The write is not made, and the caller is told of an error.
    ErrorBefore,
    /// The write is made, and the caller is told of an error: a lost acknowledgement.
    ErrorAfter,
}

/// A storage that gives way before each call once the curtain is up.
pub(crate) struct Stage {
    inner: MemoryStorage,
    is_up: AtomicBool,
    saves: AtomicUsize,
    fault: Mutex<Option<(usize, Fault)>>,
    /// A store that is broken on purpose: writes whatever the expectation.
    ignores_expectations: bool,
}

impl Stage {
    pub(crate) fn new(ignores_expectations: bool) -> Self {
        Self {
            inner: MemoryStorage::new(),
            is_up: AtomicBool::new(false),
            saves: AtomicUsize::new(0),
            fault: Mutex::new(None),
            ignores_expectations,
        }
    }

    /// From now on every call waits for a cue, and the given save goes wrong.
    pub(crate) fn raise_the_curtain(&self, fault: Option<(usize, Fault)>) {
        *self.fault.lock().unwrap() = fault;
        self.saves.store(0, Ordering::SeqCst);
        self.is_up.store(true, Ordering::SeqCst);
    }

    pub(crate) fn lower_the_curtain(&self) {
        self.is_up.store(false, Ordering::SeqCst);
    }

    /// How many saves there were since the curtain went up.
    pub(crate) fn saves(&self) -> usize {
        self.saves.load(Ordering::SeqCst)
    }

    async fn cue(&self) {
        if self.is_up.load(Ordering::SeqCst) {
            GiveWay(false).await;
        }
    }
}

struct GiveWay(bool);

impl Future for GiveWay {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

#[async_trait]
impl Storage for Stage {
    async fn load(&self, key: Key) -> Result<Option<Versioned<Record>>, StorageError> {
        self.cue().await;
        self.inner.load(key).await
    }

    async fn save(&self, next: Versioned<Record>, expected: Expected) -> Result<Saved, StorageError> {
        self.cue().await;
        let number = self.saves.fetch_add(1, Ordering::SeqCst);
        let fault = self.fault.lock().unwrap().filter(|(at, _)| *at == number && self.is_up.load(Ordering::SeqCst));
        let error = || StorageError::new(StorageErrorKind::OutcomeUnknown);
        if fault.is_some_and(|(_, fault)| fault == Fault::ErrorBefore) {
            return Err(error());
        }
        let expected = if self.ignores_expectations {
            let stored = self.inner.load(next.record.key()).await?;
            stored.map_or(Expected::Absent, |stored| Expected::Version(stored.version))
        } else {
            expected
        };
        let saved = self.inner.save(next, expected).await?;
        if fault.is_some() { Err(error()) } else { Ok(saved) }
    }

    async fn remove(&self, key: Key, expected: Version) -> Result<Saved, StorageError> {
        self.cue().await;
        self.inner.remove(key, expected).await
    }

    async fn list(&self, filter: &Filter, after: Option<&Cursor>, limit: u32) -> Result<Listing, StorageError> {
        self.cue().await;
        self.inner.list(filter, after, limit).await
    }

    async fn purge_expired(&self, now: Timestamp, limit: u32) -> Result<u64, StorageError> {
        self.cue().await;
        self.inner.purge_expired(now, limit).await
    }
}

/// Which of two actors moves next, for every order there is.
///
/// Orders are found by playing: after each performance the last choice that had an alternative takes it.
#[derive(Default)]
pub(crate) struct Director {
    choices: Vec<bool>,
    position: usize,
}

impl Director {
    /// Plays two requests in the current order of cues until both have ended.
    pub(crate) fn play<A, B>(&mut self, first: impl Future<Output = A>, second: impl Future<Output = B>) -> (A, B) {
        let (mut first, mut second) = (pin!(first), pin!(second));
        let (mut a, mut b) = (None, None);
        let mut context = Context::from_waker(Waker::noop());
        self.position = 0;
        loop {
            let is_second = match (&a, &b) {
                (Some(_), Some(_)) => break,
                (Some(_), None) => true,
                (None, Some(_)) => false,
                (None, None) => self.choose(),
            };
            if is_second {
                if let Poll::Ready(output) = second.as_mut().poll(&mut context) {
                    b = Some(output);
                }
            } else if let Poll::Ready(output) = first.as_mut().poll(&mut context) {
                a = Some(output);
            }
        }
        (a.unwrap(), b.unwrap())
    }

    fn choose(&mut self) -> bool {
        if self.position == self.choices.len() {
            self.choices.push(false);
        }
        self.position += 1;
        self.choices[self.position - 1]
    }

    /// Goes on to the next order. `false`: all have been played.
    pub(crate) fn next(&mut self) -> bool {
        self.choices.truncate(self.position);
        while let Some(choice) = self.choices.pop() {
            if !choice {
                self.choices.push(true);
                return true;
            }
        }
        false
    }
}

/// A stage as the server wants it.
pub(crate) fn as_storage(stage: &Arc<Stage>) -> Arc<dyn Storage> {
    Arc::clone(stage) as Arc<dyn Storage>
}
