//! The machine, explored: everything that can happen to one grant, in every order, within bounds.
//!
//! The code under test is the real server: its endpoints, its drive loop, its commit and every judgement and
//! transition. A request is performed up to its next call to the storage, which the model answers in each possible
//! way: sound, failed before the write, failed after it, or with a write that arrives later. Between two calls any
//! other request may move, a process may crash, and the clock may step. What the rules ask of a state is asked of the
//! real judgements too.
//!
//! A checker of our own explores, because its states then may hold handles into the server's memory and are compared
//! as a whole; stateright 0.31 keeps 64-bit fingerprints, and cannot be had without its web explorer and forty crates.
//!
//! `GRANTSMITH_MODEL=large` explores further: run it in release mode.

mod checker;
mod flaws;
mod machine;
mod prompter;
mod rules;
mod scenario;
mod theatre;
mod words;

use checker::{Exploration, explore};
use flaws::Flaw;
use machine::{ACTIVE, AGAIN, FOUND, INACTIVE, Machine, REPEATED, REVOKED, TOKENS};
use scenario::{Act, Bounds, Conduct, Scenario};

use crate::counts::tell;

const CODE: Scenario = Scenario {
    name: "a code",
    rotates: true,
    is_redeemed: false,
    window: 0,
    acts: &[Act::Redeem, Act::RedeemWrongly, Act::StrangerRedeems, Act::RevokeRefresh, Act::Introspect],
    bounds: Bounds { requests: 3, at_once: 3, faults: 1 },
    long_bounds: Bounds { requests: 4, at_once: 3, faults: 1 },
    times: &[0, 61],
    conduct: Conduct::Any,
    flaw: None,
};

const ROTATION: Scenario = Scenario {
    name: "rotation",
    is_redeemed: true,
    acts: &[Act::Refresh, Act::StrangerRefreshes, Act::Forge, Act::RevokeRefresh, Act::Introspect],
    bounds: Bounds { requests: 3, at_once: 2, faults: 1 },
    long_bounds: Bounds { requests: 3, at_once: 3, faults: 2 },
    times: &[0, 601],
    ..CODE
};

const WINDOW: Scenario = Scenario {
    name: "a retry window",
    window: 10,
    acts: &[Act::Refresh, Act::RevokeRefresh],
    long_bounds: Bounds { requests: 4, at_once: 2, faults: 1 },
    times: &[0, 11],
    ..ROTATION
};

const ACCESS: Scenario = Scenario {
    name: "access tokens",
    acts: &[Act::Refresh, Act::RevokeAccess, Act::StrangerRevokes, Act::Introspect],
    times: &[0, 600],
    ..ROTATION
};

const NO_ROTATION: Scenario = Scenario {
    name: "no rotation",
    rotates: false,
    acts: &[Act::Refresh, Act::RefreshForMore, Act::StrangerRefreshes, Act::RevokeRefresh, Act::Introspect],
    times: &[0, 3_601],
    ..ROTATION
};

const HONEST: Scenario = Scenario {
    name: "an honest client",
    acts: &[Act::Redeem, Act::Refresh, Act::RevokeRefresh],
    bounds: Bounds { requests: 4, at_once: 2, faults: 2 },
    long_bounds: Bounds { requests: 5, at_once: 3, faults: 2 },
    times: &[0, 601],
    conduct: Conduct::Honest,
    ..CODE
};

const HONEST_WITH_WINDOW: Scenario = Scenario {
    name: "an honest client that retries",
    window: 10,
    bounds: Bounds { requests: 4, at_once: 2, faults: 1 },
    long_bounds: Bounds { requests: 5, at_once: 2, faults: 2 },
    times: &[0, 11],
    ..HONEST
};

fn explored(scenario: &Scenario) -> (Exploration, Machine) {
    let is_large = std::env::var("GRANTSMITH_MODEL").is_ok_and(|size| size == "large");
    let bounds = if is_large { scenario.long_bounds } else { scenario.bounds };
    let mut machine = Machine::new(&Scenario { bounds, ..scenario.clone() });
    let exploration = explore(&mut machine);
    let Bounds { requests, at_once, faults } = bounds;
    let flaw = scenario.flaw.map(|flaw| format!(", {flaw:?}")).unwrap_or_default();
    let name = scenario.name;
    tell(format_args!("model, {name}{flaw}: {requests} requests, {at_once} at once, {faults} faults: {exploration}"));
    (exploration, machine)
}

