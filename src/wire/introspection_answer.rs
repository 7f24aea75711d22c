//! What a remote introspection endpoint answers: the reading side of the introspection response.
//!
//! Strict, because the answer opens doors: what is not exactly an answer is an error, never a token and never
//! *inactive*.
//!
//! [RFC 7662 §2.2](https://www.rfc-editor.org/rfc/rfc7662#section-2.2)

use std::str::FromStr;

use serde_json::Value;
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::strict_json::{self, Object};
use crate::value::{ClientId, Resource, ResourceSet, ScopeSet, Subject, Timestamp};

/// The answer of an introspection endpoint.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum IntrospectionAnswer {
    /// The server vouches for the token.
    Active(Box<IntrospectedToken>),
    /// It does not. Whatever else the answer says is not read.
    Inactive,
}

/// What a server says of an active token, as far as a resource server needs it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IntrospectedToken {
    /// The client that holds it.
    pub client: Option<ClientId>,
    /// The user whom it stands for.
    pub subject: Option<Subject>,
    /// Its scope; empty if none is said.
    pub scope: ScopeSet,
    /// Its audience, as far as it consists of resources: other names cannot be what a resource server calls itself.
    pub audience: ResourceSet,
    /// When it was issued.
    pub issued_at: Option<Timestamp>,
    /// When it begins to be valid.
    pub not_before: Option<Timestamp>,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
    /// Its type.
    pub token_type: IntrospectedType,
    /// Whether it is bound to a key (`cnf`), so that bearing it is not enough.
    pub is_bound: bool,
}

/// The type of an introspected token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum IntrospectedType {
    /// `Bearer`, in any case.
    Bearer,
    /// Another type.
    Other,
    /// The server did not say.
    Unsaid,
}

impl IntrospectionAnswer {
    /// The form that asks about a token. Wiped when dropped.
    #[must_use]
    pub fn question(token: &str) -> Zeroizing<Vec<u8>> {
        // Escaped, a byte takes three: the buffer never moves and leaves no copy of the token behind.
        let capacity = token.len().saturating_mul(3).saturating_add("token=&token_type_hint=access_token".len());
        let mut form = form_urlencoded::Serializer::new(String::with_capacity(capacity));
        form.append_pair("token", token).append_pair("token_type_hint", "access_token");
        Zeroizing::new(form.finish().into_bytes())
    }

    /// Reads the body of an answer with status 200.
    ///
    /// # Errors
    ///
    /// [`MalformedIntrospection`] says what about it is not as it must be.
    pub fn read(body: &[u8]) -> Result<Self, MalformedIntrospection> {
        if body.len() > MOST_BYTES {
            return Err(MalformedIntrospection::NotAnObject);
        }
        let members = strict_json::object(body).map_err(|_| MalformedIntrospection::NotAnObject)?;
        match members.get("active") {
            Some(Value::Bool(true)) => Ok(Self::Active(Box::new(IntrospectedToken::of(&members)?))),
            Some(Value::Bool(false)) => Ok(Self::Inactive),
            _ => Err(MalformedIntrospection::Member("active")),
        }
    }
}

impl IntrospectedToken {
    fn of(members: &Object) -> Result<Self, MalformedIntrospection> {
        let token_type = match text(members, "token_type")? {
            None => IntrospectedType::Unsaid,
            Some(name) if name.eq_ignore_ascii_case("bearer") => IntrospectedType::Bearer,
            Some(_) => IntrospectedType::Other,
        };
        Ok(Self {
            client: parsed(members, "client_id")?,
            subject: parsed(members, "sub")?,
            scope: parsed(members, "scope")?.unwrap_or_default(),
            audience: audience(members)?,
            issued_at: time(members, "iat")?,
            not_before: time(members, "nbf")?,
            expires_at: time(members, "exp")?,
            token_type,
            is_bound: members.get("cnf").is_some(),
        })
    }
}

fn text<'a>(members: &'a Object, name: &'static str) -> Result<Option<&'a str>, MalformedIntrospection> {
    let Some(value) = members.get(name) else { return Ok(None) };
    value.as_str().map(Some).ok_or(MalformedIntrospection::Member(name))
}

fn parsed<T: FromStr>(members: &Object, name: &'static str) -> Result<Option<T>, MalformedIntrospection> {
    let Some(text) = text(members, name)? else { return Ok(None) };
    text.parse().map(Some).map_err(|_| MalformedIntrospection::Member(name))
}

fn time(members: &Object, name: &'static str) -> Result<Option<Timestamp>, MalformedIntrospection> {
    let Some(value) = members.get(name) else { return Ok(None) };
    // An integer: `1.5` and `1e9` are not what a server prints that knows what it means.
    let seconds = value.as_i64().filter(|seconds| *seconds >= 0);
    seconds.map(|seconds| Some(Timestamp::from_seconds(seconds))).ok_or(MalformedIntrospection::Member(name))
}

fn audience(members: &Object) -> Result<ResourceSet, MalformedIntrospection> {
    const MALFORMED: MalformedIntrospection = MalformedIntrospection::Member("aud");
    let resources: Vec<Resource> = match members.get("aud") {
        None => Vec::new(),
        Some(Value::String(one)) => one.parse().into_iter().collect(),
        Some(Value::Array(several)) => {
            let names: Option<Vec<&str>> = several.iter().map(Value::as_str).collect();
            names.ok_or(MALFORMED)?.into_iter().filter_map(|name| name.parse().ok()).collect()
        }
        Some(_) => return Err(MALFORMED),
    };
    ResourceSet::new(resources).map_err(|_| MALFORMED)
}

