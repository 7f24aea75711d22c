//! The format of codes and tokens.
//!
//! ```text
//! credential = prefix ‖ base64url( kind(1) ‖ key(1) ‖ locator(16 or 32) ‖ secret(32) )
//! locator    = (grant id(12) ‖ counter(4) ‖ [family(16)]) XOR SHA-256(masking key ‖ kind ‖ secret)
//! ```
//!
//! A credential finds its grant without an index, says nothing to whoever holds it, and cannot be linked to another of
//! the same grant. Unforgeability rests on the 256-bit secret alone; the mask hides identity and counts.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::ZeroizeOnDrop;

use crate::value::{Digest, GrantId, RealmFingerprint, Secret, Wiped};

/// What a credential is. Kinds never parse as each other, and their digests differ even for the same secret.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum CredentialKind {
    /// An authorization code.
    Code,
    /// An opaque access token.
    AccessToken,
    /// A refresh token.
    RefreshToken,
}

impl CredentialKind {
    fn byte(self) -> u8 {
        match self {
            Self::Code => 1,
            Self::AccessToken => 2,
            Self::RefreshToken => 3,
        }
    }

    fn locator_length(self) -> usize {
        match self {
            Self::Code | Self::AccessToken => SHORT_LOCATOR,
            Self::RefreshToken => LONG_LOCATOR,
        }
    }

    /// What a record keeps of a secret of this kind.
    #[must_use]
    pub fn digest(self, realm: &RealmFingerprint, secret: &Secret) -> Digest {
        Digest::of_three(&[self.byte()], realm, secret.expose())
    }

    /// What a record keeps of a refresh chain's family.
    #[must_use]
    pub fn family_digest(realm: &RealmFingerprint, family: &[u8; 16]) -> Digest {
        Digest::of_three(&[FAMILY], realm, family)
    }
}

/// The 128-bit key that masks locators, and its number in the keyring.
#[derive(Clone)]
pub struct MaskingKey {
    number: u8,
    key: Wiped<16>,
}

impl MaskingKey {
    /// Names key material.
    #[must_use]
    pub fn new(number: u8, key: [u8; 16]) -> Self {
        Self { number, key: Wiped::new(key) }
    }

    fn mask(&self, kind: CredentialKind, secret: &Secret) -> [u8; LONG_LOCATOR] {
        *Digest::of_three(&self.key, &[kind.byte()], secret.expose()).as_bytes()
    }
}

impl ZeroizeOnDrop for MaskingKey {}

impl fmt::Debug for MaskingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MaskingKey({}, redacted)", self.number)
    }
}

/// What a credential says to its issuer: which grant, and which of its credentials.
///
/// Nothing here is proven until the digest of the secret matches.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Locator {
    /// The grant.
    pub grant: GrantId,
    /// The serial of an access token, the generation of a refresh token, zero for a code.
    pub counter: u32,
    /// The refresh chain's family; zero for other kinds.
    pub family: [u8; 16],
}

impl Locator {
    /// The locator of a code or an access token.
    #[must_use]
    pub fn new(grant: GrantId, counter: u32) -> Self {
        Self { grant, counter, family: [0; 16] }
    }

    /// The locator of a refresh token.
    #[must_use]
    pub fn of_refresh_token(grant: GrantId, generation: u32, family: [u8; 16]) -> Self {
        Self { grant, counter: generation, family }
    }

    fn masked_with(self, mask: &[u8; LONG_LOCATOR]) -> [u8; LONG_LOCATOR] {
        let mut bytes = [0; LONG_LOCATOR];
        let (grant, rest) = bytes.split_at_mut(GRANT);
        let (counter, family) = rest.split_at_mut(COUNTER);
        grant.copy_from_slice(self.grant.as_bytes());
        counter.copy_from_slice(&self.counter.to_be_bytes());
        family.copy_from_slice(&self.family);
        xor(&bytes, mask)
    }

    fn unmasked_from(bytes: &[u8; LONG_LOCATOR], mask: &[u8; LONG_LOCATOR]) -> Self {
        let bytes = xor(bytes, mask);
        let (grant, rest) = bytes.split_first_chunk().unwrap_or((&[0; GRANT], &[]));
        let (counter, rest) = rest.split_first_chunk().unwrap_or((&[0; COUNTER], &[]));
        let (family, _) = rest.split_first_chunk().unwrap_or((&[0; FAMILY_LENGTH], &[]));
        Self { grant: GrantId::from_bytes(*grant), counter: u32::from_be_bytes(*counter), family: *family }
    }
}

fn xor(left: &[u8; LONG_LOCATOR], right: &[u8; LONG_LOCATOR]) -> [u8; LONG_LOCATOR] {
    let mut bytes = *left;
    for (byte, other) in bytes.iter_mut().zip(right) {
        *byte ^= other;
    }
    bytes
}

