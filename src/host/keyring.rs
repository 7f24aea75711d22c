//! The server's symmetric keys.

use std::collections::BTreeMap;
use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::value::SymmetricKey;

/// Named symmetric keys, each with a number from 0 to 255.
///
/// Every server process of a realm has the same keys. A retired key is kept as long as the longest-lived credential
/// or handle that was made with it, and the signing keys that it sealed; then it is removed, and whatever is left of it
/// is unknown.
pub trait Keyring: Send + Sync {
    /// The number of the key that new credentials and handles use.
    fn current(&self) -> u8;

    /// The key of that purpose and number, unless it was removed. Asked for each credential: keep it at hand.
    fn key(&self, purpose: Purpose, number: u8) -> Option<SymmetricKey>;
}

/// What a key is for. No key serves two purposes.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Purpose {
    /// Hiding which grant a credential belongs to.
    Masking,
    /// Deriving codes, and the successor of a refresh token.
    Derivation,
    /// Authenticating what travels through the browser.
    Handles,
    /// Sealing private keys in the storage.
    Sealing,
}

impl Purpose {
    const ALL: [Self; 4] = [Self::Masking, Self::Derivation, Self::Handles, Self::Sealing];

    fn label(self) -> &'static [u8] {
        match self {
            Self::Masking => b"grantsmith masking",
            Self::Derivation => b"grantsmith derivation",
            Self::Handles => b"grantsmith handles",
            Self::Sealing => b"grantsmith sealing",
        }
    }
}

/// All keys derived from one 32-byte secret for each number.
///
/// ```
/// use grantsmith::host::DerivedKeyring;
///
/// # fn main() -> Result<(), grantsmith::host::KeyringError> {
/// # let (this_year, last_year) = ([1; 32], [2; 32]);
/// let keyring = DerivedKeyring::new(2, this_year)?.with_retired(1, last_year)?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct DerivedKeyring {
    current: u8,
    keys: BTreeMap<(u8, Purpose), SymmetricKey>,
}

impl DerivedKeyring {
    /// A keyring whose current key is derived from `secret`, which must be 32 random bytes.
    ///
    /// # Errors
    ///
    /// [`KeyringError::Constant`] if all bytes are zero, which is a secret that was never set.
    pub fn new(number: u8, secret: [u8; 32]) -> Result<Self, KeyringError> {
        Self { current: number, keys: BTreeMap::new() }.with_retired(number, secret)
    }

    /// The keyring with one more key, for what was made with it earlier or will be made later.
    ///
    /// # Errors
    ///
    /// [`KeyringError::Constant`] as above, [`KeyringError::NumberTaken`] if there is a key of that number.
    pub fn with_retired(mut self, number: u8, secret: [u8; 32]) -> Result<Self, KeyringError> {
        if secret == [0; 32] {
            return Err(KeyringError::Constant);
        }
        for purpose in Purpose::ALL {
            let key = derive(&secret, purpose, number);
            if self.keys.insert((number, purpose), key).is_some() {
                return Err(KeyringError::NumberTaken(number));
            }
        }
        Ok(self)
    }
}

fn derive(secret: &[u8; 32], purpose: Purpose, number: u8) -> SymmetricKey {
    // A key of any length is accepted by HMAC; ours has 32 bytes, so `new_from_slice` cannot fail.
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap_or_else(|_| Hmac::new(&[0; 64].into()));
    mac.update(purpose.label());
    mac.update(&[number]);
    SymmetricKey::new(mac.finalize().into_bytes().into())
}

impl Keyring for DerivedKeyring {
    fn current(&self) -> u8 {
        self.current
    }

    fn key(&self, purpose: Purpose, number: u8) -> Option<SymmetricKey> {
        self.keys.get(&(number, purpose)).cloned()
    }
}

impl fmt::Debug for DerivedKeyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DerivedKeyring(current {}, redacted)", self.current)
    }
}

/// Why a keyring cannot be built.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// The secret is 32 zero bytes.
    #[error("the keyring's secret is all zeros")]
    Constant,
    /// Two keys of one number.
    #[error("the keyring has two keys of number {0}")]
    NumberTaken(u8),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyring() -> DerivedKeyring {
        DerivedKeyring::new(2, [2; 32]).unwrap().with_retired(1, [1; 32]).unwrap()
    }

    #[test]
    fn every_purpose_and_number_has_a_key_of_its_own() {
        let keys: Vec<_> = [1, 2]
            .into_iter()
            .flat_map(|number| Purpose::ALL.map(|purpose| *keyring().key(purpose, number).unwrap().expose()))
            .collect();
        for (at, key) in keys.iter().enumerate() {
            assert_eq!(keys.iter().position(|other| other == key), Some(at));
        }
        assert_eq!(keyring().current(), 2);
        assert!(keyring().key(Purpose::Masking, 3).is_none());
    }

    #[test]
    fn one_secret_under_two_numbers_gives_two_keys() {
        let both = DerivedKeyring::new(1, [1; 32]).unwrap().with_retired(2, [1; 32]).unwrap();
        let key = |number| *both.key(Purpose::Masking, number).unwrap().expose();

        assert_ne!(key(1), key(2));
    }

    #[test]
    fn keys_are_the_same_in_every_process() {
        // HMAC-SHA-256 of the label and the number, under the secret.
        let key = DerivedKeyring::new(1, [7; 32]).unwrap().key(Purpose::Masking, 1).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&[7; 32]).unwrap();
        mac.update(b"grantsmith masking\x01");

        assert_eq!(key.expose()[..], mac.finalize().into_bytes()[..]);
    }

    #[test]
    fn a_secret_that_was_never_set_and_a_number_twice_are_refused() {
        assert_eq!(DerivedKeyring::new(1, [0; 32]).unwrap_err(), KeyringError::Constant);
        assert_eq!(keyring().with_retired(3, [0; 32]).unwrap_err(), KeyringError::Constant);
        for number in [1, 2] {
            assert_eq!(keyring().with_retired(number, [3; 32]).unwrap_err(), KeyringError::NumberTaken(number));
        }
    }
}
