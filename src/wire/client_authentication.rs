//! How a client presents itself: Basic header, body parameters, or its name alone.
//!
//! [RFC 6749 §2.3](https://www.rfc-editor.org/rfc/rfc6749#section-2.3)

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{MalformedParameters, Parameters, parameters};
use crate::value::{ClientId, ClientSecret, Wiped};

/// A client as it presents itself. Nothing is proven.
#[derive(Debug)]
#[non_exhaustive]
pub struct PresentedClient {
    /// Who the caller claims to be.
    pub id: ClientId,
    /// How it proves that.
    pub method: PresentedMethod,
}

/// How a client proves who it is.
#[derive(Debug)]
#[non_exhaustive]
pub enum PresentedMethod {
    /// A secret in the `Authorization` header.
    Basic(ClientSecret),
    /// Not at all: a name in the body.
    None,
    /// A secret in the body.
    Post(ClientSecret),
}

impl PresentedClient {
    /// Reads what the caller presents. An empty secret in the body is none, as every empty parameter is.
    ///
    /// # Errors
    ///
    /// [`MalformedCredentials`]: more than one mechanism, none at all, or one that cannot be read.
    pub fn read(authorization: Option<&[u8]>, parameters: &Parameters<'_>) -> Result<Self, MalformedCredentials> {
        let named = parameters.find("client_id")?;
        let secret = parameters.find("client_secret")?;
        // An assertion is a mechanism of its own; none is offered, so it can only be one too many or unsupported.
        if parameters.has("client_assertion") || parameters.has("client_assertion_type") {
            let is_second = authorization.is_some() || secret.is_some();
            return Err(if is_second { MalformedCredentials::Several } else { MalformedCredentials::Unsupported });
        }
        let Some(authorization) = authorization else {
            let id = named.ok_or(MalformedCredentials::Missing)?.decoded()?;
            let id = id.parse().map_err(|_| UNREADABLE)?;
            let method = match secret {
                None => PresentedMethod::None,
                Some(secret) => PresentedMethod::Post(secret.decoded()?.parse().map_err(|_| UNREADABLE)?),
            };
            return Ok(Self { id, method });
        };
        if secret.is_some() {
            return Err(MalformedCredentials::Several);
        }
        let (id, secret) = read_basic(authorization)?;
        if named.is_some_and(|named| !named.is(id.as_str())) {
            return Err(MalformedCredentials::Contradicting);
        }
        Ok(Self { id, method: PresentedMethod::Basic(secret) })
    }
}

/// Base64, split at the first colon, each part form-encoded UTF-8.
fn read_basic(authorization: &[u8]) -> Result<(ClientId, ClientSecret), MalformedCredentials> {
    let (scheme, encoded) = authorization.split_at_checked(6).ok_or(MalformedCredentials::Unsupported)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return Err(MalformedCredentials::Unsupported);
    }
    let encoded = encoded.trim_ascii();
    match encoded.len() {
        // Nearly always: a small buffer is quickly cleared and wiped.
        0..=256 => read_pair::<192>(encoded),
        257..=2048 => read_pair::<1536>(encoded),
        _ => Err(UNREADABLE),
    }
}

/// Reads what decodes to at most `N` bytes.
fn read_pair<const N: usize>(encoded: &[u8]) -> Result<(ClientId, ClientSecret), MalformedCredentials> {
    let mut buffer = Wiped::<N>::zeros();
    let length = STANDARD.decode_slice(encoded, buffer.as_mut_slice()).map_err(|_| UNREADABLE)?;
    let text = buffer.get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok()).ok_or(UNREADABLE)?;
    let colon = text.bytes().position(|byte| byte == b':').ok_or(UNREADABLE)?;
    let (id, secret) = (text.get(..colon).unwrap_or_default(), text.get(colon + 1..).unwrap_or_default());
    let id = parameters::decode(id).map_err(|_| UNREADABLE)?;
    let secret = parameters::decode(secret).map_err(|_| UNREADABLE)?;
    Ok((id.parse().map_err(|_| UNREADABLE)?, secret.parse().map_err(|_| UNREADABLE)?))
}

/// Why what a client presents cannot be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MalformedCredentials {
    /// The header and the body name different clients.
    #[error("the Authorization header and client_id name different clients")]
    Contradicting,
    /// Nothing is presented.
    #[error("no client is named")]
    Missing,
    /// The parameters are malformed.
    #[error(transparent)]
    Parameters(#[from] MalformedParameters),
    /// More than one mechanism.
    #[error("more than one client authentication mechanism")]
    Several,
    /// A mechanism that is offered, but cannot be read.
    #[error("the client credentials cannot be read")]
    Unreadable,
    /// A mechanism that is not offered.
    #[error("the client authentication mechanism is not supported")]
    Unsupported,
}

const UNREADABLE: MalformedCredentials = MalformedCredentials::Unreadable;

#[cfg(test)]
mod tests;
