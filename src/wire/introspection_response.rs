//! The introspection response.
//!
//! [RFC 7662 §2.2](https://www.rfc-editor.org/rfc/rfc7662#section-2.2)

use std::borrow::Cow;

use super::json::{Digits, Object};
use crate::value::{ClientId, Issuer, Resource, ResourceSet, ScopeSet, Subject, Timestamp};

/// What a caller may know of a token. Everything that is not active looks the same.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum IntrospectionResponse<'a> {
    /// The token is active, and the caller may see this of it.
    Active(ActiveToken<'a>),
    /// Unknown, expired, revoked, foreign, malformed: the caller cannot tell.
    Inactive,
}

/// What an active token says to the caller. Borrows from the grant, unless it is [owned](Self::into_owned).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ActiveToken<'a> {
    /// The server that issued it.
    pub issuer: Cow<'a, Issuer>,
    /// The client that holds it.
    pub client: Cow<'a, ClientId>,
    /// The user whom it stands for; none for a machine's own token.
    pub subject: Option<Cow<'a, Subject>>,
    /// Its scope.
    pub scope: Cow<'a, ScopeSet>,
    /// Its audience, as far as it concerns the caller.
    pub audience: Cow<'a, ResourceSet>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// Whether it is an access token; a refresh token is shown to the client that holds it only.
    pub is_access_token: bool,
}

impl IntrospectionResponse<'_> {
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
    pub fn active(&self) -> Option<&ActiveToken<'_>> {
        match self {
            Self::Active(token) => Some(token),
            Self::Inactive => None,
        }
    }

    /// The same response, borrowed from nothing.
    #[must_use]
    pub fn into_owned(self) -> IntrospectionResponse<'static> {
        match self {
            Self::Active(token) => IntrospectionResponse::Active(token.into_owned()),
            Self::Inactive => IntrospectionResponse::Inactive,
        }
    }
}

impl ActiveToken<'_> {
    /// The same token, borrowed from nothing.
    #[must_use]
    pub fn into_owned(self) -> ActiveToken<'static> {
        ActiveToken {
            issuer: Cow::Owned(self.issuer.into_owned()),
            client: Cow::Owned(self.client.into_owned()),
            subject: self.subject.map(|subject| Cow::Owned(subject.into_owned())),
            scope: Cow::Owned(self.scope.into_owned()),
            audience: Cow::Owned(self.audience.into_owned()),
            issued_at: self.issued_at,
            expires_at: self.expires_at,
            is_access_token: self.is_access_token,
        }
    }

    fn to_json(&self) -> Vec<u8> {
        let times = [self.issued_at, self.expires_at].map(|at| Digits::of(at.as_seconds()));
        let mut object = Object::with_capacity(self.length(&times));
        object.truth("active", true).text("iss", self.issuer.as_str()).text("client_id", self.client.as_str());
        if let Some(subject) = &self.subject {
            object.text("sub", subject.as_str());
        }
        object.plain("scope", self.scope.as_str());
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
            object.plain("token_type", "Bearer");
        }
        let [issued_at, expires_at] = &times;
        object.number("iat", issued_at).number("exp", expires_at);
        object.end()
    }

    /// How long the JSON is if nothing must be escaped: the fixed text and the values.
    fn length(&self, times: &[Digits]) -> usize {
        let fixed = r#"{"active":true,"iss":"","client_id":"","scope":"","iat":,"exp":}"#.len();
        let subject = self.subject.as_ref().map_or(0, |subject| r#","sub":"""#.len() + subject.as_str().len());
        let audience = match self.audience.len() {
            0 => 0,
            1 => r#","aud":"""#.len(),
            several => r#","aud":[]"#.len() + r#""","#.len() * several - 1,
        };
        let resources = self.audience.iter().map(|resource| resource.as_str().len());
        let token_type = if self.is_access_token { r#","token_type":"Bearer""#.len() } else { 0 };
        let texts = [self.issuer.as_str(), self.client.as_str(), self.scope.as_str()];
        let values = texts.into_iter().map(str::len).chain(resources).chain(times.iter().map(Digits::length));
        fixed + subject + audience + token_type + values.sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn token() -> ActiveToken<'static> {
        ActiveToken {
            issuer: Cow::Owned("https://as.example".parse().unwrap()),
            client: Cow::Owned("client".parse().unwrap()),
            subject: Some(Cow::Owned("user".parse().unwrap())),
            scope: Cow::Owned("read write".parse().unwrap()),
            audience: Cow::Owned(ResourceSet::from("https://api.example".parse::<Resource>().unwrap())),
            issued_at: Timestamp::from_seconds(1_700_000_000),
            expires_at: Timestamp::from_seconds(1_700_000_600),
            is_access_token: true,
        }
    }

    fn read(token: ActiveToken<'_>) -> Value {
        serde_json::from_slice(&IntrospectionResponse::Active(token).to_json()).unwrap()
    }

    #[test]
    fn what_is_not_active_says_exactly_that() {
        let response = IntrospectionResponse::Inactive;

        assert_eq!(response.to_json(), br#"{"active":false}"#);
        assert!(response.active().is_none());
    }

    #[test]
    fn an_active_token_says_all_of_itself() {
        let expected = json!({
            "active": true,
            "iss": "https://as.example",
            "client_id": "client",
            "sub": "user",
            "scope": "read write",
            "aud": "https://api.example",
            "token_type": "Bearer",
            "iat": 1_700_000_000,
            "exp": 1_700_000_600,
        });
        assert_eq!(read(token()), expected);
    }

    #[test]
    fn what_does_not_apply_is_left_out() {
        let token = ActiveToken { subject: None, audience: Cow::default(), is_access_token: false, ..token() };

        let read = read(token);

        for member in ["sub", "aud", "token_type"] {
            assert!(read.get(member).is_none(), "{member}");
        }
    }

    #[test]
    fn several_audiences_are_a_list() {
        let audience = ["https://b.example", "https://a.example"].map(|text| text.parse().unwrap()).to_vec();
        let token = ActiveToken { audience: Cow::Owned(ResourceSet::new(audience).unwrap()), ..token() };

        assert_eq!(read(token)["aud"], json!(["https://a.example", "https://b.example"]));
    }

    #[test]
    fn quotes_in_a_name_are_escaped() {
        let token = ActiveToken {
            client: Cow::Owned(r#"a"b\c"#.parse().unwrap()),
            subject: Some(Cow::Owned(r#"","admin":"yes"#.parse().unwrap())),
            ..token()
        };

        let read = read(token);

        assert_eq!((&read["client_id"], &read["sub"]), (&json!(r#"a"b\c"#), &json!(r#"","admin":"yes"#)));
        assert!(read.get("admin").is_none());
    }
}
