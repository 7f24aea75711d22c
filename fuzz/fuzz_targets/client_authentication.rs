//! The `Authorization` header and the parameters beside it.

#![no_main]

use grantsmith::wire::{Parameters, PresentedClient};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Option<&[u8]>, &[u8])| {
    let (authorization, body) = input;
    let Ok(parameters) = Parameters::parse(body) else { return };
    if let Ok(presented) = PresentedClient::read(authorization, &parameters) {
        let name = presented.id.as_str();
        assert!(!name.is_empty() && name.len() <= 512);
        assert!(name.parse::<grantsmith::value::ClientId>().is_ok());
        assert!(authorization.is_some() || parameters.has("client_id"), "somebody was named");
    }
});
