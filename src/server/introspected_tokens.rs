//! A bounded memory of what a remote server said of live tokens.
//!
//! Tokens are remembered by their digest. Only live ones are: a stranger could present any number of others, and each
//! would take the room of a real one.
//!
//! [RFC 7662 §4](https://www.rfc-editor.org/rfc/rfc7662#section-4)

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::policy::IntrospectionPolicy;
use crate::resource::VerifiedToken;
use crate::value::{Digest, Lifetime, Timestamp};

/// Tokens that were live a moment ago.
pub(super) struct IntrospectedTokens {
    lifetime: Lifetime,
    most: usize,
    // A map may look a digest up in the time it takes: nobody can choose one.
    shards: [Mutex<HashMap<[u8; 32], Remembered>>; SHARDS],
}

struct Remembered {
    token: VerifiedToken,
    from: Timestamp,
    until: Timestamp,
}

impl IntrospectedTokens {
    pub(super) fn new(policy: &IntrospectionPolicy) -> Self {
        Self {
            lifetime: policy.cache_lifetime,
            most: policy.most_cached_tokens.div_ceil(SHARDS),
            shards: std::array::from_fn(|_| Mutex::default()),
        }
    }

    /// What was said of the token, if it may still be used.
    pub(super) fn find(&self, token: &Digest, now: Timestamp) -> Option<VerifiedToken> {
        let shard = self.shard(token);
        let remembered = shard.get(token.as_bytes())?;
        // A clock that was set back makes nothing live longer.
        let is_usable = remembered.from <= now && !remembered.until.is_past(now);
        is_usable.then(|| remembered.token.clone())
    }

    /// Remembers what was said of the token, as of the time it was asked about.
    pub(super) fn remember(&self, token: &Digest, said: &VerifiedToken, asked_at: Timestamp) {
        let longest = asked_at.after(self.lifetime);
        let until = said.expires_at.map_or(longest, |expires_at| expires_at.min(longest));
        if self.most == 0 || until.is_past(asked_at) {
            return;
        }
        let mut shard = self.shard(token);
        if shard.len() >= self.most {
            shard.retain(|_, remembered| remembered.from <= asked_at && !remembered.until.is_past(asked_at));
        }
        if shard.len() < self.most || shard.contains_key(token.as_bytes()) {
            let remembered = Remembered { token: said.clone(), from: asked_at, until };
            shard.insert(*token.as_bytes(), remembered);
        }
    }

    fn shard(&self, token: &Digest) -> MutexGuard<'_, HashMap<[u8; 32], Remembered>> {
        let ([byte, ..], [first, ..]) = (token.as_bytes(), &self.shards);
        let shard = self.shards.get(usize::from(*byte) % SHARDS).unwrap_or(first);
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for IntrospectedTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IntrospectedTokens(remembered for {})", self.lifetime)
    }
}

const SHARDS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{ResourceSet, ScopeSet};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn token(expires_at: Option<i64>) -> VerifiedToken {
        VerifiedToken {
            expires_at: expires_at.map(at),
            ..VerifiedToken::new(ScopeSet::empty(), ResourceSet::default())
        }
    }

    fn memory(lifetime: u64, most: usize) -> IntrospectedTokens {
        let cache_lifetime = Lifetime::seconds(lifetime);
        IntrospectedTokens::new(&IntrospectionPolicy {
            cache_lifetime,
            most_cached_tokens: most,
            ..IntrospectionPolicy::default()
        })
    }

    fn is_known(memory: &IntrospectedTokens, digest: &Digest, now: i64) -> bool {
        memory.find(digest, at(now)).is_some()
    }

    #[test]
    fn nothing_is_known_at_or_after_its_expiry() {
        covers!("RFC7662-4-08");
        let digest = Digest::of(&[b"a"]);
        let memory = memory(3_600, 16);
        memory.remember(&digest, &token(Some(110)), at(100));
        assert!(is_known(&memory, &digest, 100) && is_known(&memory, &digest, 109));
        assert!(!is_known(&memory, &digest, 110) && !is_known(&memory, &digest, 111));
        memory.remember(&digest, &token(Some(200)), at(200));
        assert!(!is_known(&memory, &digest, 200));
    }

    #[test]
    fn nothing_is_known_longer_than_the_policy_says() {
        let digest = Digest::of(&[b"a"]);
        let memory = memory(60, 16);
        for expires_at in [None, Some(10_000)] {
            memory.remember(&digest, &token(expires_at), at(100));
            assert!(is_known(&memory, &digest, 159));
            assert!(!is_known(&memory, &digest, 160));
        }
    }

    #[test]
    fn a_clock_that_is_set_back_makes_nothing_live_longer() {
        let digest = Digest::of(&[b"a"]);
        let memory = memory(60, 16);
        memory.remember(&digest, &token(None), at(100));
        assert!(!is_known(&memory, &digest, 99));
    }

    #[test]
    fn a_full_memory_drops_what_has_expired_and_then_takes_no_more() {
        let memory = memory(60, 16);
        // All in the same shard, which has room for one.
        let one_shard = (0..10_000_u32).map(|n| Digest::of(&[&n.to_be_bytes()])).filter(|it| it.as_bytes()[0] == 0);
        let digests: Vec<Digest> = one_shard.take(3).collect();
        memory.remember(&digests[0], &token(None), at(100));
        memory.remember(&digests[1], &token(None), at(101));
        assert!(is_known(&memory, &digests[0], 101) && !is_known(&memory, &digests[1], 101));
        memory.remember(&digests[2], &token(None), at(160));
        assert!(!is_known(&memory, &digests[0], 160) && is_known(&memory, &digests[2], 160));
    }

    #[test]
    fn without_time_or_room_nothing_is_remembered() {
        let digest = Digest::of(&[b"a"]);
        for memory in [memory(0, 16), memory(60, 0)] {
            memory.remember(&digest, &token(None), at(100));
            assert!(!is_known(&memory, &digest, 100));
        }
    }

    #[test]
    fn it_is_not_printed() {
        covers!("RFC9700-4.9.3-01");
        assert_eq!(format!("{:?}", memory(60, 16)), "IntrospectedTokens(remembered for 60s)");
    }
}
