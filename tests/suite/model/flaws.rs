//! Rules of the server that are broken on purpose, at its border with the storage.

use grantsmith::record::Versioned;

use super::machine::State;
use super::theatre::{Flight, RecordId, Theatre, Told};
use super::words::{Request, Sender};

/// What is broken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Flaw {
    /// The driver does not expect a version.
    SavesAnyway,
    /// Reuse is checked before the client.
    ReuseBeforeClient,
    /// An error after the write counts as a conflict.
    FailureIsConflict,
    /// A retry does not look whether the successor was used.
    RetriesForEver,
    /// Introspection answers from a copy of the record.
    StaleIntrospection,
}

impl Flaw {
    pub(crate) fn saves_anyway(self) -> bool {
        self == Self::SavesAnyway
    }

    /// What a request is told when a save goes wrong.
    pub(crate) fn failure(self) -> Told {
        if self == Self::FailureIsConflict { Told::Conflict } else { Told::SaveFailed }
    }

    /// What a request is shown when it loads the grant.
    pub(crate) fn shown(self, theatre: &mut Theatre, first: RecordId, flight: &Flight, state: &State) -> RecordId {
        match (self, flight.request) {
            (Self::ReuseBeforeClient, Request::Refresh(Sender::Stranger, token)) => {
                let is_spent =
                    theatre.chain(state.stored).is_some_and(|chain| chain.generation() > theatre.generation(token));
                if is_spent { theatre.as_if_of_the_stranger(state.stored) } else { state.stored }
            }
            (Self::RetriesForEver, Request::Refresh(_, token)) => {
                let next = theatre.generation(token) + 1;
                let is_next = |id: &&RecordId| theatre.chain(**id).is_some_and(|chain| chain.generation() == next);
                let found = state.before.iter().find(is_next).copied();
                match found.filter(|_| theatre.chain(state.stored).is_some()) {
                    None => state.stored,
                    Some(earlier) => {
                        let version = theatre.record(state.stored).version;
                        let record = theatre.record(earlier).record.clone();
                        theatre.record_id(Versioned { version, record })
                    }
                }
            }
            (Self::StaleIntrospection, Request::Introspect(_)) => first,
            _ => state.stored,
        }
    }
}