/// Explores all of it, and `seen` is among what happens.
fn assert_holds(scenario: &Scenario, seen: &[&str]) {
    let (exploration, machine) = explored(scenario);
    assert!(exploration.counterexample.is_none(), "{}: {exploration}", scenario.name);
    for expected in seen {
        assert!(machine.seen.contains_key(*expected), "{}: never {expected:?}: {:?}", scenario.name, machine.seen);
    }
}

/// Finds a counterexample, and prints a shortest one.
fn assert_breaks(scenario: &Scenario, rule: &str) {
    let (exploration, _) = explored(scenario);
    let counterexample = exploration.counterexample.as_ref();
    assert_eq!(counterexample.map(|found| found.rule), Some(rule), "{}: {exploration}", scenario.name);
    assert!(counterexample.is_some_and(|found| !found.path.is_empty()));
}

mod every_order {
    use super::*;

    #[test]
    fn of_redemptions_and_replays_keeps_the_rules() {
        covers!("ATK-080", "ATK-081", "ATK-110", "RFC6749-4.1.2-04");
        let reasons = [
            "the code has been redeemed",
            "the code has expired",
            "the code verifier does not match the code challenge",
            "the credential was issued to another client",
            "the outcome of a write cannot be told",
        ];
        assert_holds(&CODE, &[&reasons[..], &[TOKENS, AGAIN, FOUND, REVOKED, ACTIVE, INACTIVE]].concat());
    }

    #[test]
    fn of_rotations_thefts_and_forgeries_keeps_the_rules() {
        covers!("ATK-142", "ATK-146", "ATK-110", "ATK-288");
        let reasons = [
            "no such refresh token",
            "the credential was issued to another client",
            "the grant has ended",
            "the refresh token has been used",
        ];
        assert_holds(&ROTATION, &reasons);
    }

    #[test]
    fn of_retries_in_and_after_their_window_keeps_the_rules() {
        covers!("ATK-142");
        let reasons = ["the refresh token has been replaced", "the refresh token has been used"];
        assert_holds(&WINDOW, &[&reasons[..], &[TOKENS, REPEATED, AGAIN, REVOKED]].concat());
    }

    #[test]
    fn of_refreshes_and_revocations_of_access_tokens_keeps_the_rules() {
        covers!("ATK-110", "ATK-182");
        assert_holds(&ACCESS, &["the token was issued to another client", AGAIN, REVOKED, ACTIVE, INACTIVE]);
    }

    #[test]
    fn of_refreshes_without_rotation_keeps_the_rules() {
        let reasons = ["the refresh token has expired", "the requested scope exceeds what was granted"];
        assert_holds(&NO_ROTATION, &[&reasons[..], &[TOKENS, AGAIN, FOUND, REVOKED]].concat());
    }
}

mod an_honest_client {
    use super::*;

    #[test]
    fn is_never_accused_whatever_the_storage_does() {
        covers!("ATK-293", "ATK-182");
        assert_holds(&HONEST, &[TOKENS, FOUND, AGAIN, "the outcome of a write cannot be told"]);
    }

    #[test]
    fn may_repeat_what_it_got_no_answer_to_while_the_window_is_open() {
        covers!("ATK-293");
        assert_holds(&HONEST_WITH_WINDOW, &[TOKENS, REPEATED, FOUND, "the refresh token has been replaced"]);
    }

    #[test]
    fn ends_its_grant_by_repeating_without_a_window() {
        assert_breaks(&Scenario { conduct: Conduct::HonestAndImpatient, ..HONEST }, rules::FAILURE);
    }
}

mod a_counterexample_is_found_when {
    use super::*;

    fn flawed(flaw: Flaw, scenario: &Scenario) -> Scenario {
        Scenario { flaw: Some(flaw), ..scenario.clone() }
    }

    #[test]
    fn the_driver_does_not_expect_a_version() {
        assert_breaks(&flawed(Flaw::SavesAnyway, &CODE), rules::ONCE);
        assert_breaks(&flawed(Flaw::SavesAnyway, &WINDOW), rules::ENDED);
    }

    #[test]
    fn reuse_is_checked_before_the_client() {
        assert_breaks(&flawed(Flaw::ReuseBeforeClient, &ROTATION), rules::BOUND);
    }

    #[test]
    fn an_error_after_the_write_counts_as_a_conflict() {
        assert_breaks(&flawed(Flaw::FailureIsConflict, &HONEST), rules::FAILURE);
    }

    #[test]
    fn a_retry_does_not_look_whether_the_successor_was_used() {
        assert_breaks(&flawed(Flaw::RetriesForEver, &WINDOW), rules::OLD);
    }

    #[test]
    fn introspection_answers_from_a_copy() {
        assert_breaks(&flawed(Flaw::StaleIntrospection, &ROTATION), rules::ENDED);
    }
}
