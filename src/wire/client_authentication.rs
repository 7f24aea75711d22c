//! How a client presents itself: Basic header, body parameters, or its name alone.
//!
//! [RFC 6749 §2.3](https://www.rfc-editor.org/rfc/rfc6749#section-2.3)

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{MalformedParameters, Parameters, parameters};
use crate::value::{ClientId, ClientSecret};

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
    /// Reads what the caller presents.
    ///
    /// # Errors
    ///
    /// [`MalformedCredentials`]: more than one mechanism, none at all, or one that cannot be read.
    pub fn read(authorization: Option<&[u8]>, parameters: &Parameters<'_>) -> Result<Self, MalformedCredentials> {
        let named = parameters.get("client_id")?;
        let secret = parameters.get("client_secret")?;
        // An assertion is a mechanism of its own; none is offered, so it can only be one too many or unsupported.
        if parameters.has("client_assertion") || parameters.has("client_assertion_type") {
            let is_second = authorization.is_some() || secret.is_some();
            return Err(if is_second { MalformedCredentials::Several } else { MalformedCredentials::Unsupported });
        }
        let Some(authorization) = authorization else {
            let id = named.ok_or(MalformedCredentials::Missing)?;
            let id = id.parse().map_err(|_| MalformedCredentials::Unreadable)?;
            let method = match secret {
                None if parameters.has("client_secret") => return Err(MalformedCredentials::Unreadable),
                None => PresentedMethod::None,
                Some(secret) => PresentedMethod::Post(secret.parse().map_err(|_| MalformedCredentials::Unreadable)?),
            };
            return Ok(Self { id, method });
        };
        if parameters.has("client_secret") {
            return Err(MalformedCredentials::Several);
        }
        let (id, secret) = read_basic(authorization)?;
        if named.is_some_and(|named| *named != *id.as_str()) {
            return Err(MalformedCredentials::Contradicting);
        }
        Ok(Self { id, method: PresentedMethod::Basic(secret) })
    }
}

/// Base64, split at the first colon, each part form-encoded UTF-8.
fn read_basic(authorization: &[u8]) -> Result<(ClientId, ClientSecret), MalformedCredentials> {
    const UNREADABLE: MalformedCredentials = MalformedCredentials::Unreadable;
    let (scheme, encoded) = authorization.split_at_checked(6).ok_or(MalformedCredentials::Unsupported)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return Err(MalformedCredentials::Unsupported);
    }
    let encoded = encoded.trim_ascii();
    let mut buffer = [0; LONGEST_BASIC];
    if encoded.len() > LONGEST_BASIC {
        return Err(UNREADABLE);
    }
    let length = STANDARD.decode_slice(encoded, &mut buffer).map_err(|_| UNREADABLE)?;
    let text = std::str::from_utf8(buffer.get(..length).unwrap_or_default()).map_err(|_| UNREADABLE)?;
    let (id, secret) = text.split_once(':').ok_or(UNREADABLE)?;
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

const LONGEST_BASIC: usize = 2048;
