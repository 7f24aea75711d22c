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
