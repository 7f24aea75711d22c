//! What a reader of a run that passes wants to see: how much was tried.

use std::fmt::Display;
use std::io::{self, Write as _};

use grantsmith::storage::contract::Report;

/// Prints a line, in one piece. Not `println`: what a passing test prints is kept from the reader.
pub(crate) fn tell(line: impl Display) {
    let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// The store keeps the contract. Says how much was tried.
#[track_caller]
pub(crate) fn assert_kept(store: &str, report: &Report) {
    tell(format_args!("contract, {store}: {report}"));
    assert!(report.is_clean(), "{store}: {report}");
}
