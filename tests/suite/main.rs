//! The integration tests. This list of modules is the table of contents.

// Clippy's rules for tests (`unwrap` is fine there) reach the helpers of these modules only through this line.
#![cfg(test)]
#![expect(clippy::as_conversions, reason = "a shared store becomes a trait object by `as`")]

/// Names the requirements and attacks that a test shows, as the first statement of the test.
///
/// At run time this is nothing; the coverage test reads it from the source.
macro_rules! covers {
    ($($id:literal),+ $(,)?) => {
        const _: &[&str] = &[$($id),+];
    };
}

// The shape of the source and of the tests themselves.
mod architecture;
mod coverage;
mod readme;
mod source_tree;

// What is set up before.
mod builder;
mod registration;

// The endpoints that clients call directly.
mod client_authentication;
mod introspection;
mod revocation;
mod token_client_credentials;
mod token_code;
mod token_refresh;
mod token_world;

// What operators and users do about clients and grants.
mod administration;
mod clients;
mod connected;

// What happens in front of a browser.
mod authorize;
mod decide;
mod world;

// What the APIs do that tokens are for.
mod resource;

// Tokens that carry their proof, and the keys that they are signed with.
mod jose;
mod signing_keys;

// What a run that passes says.
mod counts;

// What must hold of every value, and what must never be seen.
mod leaks;
mod properties;
mod records;
mod tampering;
mod vectors;

// What happens at the same time, and what goes wrong.
mod faults;
mod limits;
mod model;
mod observability;
mod races;
mod storage;
mod stores;
mod sweep;

// Over HTTP.
mod http_attacks;
mod http_authorize;
mod http_cors;
mod http_description;
mod http_exchange;
mod http_introspection;
mod http_keys;
mod http_metadata;
mod http_revocation;
mod http_routes;
mod http_several_issuers;
mod http_token;
mod metadata;
