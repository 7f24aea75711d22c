//! Whether a history of one key is linearizable: a search for an order that explains every answer.
//!
//! [Wing and Gong, "Testing and verifying concurrent objects" (1993)](https://doi.org/10.1006/jpdc.1993.1015), with
//! memory of what was tried, as in [Lowe, "Testing for linearizability" (2017)](https://doi.org/10.1002/cpe.3928).

use std::collections::{BTreeSet, HashSet};
use std::fmt;

use super::history::{Action, Answer, Operation, name};
use crate::host::{Expected, Saved};
use crate::record::Version;

/// Looks for an order of the operations, each between its question and its answer, in which a register with
/// compare-and-swap gives the same answers.
///
/// A call without an answer may happen at any time after its question, or never. Purges may take the versions in
/// `expiring`, and leave others.
pub(super) fn explain(mut operations: Vec<Operation>, expiring: &HashSet<Version>) -> Result<(), Unexplained> {
    operations.sort_by_key(|operation| operation.asked);
    let (lost, answered) = operations.into_iter().partition(|operation| operation.answer == Answer::Unknown);
    let history = Asked { answered, lost, expiring };
    let start = Reached { past: 0, ahead: BTreeSet::new(), late: BTreeSet::new(), stored: None };
    let mut best = start.clone();
    let mut seen = HashSet::new();
    let mut open = vec![start];
    while let Some(reached) = open.pop() {
        if reached.past == history.answered.len() {
            return Ok(());
        }
        if reached.explained() > best.explained() {
            best = reached.clone();
        }
        for next in history.after(&reached) {
            if !seen.contains(&next) {
                seen.insert(next.clone());
                open.push(next);
            }
        }
        if seen.len() > MOST_STATES {
            return Err(Unexplained { stored: None, open: Vec::new(), is_too_large: true });
        }
    }
    let open = history.open(&best).map(|(_, operation)| operation.to_string()).collect();
    Err(Unexplained { stored: best.stored, open, is_too_large: false })
}

/// What was asked, in the order of the questions.
struct Asked<'a> {
    answered: Vec<Operation>,
    lost: Vec<Operation>,
    expiring: &'a HashSet<Version>,
}

/// Operations that have happened, and what is stored after them.
#[derive(Clone, Eq, Hash, PartialEq)]
struct Reached {
    /// All that were answered before this one, by number.
    past: usize,
    /// Those from there on.
    ahead: BTreeSet<usize>,
    /// Those that were never answered.
    late: BTreeSet<usize>,
    stored: Option<Version>,
}

impl Asked<'_> {
    /// What may happen next: asked before any other that is left was answered.
    fn open(&self, reached: &Reached) -> impl Iterator<Item = (usize, &Operation)> {
        let left = self.answered.iter().enumerate().skip(reached.past);
        let left = left.filter(|(number, _)| !reached.ahead.contains(number));
        // Nobody asks after the answer that comes first, so the search for it ends early.
        let mut first_answer = u64::MAX;
        left.map_while(move |(number, operation)| {
            let is_open = operation.asked < first_answer;
            first_answer = first_answer.min(operation.answered);
            is_open.then_some((number, operation))
        })
    }

    fn after(&self, reached: &Reached) -> Vec<Reached> {
        let mut next = Vec::new();
        let mut first_answer = u64::MAX;
        for (number, operation) in self.open(reached) {
            first_answer = first_answer.min(operation.answered);
            if operation.action == Action::Purge {
                next.push(reached.with(number, reached.stored));
                // A purge is many steps, so it may come by again.
                next.extend(self.is_expired(reached).then(|| reached.purged()));
            } else if let Ok(stored) = reached.after(operation) {
                // What can never change anything is best explained at once.
                if is_only_read(operation) {
                    return vec![reached.with(number, stored)];
                }
                next.push(reached.with(number, stored));
            }
        }
        for (number, operation) in self.lost.iter().enumerate() {
            if reached.late.contains(&number) || operation.asked > first_answer {
                continue;
            }
            match reached.after(operation) {
                _ if operation.action == Action::Purge => {
                    next.extend(self.is_expired(reached).then(|| reached.purged()));
                }
                Ok(stored) if stored != reached.stored => next.push(reached.with_late(number, stored)),
                Ok(_) | Err(OtherAnswer) => {}
            }
        }
        next
    }

    fn is_expired(&self, reached: &Reached) -> bool {
        reached.stored.is_some_and(|stored| self.expiring.contains(&stored))
    }
}

