//! Changing the keyring's keys.
//!
//! The server has symmetric keys for four purposes: hiding which grant a credential belongs to, deriving codes and
//! repeated refresh tokens, authenticating what travels through the browser, and sealing the private keys that signed
//! tokens need. A [`DerivedKeyring`](crate::host::DerivedKeyring) derives them all from one 32-byte secret with a number.
//!
//! **A key alone cannot forge a token.** What makes a credential valid is the 256-bit secret inside it, of which the
//! storage keeps a digest; and what a signing key is sealed with is worth something only beside a copy of the storage.
//! Whoever learns a key can link credentials to grants, and can forge the handle of a pending interaction; change the key
//! then.
//!
//! # Changing a key
//!
//! 1. Give every process the new secret under a new number, still using the old one:
//!    `DerivedKeyring::new(1, old)?.with_retired(2, new)?`.
//! 2. When every process has it, make it current: `DerivedKeyring::new(2, new)?.with_retired(1, old)?`. New credentials
//!    carry the number 2; old ones are still understood.
//! 3. When the longest-lived credential made with the old key has expired, remove it: `DerivedKeyring::new(2, new)?`.
//!    That is the longest refresh lifetime in the policy, or the time after which you are willing to ask users again. If
//!    the server keeps signing keys, it is not before those that were sealed with the old key have been replaced, which
//!    takes as long as [`KeyRotation::every`](crate::policy::KeyRotation::every).
//!
//! After a leak, skip the waiting: with the old key removed, every credential made with it is unknown, users log in
//! again, and clients ask for new tokens. Nothing has to be deleted; the sweeper takes the grants when they expire. If the
//! storage has leaked too, take the signing keys away first, with `remove_signing_key`: what they signed is then refused.
//!
//! Keep the secret where you keep other secrets, never in the database that holds the records: a copy of that database
//! alone contains no usable credential.
