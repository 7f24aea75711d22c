//! A quick hash for the names of registered clients.

use std::hash::{BuildHasher, Hasher, RandomState};

/// Folds eight bytes at a time into one secret number.
///
/// Much quicker than the standard library's hash, which also withstands strangers who choose what is kept. Here they
/// only choose what is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Folding(u64);

/// A hash in progress.
#[derive(Clone, Copy, Debug)]
pub(super) struct Folded(u64);

impl Default for Folding {
    fn default() -> Self {
        Self(RandomState::new().hash_one(()))
    }
}

impl BuildHasher for Folding {
    type Hasher = Folded;

    fn build_hasher(&self) -> Folded {
        Folded(self.0)
    }
}

impl Folded {
    fn fold(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word) * MULTIPLIER;
        let half = |number: u128| u64::try_from(number & u128::from(u64::MAX)).unwrap_or_default();
        self.0 = half(product >> 64) ^ half(product);
    }
}

impl Hasher for Folded {
    fn write(&mut self, bytes: &[u8]) {
        let (chunks, rest) = bytes.as_chunks();
        for chunk in chunks {
            self.fold(u64::from_le_bytes(*chunk));
        }
        let mut last = [0; 8];
        last.split_at_mut(rest.len()).0.copy_from_slice(rest);
        self.fold(u64::from_le_bytes(last));
    }

    fn write_u8(&mut self, byte: u8) {
        self.0 ^= u64::from(byte);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The golden ratio's fraction: no pattern in its bits.
const MULTIPLIER: u128 = 0x9e37_79b9_7f4a_7c15;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_that_differ_in_a_byte_are_told_apart() {
        let folding = Folding::default();
        let names: BTreeSet<String> = (0..20)
            .flat_map(|length| (0..=length).map(move |at| (length, at)))
            .map(|(length, at)| (0..length).map(|place| if place == at { 'b' } else { 'a' }).collect())
            .collect();
        let hashes: BTreeSet<u64> = names.iter().map(|name| folding.hash_one(name.as_str())).collect();

        assert_eq!(hashes.len(), names.len());
    }

    #[test]
    fn names_that_follow_each_other_differ_at_both_ends_of_their_hashes() {
        let folding = Folding::default();
        let hashes: Vec<u64> = (0..1_000).map(|number| folding.hash_one(format!("client-{number}").as_str())).collect();

        for part in [|hash: &u64| hash >> 57, |hash: &u64| hash & 0x7f] {
            let parts: BTreeSet<u64> = hashes.iter().map(part).collect();
            assert!(parts.len() > 100, "{}", parts.len());
        }
    }
}
