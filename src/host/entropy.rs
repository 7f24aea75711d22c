//! Where random bytes come from.

use std::cell::Cell;

use rand::Rng as _;

/// A source of random bytes for codes, tokens, ids and versions.
///
/// # If you get this wrong
///
/// Whoever can guess a byte of it can guess a token. There is no reason to implement this outside tests.
pub trait Entropy: Send + Sync {
    /// Fills `bytes` with random bytes.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] if the source fails; the request is then answered with `server_error`.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError>;
}

/// The operating system's generator, through a cryptographic generator per thread that it seeds.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "it has no settings")]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "the one place where random bytes are drawn")]
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        thread_local! {
            static SEEDED_IN: Cell<Option<u32>> = const { Cell::new(None) };
        }
        let process = std::process::id();
        let mut generator = rand::rng();
        // A forked child has its parent's state: without a new seed both would issue the same tokens.
        if SEEDED_IN.replace(Some(process)).is_some_and(|seeded_in| seeded_in != process) {
            generator.reseed().map_err(|_| EntropyError)?;
        }
        generator.fill_bytes(bytes);
        Ok(())
    }
}

/// The source of random bytes failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no random bytes")]
#[non_exhaustive]
pub struct EntropyError;

impl EntropyError {
    /// A failure, for implementations.
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}

impl Default for EntropyError {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn bytes_are_never_zero_and_never_repeated() {
        covers!("ATK-307");
        let draw = || {
            let mut bytes = [0; 16];
            SystemEntropy.fill(&mut bytes).unwrap();
            bytes
        };
        let drawn: BTreeSet<[u8; 16]> = std::iter::repeat_with(draw).take(10_000).collect();

        assert_eq!(drawn.len(), 10_000);
        assert!(!drawn.contains(&[0; 16]));
    }

    #[test]
    fn threads_do_not_draw_the_same() {
        covers!("ATK-307");
        let draw = || {
            let mut bytes = [0; 32];
            SystemEntropy.fill(&mut bytes).unwrap();
            bytes
        };
        let threads: Vec<_> = (0..8).map(|_| std::thread::spawn(draw)).collect();
        let drawn: BTreeSet<[u8; 32]> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();

        assert_eq!(drawn.len(), 8);
    }
}
