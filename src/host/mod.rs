//! The seam: every trait that a host may implement, and nothing else.
//!
//! Only [`Storage`] has to be chosen; everything else has a default.

mod account;
mod client_registry;
mod clock;
mod custom_grant;
mod entropy;
mod event;
mod introspection_transport;
mod keyring;
mod rate_limiter;
mod secret_verifier;
#[cfg(feature = "jwt")]
mod signer;
mod storage;
mod token_validator;

pub use account::{AccountDirectory, AccountStanding};
pub use client_registry::ClientRegistry;
pub use clock::{Clock, SystemClock};
pub use custom_grant::{CustomApproval, CustomGrant, CustomRefusal, CustomRequest};
pub use entropy::{Entropy, EntropyError, SystemEntropy};
pub use event::{ClientChange, Compromise, Event, EventSink, Severity, SigningKeyChange};
pub use introspection_transport::{IntrospectionReply, IntrospectionTransport};
pub use keyring::{DerivedKeyring, Keyring, KeyringError, Purpose};
pub use rate_limiter::{Attempt, Endpoint, RateLimited, RateLimiter};
pub use secret_verifier::{SecretVerifier, SecretVerifierError};
#[cfg(feature = "jwt")]
pub use signer::{KeyManager, Signer};
pub use storage::{Cursor, Expected, Filter, Listing, Saved, Storage, StorageError, StorageErrorKind};
pub use token_validator::{TokenValidator, TokenValidatorError};
