//! What a server allows: plain data, safe by default, each default with its reason.
//!
//! Start from [`Policy::default`] and change what you must. What weakens a protection stands apart, in
//! [`danger`], so that a reader of the host's code sees it.

pub mod danger;
mod introspection;
mod key_rotation;

use std::num::NonZeroU32;

pub use introspection::IntrospectionPolicy;
pub use key_rotation::KeyRotation;
use serde::{Deserialize, Serialize};

use crate::value::Lifetime;

/// What this server allows.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Policy {
    /// How long a code may be redeemed. Default: one minute; the client redeems it within seconds. At most ten
    /// minutes ([RFC 6749 §4.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2)).
    pub code_lifetime: Lifetime,
    /// How long an access token lives. Default: ten minutes, so that what cannot be revoked at a resource server
    /// passes soon. At most one hour ([RFC 6750 §5.3](https://www.rfc-editor.org/rfc/rfc6750#section-5.3)).
    pub access_token_lifetime: Lifetime,
    /// How long a refresh token of a public client lives when it is not used. Default: 30 days.
    pub public_refresh_idle_lifetime: Lifetime,
    /// How long a refresh token of a confidential client lives when it is not used. Default: 90 days.
    pub confidential_refresh_idle_lifetime: Lifetime,
    /// How long a refresh chain of a public client lives at the most. Default: 180 days; then the user is asked again.
    pub public_refresh_lifetime: Lifetime,
    /// How long a refresh chain of a confidential client lives at the most. Default: ten years.
    pub confidential_refresh_lifetime: Lifetime,
    /// Whether refresh tokens of confidential clients rotate; those of public clients always do. Default: never,
    /// because their tokens are bound to the client's authentication and rotation only adds ways to lose one.
    pub confidential_refresh_rotation: RefreshRotation,
    /// How long a spent refresh token is answered with the same successor, for clients that lost the response.
    /// Default: none, which is strict rotation: a client that repeats a request whose answer was lost ends its grant.
    /// At most one minute; ten seconds are enough for parallel tabs.
    pub refresh_retry_window: Lifetime,
    /// How many opaque access tokens of one grant may be live. Default: 64; the oldest is dropped.
    pub most_live_access_tokens: usize,
    /// How long a user may take to log in and decide. Default: ten minutes.
    pub interaction_lifetime: Lifetime,
    /// When errors are sent to the client. Default: after the user has a session, so that the server cannot be used
    /// to bounce a stranger's browser ([RFC 9700 §4.11.2](https://www.rfc-editor.org/rfc/rfc9700#section-4.11.2)).
    pub error_redirect: ErrorRedirect,
    /// What a valid replay of a redeemed code does. Default: it ends the grant.
    pub code_replay: CodeReplay,
    /// For whom a remembered consent answers the question. Default: clients that authenticate, because anybody can
    /// claim to be a public one ([RFC 8252 §8.6](https://www.rfc-editor.org/rfc/rfc8252#section-8.6)).
    pub remembered_consent: RememberedConsent,
    /// Whether `redirect_uri` must be repeated at the token endpoint, as OAuth 2.0 wants. Default: no; PKCE binds the
    /// code ([OAuth 2.1 §10.2](https://datatracker.ietf.org/doc/html/draft-ietf-oauth-v2-1#section-10.2)).
    pub requires_redirect_uri_at_token_endpoint: bool,
    /// What stands before every code and token, so that leak scanners find them. Default: nothing.
    pub credential_prefix: CredentialPrefix,
    /// How long a client record may be answered from memory. Default: five seconds: so long may a disabled client
    /// still be served. Zero reads it each time.
    pub client_cache_lifetime: Lifetime,
    /// How many client records are kept in memory, a sixteenth of them for each thread. Default: 10 000.
    pub most_cached_clients: usize,
    /// How many imported client secrets are checked at once, each of which may cost as much as a hundred requests.
    /// Default: four; a request beyond that is answered 503, so that guesses cannot take the whole machine.
    pub most_concurrent_secret_checks: NonZeroU32,
    /// When signing keys change, if the server keeps them.
    pub key_rotation: KeyRotation,
    /// Choices that weaken a protection.
    pub danger: danger::Danger,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            code_lifetime: Lifetime::minutes(1),
            access_token_lifetime: Lifetime::minutes(10),
            public_refresh_idle_lifetime: Lifetime::days(30),
            confidential_refresh_idle_lifetime: Lifetime::days(90),
            public_refresh_lifetime: Lifetime::days(180),
            confidential_refresh_lifetime: Lifetime::days(3650),
            confidential_refresh_rotation: RefreshRotation::Never,
            refresh_retry_window: Lifetime::ZERO,
            most_live_access_tokens: 64,
            interaction_lifetime: Lifetime::minutes(10),
            error_redirect: ErrorRedirect::AfterAuthentication,
            code_replay: CodeReplay::EndsGrant,
            remembered_consent: RememberedConsent::AuthenticatedClients,
            requires_redirect_uri_at_token_endpoint: false,
            credential_prefix: CredentialPrefix::default(),
            client_cache_lifetime: Lifetime::seconds(5),
            most_cached_clients: 10_000,
            most_concurrent_secret_checks: FOUR,
            key_rotation: KeyRotation::default(),
            danger: danger::Danger::default(),
        }
    }
}