impl Reached {
    fn explained(&self) -> usize {
        self.past + self.ahead.len()
    }

    fn with(&self, number: usize, stored: Option<Version>) -> Self {
        let mut next = Self { stored, ..self.clone() };
        next.ahead.insert(number);
        while next.ahead.remove(&next.past) {
            next.past += 1;
        }
        next
    }

    fn purged(&self) -> Self {
        Self { stored: None, ..self.clone() }
    }

    fn with_late(&self, number: usize, stored: Option<Version>) -> Self {
        let mut next = Self { stored, ..self.clone() };
        next.late.insert(number);
        next
    }

    /// What is stored after the operation.
    ///
    /// # Errors
    ///
    /// [`OtherAnswer`] if it would be answered otherwise now.
    fn after(&self, operation: &Operation) -> Result<Option<Version>, OtherAnswer> {
        let (answer, after) = match operation.action {
            Action::Load | Action::Purge => (Answer::Found(self.stored), self.stored),
            Action::Save { next, .. } if self.stored == Some(next) => (APPLIED, self.stored),
            Action::Save { next, expected } if self.holds(expected) => (APPLIED, Some(next)),
            Action::Remove { expected } if self.stored.is_none_or(|stored| stored == expected) => (APPLIED, None),
            Action::Save { .. } | Action::Remove { .. } => (CONFLICT, self.stored),
        };
        if [answer, Answer::Unknown].contains(&operation.answer) { Ok(after) } else { Err(OtherAnswer) }
    }

    fn holds(&self, expected: Expected) -> bool {
        self.stored.map_or(Expected::Absent, Expected::Version) == expected
    }
}

fn is_only_read(operation: &Operation) -> bool {
    matches!(operation.answer, Answer::Found(_) | Answer::Written(Saved::Conflict))
}

/// The operation was answered in a way that does not fit what is stored.
struct OtherAnswer;

/// A history that no order explains.
#[derive(Debug)]
pub(super) struct Unexplained {
    stored: Option<Version>,
    open: Vec<String>,
    is_too_large: bool,
}

impl fmt::Display for Unexplained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_too_large {
            return f.write_str("the history has too many orders to try: ask for fewer operations");
        }
        let (stored, open) = (name(self.stored), self.open.join("; "));
        write!(
            f,
            "no order of the calls on one key explains all answers: with {stored} stored, one of these was next: {open}"
        )
    }
}

