//! Instants and spans, in whole seconds.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// An instant: seconds since 1970-01-01 00:00:00 UTC. Arithmetic saturates, so no clock can make it panic.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The latest instant. What never expires expires then.
    pub const MAX: Self = Self(i64::MAX);

    /// The instant that many seconds after 1970-01-01 00:00:00 UTC.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since 1970-01-01 00:00:00 UTC.
    #[must_use]
    pub const fn as_seconds(self) -> i64 {
        self.0
    }

    /// The instant `lifetime` later.
    #[must_use]
    pub const fn after(self, lifetime: Lifetime) -> Self {
        Self(self.0.saturating_add_unsigned(lifetime.as_seconds()))
    }

    /// The instant `lifetime` earlier.
    #[must_use]
    pub const fn before(self, lifetime: Lifetime) -> Self {
        Self(self.0.saturating_sub_unsigned(lifetime.as_seconds()))
    }

    /// The span from `earlier` to this instant; none if `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Lifetime {
        Lifetime(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or_default())
    }

    /// Whether what expires at this instant has expired: `now >= self`.
    #[must_use]
    pub const fn is_past(self, now: Self) -> bool {
        now.0 >= self.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let formatted = OffsetDateTime::from_unix_timestamp(self.0).ok().and_then(|at| at.format(&Rfc3339).ok());
        match formatted {
            Some(text) => f.write_str(&text),
            None => write!(f, "{}s", self.0),
        }
    }
}

/// A span in whole seconds.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Lifetime(u64);

impl Lifetime {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A span of that many seconds.
    #[must_use]
    pub const fn seconds(seconds: u64) -> Self {
        Self(seconds)
    }

    /// A span of that many minutes.
    #[must_use]
    pub const fn minutes(minutes: u64) -> Self {
        Self(minutes.saturating_mul(60))
    }

    /// A span of that many days.
    #[must_use]
    pub const fn days(days: u64) -> Self {
        Self(days.saturating_mul(86_400))
    }

    /// The span in seconds.
    #[must_use]
    pub const fn as_seconds(self) -> u64 {
        self.0
    }

    /// Whether the span is empty.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Lifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}s", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        covers!("ATK-295");
        let (first, last) = (Timestamp::from_seconds(i64::MIN), Timestamp::MAX);
        let longest = Lifetime::seconds(u64::MAX);

        assert_eq!(last.after(Lifetime::seconds(1)), last);
        assert_eq!(first.after(longest), last);
        assert_eq!(first.before(Lifetime::seconds(1)), first);
        assert_eq!(last.before(longest), first);
        assert_eq!(last.since(first).as_seconds(), i64::MAX.unsigned_abs());
        assert_eq!(first.since(last), Lifetime::ZERO);
        assert_eq!(Lifetime::minutes(u64::MAX), longest);
        assert_eq!(Lifetime::days(u64::MAX), longest);
    }

    #[test]
    fn every_instant_can_be_printed() {
        covers!("ATK-295");
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_700_000_000, "2023-11-14T22:13:20Z"),
            (4_294_967_296, "2106-02-07T06:28:16Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (i64::MAX, "9223372036854775807s"),
            (i64::MIN, "-9223372036854775808s"),
        ] {
            assert_eq!(Timestamp::from_seconds(seconds).to_string(), text);
        }
        assert_eq!(Lifetime::minutes(2).to_string(), "120s");
    }

    #[test]
    fn what_expires_now_has_expired() {
        let at = Timestamp::from_seconds(100);

        assert!(!at.is_past(Timestamp::from_seconds(99)));
        assert!(at.is_past(at));
        assert!(at.is_past(Timestamp::from_seconds(101)));
    }

    #[test]
    fn spans_are_what_their_units_say() {
        assert_eq!(Lifetime::minutes(2), Lifetime::seconds(120));
        assert_eq!(Lifetime::days(2), Lifetime::seconds(172_800));
        assert!(Lifetime::ZERO.is_zero() && !Lifetime::seconds(1).is_zero());
        assert_eq!(Timestamp::from_seconds(90).after(Lifetime::seconds(10)).as_seconds(), 100);
        assert_eq!(Timestamp::from_seconds(90).before(Lifetime::seconds(10)).as_seconds(), 80);
        assert_eq!(Timestamp::from_seconds(90).since(Timestamp::from_seconds(80)), Lifetime::seconds(10));
    }
}
