//! Where a key is placed.

use std::hash::{BuildHasher as _, RandomState};

use crate::record::{Key, RecordKind};

/// A hash of keys with secret multipliers.
///
/// Whoever chooses names chooses keys: a client could otherwise put its `jti`s into one shard, or into one slot. Here
/// two keys, chosen without the multipliers, have any two hashes with the probability of chance
/// ([Dietzfelbinger 1996](https://doi.org/10.1007/3-540-60922-9_46)), and that takes a few multiplications.
#[derive(Debug)]
pub(super) struct Placing([u128; 4]);

impl Placing {
    pub(super) fn drawn_from(source: &RandomState) -> Self {
        let half = |number: usize| u128::from(source.hash_one(number));
        Self(std::array::from_fn(|number| (half(2 * number) << 64) | half(2 * number + 1)))
    }

    pub(super) fn hash(&self, key: &Key) -> u64 {
        let Self([sum, first, second, third]) = self;
        let halves = |bytes: &[u8; 16]| {
            let number = u128::from_ne_bytes(*bytes);
            [number >> 64, number & u128::from(u64::MAX)]
        };
        // Names, realms and grants differ in half of an id already.
        let [[a, b], [c, d]] = [key.realm(), key.id().first_chunk().unwrap_or(&[0; 16])].map(halves);
        let products =
            [first.wrapping_mul(a ^ c), second.wrapping_mul(b ^ d), third.wrapping_mul(place_of(key.kind()))];
        let hash = products.into_iter().fold(*sum, u128::wrapping_add) >> 64;
        u64::try_from(hash).unwrap_or_default()
    }
}

fn place_of(kind: RecordKind) -> u128 {
    match kind {
        RecordKind::Client => 0,
        RecordKind::Consent => 1,
        RecordKind::Grant => 2,
        RecordKind::Session => 3,
        RecordKind::Subject => 4,
        RecordKind::UsedIdentifier => 5,
        RecordKind::SigningKeys => 6,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn keys_that_differ_anywhere_are_placed_apart() {
        let placing = Placing::drawn_from(&RandomState::new());
        let mut keys = Vec::new();
        for kind in RecordKind::ALL {
            keys.push(Key::from_parts([0; 16], kind, [0; 32]));
            for bit in 0..128 {
                let mut id = [0; 32];
                id[bit / 8] = 1 << (bit % 8);
                keys.push(Key::from_parts([0; 16], kind, id));
            }
        }
        let hashes: BTreeSet<u64> = keys.iter().map(|key| placing.hash(key)).collect();

        assert_eq!(hashes.len(), keys.len());
    }

    #[test]
    fn keys_that_follow_each_other_do_not_crowd_a_shard() {
        let placing = Placing::drawn_from(&RandomState::new());
        let mut shards = [0_u32; 256];
        for number in 0..25_600_u32 {
            let mut id = [0; 32];
            id[..4].copy_from_slice(&number.to_be_bytes());
            let [shard, ..] = placing.hash(&Key::from_parts([7; 16], RecordKind::Grant, id)).to_be_bytes();
            shards[usize::from(shard)] += 1;
        }
        assert!(shards.iter().all(|count| *count < 2_560), "{shards:?}");
    }

    #[test]
    fn every_store_places_the_same_key_elsewhere() {
        let key = Key::from_parts([1; 16], RecordKind::Grant, [2; 32]);
        let hashes: BTreeSet<u64> = (0..8).map(|_| Placing::drawn_from(&RandomState::new()).hash(&key)).collect();

        assert!(hashes.len() > 1);
    }
}
