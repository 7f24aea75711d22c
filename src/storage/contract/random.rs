//! Numbers that follow from a seed, by the mixing function of `SplitMix64`.

/// A source of numbers. The same seed and stream give the same numbers.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        Self(mixed(seed) ^ mixed(!stream))
    }

    pub(super) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mixed(self.0)
    }

    /// A number below `bound`, or zero.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        (self.draw() >> 8) % bound.max(1)
    }

    /// One of them; the last if a number is too large to be an index.
    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let bound = u64::try_from(from.len()).unwrap_or(u64::MAX);
        usize::try_from(self.below(bound)).ok().and_then(|at| from.get(at))
    }

    pub(super) fn is_one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }
}

/// A well-spread number from any number.
pub(super) fn mixed(number: u64) -> u64 {
    let mut bits = number.wrapping_add(STEP);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

pub(super) const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
