//! Redirect URIs: what is accepted is printed as it was, and matches itself alone, ports of native clients apart.

#![no_main]

use grantsmith::value::{LocalhostRule, RedirectUri};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str, bool)| {
    let (registered, requested, is_native) = input;
    let Ok(uri) = registered.parse::<RedirectUri>() else { return };
    assert_eq!(uri.to_string(), registered);
    assert!(uri.matches(registered, is_native, LocalhostRule::NameToo));
    for rule in [LocalhostRule::LiteralsOnly, LocalhostRule::NameToo] {
        if uri.matches(requested, is_native, rule) && requested != registered {
            assert!(is_native, "{registered} {requested}");
            assert!(uri.is_loopback() || uri.is_localhost(), "{registered} {requested}");
            assert!(requested.starts_with("http://"), "{registered} {requested}");
        }
    }
    assert!(!uri.destination().is_empty());
});
