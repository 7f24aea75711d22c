//! What clients were told, and the rules that hold over it.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::time::Instant;

use crate::clients::Role;
use crate::protocol::{Issuer, User};

/// What must hold, whatever fails.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Rule {
    /// Nobody's grant ends as compromised unless somebody did use a credential twice.
    NobodyIsAccusedWrongly,
    /// No code yields tokens twice.
    OneCodeOneGrant,
    /// A refresh token has one successor, and is not accepted any more once that was used.
    OneLiveRefreshToken,
    /// What was acknowledged as revoked or ended is not active, and is not refreshed.
    WhatEndedIsOver,
    /// What was granted, and neither ended nor perhaps ended, is active; its holder is not refused.
    WhatWasGrantedExists,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NobodyIsAccusedWrongly => "nobody is accused wrongly",
            Self::OneCodeOneGrant => "one code yields tokens once",
            Self::OneLiveRefreshToken => "one refresh token of a chain is live",
            Self::WhatEndedIsOver => "what was acknowledged as ended is over",
            Self::WhatWasGrantedExists => "what was acknowledged as granted exists",
        })
    }
}

/// What is known about a grant or a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Standing {
    Alive,
    /// Something that would end it was asked for and never answered.
    Doubtful,
    /// Its end was acknowledged, or seen.
    Ended,
}

/// A grant as its client knows it.
pub(crate) struct Held {
    pub(crate) issuer: Issuer,
    pub(crate) role: Role,
    /// The user, for a grant of a user.
    pub(crate) user: Option<User>,
    /// The code that was redeemed.
    pub(crate) code: Option<String>,
    pub(crate) standing: Standing,
    pub(crate) access: Vec<(String, Standing)>,
    /// The refresh token that is live, if the client knows it.
    pub(crate) refresh: Option<String>,
    /// Spent refresh tokens, each with when its successor was asked for first.
    pub(crate) spent: Vec<(String, Instant)>,
    /// How often the successor of the latest spent token was asked for.
    pub(crate) asked: u32,
}

impl Held {
    /// What is known about one of its access tokens.
    pub(crate) fn standing_of(&self, token: usize) -> Standing {
        match (self.standing, self.access[token].1) {
            (Standing::Ended, _) | (_, Standing::Ended) => Standing::Ended,
            (Standing::Doubtful, _) | (_, Standing::Doubtful) => Standing::Doubtful,
            (Standing::Alive, Standing::Alive) => Standing::Alive,
        }
    }

    /// Something that ends it may have happened.
    pub(crate) fn doubt(&mut self) {
        if self.standing == Standing::Alive {
            self.standing = Standing::Doubtful;
        }
    }
}

/// What clients were told, by all of them.
#[derive(Default)]
pub(crate) struct Ledger {
    held: Mutex<Vec<Held>>,
    /// Users for whom a credential was used twice, or may have been.
    accusable: Mutex<HashSet<String>>,
    violations: Mutex<BTreeMap<Rule, u64>>,
    checks: AtomicU64,
}

impl Ledger {
    /// Keeps a grant for those who look at it later.
    pub(crate) fn keep(&self, held: Held) {
        self.held.lock().unwrap().push(held);
    }

    /// Takes a grant out, so that only one looks at it at a time.
    pub(crate) fn take(&self, draw: usize) -> Option<Held> {
        let mut held = self.held.lock().unwrap();
        let count = held.len();
        (count > 0).then(|| held.swap_remove(draw % count))
    }

    /// All grants.
    pub(crate) fn take_all(&self) -> Vec<Held> {
        std::mem::take(&mut self.held.lock().unwrap())
    }

    /// Somebody is about to use a credential of that user twice.
    pub(crate) fn expect_accusation(&self, subject: &str) {
        self.accusable.lock().unwrap().insert(subject.to_owned());
    }

    /// A worker has reported a compromise.
    pub(crate) fn accused(&self, subject: Option<&str>, reason: &str) {
        let is_expected = subject.is_some_and(|subject| self.accusable.lock().unwrap().contains(subject));
        self.check(is_expected, Rule::NobodyIsAccusedWrongly, || format!("{reason} of {subject:?}"));
    }

    /// Looks whether a rule holds; if not, says where.
    pub(crate) fn check(&self, holds: bool, rule: Rule, place: impl FnOnce() -> String) {
        self.checks.fetch_add(1, Ordering::Relaxed);
        if holds {
            return;
        }
        let mut violations = self.violations.lock().unwrap();
        let count = violations.entry(rule).or_default();
        *count += 1;
        if *count <= EXAMPLES {
            println!("violated: {rule}: {}", place());
        }
    }

    /// What the resource server was told of a token that its client knows so much about.
    pub(crate) fn introspected(&self, held: &mut Held, token: usize, active: bool) {
        match held.standing_of(token) {
            Standing::Alive => {
                self.check(active, Rule::WhatWasGrantedExists, || format!("inactive, {}", described(held)));
            }
            Standing::Ended => self.check(!active, Rule::WhatEndedIsOver, || format!("active, {}", described(held))),
            Standing::Doubtful => {}
        }
        if !active {
            // Once seen as over, it stays so. A violation is counted once.
            held.access[token].1 = Standing::Ended;
        }
    }

    pub(crate) fn checks(&self) -> u64 {
        self.checks.load(Ordering::Relaxed)
    }

    pub(crate) fn violations(&self) -> BTreeMap<Rule, u64> {
        self.violations.lock().unwrap().clone()
    }
}

/// Which grant it is, without its credentials.
pub(crate) fn described(held: &Held) -> String {
    let who = held.user.as_ref().map_or("nobody", |user| user.subject.as_str());
    format!("{:?} {:?} grant of {who}, {:?}", held.issuer, held.role, held.standing)
}

/// So many violations of a rule are described.
const EXAMPLES: u64 = 5;
