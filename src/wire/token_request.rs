//! Token requests, one type for each grant type.
//!
//! [RFC 6749 §4.1.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3),
//! [§4.4.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.4.2),
//! [§6](https://www.rfc-editor.org/rfc/rfc6749#section-6),
//! [RFC 8707 §2.2](https://www.rfc-editor.org/rfc/rfc8707#section-2.2)

use std::borrow::Cow;
use std::fmt;

use super::parameters::Value;
use super::{MalformedParameters, Parameters};
use crate::record::{Client, CredentialKind, PresentedCredential};
use crate::value::{CodeVerifier, Resource, ResourceSet, ScopeSet};

/// The part of a token request that asks for terms.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RequestedTerms {
    /// The scope, if one is named.
    pub scope: Option<ScopeSet>,
    /// The resources that are named.
    pub resources: ResourceSet,
}

impl RequestedTerms {
    /// Reads `scope` and `resource`.
    ///
    /// # Errors
    ///
    /// [`MalformedTokenRequest`]: a malformed scope or resource.
    pub fn read(parameters: &Parameters<'_>) -> Result<Self, MalformedTokenRequest> {
        let scope = match parameters.get("scope")? {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| MalformedTokenRequest::Scope)?),
        };
        Ok(Self { scope, resources: read_resources(parameters)? })
    }

    /// Reads the same for a client that is known. What it asks for is mostly what it may have: then that is shared,
    /// neither parsed nor copied.
    pub(crate) fn read_for(client: &Client, parameters: &Parameters<'_>) -> Result<Self, MalformedTokenRequest> {
        let scope = match parameters.find("scope")? {
            None => None,
            Some(value) if value.is(client.default_scope.as_str()) => Some(client.default_scope.clone()),
            Some(value) if value.is(client.scope.as_str()) => Some(client.scope.clone()),
            Some(value) => Some(value.decoded()?.parse().map_err(|_| MalformedTokenRequest::Scope)?),
        };
        let resources = match parameters.find("resource") {
            Ok(None) => ResourceSet::default(),
            Ok(Some(value)) if client.resources.only().is_some_and(|resource| is_name_of(resource, value)) => {
                client.resources.clone()
            }
            _ => read_resources(parameters)?,
        };
        Ok(Self { scope, resources })
    }
}

/// Whether the value would be read as that resource. It may say no where parsing would say yes, never the reverse.
fn is_name_of(resource: &Resource, value: Value<'_>) -> bool {
    let rest = value.after(resource.as_str());
    rest.is_some_and(|rest| rest.is_empty() || (rest.is("/") && resource.is_bare_origin()))
}

fn read_resources(parameters: &Parameters<'_>) -> Result<ResourceSet, MalformedTokenRequest> {
    if !parameters.has("resource") {
        return Ok(ResourceSet::default());
    }
    let resources = parameters.get_all("resource")?;
    // Counted before anything is parsed: the work is bounded by what a grant may hold.
    if resources.len() > MOST_RESOURCES {
        return Err(MalformedTokenRequest::Resource);
    }
    let resources: Result<Vec<_>, _> = resources.iter().map(|text| text.parse()).collect();
    resources.and_then(ResourceSet::new).map_err(|_| MalformedTokenRequest::Resource)
}

/// A request to redeem a code.
#[non_exhaustive]
pub struct CodeRequest<'a> {
    /// The code; `None` if the text is no code of this server.
    pub code: Option<PresentedCredential>,
    /// The redirection URI, if it is repeated.
    pub redirect_uri: Option<Cow<'a, str>>,
    /// The verifier.
    pub verifier: PresentedVerifier<'a>,
    /// The terms that are asked for. A scope is not: the code has one.
    pub resources: ResourceSet,
}

/// A code verifier as presented.
#[derive(Debug)]
#[non_exhaustive]
pub enum PresentedVerifier<'a> {
    /// None was sent.
    Absent,
    /// One was sent that no client may choose.
    Malformed,
    /// One was sent.
    WellFormed(CodeVerifier<'a>),
}

