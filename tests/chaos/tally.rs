//! How often everything was done.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

/// What clients, users, hosts and resource servers do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    ClientCredentials,
    Authorize,
    Approve,
    Redeem,
    Replay,
    Refresh,
    Repeat,
    Reuse,
    Introspect,
    RevokeAccess,
    RevokeRefresh,
    EndSubject,
    EndSession,
    Sweep,
}

impl Kind {
    pub(crate) const ALL: [Self; 14] = [
        Self::ClientCredentials,
        Self::Authorize,
        Self::Approve,
        Self::Redeem,
        Self::Replay,
        Self::Refresh,
        Self::Repeat,
        Self::Reuse,
        Self::Introspect,
        Self::RevokeAccess,
        Self::RevokeRefresh,
        Self::EndSubject,
        Self::EndSession,
        Self::Sweep,
    ];

    /// How many there must be where `operations` of each kind are asked for.
    ///
    /// A sweep counts a hundredfold: it looks through the index of the whole store, which on Redis are a thousand
    /// commands.
    pub(crate) fn least(self, operations: u64) -> u64 {
        if self == Self::Sweep { operations.div_ceil(100) } else { operations }
    }

    fn name(self) -> &'static str {
        match self {
            Self::ClientCredentials => "client credentials",
            Self::Authorize => "authorize",
            Self::Approve => "approve",
            Self::Redeem => "redeem",
            Self::Replay => "replay of a code",
            Self::Refresh => "refresh",
            Self::Repeat => "refresh, repeated in the window",
            Self::Reuse => "reuse of a refresh token",
            Self::Introspect => "introspect",
            Self::RevokeAccess => "revoke an access token",
            Self::RevokeRefresh => "revoke a refresh token",
            Self::EndSubject => "end all grants of a user",
            Self::EndSession => "end a session",
            Self::Sweep => "sweep",
        }
    }
}

/// How a request ended for whoever sent it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ending {
    Done,
    Refused,
    Unknown,
}

/// Counts by kind. What is done or refused is acknowledged: the answer arrived and is definite.
#[derive(Default)]
pub(crate) struct Tally {
    counts: [[AtomicU64; 3]; 14],
    /// Workers that were killed.
    pub(crate) kills: AtomicU64,
    /// Times that the database was stopped.
    pub(crate) stops: AtomicU64,
}

impl Tally {
    pub(crate) fn count(&self, kind: Kind, ending: Ending) {
        self.counter(kind, ending).fetch_add(1, Ordering::Relaxed);
    }

    /// How many of that kind were answered.
    pub(crate) fn acknowledged(&self, kind: Kind) -> u64 {
        self.counted(kind, Ending::Done) + self.counted(kind, Ending::Refused)
    }

    /// The table that a run ends with.
    pub(crate) fn table(&self) -> String {
        let mut table = format!("{:<34}{:>14}{:>10}{:>10}\n", "", "acknowledged", "refused", "unknown");
        let mut totals = [0; 3];
        let mut add = |name: &str, numbers: [u64; 3]| {
            let [acknowledged, refused, unknown] = numbers;
            let _ = writeln!(table, "{name:<34}{acknowledged:>14}{refused:>10}{unknown:>10}");
        };
        for kind in Kind::ALL {
            let (refused, unknown) = (self.counted(kind, Ending::Refused), self.counted(kind, Ending::Unknown));
            let numbers = [self.acknowledged(kind), refused, unknown];
            add(kind.name(), numbers);
            for (total, number) in totals.iter_mut().zip(numbers) {
                *total += number;
            }
        }
        add("together", totals);
        table
    }

    fn counted(&self, kind: Kind, ending: Ending) -> u64 {
        self.counter(kind, ending).load(Ordering::Relaxed)
    }

    fn counter(&self, kind: Kind, ending: Ending) -> &AtomicU64 {
        let kind = Kind::ALL.iter().position(|other| *other == kind).unwrap();
        let ending = [Ending::Done, Ending::Refused, Ending::Unknown].iter().position(|other| *other == ending);
        &self.counts[kind][ending.unwrap()]
    }
}
