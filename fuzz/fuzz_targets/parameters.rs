//! Forms and queries: whatever is read was sent, and nothing is read twice.

#![no_main]

use grantsmith::wire::Parameters;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Ok(parameters) = Parameters::parse(input) else { return };
    for name in ["grant_type", "client_id", "scope", "resource", "state", "code", ""] {
        let one = parameters.get(name);
        let Ok(all) = parameters.get_all(name) else { continue };
        if let Ok(Some(value)) = one {
            assert!(parameters.has(name));
            assert!(all.len() <= 1, "a parameter that repeats has no one value");
            assert!(all.is_empty() || all[0] == value);
            // What is read is what a strict decoder reads.
            let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(input).expect("it was read");
            assert!(pairs.iter().any(|(found, decoded)| found == name && *decoded == *value));
        }
    }
});
