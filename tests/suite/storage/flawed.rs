//! Stores that break the contract, one flaw each.

mod handles;
mod indexed;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use grantsmith::host::{Cursor, Expected, Filter, Listing, Saved, Storage, StorageError, StorageErrorKind};
use grantsmith::record::{Key, Record, RecordKind, Version, Versioned};
use grantsmith::storage::contract::{Clause, Handles};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::value::Timestamp;

use self::handles::{Trick, Tricky};
use self::indexed::{Indexed, Order};

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Flaw {
    AcceptsAnyCursor,
    Caches,
    CachesLate,
    CleansIndexLate,
    CountsInsteadOfComparing,
    CountsWhatOthersPurged,
    CutsNames,
    CutsText,
    DropsWrites,
    ForgetsSessions,
    IgnoresCase,
    IgnoresExpectations,
    IndexesAfterwards,
    IndexesOnlyOnce,
    ListsForEver,
    ListsNewestFirst,
    ListsWhatIsNotDue,
    LocksOnlyItself,
    MixesKinds,
    MixesRealms,
    Nothing,
    PagesByOffset,
    PurgesInTwoSteps,
    PurgesMoreThanAsked,
    PurgesTheLiving,
    ReadsThenWrites,
    RefusesLargeBodies,
    RefusesRacingRepeats,
    RefusesRepeats,
    RemovesAnyVersion,
    TakesBack,
    Upserts,
    UpsertsWhatWasPurged,
    WritesInTwoSteps,
}

/// Which clause must name which flaw.
pub(super) const FLAWS: &[(Flaw, Clause)] = &[
    (Flaw::AcceptsAnyCursor, Clause::ForeignCursorIsRefused),
    (Flaw::Caches, Clause::HandlesAgree),
    (Flaw::CachesLate, Clause::HistoryIsLinearizable),
    (Flaw::CleansIndexLate, Clause::ListingFollowsRaces),
    (Flaw::CountsInsteadOfComparing, Clause::OldVersionStaysOld),
    (Flaw::CountsWhatOthersPurged, Clause::PurgeIsInBatches),
    (Flaw::CutsNames, Clause::LongestNamesAreKept),
    (Flaw::CutsText, Clause::BodySurvives),
    (Flaw::DropsWrites, Clause::SavedIsSeen),
    (Flaw::ForgetsSessions, Clause::ListingFindsAll),
    (Flaw::IgnoresCase, Clause::ListingNamesNoStranger),
    (Flaw::IgnoresExpectations, Clause::AbsentRefusesPresent),
    (Flaw::IgnoresExpectations, Clause::HistoryIsLinearizable),
    (Flaw::IgnoresExpectations, Clause::WrongVersionIsRefused),
    (Flaw::IndexesAfterwards, Clause::DroppedCallIsWhole),
    (Flaw::IndexesAfterwards, Clause::ListingMissesNothing),
    (Flaw::IndexesOnlyOnce, Clause::ListingFollowsOwner),
    (Flaw::ListsForEver, Clause::ListingFindsAll),
    (Flaw::ListsNewestFirst, Clause::ListingMissesNothing),
    (Flaw::ListsNewestFirst, Clause::ListingSurvivesChange),
    (Flaw::ListsWhatIsNotDue, Clause::DueIsByTime),
    (Flaw::LocksOnlyItself, Clause::HistoryIsLinearizable),
    (Flaw::LocksOnlyItself, Clause::NoUpdateIsLost),
    (Flaw::LocksOnlyItself, Clause::OneOfManyWins),
    (Flaw::MixesKinds, Clause::KindsAreSeparate),
    (Flaw::MixesRealms, Clause::RealmsAreSeparate),
    (Flaw::PagesByOffset, Clause::ListingMissesNothing),
    (Flaw::PagesByOffset, Clause::ListingSurvivesChange),
    (Flaw::PurgesInTwoSteps, Clause::HistoryIsLinearizable),
    (Flaw::PurgesInTwoSteps, Clause::PurgeSparesRenewed),
    (Flaw::PurgesMoreThanAsked, Clause::PurgeIsInBatches),
    (Flaw::PurgesTheLiving, Clause::HistoryIsLinearizable),
    (Flaw::PurgesTheLiving, Clause::PurgeTakesOnlyExpired),
    (Flaw::ReadsThenWrites, Clause::HistoryIsLinearizable),
    (Flaw::ReadsThenWrites, Clause::NoUpdateIsLost),
    (Flaw::ReadsThenWrites, Clause::OneOfManyWins),
    (Flaw::RefusesLargeBodies, Clause::LargestRecordSurvives),
    (Flaw::RefusesRacingRepeats, Clause::RepeatIsApplied),
    (Flaw::RefusesRepeats, Clause::ErrorsAreSettled),
    (Flaw::RefusesRepeats, Clause::LostAnswersAreExplained),
    (Flaw::RefusesRepeats, Clause::RepeatIsApplied),
    (Flaw::RemovesAnyVersion, Clause::RemoveNeedsVersion),
    (Flaw::TakesBack, Clause::HistoryIsLinearizable),
    (Flaw::Upserts, Clause::UpdateNeverResurrects),
    (Flaw::UpsertsWhatWasPurged, Clause::UpdateNeverResurrects),
    (Flaw::WritesInTwoSteps, Clause::DroppedCallIsWhole),
    (Flaw::WritesInTwoSteps, Clause::LostAnswersAreExplained),
];

