//! Nothing that is printed, reported, redirected or stored can be used as a credential.

mod a_full_run;
mod errors;
mod printed;

use std::fmt::Debug;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// Bytes that occur nowhere by chance.
fn bytes<const N: usize>(seed: u8) -> [u8; N] {
    std::array::from_fn(|at| seed.wrapping_mul(37).wrapping_add(u8::try_from(at).unwrap().wrapping_mul(89)) ^ 0x5c)
}

/// Every way in which the beginning of a secret gets into a text, without white space.
fn spellings(secret: &[u8]) -> Vec<String> {
    let start = &secret[..secret.len().min(9)];
    let list = |number: fn(&u8) -> String| start[..4].iter().map(number).collect::<Vec<_>>();
    let mut spellings = vec![
        URL_SAFE_NO_PAD.encode(start),
        STANDARD.encode(start),
        list(|byte| format!("{byte:02x}")).concat(),
        list(|byte| format!("{byte:02X}")).concat(),
        list(ToString::to_string).join(","),
        list(|byte| format!("{byte:#04x}")).join(","),
    ];
    if let Ok(text) = std::str::from_utf8(start) {
        spellings.push(text.to_owned());
    }
    spellings
}

/// Fails if the text contains one of the secrets, or a long prefix of one, in any spelling.
#[track_caller]
pub(crate) fn assert_hides(text: &str, secrets: &[&[u8]]) {
    let without_space: String = text.split_whitespace().collect();
    for secret in secrets {
        for spelling in spellings(secret) {
            assert!(!without_space.contains(&spelling), "{spelling} in {text}");
        }
    }
}

/// Fails if printing the value shows one of the secrets.
#[track_caller]
pub(crate) fn assert_prints_no_secret(value: &impl Debug, secrets: &[&[u8]]) {
    assert_hides(&format!("{value:?}"), secrets);
    assert_hides(&format!("{value:#?}"), secrets);
}

#[test]
fn a_leak_would_be_found() {
    let secret = bytes::<32>(1);
    for leak in [
        format!("{secret:?}"),
        format!("{secret:#?}"),
        format!("{secret:02x?}").replace(", ", ""),
        URL_SAFE_NO_PAD.encode(secret),
        format!("prefix {} suffix", STANDARD.encode(secret)),
    ] {
        assert!(std::panic::catch_unwind(|| assert_hides(&leak, &[&secret])).is_err(), "{leak}");
    }
    assert!(std::panic::catch_unwind(|| assert_hides("a text-secret is here", &[b"text-secret"])).is_err());
    assert_hides("nothing is here", &[&secret, b"text-secret"]);
}
