//! What a remote authorization server answers about a token.

#![no_main]

use grantsmith::wire::IntrospectionAnswer;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    if IntrospectionAnswer::read(body).is_ok() {
        let value: serde_json::Value = serde_json::from_slice(body).expect("an answer is JSON");
        assert!(value["active"].is_boolean());
    }
});