impl<'a> CodeRequest<'a> {
    /// Reads a request to redeem a code.
    ///
    /// # Errors
    ///
    /// [`MalformedTokenRequest`]: no code, a repeated parameter, a malformed resource.
    pub fn read(prefix: &str, parameters: &Parameters<'a>) -> Result<Self, MalformedTokenRequest> {
        let code = parameters.get("code")?.ok_or(MalformedTokenRequest::CodeMissing)?;
        let verifier = match parameters.get("code_verifier")? {
            None => PresentedVerifier::Absent,
            Some(text) => CodeVerifier::new(text).map_or(PresentedVerifier::Malformed, PresentedVerifier::WellFormed),
        };
        Ok(Self {
            code: PresentedCredential::parse(prefix, &code).filter(|code| code.kind() == CredentialKind::Code),
            redirect_uri: parameters.get("redirect_uri")?,
            verifier,
            resources: read_resources(parameters)?,
        })
    }
}

impl fmt::Debug for CodeRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeRequest(redacted)")
    }
}

/// A request to use a refresh token.
#[derive(Debug)]
#[non_exhaustive]
pub struct RefreshRequest {
    /// The refresh token; `None` if the text is no refresh token of this server.
    pub token: Option<PresentedCredential>,
    /// The terms that are asked for.
    pub terms: RequestedTerms,
}

impl RefreshRequest {
    /// Reads a request to use a refresh token.
    ///
    /// # Errors
    ///
    /// [`MalformedTokenRequest`]: no token, a repeated parameter, a malformed scope or resource.
    pub fn read(prefix: &str, parameters: &Parameters<'_>) -> Result<Self, MalformedTokenRequest> {
        let token = parameters.get("refresh_token")?.ok_or(MalformedTokenRequest::RefreshTokenMissing)?;
        let token = PresentedCredential::parse(prefix, &token);
        Ok(Self {
            token: token.filter(|token| token.kind() == CredentialKind::RefreshToken),
            terms: RequestedTerms::read(parameters)?,
        })
    }
}

/// Why a token request cannot be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MalformedTokenRequest {
    /// No code.
    #[error("no code is presented")]
    CodeMissing,
    /// No grant type.
    #[error("no grant type is named")]
    GrantTypeMissing,
    /// A bad escape, bad UTF-8, a repeated parameter, too much of it.
    #[error(transparent)]
    Parameters(#[from] MalformedParameters),
    /// No refresh token.
    #[error("no refresh token is presented")]
    RefreshTokenMissing,
    /// A resource that is not one, or too many.
    #[error("a resource is malformed")]
    Resource,
    /// A scope that is not one.
    #[error("the scope is malformed")]
    Scope,
}

