//! The keys that a realm signs with, and from when to when each of them does.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Key, RecordKind};
use crate::policy::KeyRotation;
use crate::value::{JwsAlgorithm, Realm, Timestamp};

/// Every signing key of a realm that somebody may still need.
///
/// ```text
/// Published ───────────► Signing ───────────► Retired ───────────► (gone)
///   everybody can         one key of each      what it signed
///   fetch it              algorithm signs      can be verified
/// ```
///
/// Which state a key is in follows from the times in the record, so processes that have read it agree without another
/// write.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SigningKeys {
    realm: Realm,
    keys: Vec<StoredSigningKey>,
}

/// One key pair, its private half sealed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StoredSigningKey {
    key_id: String,
    algorithm: JwsAlgorithm,
    /// The public half: the text of a JWK.
    public: String,
    sealed: SealedKey,
    signs_from: Timestamp,
    /// Known once the successor is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gone_at: Option<Timestamp>,
}

/// A private key that only the keyring opens, in base64url.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct SealedKey(String);

impl SigningKeys {
    /// A realm that has no key yet.
    #[must_use]
    pub fn none(realm: &Realm) -> Self {
        Self { realm: realm.clone(), keys: Vec::new() }
    }

    /// The key that signs: the latest whose time has come. If none has, the earliest, because the clock that it was
    /// made by may be ahead.
    #[must_use]
    pub fn signing(&self, algorithm: JwsAlgorithm, now: Timestamp) -> Option<&StoredSigningKey> {
        let keys = || self.keys.iter().filter(|key| key.algorithm == algorithm);
        let latest = keys().filter(|key| key.signs_from <= now).max_by_key(|key| key.signs_from);
        latest.or_else(|| keys().min_by_key(|key| key.signs_from))
    }

    /// The keys that somebody may need to verify with, now or soon.
    pub fn published(&self, now: Timestamp) -> impl Iterator<Item = &StoredSigningKey> {
        self.keys.iter().filter(move |key| !key.is_gone(now))
    }

    /// From when on the next key of that algorithm has to sign, if it has to be published now.
    #[must_use]
    pub fn lacks(&self, algorithm: JwsAlgorithm, now: Timestamp, rotation: &KeyRotation) -> Option<Timestamp> {
        let latest = self.keys.iter().filter(|key| key.algorithm == algorithm && key.gone_at.is_none());
        let Some(latest) = latest.max_by_key(|key| key.signs_from) else { return Some(now) };
        let next = latest.signs_from.after(rotation.every);
        let earliest = now.after(rotation.publish_ahead);
        (next <= earliest).then_some(next.max(earliest))
    }

    /// The keys with one more, which retires those of its algorithm once it signs.
    #[must_use]
    pub fn with(&self, key: StoredSigningKey, rotation: &KeyRotation) -> Self {
        let mut next = self.clone();
        let retired = next.keys.iter_mut().filter(|earlier| earlier.algorithm == key.algorithm);
        for earlier in retired.filter(|earlier| earlier.gone_at.is_none()) {
            earlier.gone_at = Some(key.signs_from.after(rotation.keep));
        }
        next.keys.push(key);
        next
    }

    /// The keys without those that nobody needs any more.
    #[must_use]
    pub fn without_gone(&self, now: Timestamp) -> Self {
        Self { keys: self.published(now).cloned().collect(), ..self.clone() }
    }

    /// The keys without one that is in the wrong hands. What it signed cannot be verified any more. `None` if there is
    /// no such key.
    #[must_use]
    pub fn without(&self, key_id: &str) -> Option<Self> {
        let at = self.keys.iter().position(|key| key.key_id == key_id)?;
        let mut next = self.clone();
        let removed = next.keys.remove(at);
        // Whose successor is gone goes on until there is another.
        let rest = next.keys.iter_mut().filter(|key| key.algorithm == removed.algorithm);
        if let Some(latest) = rest.max_by_key(|key| key.signs_from) {
            latest.gone_at = None;
        }
        Some(next)
    }

    /// Every key, in the order in which they were made.
    #[must_use]
    pub fn keys(&self) -> &[StoredSigningKey] {
        &self.keys
    }

    /// The realm that the keys belong to.
    #[must_use]
    pub fn realm(&self) -> &Realm {
        &self.realm
    }

    /// Never: keys that are gone leave the record when it is written.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        Timestamp::MAX
    }

    /// Where the record is kept.
    #[must_use]
    pub fn key(&self) -> Key {
        Self::key_of(&self.realm)
    }

    /// Where the record of a realm is kept.
    #[must_use]
    pub fn key_of(realm: &Realm) -> Key {
        Key::of_names(realm, RecordKind::SigningKeys, &[])
    }
}

impl StoredSigningKey {
    /// A key that signs from a time on.
    #[must_use]
    pub fn new(
        key_id: &str,
        algorithm: JwsAlgorithm,
        public: String,
        sealed: SealedKey,
        signs_from: Timestamp,
    ) -> Self {
        Self { key_id: key_id.to_owned(), algorithm, public, sealed, signs_from, gone_at: None }
    }

    /// Its name in tokens and in the published set.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The one algorithm.
    #[must_use]
    pub fn algorithm(&self) -> JwsAlgorithm {
        self.algorithm
    }

    /// The public half: the text of a JWK.
    #[must_use]
    pub fn public(&self) -> &str {
        &self.public
    }