const FOUR: NonZeroU32 = NonZeroU32::new(4).unwrap();

impl Policy {
    /// Checks every field against its bounds.
    ///
    /// # Errors
    ///
    /// [`PolicyViolation`] names the first field that is out of bounds, its value and the rule.
    pub fn check(&self) -> Result<(), PolicyViolation> {
        let longest_code = if self.danger.allows_long_lived_codes { Lifetime::days(1) } else { Lifetime::minutes(10) };
        let longest_token =
            if self.danger.allows_long_lived_access_tokens { Lifetime::days(365) } else { Lifetime::minutes(60) };
        let longest = Lifetime::days(36_500);
        let spans = [
            ("code_lifetime", self.code_lifetime, Lifetime::seconds(1), longest_code),
            ("access_token_lifetime", self.access_token_lifetime, Lifetime::seconds(1), longest_token),
            ("public_refresh_idle_lifetime", self.public_refresh_idle_lifetime, Lifetime::seconds(1), longest),
            (
                "confidential_refresh_idle_lifetime",
                self.confidential_refresh_idle_lifetime,
                Lifetime::seconds(1),
                longest,
            ),
            ("public_refresh_lifetime", self.public_refresh_lifetime, Lifetime::seconds(1), longest),
            ("confidential_refresh_lifetime", self.confidential_refresh_lifetime, Lifetime::seconds(1), longest),
            ("refresh_retry_window", self.refresh_retry_window, Lifetime::ZERO, Lifetime::minutes(1)),
            ("interaction_lifetime", self.interaction_lifetime, Lifetime::seconds(1), Lifetime::days(1)),
            ("client_cache_lifetime", self.client_cache_lifetime, Lifetime::ZERO, Lifetime::minutes(60)),
        ];
        for (field, value, least, most) in spans {
            if value < least || value > most {
                return Err(PolicyViolation::Lifetime { field, value, least, most });
            }
        }
        if self.most_live_access_tokens == 0 || self.most_live_access_tokens > MOST_LIVE_ACCESS_TOKENS {
            return Err(PolicyViolation::LiveAccessTokens(self.most_live_access_tokens));
        }
        self.key_rotation.check()
    }
}

/// Whether refresh tokens of confidential clients rotate.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RefreshRotation {
    /// The refresh token stays the same.
    Never,
    /// Every use spends the token and issues its successor.
    Always,
}

/// When authorization errors are sent to the client.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorRedirect {
    /// Once the user has a session; `prompt=none` is exempt, because its errors are the answer.
    AfterAuthentication,
    /// At once, as RFC 6749 describes it. For conformance suites.
    Immediate,
}

/// What a valid replay of a redeemed code does.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum CodeReplay {
    /// The grant ends: two parties hold the code and its verifier.
    EndsGrant,
    /// The replay is refused, and nothing else happens.
    IsRefused,
}

/// For whom a remembered consent answers the question.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum RememberedConsent {
    /// Nobody: the user is always asked.
    Never,
    /// Verified clients that authenticate.
    AuthenticatedClients,
    /// Verified clients that authenticate, and verified public ones with an `https` redirect.
    ClaimedHttpsToo,
}

/// What stands before every code and token: at most 16 bytes of `[A-Za-z0-9_-]`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CredentialPrefix(Box<str>);

impl CredentialPrefix {
    /// Checks a prefix.
    ///
    /// # Errors
    ///
    /// [`PolicyViolation::CredentialPrefix`] if it is too long or has another character.
    pub fn new(text: &str) -> Result<Self, PolicyViolation> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if text.len() <= 16 && text.bytes().all(is_allowed) {
            Ok(Self(text.into()))
        } else {
            Err(PolicyViolation::CredentialPrefix)
        }
    }

    /// The prefix as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A policy field that is out of bounds.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyViolation {
    /// A prefix that is too long or has another character.
    #[error("credential_prefix: at most 16 bytes of letters, digits, underscore and hyphen")]
    CredentialPrefix,
    /// A span that is too short or too long.
    #[error("{field} is {value}, but must be between {least} and {most}")]
    Lifetime {
        /// The field's name.
        field: &'static str,
        /// Its value.
        value: Lifetime,
        /// The least that is allowed.
        least: Lifetime,
        /// The most that is allowed.
        most: Lifetime,
    },
    /// No live access tokens, or too many for one record.
    #[error("most_live_access_tokens is {0}, but must be between 1 and 1024")]
    LiveAccessTokens(usize),
}

