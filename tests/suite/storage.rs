//! The storage contract: the memory store keeps it, and the suite catches stores that do not.

mod flawed;

use std::sync::Arc;

use grantsmith::host::{Cursor, Expected, Filter, Saved, Storage, StorageErrorKind};
use grantsmith::record::{Record, Session, SubjectEpoch, UsedIdentifier, Version, Versioned};
use grantsmith::storage::contract::{self, Clause, Fault, Faulty, Report, Suite};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::value::{ClientId, Realm, SessionId, Subject, Timestamp};
use pollster::block_on;

use self::flawed::Flaw;
use crate::counts::{assert_kept, tell};

fn realm() -> Realm {
    "https://as.example".parse().unwrap()
}

fn versioned(number: u8, record: Record) -> Versioned<Record> {
    Versioned { version: Version::from_bytes([number; 16]), record }
}

fn session(name: &str, expires_at: Timestamp) -> Record {
    let (id, subject) = (name.parse().unwrap(), name.parse().unwrap());
    Record::Session(Arc::new(Session::opened(&realm(), &id, &subject, expires_at)))
}

mod memory {
    use super::*;

    #[test]
    fn keeps_the_contract() {
        covers!("ATK-285", "ATK-288", "ATK-301");

        let report = block_on(contract::check(async || Arc::new(MemoryStorage::new())));

        assert!(report.is_clean(), "{report}");
    }

    #[test]
    fn keeps_the_contract_with_a_thread_for_each_call() {
        let report = contract::check_threads(|| Arc::new(MemoryStorage::new()));

        assert!(report.is_clean(), "{report}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn keeps_the_contract_with_a_task_for_each_call_and_two_handles() {
        let make = async || {
            let storage = Arc::new(MemoryStorage::new());
            (Arc::clone(&storage), storage)
        };

        let report = Suite::new(make).spawning(tokio::spawn).with_histories(32).check().await;

        assert_kept("memory", &report);
    }

    #[test]
    fn keeps_the_contract_when_every_call_is_slow() {
        for fault in [Fault::Delay, Fault::DelayAfter] {
            let slow = async || Arc::new(Faulty::new(Arc::new(MemoryStorage::new())).at_every_call(fault));

            let report = block_on(contract::check(slow));

            assert!(report.is_clean(), "{report}");
        }
    }

    #[test]
    fn one_name_in_three_kinds_is_three_records() {
        covers!("ATK-285");
        let storage = MemoryStorage::new();
        let never = Timestamp::MAX;
        let epoch = SubjectEpoch::first(&realm(), &"same".parse().unwrap(), never);
        let used = UsedIdentifier::new(&realm(), "same", "same", never);
        let records =
            [session("same", never), Record::Subject(Arc::new(epoch)), Record::UsedIdentifier(Arc::new(used))];

        for (number, record) in (1..).zip(&records) {
            let saved = block_on(storage.save(versioned(number, record.clone()), Expected::Absent)).unwrap();
            assert_eq!(saved, Saved::Applied);
        }

        for (number, record) in (1..).zip(&records) {
            let found = block_on(storage.load(record.key())).unwrap().unwrap();
            assert_eq!(found.version, Version::from_bytes([number; 16]));
            assert_eq!(found.record.encode().unwrap(), record.encode().unwrap());
        }
    }

    #[test]
    fn a_consumed_record_stays_consumed_however_late_its_update_comes() {
        covers!("ATK-288");
        let storage = MemoryStorage::new();
        let record = session("alice", Timestamp::MAX);
        let before = versioned(1, record.clone());
        let update = versioned(2, record.clone());
        let _ = block_on(storage.save(before.clone(), Expected::Absent)).unwrap();
        let _ = block_on(storage.remove(record.key(), before.version)).unwrap();

        let saved = block_on(storage.save(update, Expected::Version(before.version))).unwrap();

        assert_eq!(saved, Saved::Conflict);
        assert!(storage.is_empty());
    }

    #[test]
    fn times_at_the_ends_neither_panic_nor_lose_a_record() {
        covers!("ATK-295");
        let ends = [i64::MIN, 0, 4_294_967_295, 4_294_967_296, i64::MAX].map(Timestamp::from_seconds);
        for now in ends {
            let storage = MemoryStorage::new();
            for (number, expires_at) in (1..).zip(ends) {
                let record = session(&format!("session {number}"), expires_at);
                let _ = block_on(storage.save(versioned(number, record), Expected::Absent)).unwrap();
            }
            let expired = ends.iter().filter(|at| **at != Timestamp::MAX && at.is_past(now)).count();

            let purged = block_on(storage.purge_expired(now, u32::MAX)).unwrap();

            assert_eq!(usize::try_from(purged).unwrap(), expired, "at {now:?}");
            assert_eq!(storage.len(), ends.len() - expired, "at {now:?}");
        }
    }

    #[test]
    fn a_forged_cursor_is_refused() {
        covers!("ATK-301");
        let storage = MemoryStorage::new();
        let filter = Filter::Subject(*realm().fingerprint(), "alice".parse().unwrap());

        for forged in ["", "0", "' OR 1=1 --", "../../etc/passwd", &"x".repeat(17)] {
            let answer = block_on(storage.list(&filter, Some(&Cursor::new(forged.as_bytes())), 10));
            assert_eq!(answer.unwrap_err().kind(), StorageErrorKind::Unavailable, "{forged}");
        }
    }

    #[test]
    fn nobody_can_ask_for_the_records_of_nobody() {
        covers!("ATK-291");
        for nobody in ["", " "] {
            assert!(nobody.parse::<Subject>().is_err());
            assert!(nobody.parse::<SessionId>().is_err());
        }
        assert!("".parse::<ClientId>().is_err());
    }
}

mod contract_suite {
    use super::*;

