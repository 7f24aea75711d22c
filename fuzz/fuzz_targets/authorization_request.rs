//! Authorization requests to a server with clients of every kind, and handles that come back changed.

#![no_main]

use grantsmith::server::{Authorization, Visitor};
use grantsmith_fuzz::World;
use libfuzzer_sys::fuzz_target;
use pollster::FutureExt as _;

fuzz_target!(|input: (bool, bool, &[u8])| {
    let (is_handle, is_logged_in, bytes) = input;
    let world = World::new();
    let session = is_logged_in.then(World::session);
    let visitor = Visitor { session: session.as_ref(), binding: None, caller: None };
    let answer = if is_handle {
        let Ok(handle) = std::str::from_utf8(bytes) else { return };
        let answer = world.server.resume(handle, &visitor).block_on();
        assert!(matches!(answer, Authorization::ErrorPage(_)), "nobody makes a handle");
        return;
    } else {
        world.server.authorize(bytes, &visitor).block_on()
    };
    if let Authorization::Redirect(location) = answer {
        let is_proven = World::REDIRECTS.iter().any(|known| location.starts_with(known))
            || location.starts_with("http://127.0.0.1:") && location.contains("/callback?");
        assert!(is_proven, "{location}");
    }
});