const APPLIED: Answer = Answer::Written(Saved::Applied);
const CONFLICT: Answer = Answer::Written(Saved::Conflict);
const MOST_STATES: usize = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn version(number: u8) -> Version {
        Version::from_bytes(u128::from(number).to_be_bytes())
    }

    fn save(next: u8, expected: Option<u8>, answer: Answer, span: (u64, u64)) -> Operation {
        let expected = expected.map_or(Expected::Absent, |number| Expected::Version(version(number)));
        operation(Action::Save { next: version(next), expected }, answer, span)
    }

    fn load(found: Option<u8>, span: (u64, u64)) -> Operation {
        operation(Action::Load, Answer::Found(found.map(version)), span)
    }

    fn operation(action: Action, answer: Answer, (asked, answered): (u64, u64)) -> Operation {
        Operation { action, answer, asked, answered, worker: 0 }
    }

    fn is_explained(operations: &[Operation]) -> bool {
        explain(operations.to_vec(), &HashSet::from([version(9)])).is_ok()
    }

    const LOST: u64 = u64::MAX;

    #[test]
    fn a_load_during_a_save_finds_either_state_and_a_later_one_only_the_new() {
        let saved = save(1, None, APPLIED, (0, 10));

        assert!(is_explained(&[saved.clone(), load(None, (1, 2)), load(Some(1), (3, 4))]));
        assert!(!is_explained(&[saved.clone(), load(Some(1), (1, 2)), load(None, (3, 4))]));
        assert!(!is_explained(&[saved, load(None, (11, 12))]));
    }

    #[test]
    fn of_two_saves_that_expect_the_same_only_one_is_applied() {
        let first = save(1, None, APPLIED, (0, 10));

        assert!(is_explained(&[first.clone(), save(2, None, CONFLICT, (1, 9))]));
        assert!(!is_explained(&[first.clone(), save(2, None, APPLIED, (1, 9))]));
        assert!(!is_explained(&[save(2, None, CONFLICT, (0, 1)), save(1, None, APPLIED, (2, 3))]));
        assert!(is_explained(&[first, save(1, None, APPLIED, (11, 12))]), "the repeat of a save");
    }

    #[test]
    fn a_lost_answer_explains_both_outcomes_but_not_a_change_back() {
        let lost = save(1, None, Answer::Unknown, (0, LOST));

        assert!(is_explained(&[lost.clone(), load(None, (5, 6))]));
        assert!(is_explained(&[lost.clone(), load(None, (5, 6)), load(Some(1), (7, 8))]));
        assert!(!is_explained(&[lost.clone(), load(Some(1), (5, 6)), load(None, (7, 8))]));
        assert!(!is_explained(&[load(Some(1), (0, 1)), save(1, None, Answer::Unknown, (2, LOST))]));
    }

    #[test]
    fn a_removal_needs_its_version_and_what_was_removed_may_be_created_again() {
        let remove = |expected, answer, span| operation(Action::Remove { expected: version(expected) }, answer, span);
        let saved = save(1, None, APPLIED, (0, 1));

        assert!(is_explained(&[saved.clone(), remove(1, APPLIED, (2, 3)), load(None, (4, 5))]));
        assert!(is_explained(&[saved.clone(), remove(2, CONFLICT, (2, 3)), load(Some(1), (4, 5))]));
        assert!(!is_explained(&[saved.clone(), remove(2, APPLIED, (2, 3))]));
        let again = save(2, None, APPLIED, (4, 5));
        assert!(is_explained(&[saved, remove(1, APPLIED, (2, 3)), again, load(Some(2), (6, 7))]));
    }

    #[test]
    fn a_purge_may_take_what_has_expired_and_nothing_else() {
        let purge = operation(Action::Purge, Answer::Purged, (2, 3));
        let of = |number| vec![save(number, None, APPLIED, (0, 1)), purge.clone(), load(None, (4, 5))];

        assert!(is_explained(&of(9)));
        assert!(!is_explained(&of(1)));
        assert!(is_explained(&[save(9, None, APPLIED, (0, 1)), purge, load(Some(9), (4, 5))]));
    }

    #[test]
    fn a_purge_under_way_may_take_a_record_that_comes_back() {
        let purge = operation(Action::Purge, Answer::Purged, (0, 9));
        let saves = [save(9, None, APPLIED, (1, 2)), save(9, None, APPLIED, (4, 5))];
        let loads = [load(None, (3, 4)), load(None, (6, 7)), load(None, (10, 11))];

        assert!(is_explained(&[saves.as_slice(), &loads, &[purge]].concat()));
        assert!(!is_explained(&[saves.as_slice(), &loads].concat()));
    }

    #[test]
    fn what_cannot_be_explained_is_named() {
        let error = explain(vec![save(1, None, APPLIED, (0, 1)), load(None, (2, 3))], &HashSet::new()).unwrap_err();

        let expected = "no order of the calls on one key explains all answers: with #1 stored, \
                        one of these was next: worker 0 loaded and found nothing from 2 to 3";
        assert_eq!(error.to_string(), expected);
    }
}