const MOST_RESOURCES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::World;

    fn parameters(body: &str) -> Parameters<'_> {
        Parameters::parse(body.as_bytes()).unwrap()
    }

    #[test]
    fn a_code_request_needs_a_code() {
        for body in ["", "code=", "code", "Code=abc"] {
            let refusal = CodeRequest::read("", &parameters(body)).unwrap_err();
            assert_eq!(refusal, MalformedTokenRequest::CodeMissing, "{body}");
        }
    }

    #[test]
    fn a_refresh_request_needs_a_token() {
        for body in ["", "refresh_token=", "token=abc"] {
            let refusal = RefreshRequest::read("", &parameters(body)).unwrap_err();
            assert_eq!(refusal, MalformedTokenRequest::RefreshTokenMissing, "{body}");
        }
    }

    #[test]
    fn a_credential_of_another_kind_is_none() {
        covers!("ATK-095");
        let world = World::new();
        let (code, access, refresh) = (world.code(), world.access_token(0), world.refresh_token(0));
        for (text, is_code, is_refresh) in
            [(code.expose(), true, false), (access.expose(), false, false), (refresh.expose(), false, true)]
        {
            let body = format!("code={text}&refresh_token={text}");
            let parameters = parameters(&body);
            assert_eq!(CodeRequest::read("", &parameters).unwrap().code.is_some(), is_code);
            assert_eq!(RefreshRequest::read("", &parameters).unwrap().token.is_some(), is_refresh);
        }
    }

    #[test]
    fn junk_is_no_credential_but_no_malformed_request_either() {
        for text in ["x", "%00", &"A".repeat(67), &"x".repeat(10_000)] {
            let body = format!("code={text}");
            assert!(CodeRequest::read("", &parameters(&body)).unwrap().code.is_none());
        }
    }

    #[test]
    fn the_verifier_is_absent_malformed_or_well_formed() {
        let verifier = |text: &str| {
            let body = format!("code=x{text}");
            match CodeRequest::read("", &parameters(&body)).unwrap().verifier {
                PresentedVerifier::Absent => "absent",
                PresentedVerifier::Malformed => "malformed",
                PresentedVerifier::WellFormed(_) => "well formed",
            }
        };
        assert_eq!(verifier(""), "absent");
        assert_eq!(verifier("&code_verifier="), "absent");
        assert_eq!(verifier("&code_verifier=x"), "malformed");
        assert_eq!(verifier(&format!("&code_verifier={}", "+".repeat(43))), "malformed");
        assert_eq!(verifier(&format!("&code_verifier={}", "x".repeat(43))), "well formed");
    }

    #[test]
    fn a_repeated_parameter_is_refused() {
        let repeated = MalformedTokenRequest::Parameters(MalformedParameters::Repeated);
        for body in ["code=x&code=x", "code=x&code_verifier=a&code_verifier=a", "code=x&redirect_uri=a&redirect_uri=a"]
        {
            assert_eq!(CodeRequest::read("", &parameters(body)).unwrap_err(), repeated, "{body}");
        }
        assert_eq!(RefreshRequest::read("", &parameters("refresh_token=x&scope=a&scope=a")).unwrap_err(), repeated);
        assert_eq!(RequestedTerms::read(&parameters("scope=a&scope=")).unwrap_err(), repeated);
    }

    #[test]
    fn scope_and_resources_are_read_or_refused() {
        let read = |body: &str| RequestedTerms::read(&parameters(body));
        let terms = read("scope=b+a&resource=https://b.example&resource=https://a.example/").unwrap();
        assert_eq!(terms.scope.unwrap().as_str(), "a b");
        let resources: Vec<_> = terms.resources.iter().map(ToString::to_string).collect();
        assert_eq!(resources, ["https://a.example", "https://b.example"]);

        let empty = read("scope=&resource=").unwrap();
        assert!(empty.scope.is_none() && empty.resources.is_empty());

        for body in ["scope=a++b", "scope=+", "scope=%22", "scope=a%0ab"] {
            assert_eq!(read(body).unwrap_err(), MalformedTokenRequest::Scope, "{body}");
        }
        for body in ["resource=api", "resource=https://a%23", "resource=https://a&resource=b"] {
            assert_eq!(read(body).unwrap_err(), MalformedTokenRequest::Resource, "{body}");
        }
    }

    #[test]
    fn what_a_client_asks_for_is_read_the_same_whether_it_is_known_or_not() {
        let mut client = World::new().client;
        client.default_scope = "a b".parse().unwrap();
        client.scope = "a b c".parse().unwrap();
        for resources in
            [&["https://a.example"][..], &["https://a.example/x"], &["urn:a"], &["https://a.example", "urn:a"]]
        {
            let resources = resources.iter().map(|resource| resource.parse().unwrap()).collect();
            client.resources = ResourceSet::new(resources).unwrap();
            for body in [
                "",
                "scope=a+b",
                "scope=a+b+c",
                "scope=b+a",
                "scope=d",
                "scope=a++b",
                "scope=a&scope=a",
                "scope=a&resource=https://a.example",
                "resource=https://a.example/",
                "resource=https://a.example//",
                "resource=https://a.example/x",
                "resource=https://a.example/x/",
                "resource=urn:a",
                "resource=urn:a/",
                "resource=https://a.example&resource=https://a.example",
                "resource=https://a.example&resource=urn:a",
                "resource=a",
                "resource=&resource=",
            ] {
                let known = RequestedTerms::read_for(&client, &parameters(body));
                let unknown = RequestedTerms::read(&parameters(body));
                let (known, unknown) =
                    (known.map(|it| (it.scope, it.resources)), unknown.map(|it| (it.scope, it.resources)));
                assert_eq!(known, unknown, "{body}");
            }
        }
    }

    #[test]
    fn sixteen_resources_are_the_most() {
        let body = |count: usize| (0..count).map(|at| format!("resource=urn:{at}")).collect::<Vec<_>>().join("&");

        assert_eq!(RequestedTerms::read(&parameters(&body(16))).unwrap().resources.len(), 16);
        assert_eq!(RequestedTerms::read(&parameters(&body(17))).unwrap_err(), MalformedTokenRequest::Resource);
    }
}
