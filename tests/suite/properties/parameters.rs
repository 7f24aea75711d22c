//! Forms, against the decoder of another crate.

use std::collections::BTreeSet;

use grantsmith::wire::{MalformedParameters, Parameters};
use proptest::collection::vec;
use proptest::prelude::*;
use url::form_urlencoded;

use super::runner;

/// Names that meet, and values of every kind.
fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = prop_oneof![
        Just("a".to_owned()),
        Just("a b".to_owned()),
        Just("scope".to_owned()),
        Just("\u{e9}".to_owned()),
        any::<String>()
    ];
    let value = prop_oneof![any::<String>(), "[ -~]{0,20}", Just(String::new()), Just("\u{a3}\u{20ac}".to_owned())];
    vec((name, value), 0..8)
}

#[test]
fn what_any_encoder_wrote_is_read_back() {
    covers!("RFC6749-B-01");
    runner(2000)
        .run(&pairs(), |pairs| {
            let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
            let parameters = Parameters::parse(encoded.as_bytes()).unwrap();
            for (name, _) in &pairs {
                let expected: Vec<&str> =
                    pairs.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str()).collect();
                prop_assert!(parameters.has(name));
                match (expected.as_slice(), parameters.get(name)) {
                    ([""], found) => prop_assert_eq!(found, Ok(None)),
                    ([value], found) => prop_assert_eq!(found.unwrap().unwrap(), *value),
                    (_, found) => prop_assert_eq!(found, Err(MalformedParameters::Repeated)),
                }
                let filled: Vec<&str> = expected.into_iter().filter(|value| !value.is_empty()).collect();
                prop_assert_eq!(parameters.get_all(name).unwrap(), filled);
            }
            Ok(())
        })
        .unwrap();
}

/// Bytes that look like a form, good or bad.
fn form() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        "[a-c%+=&;0-9A-F]{0,6}".prop_map(String::into_bytes),
        "%[0-9a-fA-Fg]{0,2}".prop_map(String::into_bytes),
        vec(any::<u8>(), 0..3),
        Just(b"&".to_vec()),
        Just(b"=".to_vec()),
    ];
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

#[test]
fn what_is_accepted_means_what_another_decoder_says() {
    covers!("RFC6749-B-02", "ATK-025", "ATK-298");
    runner(4000)
        .run(&form(), |form| {
            let Ok(parameters) = Parameters::parse(&form) else { return Ok(()) };
            let pairs: Vec<(String, String)> = form_urlencoded::parse(&form).into_owned().collect();
            let names: BTreeSet<&String> = pairs.iter().map(|(name, _)| name).collect();
            for name in names {
                let values: Vec<&String> =
                    pairs.iter().filter(|(other, _)| other == name).map(|(_, value)| value).collect();
                let filled: Vec<&&String> = values.iter().filter(|value| !value.is_empty()).collect();
                prop_assert!(parameters.has(name), "{}", name);
                prop_assert_eq!(parameters.get_all(name).unwrap().len(), filled.len());
                if let [value] = values.as_slice() {
                    let found = parameters.get(name).unwrap().unwrap_or_default();
                    prop_assert_eq!(&*found, value.as_str());
                }
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn what_is_refused_is_lossy_for_another_decoder_or_too_much() {
    covers!("RFC6749-B-02", "ATK-025", "ATK-026");
    runner(4000)
        .run(&form(), |form| {
            let Err(refusal) = Parameters::parse(&form) else { return Ok(()) };
            let is_lossy = form_urlencoded::parse(&form)
                .any(|(name, value)| [name, value].iter().any(|text| text.contains(['\u{fffd}', '%'])));
            prop_assert!(is_lossy || std::str::from_utf8(&form).is_err(), "{:?}: {}", form, refusal);
            Ok(())
        })
        .unwrap();
}
