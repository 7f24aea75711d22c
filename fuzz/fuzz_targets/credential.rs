//! Codes and tokens: a text is at most one of them, and is exactly what it was made from.

#![no_main]

use grantsmith::record::{Credential, CredentialKind, MaskingKey, PresentedCredential};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, [u8; 16])| {
    let (text, key) = input;
    for prefix in ["", "gs_"] {
        let Some(presented) = PresentedCredential::parse(prefix, text) else { continue };
        let masking = MaskingKey::new(presented.key_number(), key);
        let locator = presented.locator(&masking);
        let again = Credential::new(prefix, presented.kind(), &masking, &locator, presented.secret());
        if presented.kind() == CredentialKind::RefreshToken || text.len() == again.expose().len() {
            assert_eq!(again.expose(), text, "one spelling only");
        }
    }
});
