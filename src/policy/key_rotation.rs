//! When signing keys change.

use super::PolicyViolation;
use crate::value::Lifetime;

/// When signing keys change. A key is published, signs, is retired and goes; every token can be verified all the while.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "a schedule has these three spans")]
pub struct KeyRotation {
    /// How long a key signs. Default: 90 days. One hour to ten years, and longer than `publish_ahead`.
    pub every: Lifetime,
    /// How long a key is published before it signs. Default: one day. Ten minutes to 30 days. Half of it is left to the
    /// processes of this server that have not read the key yet, the other half to whoever keeps the published set.
    pub publish_ahead: Lifetime,
    /// How long a key is published after its successor has taken over. Default: one day. At most one year; if access
    /// tokens live longer, so long.
    pub keep: Lifetime,
}

impl KeyRotation {
    /// How long somebody may keep the published set.
    #[must_use]
    pub fn published_for(&self) -> Lifetime {
        Lifetime::seconds(self.publish_ahead.as_seconds() / 2).min(Lifetime::minutes(60))
    }

    pub(super) fn check(&self) -> Result<(), PolicyViolation> {
        let spans = [
            ("key_rotation.publish_ahead", self.publish_ahead, Lifetime::minutes(10), Lifetime::days(30)),
            ("key_rotation.every", self.every, self.publish_ahead.max(Lifetime::minutes(60)), Lifetime::days(3650)),
            ("key_rotation.keep", self.keep, Lifetime::ZERO, Lifetime::days(366)),
        ];
        for (field, value, least, most) in spans {
            if value < least || value > most {
                return Err(PolicyViolation::Lifetime { field, value, least, most });
            }
        }
        Ok(())
    }
}

impl Default for KeyRotation {
    fn default() -> Self {
        Self { every: Lifetime::days(90), publish_ahead: Lifetime::days(1), keep: Lifetime::days(1) }
    }
}