    fn report_on(flaw: Flaw, clauses: &[Clause]) -> Report {
        block_on(Suite::new(async || flaw.store()).only(clauses).check())
    }

    #[test]
    fn finds_nothing_in_a_store_without_flaw() {
        let report = report_on(Flaw::Nothing, &Clause::ALL);

        assert!(report.is_clean(), "{report}");
    }

    #[test]
    fn names_the_clause_that_a_flawed_store_breaks() {
        covers!("ATK-288");
        for (flaw, clause) in flawed::FLAWS {
            let report = report_on(*flaw, &[*clause]);
            assert!(report.names(*clause), "{flaw:?} was not caught by {clause}: {report}");
        }
        let count = flawed::FLAWS.len();
        tell(format_args!("contract, self-test: {count} flaws in stores, each caught by the clause that names it"));
    }

    #[test]
    fn has_no_clause_that_cannot_fail() {
        for clause in Clause::ALL {
            assert!(flawed::FLAWS.iter().any(|(_, broken)| *broken == clause), "no store breaks {clause}");
        }
    }

    #[test]
    fn catches_a_store_that_swallows_errors() {
        let swallowing = async || {
            let failing = Faulty::new(Arc::new(MemoryStorage::new())).seeded(1, 5);
            Arc::new(flawed::Swallowing::new(Arc::new(failing)))
        };

        let report = block_on(contract::check(swallowing));

        assert!(report.names(Clause::SavedIsSeen), "{report}");
    }

    #[test]
    fn reports_a_store_that_fails_with_its_reason() {
        let failing = async || Arc::new(Faulty::new(Arc::new(MemoryStorage::new())).at_every_call(Fault::Error));

        let report = block_on(contract::check(failing));

        assert_eq!(report.violations().len(), Clause::ALL.len(), "{report}");
        let first = report.violations().first().unwrap();
        assert_eq!(first.what(), "an ordinary call failed: the storage is unavailable: an injected fault");
    }

    /// Whether one of a few attempts names the clause: what races for real may miss its moment.
    fn is_caught(flaw: Flaw, clause: Clause, suite: impl Fn(u64) -> Report) -> bool {
        (1..=20).any(|seed| suite(seed).names(clause)) || {
            eprintln!("{flaw:?} was never caught by {clause}");
            false
        }
    }

    #[test]
    fn catches_flaws_with_a_thread_for_each_call_too() {
        for (flaw, clause) in flawed::FLAWS {
            let suite = |seed| Suite::new(async || flaw.store()).in_threads().only(&[*clause]).with_seed(seed);
            assert!(is_caught(*flaw, *clause, |seed| block_on(suite(seed).check())));
        }
    }

    #[test]
    fn catches_flaws_with_a_task_for_each_call_too() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
        for (flaw, clause) in flawed::FLAWS {
            let suite =
                |seed| Suite::new(async || flaw.store()).spawning(tokio::spawn).only(&[*clause]).with_seed(seed);
            assert!(is_caught(*flaw, *clause, |seed| runtime.block_on(suite(seed).check())));
        }
    }

    #[test]
    fn a_violation_names_a_seed_with_which_it_comes_again() {
        let suite =
            |seed| Suite::new(async || Flaw::CachesLate.store()).only(&[Clause::HistoryIsLinearizable]).with_seed(seed);
        let what = |report: &Report| report.violations().first().map(|violation| violation.what().to_owned());

        let report = block_on(suite(100).check());

        let told = what(&report).unwrap();
        let seed = told.split_once("with seed ").unwrap().1.trim_end_matches(')').parse().unwrap();
        assert_eq!(what(&block_on(suite(seed).with_histories(1).check())), Some(told));
        assert_eq!(report.seed(), 100);
    }

    #[test]
    fn a_report_says_how_much_was_tried() {
        let report = report_on(Flaw::Caches, &[Clause::SavedIsSeen, Clause::HandlesAgree]);

        assert_eq!(report.checked(), [Clause::SavedIsSeen, Clause::HandlesAgree]);
        let operations = report.operations();
        assert!(operations > 80, "{operations}");
        let expected = format!(
            "the storage breaks the contract: 1 of 2 clauses, {operations} operations through 2 handles, polled in one \
             task, seed 1\n  HandlesAgree: what is saved or removed through one handle is so through every other, but \
             another handle did not find the record as it was after its first save"
        );
        assert_eq!(report.to_string(), expected);
    }

    #[test]
    fn a_lost_acknowledgement_is_settled_by_asking_again() {
        let storage = Faulty::new(Arc::new(MemoryStorage::new())).at(0, Fault::ErrorAfter);
        let saved = versioned(1, session("alice", Timestamp::MAX));

        let lost = block_on(storage.save(saved.clone(), Expected::Absent)).unwrap_err();
        assert_eq!(lost.kind(), StorageErrorKind::OutcomeUnknown);

        assert_eq!(block_on(storage.save(saved, Expected::Absent)).unwrap(), Saved::Applied);
    }
}
