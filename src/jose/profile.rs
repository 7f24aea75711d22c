//! The one verifier of tokens from elsewhere, and of our own where they come back. A profile says what it demands.
//!
//! Every use has its own profile: what is made for one is refused by all others. Everything is checked that the
//! profile names; nothing is accepted because an expectation was left out, for each rule has to be chosen.
//!
//! [RFC 7519 §7.2](https://www.rfc-editor.org/rfc/rfc7519#section-7.2),
//! [RFC 8725 §3](https://www.rfc-editor.org/rfc/rfc8725#section-3)

use serde_json::Value;

use super::backend::CryptoBackend;
use super::claims::Claims;
use super::jwk::{InvalidJwk, Jwk};
use super::jws::{Header, Jws};
use super::key::{NoSuchKey, SecretKey, UnusableKey, VerificationKey, VerificationKeys};
use super::refusal::{InvalidJwt, JwtRefusal};
use super::rules::{AudienceRule, ExpiryRule, IssuerRule, SingleUse, Skew, SubjectRule, TypeRule};
use crate::value::{Digest, JwsAlgorithm, Lifetime, Timestamp};

/// A token whose form is right. Nothing in it is proven: its claims may choose what to verify it against, no more.
#[derive(Clone, Debug)]
pub struct UnverifiedJwt<'a> {
    jws: Jws<'a>,
    claims: Claims,
}

impl<'a> UnverifiedJwt<'a> {
    /// Reads a token of at most `most_bytes` bytes.
    ///
    /// # Errors
    ///
    /// [`InvalidJwt`] says which rule it breaks.
    pub fn parse(text: &'a str, most_bytes: usize) -> Result<Self, InvalidJwt> {
        let jws = Jws::parse(text, most_bytes)?;
        let claims = Claims::parse(jws.payload())?;
        Ok(Self { jws, claims })
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &Header {
        self.jws.header()
    }

    /// Who the token says made it.
    #[must_use]
    pub fn claimed_issuer(&self) -> Option<&str> {
        self.claims.issuer()
    }

    /// Whom the token says it is about.
    #[must_use]
    pub fn claimed_subject(&self) -> Option<&str> {
        self.claims.subject()
    }
}

/// What one use of tokens demands. Plain data: make it once, or for each token, as what is expected depends on.
#[derive(Clone, Debug)]
pub struct Profile<'a> {
    typ: TypeRule<'a>,
    algorithms: &'a [JwsAlgorithm],
    issuer: IssuerRule<'a>,
    audience: AudienceRule<'a>,
    subject: SubjectRule<'a>,
    required: &'a [&'static str],
    expiry: ExpiryRule,
    most_lifetime: Option<Lifetime>,
    most_age: Option<Lifetime>,
    skew: Skew,
    single_use: Option<SingleUse>,
}

impl<'a> Profile<'a> {
    /// A profile with the rules that no use can do without. Beyond them: `exp` is required, and the skew is 30 seconds.
    #[must_use]
    pub fn new(
        typ: TypeRule<'a>,
        algorithms: &'a [JwsAlgorithm],
        issuer: IssuerRule<'a>,
        subject: SubjectRule<'a>,
        audience: AudienceRule<'a>,
    ) -> Self {
        Self {
            typ,
            algorithms,
            issuer,
            audience,
            subject,
            required: &[],
            expiry: ExpiryRule::Required,
            most_lifetime: None,
            most_age: None,
            skew: Skew::default(),
            single_use: None,
        }
    }

