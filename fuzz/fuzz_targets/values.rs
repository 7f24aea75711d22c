//! Values of one text each: what is accepted prints as it was read, and scopes keep the laws of sets.

#![no_main]

use std::fmt::Display;
use std::str::FromStr;

use grantsmith::value::{
    ClientId, CodeChallenge, GrantType, Issuer, MetadataUrl, ProtectionRealm, Resource, Scope, ScopeSet, SessionId,
    State, Subject,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|texts: (&str, &str)| {
    let (text, other) = texts;
    prints_as_read::<ClientId>(text);
    prints_as_read::<GrantType>(text);
    prints_as_read::<Issuer>(text);
    prints_as_read::<MetadataUrl>(text);
    prints_as_read::<ProtectionRealm>(text);
    prints_as_read::<Scope>(text);
    prints_as_read::<SessionId>(text);
    prints_as_read::<State>(text);
    prints_as_read::<Subject>(text);
    let _ = text.parse::<CodeChallenge>();
    if let Ok(resource) = text.parse::<Resource>() {
        prints_as_read::<Resource>(&resource.to_string());
    }
    let (Ok(a), Ok(b)) = (text.parse::<ScopeSet>(), other.parse::<ScopeSet>()) else { return };
    let (both, either) = (a.intersection(&b), a.union(&b));
    assert!(both.is_subset_of(&a) && both.is_subset_of(&b));
    assert!(a.is_subset_of(&either) && b.is_subset_of(&either));
    assert!(a.iter().all(|token| b.contains(token) == both.contains(token)));
    assert_eq!(either, b.union(&a));
    assert_eq!(a.to_string().parse::<ScopeSet>().as_ref(), Ok(&a));
});

fn prints_as_read<T: FromStr + Display>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        assert_eq!(value.to_string(), text);
    }
}
