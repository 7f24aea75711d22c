//! Laws that hold for every input, each against a model that was written apart.

mod credentials;
mod parameters;
mod parsers;
mod redirects;
mod scopes;

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// A runner that draws so many cases, the same at every run.
pub(crate) fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::default()))
}
