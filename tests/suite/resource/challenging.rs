//! What a client learns that is not let in.

use std::sync::Arc;

use grantsmith::resource::Requirement;
use grantsmith::server::Guard;
use grantsmith::value::MetadataUrl;

use super::{api, call, guard, requirement};
use crate::token_world::{TokenWorld, access};

#[test]
fn every_401_and_403_has_a_challenge_that_is_never_bare() {
    covers!("RFC6750-3-01", "RFC6750-3-02");
    let world = TokenWorld::new();
    let token = world.tokens(&world.web);
    let admin = requirement("admin");
    let any = Requirement::new(api());
    let metadata = MetadataUrl::of(&api()).unwrap();
    for requirement in [admin.clone(), any.clone().with_metadata(metadata), any] {
        let guard = Guard::new(Arc::new(world.server.clone()), requirement.clone());
        let guard = guard.with_clock(Arc::new(world.clock.clone()));
        let valid = format!("Bearer {}", access(&token));
        for headers in [&[][..], &["Basic YTpi"], &["Bearer junk"], &["Bearer a,b"], &[&valid]] {
            let seen = call(&guard, "/", headers);
            if seen.status == 200 {
                assert!(requirement.scopes.is_empty());
                continue;
            }
            assert!([401, 403].contains(&seen.status), "{seen:?}");
            let challenge = seen.challenge.unwrap();
            let (name, value) = challenge.strip_prefix("Bearer ").unwrap().split_once("=\"").unwrap();
            assert!(["realm", "error", "scope", "resource_metadata"].contains(&name), "{challenge}");
            assert!(value.len() > 1 && value.ends_with('"'), "{challenge}");
        }
    }
}

#[test]
fn clients_find_the_way_to_the_authorization_server() {
    let world = TokenWorld::new();
    let requirement = requirement("read").with_metadata(MetadataUrl::of(&api()).unwrap());
    let seen = call(&Guard::new(Arc::new(world.server.clone()), requirement), "/", &[]);
    assert_eq!(
        seen.challenge.unwrap(),
        "Bearer scope=\"read\", resource_metadata=\"https://api.example/.well-known/oauth-protected-resource\""
    );
}

#[test]
fn nothing_of_the_request_comes_back() {
    let world = TokenWorld::new();
    let guard = guard(&world, "read");
    for header in ["Bearer evil-marker", "Bearer evil-marker\", error=\"x", "evil-marker x"] {
        let seen = call(&guard, "/evil-marker?evil-marker", &[header]);
        assert!(!seen.challenge.unwrap().contains("evil-marker"));
        assert_eq!(seen.body, "");
    }
}
