//! The fixture crates under `tests/fixtures/architecture/`: one that keeps to the design, one that breaks each rule.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Departure, Fault, LONGEST_FILE, departures_in};

#[test]
fn a_crate_that_keeps_to_the_design_passes() {
    assert_eq!(departures_in(&fixture("good")).unwrap().into_iter().collect::<Vec<_>>(), []);
}

#[test]
fn a_plain_import_of_the_server_is_found() {
    assert_names("record.rs", 1, "record", "server");
}

#[test]
fn climbing_to_the_server_with_super_is_found() {
    assert_names("record/climbing.rs", 1, "record", "server");
}

#[test]
fn a_path_in_a_type_and_in_an_expression_is_found() {
    assert_names("grant_type/inline_path.rs", 1, "grant_type", "server");
    assert_names("grant_type/inline_path.rs", 2, "grant_type", "storage");
}

#[test]
fn a_path_inside_a_macro_is_found() {
    assert_names("grant_type/inside_a_macro.rs", 2, "grant_type", "server");
    assert_names("grant_type/inside_a_macro.rs", 7, "grant_type", "host");
}

#[test]
fn a_reexport_at_the_root_is_followed() {
    assert_names("token.rs", 1, "token", "server");
}

#[test]
fn a_glob_of_the_root_is_followed() {
    assert_names("token/glob.rs", 4, "token", "server");
}

#[test]
fn a_renamed_root_is_followed() {
    assert_names("token/renamed.rs", 4, "token", "host");
}

#[test]
fn an_inner_ring_cannot_name_an_outer_one() {
    assert_names("value.rs", 1, "value", "record");
}

#[test]
fn a_storage_names_only_host_record_and_value() {
    assert_names("storage.rs", 1, "storage", "policy");
}

#[test]
fn the_server_cannot_name_a_storage() {
    assert_names("server.rs", 1, "server", "storage");
}

#[test]
fn the_resource_ring_cannot_name_the_host() {
    assert_names("resource.rs", 1, "resource", "host");
}

#[test]
fn an_async_function_in_a_pure_ring_is_found() {
    assert_found("authorize.rs", 1, Fault::Impure("async fn".into()));
    assert_found("authorize.rs", 2, Fault::Impure("await".into()));
    assert_found("authorize.rs", 6, Fault::Impure("async".into()));
}

#[test]
fn a_clock_in_a_pure_ring_is_found() {
    assert_found("policy.rs", 1, Fault::Impure("SystemTime".into()));
    assert_found("policy.rs", 3, Fault::Impure("SystemTime".into()));
    assert_found("policy.rs", 4, Fault::Impure("now_utc".into()));
}

#[test]
fn entropy_in_a_pure_ring_is_found() {
    assert_found("policy.rs", 8, Fault::Impure("rand::random".into()));
}

#[test]
fn unsafe_code_is_found() {
    assert_found("wire.rs", 2, Fault::Unsafe);
}

#[test]
fn a_crate_that_does_not_forbid_unsafe_code_is_found() {
    assert_found("lib.rs", 1, Fault::UnsafeIsNotForbidden);
}

#[test]
fn a_module_without_a_ring_is_found() {
    assert_found("helpers.rs", 1, Fault::WithoutRing("helpers".into()));
}

#[test]
fn a_file_without_a_mod_line_is_found() {
    assert_found("forgotten.rs", 1, Fault::Unreached);
}

#[test]
fn a_crate_that_names_itself_is_found() {
    assert_found("lib.rs", 1, Fault::NamesItself);
}

#[test]
fn the_bad_crate_departs_from_the_design_in_no_other_way() {
    let departures = departures_in(&fixture("bad")).unwrap();
    assert_eq!(departures.len(), 25, "{departures:#?}");
}

#[test]
fn a_file_may_have_eight_hundred_lines_and_not_one_more() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("lib.rs"), "#![forbid(unsafe_code)]\nmod value;\nmod policy;\n").unwrap();
    fs::write(directory.path().join("value.rs"), "// Fill.\n".repeat(LONGEST_FILE)).unwrap();
    fs::write(directory.path().join("policy.rs"), "// Fill.\n".repeat(LONGEST_FILE + 1)).unwrap();

    let departures: Vec<Departure> = departures_in(directory.path()).unwrap().into_iter().collect();

    let too_long = Departure { file: "policy.rs".into(), line: LONGEST_FILE + 1, fault: Fault::TooLong };
    assert_eq!(departures, [too_long]);
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/architecture").join(name)
}

fn assert_names(file: &str, line: usize, from: &str, to: &str) {
    assert_found(file, line, Fault::Names { from: from.into(), to: to.into() });
}

fn assert_found(file: &str, line: usize, fault: Fault) {
    let departures = departures_in(&fixture("bad")).unwrap();
    assert!(departures.contains(&Departure { file: file.into(), line, fault }), "{departures:#?}");
}