impl Flaw {
    /// An empty store with that flaw. Where the flaw is between two handles, there are two.
    pub(super) fn store(self) -> Handles {
        match self {
            Self::Caches => pair(Trick::Caches),
            Self::CachesLate => Tricky::new(Trick::CachesLate, &Arc::default()).into(),
            Self::CleansIndexLate => Arc::new(Indexed::new(Order::CleansLate)).into(),
            Self::IndexesAfterwards => Arc::new(Indexed::new(Order::RecordFirst)).into(),
            Self::LocksOnlyItself => pair(Trick::LocksOnlyItself),
            Self::TakesBack => Tricky::new(Trick::TakesBack, &Arc::default()).into(),
            _ => Arc::new(Flawed::new(self)).into(),
        }
    }
}

fn pair(trick: Trick) -> Handles {
    let inner = Arc::<MemoryStorage>::default();
    (Tricky::new(trick, &inner), Tricky::new(trick, &inner)).into()
}

/// A plain map with a flaw.
pub(super) struct Flawed {
    flaw: Flaw,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    records: BTreeMap<Key, Row>,
    /// Which write of its record a version was.
    counts: HashMap<Version, u32>,
    purged: HashSet<Key>,
    writes: u32,
}

#[derive(Clone)]
struct Row {
    versioned: Versioned<Record>,
    first: Record,
    count: u32,
    write: u32,
}

impl Flawed {
    pub(super) fn new(flaw: Flaw) -> Self {
        Self { flaw, state: Mutex::default() }
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }

    fn place(&self, key: Key) -> Key {
        let realm = if self.has(Flaw::MixesRealms) { [0; 16] } else { *key.realm() };
        let kind = if self.has(Flaw::MixesKinds) { RecordKind::Grant } else { key.kind() };
        Key::from_parts(realm, kind, *key.id())
    }

    fn judge(&self, state: &State, next: &Versioned<Record>, expected: Expected) -> Option<Saved> {
        let row = state.records.get(&self.place(next.record.key()));
        if self.has(Flaw::IgnoresExpectations) {
            return None;
        }
        match (row, expected) {
            (Some(row), _) if row.versioned.version == next.version && !self.has(Flaw::RefusesRepeats) => {
                Some(Saved::Applied)
            }
            (None, Expected::Absent) => None,
            (None, Expected::Version(_)) if self.has(Flaw::Upserts) => None,
            (None, Expected::Version(_)) if state.purged.contains(&next.record.key()) => None,
            (Some(row), Expected::Version(version)) if self.holds(state, row, version) => None,
            (None | Some(_), _) => Some(Saved::Conflict),
        }
    }

    /// As an insertion that does nothing where a row is, and does not ask which.
    fn finds_another(&self, next: &Versioned<Record>, expected: Expected) -> bool {
        let state = self.state.lock().unwrap();
        let stored = state.records.get(&next.record.key()).map(|row| row.versioned.version);
        stored.map_or(Expected::Absent, Expected::Version) != expected
    }

    fn holds(&self, state: &State, row: &Row, expected: Version) -> bool {
        if self.has(Flaw::CountsInsteadOfComparing) {
            return state.counts.get(&expected) == Some(&row.count);
        }
        row.versioned.version == expected
    }

