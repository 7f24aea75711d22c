//! The fixture packages under `tests/fixtures/coverage/`: one in order, one with each fault that the checker must see.

use super::build::Build;
use super::claims::Standing;
use super::{Coverage, Problem, package};

#[test]
fn a_package_in_order_has_no_problems() {
    let coverage = of_fixture("sound");

    assert_eq!(coverage.problems, []);
}

#[test]
fn every_kind_of_test_that_runs_counts() {
    let coverage = of_fixture("sound");

    let covered: Vec<&str> = coverage.covered.iter().map(String::as_str).collect();
    let expected = [
        "RFC6749-1-01",
        "RFC6749-1-02",
        "RFC6749-1-03",
        "RFC6749-1-04",
        "RFC6749-1-05",
        "RFC6749-1-06",
        "RFC6749-1-07",
    ];
    assert_eq!(covered, expected);
}

#[test]
fn what_nobody_names_is_open() {
    let coverage = of_fixture("sound");

    assert_eq!(coverage.open(super::Entry::is_must_of_the_core), ["FORMPOST-2-01"]);
    assert_eq!(coverage.open(super::Entry::is_attack_on_the_core), ["ATK-002"]);
}

#[test]
fn the_report_ends_with_what_is_open() {
    let report = of_fixture("sound").report();

    assert_eq!(report.lines().last(), Some("core MUST open: 1, not applicable: 1"));
    assert!(report.contains("  FORMPOST-2-01      Nobody shows this."), "{report}");
}

#[test]
fn an_unknown_id_is_a_problem() {
    let at = "tests/suite/unknown.rs:3".into();
    assert_found(&Problem::UnknownId { id: "RFC6749-1-99".into(), at });
}

#[test]
fn an_ignored_test_does_not_count() {
    assert_never_runs("RFC6749-1-01", "tests/suite/ignored.rs:4", Standing::Ignored);
}

#[test]
fn a_test_that_is_ignored_in_this_build_does_not_count() {
    assert_never_runs("RFC6749-1-02", "tests/suite/ignored.rs:10", Standing::Ignored);
}

#[test]
fn a_test_without_a_mod_line_does_not_count() {
    assert_never_runs("RFC6749-1-03", "tests/suite/unreached.rs:3", Standing::CompiledOut);
}

#[test]
fn a_test_behind_a_feature_that_is_off_does_not_count() {
    assert_never_runs("RFC6749-1-04", "tests/suite/compiled_out.rs:4", Standing::CompiledOut);
}

#[test]
fn a_module_behind_a_feature_that_is_off_does_not_count() {
    assert_never_runs("RFC6749-1-05", "tests/suite/compiled_out.rs:11", Standing::CompiledOut);
}

#[test]
fn a_function_that_is_not_a_test_does_not_count() {
    assert_never_runs("RFC6749-1-06", "src/lib.rs:4", Standing::OutsideTests);
}

#[test]
fn an_ignored_property_does_not_count() {
    assert_never_runs("RFC6749-1-07", "tests/suite/ignored.rs:17", Standing::Ignored);
}

#[test]
fn a_covered_id_cannot_be_not_applicable() {
    assert_found(&Problem::CoveredAndNotApplicable { id: "RFC6749-1-08".into() });
}

#[test]
fn a_declaration_for_an_unknown_id_is_a_problem() {
    assert_found(&Problem::UnknownNotApplicable { id: "RFC6749-1-98".into() });
}

#[test]
fn a_declaration_without_a_reason_is_a_problem() {
    assert_found(&Problem::WithoutReason { id: "ATK-001".into() });
    assert_found(&Problem::WithoutReason { id: "ATK-002".into() });
}

#[test]
fn an_id_that_is_declared_twice_is_a_problem() {
    assert_found(&Problem::DeclaredTwice { id: "ATK-001".into() });
    assert_found(&Problem::DeclaredTwice { id: "RFC6749-1-09".into() });
}

#[test]
fn the_faulty_package_has_no_other_problems() {
    assert_eq!(of_fixture("faulty").problems.len(), 14, "{:#?}", of_fixture("faulty").problems);
}

fn of_fixture(name: &str) -> Coverage {
    let package = package().join("tests/fixtures/coverage").join(name);
    Coverage::compiled_as(&package, &Build::with_features(["on"])).unwrap()
}

fn assert_found(problem: &Problem) {
    let problems = of_fixture("faulty").problems;
    assert!(problems.contains(problem), "{problems:#?}");
}

fn assert_never_runs(id: &str, at: &str, standing: Standing) {
    assert_found(&Problem::NeverRuns { id: id.into(), at: at.into(), standing });
}
