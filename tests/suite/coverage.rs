//! Which requirements and attacks the tests show.
//!
//! ```text
//! cargo test --test suite coverage -- --nocapture
//! ```
//!
//! Tests name ids with `covers!`. The ids are read from the source of the tests that really run, so that coverage is
//! computed and never claimed. `tests/requirements/` holds what can be covered: `core.toml`, `advanced.toml` and
//! `attacks.toml`; `not_applicable.toml` beside them says, with a reason, what does not bind what is built.

mod build;
mod claims;
mod ledger;
mod report;
mod the_checker_can_fail;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use build::Build;
use claims::{Claim, Standing};
use ledger::{Entry, Ledger, NotApplicable};

use crate::source_tree::{Unreadable, text_of};

#[test]
fn every_must_of_the_core_is_covered() {
    let coverage = Coverage::of(&package()).unwrap();

    println!("{}", coverage.report());

    let open = coverage.open(Entry::is_must_of_the_core).len();
    assert_eq!(open, 0);
}

#[test]
fn attacks_of_the_core_are_covered() {
    let coverage = Coverage::of(&package()).unwrap();

    let open: Vec<&str> = coverage.open(Entry::is_attack_on_the_core);

    assert_eq!(open.len(), 0, "open: {}", open.join(" "));
}

#[test]
fn every_claim_of_coverage_is_sound() {
    let coverage = Coverage::of(&package()).unwrap();

    let problems: Vec<String> = coverage.problems.iter().map(ToString::to_string).collect();

    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

/// What the tests of a package show, measured against its ledgers.
struct Coverage {
    ledger: Ledger,
    /// The ids that a running test names.
    covered: BTreeSet<String>,
    /// The ids that are declared not applicable.
    excused: BTreeSet<String>,
    /// The ids that only tests name which never run, with the places.
    never_run: BTreeMap<String, Vec<Claim>>,
    problems: Vec<Problem>,
}

/// Why coverage cannot be trusted.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
enum Problem {
    #[error("{at}: no ledger knows {id}")]
    UnknownId { id: String, at: String },
    #[error("{at}: {id} is named only where no test runs: {standing}")]
    NeverRuns { id: String, at: String, standing: Standing },
    #[error("{id} is covered, and declared not applicable too")]
    CoveredAndNotApplicable { id: String },
    #[error("{id} is declared not applicable, but no ledger knows it")]
    UnknownNotApplicable { id: String },
    #[error("{id} is declared not applicable without a reason")]
    WithoutReason { id: String },
    #[error("{id} is declared twice")]
    DeclaredTwice { id: String },
}

impl Coverage {
    /// The coverage of the package in a directory.
    fn of(package: &Path) -> Result<Self, Unusable> {
        let build = Build::of(&text_of(&package.join("Cargo.toml"))?)?;
        Self::compiled_as(package, &build)
    }

    /// The same, with the features of `build` instead of those that the package's manifest turns on for tests.
    fn compiled_as(package: &Path, build: &Build) -> Result<Self, Unusable> {
        let requirements = package.join("tests/requirements");
        let read = |name: &str| text_of(&requirements.join(name));
        let ledger = Ledger::read(&read("core.toml")?, &read("advanced.toml")?, &read("attacks.toml")?)?;
        let not_applicable = ledger::not_applicable(&read("not_applicable.toml")?)?;
        Ok(Self::judge(ledger, &not_applicable, claims::made_in(package, build)?))
    }

    fn judge(ledger: Ledger, not_applicable: &[NotApplicable], claims: Vec<Claim>) -> Self {
        let covered: BTreeSet<String> =
            claims.iter().filter(|claim| claim.standing == Standing::Runs).map(|claim| claim.id.clone()).collect();
        let excused: BTreeSet<String> = not_applicable.iter().map(|entry| entry.id.clone()).collect();
        let mut never_run: BTreeMap<String, Vec<Claim>> = BTreeMap::new();
        let mut problems: Vec<Problem> =
            ledger.declared_twice.iter().map(|id| Problem::DeclaredTwice { id: id.clone() }).collect();
        for claim in claims {
            let (id, at) = (claim.id.clone(), claim.at());
            if !ledger.entries.contains_key(&id) {
                problems.push(Problem::UnknownId { id: id.clone(), at: at.clone() });
            }
            if !covered.contains(&id) {
                problems.push(Problem::NeverRuns { id: id.clone(), at, standing: claim.standing });
                never_run.entry(id).or_default().push(claim);
            }
        }
        let mut seen = BTreeSet::new();
        for entry in not_applicable {
            let id = || entry.id.clone();
            if !seen.insert(id()) {
                problems.push(Problem::DeclaredTwice { id: id() });
            }
            if !ledger.entries.contains_key(&entry.id) {
                problems.push(Problem::UnknownNotApplicable { id: id() });
            }
            if entry.reason.trim().is_empty() {
                problems.push(Problem::WithoutReason { id: id() });
            }
            if covered.contains(&entry.id) {
                problems.push(Problem::CoveredAndNotApplicable { id: id() });
            }
        }
        Self { ledger, covered, excused, never_run, problems }
    }

    /// The ids of one sort that no running test names and no reason excuses.
    fn open(&self, sort: fn(&Entry) -> bool) -> Vec<&str> {
        self.ledger
            .entries
            .values()
            .filter(|entry| sort(entry) && !self.covered.contains(&entry.id) && !self.excused.contains(&entry.id))
            .map(|entry| entry.id.as_str())
            .collect()
    }
}

/// Why coverage could not be computed at all.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error(transparent)]
    Source(#[from] Unreadable),
    #[error(transparent)]
    Toml(#[from] toml::de::Error),
}

fn package() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
