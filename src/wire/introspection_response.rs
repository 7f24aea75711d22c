//! The introspection response.
//!
//! [RFC 7662 §2.2](https://www.rfc-editor.org/rfc/rfc7662#section-2.2)

use super::json::Object;
use crate::value::{ClientId, Issuer, Resource, ResourceSet, ScopeSet, Subject, Timestamp};

/// What a caller may know of a token. Everything that is not active looks the same.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum IntrospectionResponse {
    /// The token is active, and the caller may see this of it.
    Active(ActiveToken),
    /// Unknown, expired, revoked, foreign, malformed: the caller cannot tell.
    Inactive,
}

/// What an active token says to the caller.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ActiveToken {
    /// The server that issued it.
    pub issuer: Issuer,
    /// The client that holds it.
    pub client: ClientId,
    /// The user whom it stands for; none for a machine's own token.
    pub subject: Option<Subject>,
    /// Its scope.
    pub scope: ScopeSet,
    /// Its audience, as far as it concerns the caller.
    pub audience: ResourceSet,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// Whether it is an access token; a refresh token is shown to the client that holds it only.
    pub is_access_token: bool,
}

impl IntrospectionResponse {
    /// The response as JSON.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        match self {
            Self::Active(token) => token.to_json(),
            Self::Inactive => br#"{"active":false}"#.to_vec(),
        }
    }

    /// The token, if it is active.
    #[must_use]
    pub fn active(&self) -> Option<&ActiveToken> {
        match self {
            Self::Active(token) => Some(token),
            Self::Inactive => None,
        }
    }
}

impl ActiveToken {
    fn to_json(&self) -> Vec<u8> {
        let subject = self.subject.as_ref().map(Subject::as_str).unwrap_or_default();
        let audience: usize = self.audience.iter().map(|resource| resource.as_str().len() + 3).sum();
        let texts = [self.issuer.as_str(), self.client.as_str(), subject, self.scope.as_str()];
        let capacity = FIXED + audience + texts.iter().map(|text| text.len()).sum::<usize>();
        let mut object = Object::with_capacity(capacity);
        object.truth("active", true).text("iss", self.issuer.as_str()).text("client_id", self.client.as_str());
        if let Some(subject) = &self.subject {
            object.text("sub", subject.as_str());
        }
        object.text("scope", self.scope.as_str());
        let mut audience = self.audience.iter().map(Resource::as_str);
        match self.audience.len() {
            0 => {}
            1 => {
                object.text("aud", audience.next().unwrap_or_default());
            }
            _ => {
                object.texts("aud", audience);
            }
        }
        if self.is_access_token {
            object.text("token_type", "Bearer");
        }
        object.number("iat", self.issued_at.as_seconds()).number("exp", self.expires_at.as_seconds());
        object.end()
    }
}

/// The bytes of the names and punctuation, and of two times.
const FIXED: usize = 140;