    /// Demands that these claims are there.
    #[must_use]
    pub fn requiring(mut self, claims: &'a [&'static str]) -> Self {
        self.required = claims;
        self
    }

    /// What to do about `exp`.
    #[must_use]
    pub fn with_expiry(mut self, expiry: ExpiryRule) -> Self {
        self.expiry = expiry;
        self
    }

    /// Refuses tokens that are good for longer: from the earlier of `iat` and `nbf` to `exp`, or from now if neither is
    /// there.
    #[must_use]
    pub fn with_most_lifetime(mut self, lifetime: Lifetime) -> Self {
        self.most_lifetime = Some(lifetime);
        self
    }

    /// Demands `iat`, and refuses tokens that were made longer ago.
    #[must_use]
    pub fn with_most_age(mut self, age: Lifetime) -> Self {
        self.most_age = Some(age);
        self
    }

    /// How much clocks may differ.
    #[must_use]
    pub fn with_skew(mut self, skew: Skew) -> Self {
        self.skew = skew;
        self
    }

    /// Demands `jti`, and says within what it must not occur twice. Remembering is the caller's part:
    /// [`VerifiedJwt::used`] says what, and until when.
    #[must_use]
    pub fn single_use(mut self, within: SingleUse) -> Self {
        self.single_use = Some(within);
        self
    }

    /// Verifies a token at an instant.
    ///
    /// # Errors
    ///
    /// [`JwtRefusal`], the first rule that fails: type, algorithm, key, signature, then the claims.
    pub fn verify(
        &self,
        token: UnverifiedJwt<'_>,
        keys: KeySource<'_>,
        now: Timestamp,
    ) -> Result<VerifiedJwt, JwtRefusal> {
        let UnverifiedJwt { jws, claims } = token;
        if !self.typ.allows(jws.header()) {
            return Err(JwtRefusal::Type);
        }
        if !self.algorithms.contains(&jws.header().algorithm()) {
            return Err(JwtRefusal::AlgorithmNotAllowed);
        }
        let thumbprint = ensure_signed(&jws, keys)?;
        self.ensure_claims(&claims)?;
        let good_until = self.ensure_time(&claims, now)?;
        let used = match self.single_use {
            // What is never refused for its age would have to be remembered for ever.
            Some(_) if good_until == Timestamp::MAX => return Err(JwtRefusal::MissingClaim("exp")),
            Some(within) => Some(UsedJwt::of(within, &claims, thumbprint.as_ref(), good_until)?),
            None => None,
        };
        Ok(VerifiedJwt { header: jws.into_header(), claims, thumbprint, used })
    }

    fn ensure_claims(&self, claims: &Claims) -> Result<(), JwtRefusal> {
        if let Some(missing) = self.required.iter().find(|name| claims.get(name).is_none()) {
            return Err(JwtRefusal::MissingClaim(missing));
        }
        if !self.issuer.allows(claims) {
            return Err(JwtRefusal::Issuer);
        }
        if !self.subject.allows(claims) {
            return Err(JwtRefusal::Subject);
        }
        if !self.audience.allows(claims) {
            return Err(JwtRefusal::Audience);
        }
        Ok(())
    }

    /// Checks every time, and says from when on the token will be refused for its age alone.
    fn ensure_time(&self, claims: &Claims, now: Timestamp) -> Result<Timestamp, JwtRefusal> {
        let skew = self.skew.as_lifetime();
        let is_future = |at: Option<Timestamp>| at.is_some_and(|at| at > now.after(skew));
        if is_future(claims.issued_at()) || is_future(claims.not_before()) {
            return Err(JwtRefusal::NotYetValid);
        }
        let mut good_until = Timestamp::MAX;
        match (self.expiry, claims.expires_at()) {
            (ExpiryRule::Required, None) => return Err(JwtRefusal::MissingClaim("exp")),
            (ExpiryRule::Required | ExpiryRule::Optional, Some(expires_at)) => {
                good_until = expires_at.after(skew);
                if good_until.is_past(now) {
                    return Err(JwtRefusal::Expired);
                }
            }
            (ExpiryRule::Optional, None) | (ExpiryRule::Ignored, _) => {}
        }
        if let (Some(most), Some(expires_at)) = (self.most_lifetime, claims.expires_at()) {
            let starts = [claims.issued_at(), claims.not_before()];
            // Without a start, the sender's clock is all that its end can be measured by.
            let latest = starts.into_iter().flatten().min().unwrap_or(now.after(skew)).after(most);
            if expires_at > latest {
                return Err(JwtRefusal::LivesTooLong);
            }
        }
        if let Some(most) = self.most_age {
            let issued_at = claims.issued_at().ok_or(JwtRefusal::MissingClaim("iat"))?;
            let until = issued_at.after(most).after(skew);
            if until.is_past(now) {
                return Err(JwtRefusal::TooOld);
            }
            good_until = good_until.min(until);
        }
        Ok(good_until)
    }
}