    /// The private half.
    #[must_use]
    pub fn sealed(&self) -> &SealedKey {
        &self.sealed
    }

    /// From when on it signs.
    #[must_use]
    pub fn signs_from(&self) -> Timestamp {
        self.signs_from
    }

    /// From when on nobody needs it, if that is known.
    #[must_use]
    pub fn gone_at(&self) -> Option<Timestamp> {
        self.gone_at
    }

    fn is_gone(&self, now: Timestamp) -> bool {
        self.gone_at.is_some_and(|at| at.is_past(now))
    }
}

impl SealedKey {
    /// A private key that was sealed.
    #[must_use]
    pub fn new(base64url: String) -> Self {
        Self(base64url)
    }

    /// The sealed text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SealedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedKey(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Lifetime;

    const ROTATION: KeyRotation =
        KeyRotation { every: Lifetime::days(90), publish_ahead: Lifetime::days(1), keep: Lifetime::days(2) };
    const ES256: JwsAlgorithm = JwsAlgorithm::Es256;

    fn day(day: u64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000).after(Lifetime::days(day))
    }

    fn key(name: &str, algorithm: JwsAlgorithm, signs_from: Timestamp) -> StoredSigningKey {
        StoredSigningKey::new(name, algorithm, String::new(), SealedKey::new(String::new()), signs_from)
    }

    fn none() -> SigningKeys {
        SigningKeys::none(&"https://as.example".parse().unwrap())
    }

    fn signing(keys: &SigningKeys, now: Timestamp) -> &str {
        keys.signing(ES256, now).unwrap().key_id()
    }

    fn published(keys: &SigningKeys, now: Timestamp) -> Vec<&str> {
        keys.published(now).map(StoredSigningKey::key_id).collect()
    }

    #[test]
    fn a_key_is_published_before_it_signs_and_after() {
        assert_eq!(none().lacks(ES256, day(0), &ROTATION), Some(day(0)));
        let first = none().with(key("1", ES256, day(0)), &ROTATION);
        assert_eq!(first.lacks(ES256, day(88), &ROTATION), None);
        assert_eq!(first.lacks(ES256, day(89), &ROTATION), Some(day(90)));

        let both = first.with(key("2", ES256, day(90)), &ROTATION);

        let states = [88, 90, 91, 92].map(|at| (signing(&both, day(at)), published(&both, day(at))));
        assert_eq!(states[0], ("1", vec!["1", "2"]));
        assert_eq!(states[1], ("2", vec!["1", "2"]));
        assert_eq!(states[2], ("2", vec!["1", "2"]));
        assert_eq!(states[3], ("2", vec!["2"]));
        assert_eq!(both.lacks(ES256, day(90), &ROTATION), None);
        assert_eq!(both.without_gone(day(92)).keys().len(), 1);
    }

    #[test]
    fn a_key_that_is_overdue_signs_until_its_successor_could_be_fetched() {
        let keys = none().with(key("1", ES256, day(0)), &ROTATION);

        assert_eq!(keys.lacks(ES256, day(400), &ROTATION), Some(day(401)));
        let keys = keys.with(key("2", ES256, day(401)), &ROTATION);
        assert_eq!(signing(&keys, day(400)), "1");
        assert_eq!(published(&keys, day(402)), ["1", "2"]);
    }

    #[test]
    fn a_key_of_a_clock_that_is_ahead_signs_at_once() {
        let keys = none().with(key("1", ES256, day(1)), &ROTATION);

        assert_eq!(keys.lacks(ES256, day(0), &ROTATION), None);
        assert_eq!(signing(&keys, day(0)), "1");
    }

    #[test]
    fn algorithms_do_not_retire_each_other() {
        let keys =
            none().with(key("1", ES256, day(0)), &ROTATION).with(key("2", JwsAlgorithm::Ed25519, day(0)), &ROTATION);

        assert_eq!(published(&keys, day(80)), ["1", "2"]);
        assert_eq!(signing(&keys, day(80)), "1");
        assert_eq!(keys.lacks(JwsAlgorithm::Ed25519, day(80), &ROTATION), None);
        assert_eq!(keys.lacks(JwsAlgorithm::Rs256, day(80), &ROTATION), Some(day(80)));
    }

    #[test]
    fn a_key_in_the_wrong_hands_is_not_published_and_its_neighbour_signs() {
        let keys = none().with(key("1", ES256, day(0)), &ROTATION).with(key("2", ES256, day(90)), &ROTATION);

        let without_first = keys.without("1").unwrap();
        assert_eq!(signing(&without_first, day(89)), "2");
        assert_eq!(published(&without_first, day(89)), ["2"]);

        let without_second = keys.without("2").unwrap();
        assert_eq!(signing(&without_second, day(91)), "1");
        assert_eq!(published(&without_second, day(99)), ["1"]);
        assert_eq!(without_second.lacks(ES256, day(91), &ROTATION), Some(day(92)));

        assert_eq!(without_second.without("1").unwrap().lacks(ES256, day(91), &ROTATION), Some(day(91)));
        assert!(keys.without("3").is_none());
    }

    #[test]
    fn what_is_printed_shows_no_sealed_key() {
        let sealed = SealedKey::new("zQ7mark".to_owned());
        let key = StoredSigningKey::new("1", ES256, String::new(), sealed, day(0));

        assert!(!format!("{key:?}").contains("zQ7mark"));
    }
}