/// Why an answer is not one. Contains nothing of the answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MalformedIntrospection {
    /// A member that is missing, of the wrong type, or not of its grammar.
    #[error("the member {0} of the introspection answer is not as it must be")]
    Member(&'static str),
    /// Not a JSON object, a repeated member, or too long.
    #[error("the introspection answer is not one JSON object of at most 64 KiB without repeated members")]
    NotAnObject,
}

const MOST_BYTES: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    #[test]
    fn only_true_and_false_are_answers() {
        assert!(matches!(IntrospectionAnswer::read(br#"{"active":false}"#), Ok(IntrospectionAnswer::Inactive)));
        assert!(matches!(IntrospectionAnswer::read(br#" {"active" : true} "#), Ok(IntrospectionAnswer::Active(_))));
        for body in ["{}", r#"{"active":"true"}"#, r#"{"active":1}"#, r#"{"active":null}"#, r#"{"Active":true}"#] {
            let error = IntrospectionAnswer::read(body.as_bytes()).unwrap_err();
            assert_eq!(error, MalformedIntrospection::Member("active"), "{body}");
        }
    }

    #[test]
    fn what_is_not_one_object_is_no_answer() {
        let deep = format!(r#"{{"active":true,"x":{}}}"#, "[".repeat(200) + &"]".repeat(200));
        let members: Vec<String> = (0..128).map(|number| format!(r#""{number}":0"#)).collect();
        let wide = format!(r#"{{"active":true,{}}}"#, members.join(","));
        let long = format!(r#"{{"active":true,"x":"{}"}}"#, "x".repeat(64 * 1024));
        for body in [
            "",
            "true",
            "[true]",
            r#"{"active":true"#,
            r#"{"active":true} {"active":true}"#,
            r#"{"active":false,"active":true}"#,
            r#"{"active":false,"\u0061ctive":true}"#,
            r#"{"active":true,"x":1,"x":1}"#,
            r#"{"active":true,}"#,
            &deep,
            &wide,
            &long,
        ] {
            let error = IntrospectionAnswer::read(body.as_bytes()).unwrap_err();
            assert_eq!(error, MalformedIntrospection::NotAnObject, "{}", body.get(..80).unwrap_or(body));
        }
        assert!(IntrospectionAnswer::read(b"{\"active\":true,\"x\":\"\xff\"}").is_err());
    }

    #[test]
    fn a_member_of_the_wrong_kind_is_no_answer() {
        for (name, value) in [
            ("exp", r#""1000""#),
            ("exp", "1000.0"),
            ("exp", "1e3"),
            ("exp", "-1"),
            ("exp", "9223372036854775808"),
            ("exp", "null"),
            ("iat", "true"),
            ("nbf", "[1]"),
            ("scope", r#"["a","b"]"#),
            ("scope", r#""a  b""#),
            ("client_id", "1"),
            ("client_id", r#""""#),
            ("sub", "{}"),
            ("token_type", "null"),
            ("aud", "1"),
            ("aud", r#"["https://a.example",1]"#),
            ("aud", "null"),
        ] {
            let body = format!(r#"{{"active":true,"{name}":{value}}}"#);
            let error = IntrospectionAnswer::read(body.as_bytes()).unwrap_err();
            assert_eq!(error, MalformedIntrospection::Member(name), "{body}");
        }
    }

    #[test]
    fn the_audience_is_a_string_or_several() {
        let audience =
            |value: &str| match IntrospectionAnswer::read(format!(r#"{{"active":true,"aud":{value}}}"#).as_bytes()) {
                Ok(IntrospectionAnswer::Active(token)) => {
                    token.audience.iter().map(ToString::to_string).collect::<Vec<_>>()
                }
                other => panic!("{other:?}"),
            };
        assert_eq!(audience(r#""https://a.example/""#), ["https://a.example"]);
        assert_eq!(
            audience(r#"["account","https://b.example/x","https://a.example"]"#),
            ["https://a.example", "https://b.example/x"]
        );
        assert!(audience(r#""account""#).is_empty());
        assert!(audience("[]").is_empty());
    }

    #[test]
    fn the_question_is_a_form() {
        let form = IntrospectionAnswer::question("a-._~+/==");
        assert_eq!(form.as_slice(), b"token=a-._%7E%2B%2F%3D%3D&token_type_hint=access_token");
    }

    #[test]
    fn what_the_writing_side_writes_is_read_back() {
        let both = vec!["https://a.example".parse().unwrap(), "urn:b:c".parse().unwrap()];
        let written = super::super::ActiveToken {
            issuer: Cow::Owned("https://as.example".parse().unwrap()),
            client: Cow::Owned("app \"1\"".parse().unwrap()),
            subject: Some(Cow::Owned("alice".parse().unwrap())),
            scope: Cow::Owned("a b".parse().unwrap()),
            audience: Cow::Owned(ResourceSet::new(both).unwrap()),
            issued_at: Timestamp::from_seconds(1),
            expires_at: Timestamp::from_seconds(2),
            is_access_token: true,
        };
        let body = super::super::IntrospectionResponse::Active(written.clone()).to_json();
        let IntrospectionAnswer::Active(read) = IntrospectionAnswer::read(&body).unwrap() else { panic!("inactive") };
        assert_eq!(read.client, Some(written.client.into_owned()));
        assert_eq!(read.subject, written.subject.map(Cow::into_owned));
        assert_eq!(read.scope, written.scope.into_owned());
        assert_eq!(read.audience, written.audience.into_owned());
        assert_eq!((read.issued_at, read.expires_at), (Some(written.issued_at), Some(written.expires_at)));
        assert_eq!((read.token_type, read.is_bound), (IntrospectedType::Bearer, false));
    }
}
