//! Scope sets against sets of the standard library.

use std::collections::BTreeSet;

use grantsmith::value::{Resource, ResourceSet, Scope, ScopeSet};
use proptest::collection::vec;
use proptest::prelude::*;

use super::runner;

type Model = BTreeSet<String>;

/// Few tokens of few letters, so that sets meet.
fn tokens() -> impl Strategy<Value = Vec<String>> {
    vec("[ab!~]{1,2}", 0..6)
}

fn set(tokens: &[String]) -> ScopeSet {
    tokens.join(" ").parse().unwrap()
}

fn model(tokens: &[String]) -> Model {
    tokens.iter().cloned().collect()
}

fn members(set: &ScopeSet) -> Vec<String> {
    set.iter().map(str::to_owned).collect()
}

#[test]
fn a_set_is_what_a_set_of_the_standard_library_is() {
    covers!("RFC6749-3.3-01", "ATK-070");
    let strategy = (tokens(), tokens());
    runner(2000)
        .run(&strategy, |(left, right)| {
            let (a, b) = (set(&left), set(&right));
            let (x, y) = (model(&left), model(&right));
            prop_assert_eq!(members(&a), x.iter().cloned().collect::<Vec<_>>());
            prop_assert_eq!(a.is_subset_of(&b), x.is_subset(&y));
            prop_assert_eq!(members(&a.intersection(&b)), x.intersection(&y).cloned().collect::<Vec<_>>());
            prop_assert_eq!(members(&a.union(&b)), x.union(&y).cloned().collect::<Vec<_>>());
            prop_assert_eq!(a == b, x == y);
            prop_assert_eq!(a.is_empty(), x.is_empty());
            for token in left.iter().chain(&right) {
                prop_assert_eq!(a.contains(token), x.contains(token));
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn the_laws_of_sets_hold() {
    let strategy = (tokens(), tokens(), tokens());
    runner(1000)
        .run(&strategy, |(left, middle, right)| {
            let (a, b, c) = (set(&left), set(&middle), set(&right));
            prop_assert_eq!(a.union(&b), b.union(&a));
            prop_assert_eq!(a.intersection(&b), b.intersection(&a));
            prop_assert_eq!(a.union(&b).union(&c), a.union(&b.union(&c)));
            prop_assert_eq!(a.intersection(&b).intersection(&c), a.intersection(&b.intersection(&c)));
            prop_assert_eq!(a.intersection(&b.union(&c)), a.intersection(&b).union(&a.intersection(&c)));
            prop_assert_eq!(a.union(&a.intersection(&b)), a.clone());
            prop_assert!(a.intersection(&b).is_subset_of(&a) && a.is_subset_of(&a.union(&b)));
            prop_assert!(a.is_subset_of(&a) && ScopeSet::empty().is_subset_of(&a));
            prop_assert!(!(a.is_subset_of(&b) && b.is_subset_of(&c)) || a.is_subset_of(&c));
            Ok(())
        })
        .unwrap();
}

#[test]
fn the_order_in_which_a_set_is_put_together_does_not_matter() {
    runner(500)
        .run(&tokens(), |tokens| {
            let parsed = set(&tokens);
            let collected: ScopeSet = tokens.iter().rev().map(|token| token.parse::<Scope>().unwrap()).collect();
            let stored: ScopeSet = serde_json::from_str(&serde_json::to_string(&collected).unwrap()).unwrap();
            prop_assert_eq!(&parsed, &collected);
            prop_assert_eq!(&parsed, &stored);
            prop_assert_eq!(parsed.as_str(), parsed.to_string());
            Ok(())
        })
        .unwrap();
}

#[test]
fn sets_of_resources_are_sets_too() {
    let strategy = (vec("[a-c]", 0..5), vec("[a-c]", 0..5));
    let set = |names: &[String]| {
        let resources = names.iter().map(|name| format!("https://{name}.example").parse::<Resource>().unwrap());
        ResourceSet::new(resources.collect()).unwrap()
    };
    runner(1000)
        .run(&strategy, |(left, right)| {
            let (a, b) = (set(&left), set(&right));
            let (x, y) = (model(&left), model(&right));
            prop_assert_eq!(a.len(), x.len());
            prop_assert_eq!(a.is_subset_of(&b), x.is_subset(&y));
            prop_assert_eq!(a.intersection(&b).len(), x.intersection(&y).count());
            prop_assert!(a.intersection(&b).is_subset_of(&a) && a.intersection(&b).is_subset_of(&b));
            Ok(())
        })
        .unwrap();
}