/// Where the key comes from.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum KeySource<'a> {
    /// The public keys of the issuer.
    Keys(&'a VerificationKeys),
    /// The issuer's client secret, for `HS256` and nothing else.
    Secret(&'a SecretKey),
    /// `jwk` in the header: the token proves that its sender has the key, and nothing about who that is.
    Embedded(CryptoBackend),
}

/// Checks the signature. For an embedded key, says its thumbprint.
fn ensure_signed(jws: &Jws<'_>, keys: KeySource<'_>) -> Result<Option<Digest>, JwtRefusal> {
    let fits = |key: &VerificationKey| if jws.is_signed_by(key) { Ok(()) } else { Err(JwtRefusal::Signature) };
    match keys {
        KeySource::Keys(keys) => fits(keys.named_by(jws.header())?).map(|()| None),
        KeySource::Secret(secret) if jws.header().algorithm() == JwsAlgorithm::Hs256 => {
            fits(secret.as_verification_key()).map(|()| None)
        }
        KeySource::Secret(_) => Err(JwtRefusal::Key(NoSuchKey::OtherAlgorithm)),
        KeySource::Embedded(backend) => {
            let Some(Value::Object(members)) = jws.header().get("jwk") else {
                return Err(JwtRefusal::EmbeddedKey(UnusableKey::Jwk(InvalidJwk::MissingMember)));
            };
            let key = Jwk::from_object(members).map_err(|error| JwtRefusal::EmbeddedKey(error.into()))?;
            let ready = VerificationKey::new(backend, &key, jws.header().algorithm());
            fits(&ready.map_err(JwtRefusal::EmbeddedKey)?).map(|()| Some(key.thumbprint()))
        }
    }
}

/// A token that fulfils its profile.
#[derive(Clone, Debug)]
pub struct VerifiedJwt {
    header: Header,
    claims: Claims,
    thumbprint: Option<Digest>,
    used: Option<UsedJwt>,
}

impl VerifiedJwt {
    /// The header.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The claims.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The thumbprint of the key, if the token carried it.
    #[must_use]
    pub fn thumbprint(&self) -> Option<&Digest> {
        self.thumbprint.as_ref()
    }

    /// What must be remembered so that the token is used once. `None` if its profile allows it to be used again.
    #[must_use]
    pub fn used(&self) -> Option<&UsedJwt> {
        self.used.as_ref()
    }
}

/// The mark that a token for a single use leaves behind.
#[derive(Clone, Debug)]
pub struct UsedJwt {
    identifier: Digest,
    keep_until: Timestamp,
}

impl UsedJwt {
    fn of(within: SingleUse, claims: &Claims, key: Option<&Digest>, keep_until: Timestamp) -> Result<Self, JwtRefusal> {
        let token_id = claims.token_id().ok_or(JwtRefusal::MissingClaim("jti"))?;
        let owner = match within {
            SingleUse::OfIssuer => claims.issuer().ok_or(JwtRefusal::Issuer)?.as_bytes(),
            SingleUse::OfKey => key.ok_or(JwtRefusal::Key(NoSuchKey::Unknown))?.as_bytes(),
        };
        // The length keeps one owner's identifiers apart from another's.
        let length = u64::try_from(owner.len()).unwrap_or(u64::MAX).to_be_bytes();
        Ok(Self { identifier: Digest::of(&[&length, owner, token_id.as_bytes()]), keep_until })
    }

    /// Owner and `jti` in one digest: of equal length whatever was sent.
    #[must_use]
    pub fn identifier(&self) -> &Digest {
        &self.identifier
    }

    /// From when on the token is refused for its age alone.
    #[must_use]
    pub fn keep_until(&self) -> Timestamp {
        self.keep_until
    }
}
