//! The integration tests. This list of modules is the table of contents.

// Clippy's rules for tests (`unwrap` is fine there) reach the helpers of these modules only through this line.
#![cfg(test)]

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
mod source_tree;

// The endpoints that clients call directly.
mod client_authentication;
mod introspection;
mod revocation;
mod token_client_credentials;
mod token_code;
mod token_refresh;
mod token_world;

// What happens at the same time, and what goes wrong.
mod races;

// What a storage must do.
mod storage;