    fn includes(&self, filter: &Filter, row: &Row) -> bool {
        let record = if self.has(Flaw::IndexesOnlyOnce) { &row.first } else { &row.versioned.record };
        match filter {
            Filter::Subject(realm, subject) if self.has(Flaw::CutsNames) => {
                let cut = |text: &str| text[..text.len().min(200)].to_owned();
                let other = record.subject().map(|other| cut(other.as_str()));
                record.realm().fingerprint() == realm && other == Some(cut(subject.as_str()))
            }
            Filter::Session(..) if self.has(Flaw::ForgetsSessions) => false,
            Filter::Due(_) if self.has(Flaw::ListsWhatIsNotDue) => record.due_at().is_some(),
            Filter::Subject(realm, subject) if self.has(Flaw::IgnoresCase) => {
                let is_same = |other: &str| other.eq_ignore_ascii_case(subject.as_str());
                record.realm().fingerprint() == realm && record.subject().is_some_and(|other| is_same(other.as_str()))
            }
            _ => filter.includes(record),
        }
    }

    fn write(&self, next: Versioned<Record>) {
        let state = &mut *self.state.lock().unwrap();
        state.writes += 1;
        if self.has(Flaw::DropsWrites) && state.writes.is_multiple_of(3) {
            return;
        }
        let (key, write) = (self.place(next.record.key()), state.writes);
        let previous = state.records.get(&key);
        let first = previous.map_or_else(|| next.record.clone(), |row| row.first.clone());
        let count = previous.map_or(0, |row| row.count + 1);
        state.counts.insert(next.version, count);
        state.records.insert(key, Row { versioned: next, first, count, write });
    }

