//! Everything that the token, introspection and revocation endpoints read of a form.

#![no_main]

use grantsmith::wire::{CodeRequest, Parameters, RefreshRequest, RequestedTerms, TokenQuery};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Ok(parameters) = Parameters::parse(input) else { return };
    for prefix in ["", "gs_"] {
        let _ = CodeRequest::read(prefix, &parameters);
        let _ = RefreshRequest::read(prefix, &parameters);
        let _ = TokenQuery::read(prefix, &parameters);
    }
    let _ = RequestedTerms::read(&parameters);
});
