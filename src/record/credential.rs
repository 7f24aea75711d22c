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
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::value::{Digest, GrantId, RealmFingerprint, Secret};

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
        Digest::of(&[&[self.byte()], realm, secret.expose()])
    }

    /// What a record keeps of a refresh chain's family.
    #[must_use]
    pub(crate) fn family_digest(realm: &RealmFingerprint, family: &[u8; 16]) -> Digest {
        Digest::of(&[&[FAMILY], realm, family])
    }
}

/// The 128-bit key that masks locators, and its number in the keyring.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct MaskingKey {
    number: u8,
    key: [u8; 16],
}

impl MaskingKey {
    /// Names key material.
    #[must_use]
    pub fn new(number: u8, key: [u8; 16]) -> Self {
        Self { number, key }
    }

    fn mask(&self, kind: CredentialKind, secret: &Secret) -> [u8; LONG_LOCATOR] {
        let mut hasher = Sha256::new();
        hasher.update(self.key);
        hasher.update([kind.byte()]);
        hasher.update(secret.expose());
        hasher.finalize().into()
    }
}

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

    fn to_bytes(self) -> [u8; LONG_LOCATOR] {
        let mut bytes = [0; LONG_LOCATOR];
        let counter = self.counter.to_be_bytes();
        let fields = self.grant.as_bytes().iter().chain(&counter).chain(&self.family).copied();
        for (to, from) in bytes.iter_mut().zip(fields) {
            *to = from;
        }
        bytes
    }

    fn from_bytes(bytes: &[u8; LONG_LOCATOR]) -> Self {
        let mut fields = bytes.iter().copied();
        Self {
            grant: GrantId::from_bytes(take(&mut fields)),
            counter: u32::from_be_bytes(take(&mut fields)),
            family: take(&mut fields),
        }
    }
}

impl fmt::Debug for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Locator({}, {}, redacted)", self.grant, self.counter)
    }
}

/// A credential as text, on its way to its holder. Wiped when dropped.
pub struct Credential {
    text: Zeroizing<[u8; LONGEST_TEXT]>,
    length: usize,
}

impl Credential {
    /// Writes a credential out. Of the prefix, at most 16 bytes are used.
    #[must_use]
    pub fn new(prefix: &str, kind: CredentialKind, masking: &MaskingKey, locator: &Locator, secret: &Secret) -> Self {
        let mut bytes = Zeroizing::new([0u8; LONGEST]);
        let mask = masking.mask(kind, secret);
        let masked = locator.to_bytes().into_iter().zip(mask).map(|(plain, mask)| plain ^ mask);
        let content = [kind.byte(), masking.number]
            .into_iter()
            .chain(masked.take(kind.locator_length()))
            .chain(secret.expose().iter().copied());
        for (to, from) in bytes.iter_mut().zip(content) {
            *to = from;
        }
        let content = bytes.get(..HEAD + kind.locator_length() + SECRET).unwrap_or_default();
        let mut text = Zeroizing::new([0; LONGEST_TEXT]);
        let prefix = prefix.as_bytes().get(..prefix.len().min(LONGEST_PREFIX)).unwrap_or_default();
        let (head, tail) = text.split_at_mut(prefix.len());
        head.copy_from_slice(prefix);
        let encoded = URL_SAFE_NO_PAD.encode_slice(content, tail).unwrap_or_default();
        Self { length: prefix.len() + encoded, text }
    }

    /// The text, to be sent to the holder.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.get(..self.length).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default()
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
        let mut bytes = Zeroizing::new([0u8; LONGEST]);
        if encoded.len() > (LONGEST * 4).div_ceil(3) {
            return None;
        }
        let length = URL_SAFE_NO_PAD.decode_slice(encoded, bytes.as_mut_slice()).ok()?;
        let mut content = bytes.get(..length)?.iter().copied();
        let kind = match content.next()? {
            1 => CredentialKind::Code,
            2 => CredentialKind::AccessToken,
            3 => CredentialKind::RefreshToken,
            _ => return None,
        };
        if length != HEAD + kind.locator_length() + SECRET {
            return None;
        }
        let key = content.next()?;
        let mut masked = [0; LONG_LOCATOR];
        for (to, from) in masked.iter_mut().zip(content.by_ref().take(kind.locator_length())) {
            *to = from;
        }
        Some(Self { kind, key, masked, secret: Secret::new(take(&mut content)) })
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
        let mask = masking.mask(self.kind, &self.secret);
        let mut bytes = [0; LONG_LOCATOR];
        let unmasked = self.masked.iter().zip(mask).map(|(masked, mask)| masked ^ mask);
        for (to, from) in bytes.iter_mut().zip(unmasked.take(self.kind.locator_length())) {
            *to = from;
        }
        Locator::from_bytes(&bytes)
    }
}

impl fmt::Debug for PresentedCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PresentedCredential({:?}, redacted)", self.kind)
    }
}

fn take<const N: usize>(from: &mut impl Iterator<Item = u8>) -> [u8; N] {
    let mut array = [0; N];
    for (to, from) in array.iter_mut().zip(from) {
        *to = from;
    }
    array
}

const HEAD: usize = 2;
const SHORT_LOCATOR: usize = 16;
const LONG_LOCATOR: usize = 32;
const SECRET: usize = 32;
const LONGEST: usize = HEAD + LONG_LOCATOR + SECRET;
const LONGEST_PREFIX: usize = 16;
/// The longest prefix, and base64url of the longest content.
const LONGEST_TEXT: usize = LONGEST_PREFIX + (LONGEST * 4).div_ceil(3);
const FAMILY: u8 = 0x80;
