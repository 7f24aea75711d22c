//! Choices that weaken a protection. Each one says what it opens.

#[doc(inline)]
pub use crate::value::AcceptLossOnFailover;

/// Choices that weaken a protection. All are off by default.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate choice with a name of its own")]
pub struct Danger {
    /// Serve a loopback issuer without TLS. Whoever can listen on the machine reads every credential.
    pub allows_insecure_loopback_issuer: bool,
    /// Let codes live for up to a day. A code that leaks from a log or a history stays usable that long.
    pub allows_long_lived_codes: bool,
    /// Let access tokens live for up to a year. A token that leaks stays usable that long at resource servers that
    /// do not introspect.
    pub allows_long_lived_access_tokens: bool,
    /// Answer the revocation of another client's token with 200 instead of an error, so that a client never learns
    /// that the token it holds is not its own.
    pub silences_foreign_revocation: bool,
}