const MOST_LIVE_ACCESS_TOKENS: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    /// A field's name, and how to set it.
    type Field = (&'static str, fn(&mut Policy, Lifetime));

    fn with(change: impl FnOnce(&mut Policy)) -> Result<(), PolicyViolation> {
        let mut policy = Policy::default();
        change(&mut policy);
        policy.check()
    }

    #[test]
    fn the_default_is_within_its_bounds() {
        assert_eq!(Policy::default().check(), Ok(()));
    }

    #[test]
    fn no_access_token_lives_for_ever() {
        covers!("RFC6750-5.2-04");
        for (seconds, is_allowed) in [(0, false), (1, true), (3600, true), (3601, false), (u64::MAX, false)] {
            let checked = with(|policy| policy.access_token_lifetime = Lifetime::seconds(seconds));
            assert_eq!(checked.is_ok(), is_allowed, "{seconds}");
        }
        let year = Lifetime::days(365).as_seconds();
        for (seconds, is_allowed) in [(3601, true), (year, true), (year + 1, false), (u64::MAX, false)] {
            let checked = with(|policy| {
                policy.danger.allows_long_lived_access_tokens = true;
                policy.access_token_lifetime = Lifetime::seconds(seconds);
            });
            assert_eq!(checked.is_ok(), is_allowed, "{seconds}");
        }
    }

    #[test]
    fn no_code_lives_longer_than_ten_minutes_unless_dangerously() {
        for (seconds, is_allowed, is_dangerously_allowed) in
            [(0, false, false), (1, true, true), (600, true, true), (601, false, true), (86_401, false, false)]
        {
            let lifetime = Lifetime::seconds(seconds);
            assert_eq!(with(|policy| policy.code_lifetime = lifetime).is_ok(), is_allowed, "{seconds}");
            let dangerously = with(|policy| {
                policy.danger.allows_long_lived_codes = true;
                policy.code_lifetime = lifetime;
            });
            assert_eq!(dangerously.is_ok(), is_dangerously_allowed, "{seconds}");
        }
    }

    #[test]
    fn what_an_unauthenticated_client_gets_lives_shorter() {
        covers!("OAUTH21-2.4-02");
        let policy = Policy::default();

        assert!(policy.public_refresh_idle_lifetime < policy.confidential_refresh_idle_lifetime);
        assert!(policy.public_refresh_lifetime < policy.confidential_refresh_lifetime);
    }

    #[test]
    fn every_field_out_of_bounds_is_named() {
        covers!("ATK-304");
        let forever = Lifetime::seconds(u64::MAX);
        let changes: [Field; 9] = [
            ("code_lifetime", |policy, lifetime| policy.code_lifetime = lifetime),
            ("access_token_lifetime", |policy, lifetime| policy.access_token_lifetime = lifetime),
            ("public_refresh_idle_lifetime", |policy, lifetime| policy.public_refresh_idle_lifetime = lifetime),
            ("confidential_refresh_idle_lifetime", |policy, lifetime| {
                policy.confidential_refresh_idle_lifetime = lifetime;
            }),
            ("public_refresh_lifetime", |policy, lifetime| policy.public_refresh_lifetime = lifetime),
            ("confidential_refresh_lifetime", |policy, lifetime| policy.confidential_refresh_lifetime = lifetime),
            ("refresh_retry_window", |policy, lifetime| policy.refresh_retry_window = lifetime),
            ("interaction_lifetime", |policy, lifetime| policy.interaction_lifetime = lifetime),
            ("client_cache_lifetime", |policy, lifetime| policy.client_cache_lifetime = lifetime),
        ];
        for (name, change) in changes {
            let violation = with(|policy| change(policy, forever)).unwrap_err();
            assert!(matches!(violation, PolicyViolation::Lifetime { field, .. } if field == name), "{violation}");
            let may_be_none = ["refresh_retry_window", "client_cache_lifetime"].contains(&name);
            assert_eq!(with(|policy| change(policy, Lifetime::ZERO)).is_ok(), may_be_none, "{name}");
        }
        for (most, is_allowed) in [(0, false), (1, true), (1024, true), (1025, false)] {
            assert_eq!(with(|policy| policy.most_live_access_tokens = most).is_ok(), is_allowed, "{most}");
        }
    }

    #[test]
    fn a_prefix_is_short_and_plain() {
        for (text, is_allowed) in
            [("", true), ("gs_", true), ("A-z0_9", true), ("a b", false), ("a.b", false), ("\u{e9}", false)]
        {
            assert_eq!(CredentialPrefix::new(text).is_ok(), is_allowed, "{text}");
        }
        assert_eq!(CredentialPrefix::new(&"x".repeat(16)).unwrap().as_str(), "x".repeat(16));
        assert_eq!(CredentialPrefix::new(&"x".repeat(17)), Err(PolicyViolation::CredentialPrefix));
    }
}