impl fmt::Debug for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Locator({}, {}, redacted)", self.grant, self.counter)
    }
}

/// A credential as text, on its way to its holder. Wiped when dropped.
pub struct Credential {
    text: Wiped<LONGEST_TEXT>,
    length: usize,
}

impl Credential {
    /// Writes a credential out. Of the prefix, at most 16 bytes are used.
    #[must_use]
    pub fn new(prefix: &str, kind: CredentialKind, masking: &MaskingKey, locator: &Locator, secret: &Secret) -> Self {
        let mut bytes = Wiped::<LONGEST>::zeros();
        let content = bytes.split_at_mut(HEAD + kind.locator_length() + SECRET).0;
        let (head, rest) = content.split_at_mut(HEAD);
        let (place, rest) = rest.split_at_mut(kind.locator_length());
        let masked = locator.masked_with(&masking.mask(kind, secret));
        head.copy_from_slice(&[kind.byte(), masking.number]);
        place.copy_from_slice(masked.split_at(kind.locator_length()).0);
        rest.copy_from_slice(secret.expose());
        let mut text = Wiped::zeros();
        let prefix = prefix.as_bytes().get(..prefix.len().min(LONGEST_PREFIX)).unwrap_or_default();
        let (head, tail) = text.split_at_mut(prefix.len());
        head.copy_from_slice(prefix);
        let encoded = URL_SAFE_NO_PAD.encode_slice(content, tail).unwrap_or_default();
        Self { length: prefix.len() + encoded, text }
    }

    /// The text, to be sent to the holder.
    #[must_use]
    pub fn expose(&self) -> &str {
        std::str::from_utf8(self.expose_bytes()).unwrap_or_default()
    }

    /// The bytes of the text.
    pub(crate) fn expose_bytes(&self) -> &[u8] {
        self.text.get(..self.length).unwrap_or_default()
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(redacted)")
    }
}

/// A credential as somebody presented it: well-formed, nothing more.
pub struct PresentedCredential {
    kind: CredentialKind,
    key: u8,
    masked: [u8; LONG_LOCATOR],
    secret: Secret,
}

impl PresentedCredential {
    /// Reads a credential of any kind. Nothing but the exact text of a credential is one.
    #[must_use]
    pub fn parse(prefix: &str, text: &str) -> Option<Self> {
        let encoded = text.strip_prefix(prefix)?;
        let mut bytes = Wiped::<LONGEST>::zeros();
        if encoded.len() > (LONGEST * 4).div_ceil(3) {
            return None;
        }
        let length = URL_SAFE_NO_PAD.decode_slice(encoded, bytes.as_mut_slice()).ok()?;
        let (&[kind, key], rest) = bytes.get(..length)?.split_first_chunk()?;
        let kind = match kind {
            1 => CredentialKind::Code,
            2 => CredentialKind::AccessToken,
            3 => CredentialKind::RefreshToken,
            _ => return None,
        };
        let (locator, secret) = rest.split_at_checked(kind.locator_length())?;
        let secret = Secret::new(secret.try_into().ok()?);
        let mut masked = [0; LONG_LOCATOR];
        masked.split_at_mut(locator.len()).0.copy_from_slice(locator);
        Some(Self { kind, key, masked, secret })
    }

    /// What the credential claims to be.
    #[must_use]
    pub fn kind(&self) -> CredentialKind {
        self.kind
    }

    /// Which of the keyring's keys masks it.
    #[must_use]
    pub fn key_number(&self) -> u8 {
        self.key
    }

    /// The secret inside.
    #[must_use]
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// Which grant and which of its credentials this claims to be.
    #[must_use]
    pub fn locator(&self, masking: &MaskingKey) -> Locator {
        let mut mask = masking.mask(self.kind, &self.secret);
        // Where there is no family, there is nothing to unmask.
        mask.split_at_mut(self.kind.locator_length()).1.fill(0);
        Locator::unmasked_from(&self.masked, &mask)
    }
}

impl fmt::Debug for PresentedCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PresentedCredential({:?}, redacted)", self.kind)
    }
}

const HEAD: usize = 2;
const GRANT: usize = 12;
const COUNTER: usize = 4;
const FAMILY_LENGTH: usize = 16;
const SHORT_LOCATOR: usize = GRANT + COUNTER;
const LONG_LOCATOR: usize = SHORT_LOCATOR + FAMILY_LENGTH;
const SECRET: usize = 32;
const LONGEST: usize = HEAD + LONG_LOCATOR + SECRET;
const LONGEST_PREFIX: usize = 16;
/// The longest prefix, and base64url of the longest content.
const LONGEST_TEXT: usize = LONGEST_PREFIX + (LONGEST * 4).div_ceil(3);
const FAMILY: u8 = 0x80;

#[cfg(test)]
mod tests;
