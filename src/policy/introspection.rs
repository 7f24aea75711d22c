//! What a resource server that introspects at a remote authorization server allows.

use super::PolicyViolation;
use crate::value::Lifetime;

/// How answers of a remote introspection endpoint are used.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IntrospectionPolicy {
    /// How long an answer may be used again, if the token does not expire before. Default: one minute; so long may a
    /// revoked token still be accepted here ([RFC 7662 §4](https://www.rfc-editor.org/rfc/rfc7662#section-4)). At most
    /// one hour. Zero asks each time.
    pub cache_lifetime: Lifetime,
    /// How many answers are kept. Default: 10 000. When as many are live, further tokens are asked about each time.
    pub most_cached_tokens: usize,
    /// Whether an active token without `token_type` counts as an access token. Default: no, because servers show
    /// refresh tokens that way. For servers that never say the type, and never answer resource servers about refresh
    /// tokens.
    pub accepts_untyped_tokens: bool,
}

impl Default for IntrospectionPolicy {
    fn default() -> Self {
        Self { cache_lifetime: Lifetime::minutes(1), most_cached_tokens: 10_000, accepts_untyped_tokens: false }
    }
}

impl IntrospectionPolicy {
    /// Checks every field against its bounds.
    ///
    /// # Errors
    ///
    /// [`PolicyViolation`] names the field that is out of bounds, its value and the rule.
    pub fn check(&self) -> Result<(), PolicyViolation> {
        let (least, most) = (Lifetime::ZERO, Lifetime::minutes(60));
        if self.cache_lifetime > most {
            let value = self.cache_lifetime;
            return Err(PolicyViolation::Lifetime { field: "cache_lifetime", value, least, most });
        }
        Ok(())
    }
}