    fn position(&self, after: Option<&Cursor>, matching: &[(Key, u32)]) -> Result<usize, StorageError> {
        let Some(cursor) = after else { return Ok(0) };
        let number = || str::from_utf8(cursor.as_bytes()).ok().and_then(|text| text.parse::<u32>().ok());
        let number = || number().ok_or_else(|| StorageError::new(StorageErrorKind::Unavailable));
        if self.has(Flaw::PagesByOffset) {
            return Ok(usize::try_from(number()?).unwrap());
        }
        if self.has(Flaw::ListsNewestFirst) {
            let last = number()?;
            return Ok(matching.iter().filter(|(_, write)| *write >= last).count());
        }
        match Key::try_from(cursor) {
            Ok(last) => Ok(matching.iter().filter(|(key, _)| *key <= last).count()),
            Err(_) if self.has(Flaw::AcceptsAnyCursor) => Ok(0),
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl Storage for Flawed {
    async fn load(&self, key: Key) -> Result<Option<Versioned<Record>>, StorageError> {
        let mut found = self.state.lock().unwrap().records.get(&self.place(key)).map(|row| row.versioned.clone());
        if self.has(Flaw::CutsText)
            && let Some(Versioned { record: Record::Client(client), .. }) = &mut found
        {
            let client = Arc::make_mut(client);
            client.display.name = client.display.name.take().map(|name| name.trim().to_owned());
        }
        Ok(found)
    }

    async fn save(&self, next: Versioned<Record>, expected: Expected) -> Result<Saved, StorageError> {
        let judged = self.judge(&self.state.lock().unwrap(), &next, expected);
        if let Some(saved) = judged {
            return Ok(saved);
        }
        if self.has(Flaw::RefusesLargeBodies) && next.record.encode()?.len() > 200_000 {
            return Err(StorageError::new(StorageErrorKind::Unavailable));
        }
        if self.has(Flaw::RefusesRacingRepeats) {
            gap().await;
            if self.finds_another(&next, expected) {
                return Ok(Saved::Conflict);
            }
        }
        if self.has(Flaw::ReadsThenWrites) {
            gap().await;
        }
        if self.has(Flaw::WritesInTwoSteps) {
            self.state.lock().unwrap().records.remove(&next.record.key());
            gap().await;
        }
        self.write(next);
        Ok(Saved::Applied)
    }

    async fn remove(&self, key: Key, expected: Version) -> Result<Saved, StorageError> {
        let state = &mut *self.state.lock().unwrap();
        let place = self.place(key);
        let is_wrong = state.records.get(&place).is_some_and(|row| !self.holds(state, row, expected));
        if is_wrong && !self.has(Flaw::RemovesAnyVersion) {
            return Ok(Saved::Conflict);
        }
        state.records.remove(&place);
        Ok(Saved::Applied)
    }

    async fn list(&self, filter: &Filter, after: Option<&Cursor>, limit: u32) -> Result<Listing, StorageError> {
        let limit = usize::try_from(limit).unwrap();
        let mut matching: Vec<(Key, u32)> = Vec::new();
        for (key, row) in &self.state.lock().unwrap().records {
            if self.includes(filter, row) {
                matching.push((*key, row.write));
            }
        }
        if self.has(Flaw::ListsNewestFirst) {
            matching.sort_by_key(|(_, write)| std::cmp::Reverse(*write));
        }
        let start = self.position(after, &matching)?.min(matching.len());
        let page = &matching[start..matching.len().min(start.saturating_add(limit))];
        let keys = page.iter().map(|(key, _)| *key).collect();
        let has_more = start + page.len() < matching.len() || self.has(Flaw::ListsForEver);
        let next = page.last().filter(|_| has_more).map(|(last, write)| match self.flaw {
            Flaw::PagesByOffset => Cursor::new((start + page.len()).to_string().as_bytes()),
            Flaw::ListsNewestFirst => Cursor::new(write.to_string().as_bytes()),
            _ => Cursor::from(*last),
        });
        let next = next.or_else(|| self.has(Flaw::ListsForEver).then(|| after.cloned()).flatten());
        Ok(Listing { keys, next })
    }

    async fn purge_expired(&self, now: Timestamp, limit: u32) -> Result<u64, StorageError> {
        let limit = if self.has(Flaw::PurgesMoreThanAsked) { usize::MAX } else { usize::try_from(limit).unwrap() };
        let has_expired = |row: &Row| {
            let expires_at = row.versioned.record.expires_at();
            expires_at.is_past(now) || (self.has(Flaw::PurgesTheLiving) && expires_at != Timestamp::MAX)
        };
        let records = self.state.lock().unwrap().records.clone();
        let expired: Vec<Key> =
            records.iter().filter(|(_, row)| has_expired(row)).map(|(key, _)| *key).take(limit).collect();
        let found = u64::try_from(expired.len()).unwrap();
        let is_checked_again = !self.has(Flaw::PurgesInTwoSteps);
        if !is_checked_again || self.has(Flaw::CountsWhatOthersPurged) {
            gap().await;
        }
        let state = &mut *self.state.lock().unwrap();
        let mut purged = 0;
        for key in expired {
            if state.records.get(&key).is_some_and(|row| !is_checked_again || has_expired(row)) {
                state.records.remove(&key);
                if self.has(Flaw::UpsertsWhatWasPurged) {
                    state.purged.insert(key);
                }
                purged += 1;
            }
        }
        Ok(if self.has(Flaw::CountsWhatOthersPurged) { found } else { purged })
    }
}

/// Time for others, whether they are threads or tasks.
async fn gap() {
    std::thread::sleep(std::time::Duration::from_micros(50));
    tokio::task::yield_now().await;
}

/// Makes an empty answer, or a success, of every failure.
pub(super) struct Swallowing(Arc<dyn Storage>);

impl Swallowing {
    pub(super) fn new(inner: Arc<dyn Storage>) -> Self {
        Self(inner)
    }
}

#[async_trait]
impl Storage for Swallowing {
    async fn load(&self, key: Key) -> Result<Option<Versioned<Record>>, StorageError> {
        Ok(self.0.load(key).await.unwrap_or_default())
    }

    async fn save(&self, next: Versioned<Record>, expected: Expected) -> Result<Saved, StorageError> {
        Ok(self.0.save(next, expected).await.unwrap_or(Saved::Applied))
    }

    async fn remove(&self, key: Key, expected: Version) -> Result<Saved, StorageError> {
        Ok(self.0.remove(key, expected).await.unwrap_or(Saved::Applied))
    }

    async fn list(&self, filter: &Filter, after: Option<&Cursor>, limit: u32) -> Result<Listing, StorageError> {
        Ok(self.0.list(filter, after, limit).await.unwrap_or_default())
    }

    async fn purge_expired(&self, now: Timestamp, limit: u32) -> Result<u64, StorageError> {
        Ok(self.0.purge_expired(now, limit).await.unwrap_or_default())
    }
}
