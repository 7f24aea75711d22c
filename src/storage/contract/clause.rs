//! The clauses of the storage contract.

use std::fmt;

/// One clause of the contract, which one check tries.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Clause {
    /// A load sees every save that was acknowledged before.
    SavedIsSeen,
    /// Where nothing is expected, nothing is overwritten.
    AbsentRefusesPresent,
    /// A save that expects another version than the stored one writes nothing.
    WrongVersionIsRefused,
    /// A save that expects a version creates nothing.
    UpdateNeverResurrects,
    /// A save whose version is stored already is applied.
    RepeatIsApplied,
    /// A record is removed only under its version; removing what is absent is applied.
    RemoveNeedsVersion,
    /// A version of a record that was removed does not hold for one that was created since.
    OldVersionStaysOld,
    /// Version and record are loaded as they were saved.
    BodySurvives,
    /// The same id in another kind is another key.
    KindsAreSeparate,
    /// The same id in another realm is another key.
    RealmsAreSeparate,
    /// Every filter finds every record, page by page, and ends.
    ListingFindsAll,
    /// Names that look alike are different owners.
    ListingNamesNoStranger,
    /// A record is found by its present owner.
    ListingFollowsOwner,
    /// Writes between two pages hide no other record.
    ListingSurvivesChange,
    /// What is due at or before a time is listed, nothing later.
    DueIsByTime,
    /// A cursor that the store did not make is an error.
    ForeignCursorIsRefused,
    /// Only what has expired is purged.
    PurgeTakesOnlyExpired,
    /// A purge removes as many as it says, at most as many as asked, and all in the end.
    PurgeIsInBatches,
    /// A record that was renewed is not purged, even at the same time.
    PurgeSparesRenewed,
    /// Of several writers that expect the same, one is applied.
    OneOfManyWins,
    /// Writers that try again on conflict all succeed, each once.
    NoUpdateIsLost,
    /// A call that is dropped half-way has done all or nothing.
    DroppedCallIsWhole,
    /// What is saved or removed through one handle is so through every other.
    HandlesAgree,
    /// Racing calls are answered as if each had happened at one moment between question and answer.
    HistoryIsLinearizable,
    /// A call whose answer was lost happens whole at one later moment, or never.
    LostAnswersAreExplained,
    /// After an error, asking again settles what was done.
    ErrorsAreSettled,
    /// What was acknowledged before a listing began is in it, whatever is written meanwhile.
    ListingMissesNothing,
    /// After a race for its owner, a record is listed under the owner that it has.
    ListingFollowsRaces,
    /// The longest names are kept, told apart and listed.
    LongestNamesAreKept,
    /// A record as large as records get is loaded as it was saved.
    LargestRecordSurvives,
}

impl Clause {
    /// Every clause.
    pub const ALL: [Self; 30] = [
        Self::SavedIsSeen,
        Self::AbsentRefusesPresent,
        Self::WrongVersionIsRefused,
        Self::UpdateNeverResurrects,
        Self::RepeatIsApplied,
        Self::RemoveNeedsVersion,
        Self::OldVersionStaysOld,
        Self::BodySurvives,
        Self::KindsAreSeparate,
        Self::RealmsAreSeparate,
        Self::ListingFindsAll,
        Self::ListingNamesNoStranger,
        Self::ListingFollowsOwner,
        Self::ListingSurvivesChange,
        Self::DueIsByTime,
        Self::ForeignCursorIsRefused,
        Self::PurgeTakesOnlyExpired,
        Self::PurgeIsInBatches,
        Self::PurgeSparesRenewed,
        Self::OneOfManyWins,
        Self::NoUpdateIsLost,
        Self::DroppedCallIsWhole,
        Self::HandlesAgree,
        Self::HistoryIsLinearizable,
        Self::LostAnswersAreExplained,
        Self::ErrorsAreSettled,
        Self::ListingMissesNothing,
        Self::ListingFollowsRaces,
        Self::LongestNamesAreKept,
        Self::LargestRecordSurvives,
    ];

    /// The clause in words.
    #[must_use]
    pub fn rule(self) -> &'static str {
        match self {
            Self::SavedIsSeen => "a load sees every save that was acknowledged before",
            Self::AbsentRefusesPresent => "where nothing is expected, nothing is overwritten",
            Self::WrongVersionIsRefused => "a save that expects another version than the stored one writes nothing",
            Self::UpdateNeverResurrects => "a save that expects a version creates nothing",
            Self::RepeatIsApplied => "a save whose version is stored already is applied",
            Self::RemoveNeedsVersion => {
                "a record is removed only under its version; removing what is absent is applied"
            }
            Self::OldVersionStaysOld => "a version of a removed record does not hold for one that was created since",
            Self::BodySurvives => "version and record are loaded as they were saved",
            Self::KindsAreSeparate => "the same id in another kind is another key",
            Self::RealmsAreSeparate => "the same id in another realm is another key",
            Self::ListingFindsAll => "every filter finds every record, page by page, and ends",
            Self::ListingNamesNoStranger => "names that look alike are different owners",
            Self::ListingFollowsOwner => "a record is found by its present owner",
            Self::ListingSurvivesChange => "writes between two pages hide no other record",
            Self::DueIsByTime => "what is due at or before a time is listed, nothing later",
            Self::ForeignCursorIsRefused => "a cursor that the store did not make is an error",
            Self::PurgeTakesOnlyExpired => "only what has expired is purged",
            Self::PurgeIsInBatches => {
                "a purge removes as many as it says, at most as many as asked, and all in the end"
            }
            Self::PurgeSparesRenewed => "a record that was renewed is not purged, even at the same time",
            Self::OneOfManyWins => "of several writers that expect the same, one is applied",
            Self::NoUpdateIsLost => "writers that try again on conflict all succeed, each once",
            Self::DroppedCallIsWhole => "a call that is dropped half-way has done all or nothing",
            Self::HandlesAgree => "what is saved or removed through one handle is so through every other",
            Self::HistoryIsLinearizable => {
                "racing calls are answered as if each had happened at one moment between question and answer"
            }
            Self::LostAnswersAreExplained => "a call whose answer was lost happens whole at one later moment, or never",
            Self::ErrorsAreSettled => "after an error, asking again settles what was done",
            Self::ListingMissesNothing => {
                "what was acknowledged before a listing began is in it, whatever is written meanwhile"
            }
            Self::ListingFollowsRaces => "after a race for its owner, a record is listed under the owner that it has",
            Self::LongestNamesAreKept => "the longest names are kept, told apart and listed",
            Self::LargestRecordSurvives => "a record as large as records get is loaded as it was saved",
        }
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
