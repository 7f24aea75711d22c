//! Whoever holds the keys that tokens are signed with.

use std::sync::Arc;

use async_trait::async_trait;

use crate::jose::{Jwk, SigningFailed, SigningKey};
use crate::value::JwsAlgorithm;

/// One private key, here or far away: in a key management service or a hardware module.
#[async_trait]
pub trait Signer: Send + Sync {
    /// The one algorithm that it signs with.
    fn algorithm(&self) -> JwsAlgorithm;

    /// The half to publish. It has a `kid`, and is for this algorithm.
    fn public(&self) -> &Jwk;

    /// Signs a message: the bytes that stand in a JWS. Of a service that answers with DER, see
    /// [`ecdsa_signature_from_der`](crate::jose::ecdsa_signature_from_der).
    ///
    /// # Errors
    ///
    /// [`SigningFailed`]: nothing is issued, and the request is answered with `server_error`.
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningFailed>;
}

#[async_trait]
impl Signer for SigningKey {
    fn algorithm(&self) -> JwsAlgorithm {
        self.algorithm()
    }

    fn public(&self) -> &Jwk {
        self.public()
    }

    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        self.sign(message)
    }
}

/// Signing keys that the host keeps, and changes when it likes.
///
/// # If you get this wrong
///
/// A token whose key is not published yet, or not any more, is refused everywhere. Publish a key a day before it signs,
/// and for as long as the longest token lives after it has ceased to.
pub trait KeyManager: Send + Sync {
    /// Who signs with that algorithm now. Asked for each token: keep it at hand.
    fn signer(&self, algorithm: JwsAlgorithm) -> Option<Arc<dyn Signer>>;

    /// Every key that somebody may need to verify with, the signing ones among them.
    fn published(&self) -> Vec<Jwk>;
}
