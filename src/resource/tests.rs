//! What a token must be like, and what is said when it is not.

use super::*;
use crate::policy::IntrospectionPolicy;
use crate::value::{Resource, ResourceSet, ScopeSet, Timestamp};
use crate::wire::IntrospectionAnswer;

const NOW: Timestamp = Timestamp::from_seconds(1_000);

fn read<'a>(headers: &[&'a str], query: Option<&str>) -> Result<&'a str, Refusal> {
    PresentedToken::read(headers.iter().map(|header| header.as_bytes()), query).map(|token| token.expose())
}

fn scopes(text: &str) -> ScopeSet {
    text.parse().unwrap()
}

fn resource(text: &str) -> Resource {
    text.parse().unwrap()
}

fn notes() -> Requirement {
    Requirement::new(resource("https://api.example/notes")).with_scopes(scopes("notes.read notes.write"))
}

fn token() -> VerifiedToken {
    VerifiedToken::new(scopes("notes.read notes.write other"), resource("https://api.example/notes").into())
}

mod presented {
    use super::*;

    #[test]
    fn the_scheme_is_bearer_in_any_case() {
        covers!("RFC6750-2.1-01");
        for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
            assert_eq!(read(&[&format!("{scheme} t0k.en")], None).map(str::to_owned), Ok("t0k.en".to_owned()));
        }
    }

    #[test]
    fn a_token_is_one_word_of_its_alphabet_after_spaces() {
        covers!("RFC6750-2.1-02");
        for (header, token) in
            [("Bearer t", "t"), ("Bearer   t", "t"), ("Bearer aZ09-._~+/", "aZ09-._~+/"), ("Bearer YQ==", "YQ==")]
        {
            assert_eq!(read(&[header], None), Ok(token));
        }
        for header in [
            "Bearer",
            "Bearer ",
            "Bearer =",
            "Bearer a,b",
            "Bearer a b",
            "Bearer a ",
            "Bearer a=b",
            "Bearer \"a\"",
            "Bearer a\t",
            "Bearer a%20",
            "Bearer \u{e9}",
            "Bearer a, Bearer b",
        ] {
            assert_eq!(read(&[header], None), Err(Refusal::TokenMalformed), "{header:?}");
        }
        assert_eq!(PresentedToken::read([&b"Bearer \xff"[..]], None).unwrap_err(), Refusal::TokenMalformed);
    }

    #[test]
    fn a_token_of_more_than_8_kib_is_malformed() {
        let longest = format!("Bearer {}", "a".repeat(8192));
        assert!(read(&[&longest], None).is_ok());
        assert_eq!(read(&[&format!("{longest}a")], None), Err(Refusal::TokenMalformed));
    }

    #[test]
    fn another_scheme_is_no_authentication() {
        for header in ["", "Basic YTpi", "DPoP t", "Bearert", "Bearer\tt", " Bearer t", "t"] {
            assert_eq!(read(&[header], None), Err(Refusal::TokenMissing), "{header:?}");
            assert_eq!(read(&[header], Some("access_token=t")), Err(Refusal::TokenMissing), "{header:?}");
        }
    }

    #[test]
    fn a_token_in_the_query_is_none() {
        covers!("OAUTH21-5.1-01");
        for query in ["access_token=t", "a=b&access_token=t", "access%5Ftoken=t", "access_token"] {
            assert_eq!(read(&[], Some(query)), Err(Refusal::TokenMissing), "{query}");
        }
    }

    #[test]
    fn two_tokens_are_too_many() {
        covers!("RFC6750-2-01");
        assert_eq!(read(&["Bearer a", "Bearer a"], None), Err(Refusal::TokenRepeated));
        assert_eq!(read(&["Basic YTpi", "Bearer a"], None), Err(Refusal::TokenRepeated));
        for query in ["access_token=a", "a=b&access%5Ftoken=t", "%ff&access_token"] {
            assert_eq!(read(&["Bearer a"], Some(query)), Err(Refusal::TokenRepeated), "{query}");
        }
        assert_eq!(read(&["Bearer a"], Some("access_tokens=a&%zz&token=b&\u{e9}")), Ok("a"));
    }

    #[test]
    fn it_is_not_printed() {
        covers!("RFC9700-4.9.3-01");
        let token = PresentedToken::parse("s3cret").unwrap();
        assert_eq!(format!("{token:?}"), "PresentedToken(redacted)");
    }
}

mod requirement {
    use super::*;

    #[test]
    fn a_live_token_for_this_resource_with_all_scopes_opens() {
        covers!("RFC6749-7-01");
        assert_eq!(notes().ensure_met_by(&token(), NOW), Ok(()));
        let both = [resource("https://other.example/"), resource("https://api.example/notes")];
        let token = VerifiedToken { audience: ResourceSet::new(both.into()).unwrap(), ..token() };
        assert_eq!(notes().ensure_met_by(&token, NOW), Ok(()));
    }

    #[test]
    fn a_token_is_expired_from_its_expiry_on() {
        covers!("RFC6749-7-01");
        let expiring = |at| VerifiedToken { expires_at: Some(Timestamp::from_seconds(at)), ..token() };
        assert_eq!(notes().ensure_met_by(&expiring(1_001), NOW), Ok(()));
        assert_eq!(notes().ensure_met_by(&expiring(1_000), NOW), Err(Refusal::TokenExpired));
        assert_eq!(notes().ensure_met_by(&expiring(1), Timestamp::MAX), Err(Refusal::TokenExpired));
    }

    #[test]
    fn a_token_for_another_resource_or_for_none_does_not_open() {
        covers!("RFC9700-2.3-03");
        for audience in ["https://api.example/", "https://api.example/notes/", "https://api.example/Notes", "urn:x"] {
            let token = VerifiedToken { audience: resource(audience).into(), ..token() };
            assert_eq!(notes().ensure_met_by(&token, NOW), Err(Refusal::AudienceMismatch), "{audience}");
        }
        let token = VerifiedToken { audience: ResourceSet::default(), ..token() };
        assert_eq!(notes().ensure_met_by(&token, NOW), Err(Refusal::AudienceMismatch));
    }

    #[test]
    fn one_scope_too_few_does_not_open() {
        covers!("RFC6749-7-01");
        for scope in ["", "notes.read", "notes.read Notes.write", "notes.rea notes.write"] {
            let token = VerifiedToken { scope: scopes(scope), ..token() };
            assert_eq!(notes().ensure_met_by(&token, NOW), Err(Refusal::ScopeInsufficient), "{scope}");
        }
    }

    #[test]
    fn a_token_that_is_bound_to_a_key_is_no_bearer_token() {
        let token = VerifiedToken { is_bearer: false, ..token() };
        assert_eq!(notes().ensure_met_by(&token, NOW), Err(Refusal::NotBearer));
    }

    #[test]
    fn a_foreign_token_learns_nothing_of_the_scopes() {
        let token = VerifiedToken { scope: ScopeSet::empty(), audience: resource("urn:x").into(), ..token() };
        assert_eq!(notes().ensure_met_by(&token, NOW), Err(Refusal::AudienceMismatch));
    }
}

mod challenge {
    use super::*;
    use crate::value::{MetadataUrl, ProtectionRealm};

    const ALL: [Refusal; 8] = [
        Refusal::AudienceMismatch,
        Refusal::NotBearer,
        Refusal::ScopeInsufficient,
        Refusal::TokenExpired,
        Refusal::TokenInactive,
        Refusal::TokenMalformed,
        Refusal::TokenMissing,
        Refusal::TokenRepeated,
    ];

    #[test]
    fn each_refusal_has_its_status_and_error() {
        covers!("RFC6750-3-05", "RFC6750-3.1-01", "RFC6750-3.1-02", "RFC6750-3.1-03", "RFC6750-3.1-05");
        let said = ALL.map(|refusal| (refusal.status(), refusal.code().map(BearerError::as_str)));
        let invalid_token = (401, Some("invalid_token"));
        assert_eq!(
            said,
            [
                invalid_token,
                invalid_token,
                (403, Some("insufficient_scope")),
                invalid_token,
                invalid_token,
                invalid_token,
                (401, None),
                (400, Some("invalid_request")),
            ]
        );
    }

    #[test]
    fn it_is_never_bare() {
        covers!("RFC6750-3-02", "RFC6750-3.1-05");
        let anything = Requirement::new(resource("https://api.example"));
        assert_eq!(Refusal::TokenMissing.challenge(&anything).to_string(), "Bearer realm=\"api\"");
        assert_eq!(Refusal::TokenExpired.challenge(&anything).to_string(), "Bearer error=\"invalid_token\"");
    }

    #[test]
    fn it_says_what_is_configured_and_all_scopes_that_are_needed() {
        covers!("RFC6750-3-03", "RFC6750-3.1-04");
        let requirement = notes()
            .with_realm("notes".parse().unwrap())
            .with_metadata(MetadataUrl::of(&resource("https://api.example/notes")).unwrap());
        assert_eq!(
            Refusal::ScopeInsufficient.challenge(&requirement).to_string(),
            "Bearer realm=\"notes\", error=\"insufficient_scope\", scope=\"notes.read notes.write\", \
             resource_metadata=\"https://api.example/.well-known/oauth-protected-resource/notes\""
        );
        assert_eq!(Refusal::TokenMissing.challenge(&notes()).to_string(), "Bearer scope=\"notes.read notes.write\"");
    }

    /// What a challenge of `Bearer` consists of: names and quoted values without anything to unquote.
    fn parameters(challenge: &str) -> Vec<(&str, &str)> {
        let parameters = challenge.strip_prefix("Bearer ").unwrap();
        parameters
            .split(", ")
            .map(|parameter| {
                let (name, value) = parameter.split_once('=').unwrap();
                (name, value.strip_prefix('"').unwrap().strip_suffix('"').unwrap())
            })
            .collect()
    }

    #[test]
    fn nothing_in_it_is_said_twice_or_breaks_out_of_its_quotes() {
        covers!("RFC6750-3-04", "RFC6750-3-07");
        // Every character that the types let through, except the comma and space that the little parser splits at.
        let realm: String = (0x21..=0x7e_u8).map(char::from).filter(|c| !"\"\\,".contains(*c)).collect();
        let scope: String = (0x21..=0x7e_u8).map(char::from).filter(|c| !"\"\\,".contains(*c)).collect();
        let requirement = Requirement::new(resource("https://api.example/\"><script>"))
            .with_scopes(scopes(&scope))
            .with_realm(realm.parse::<ProtectionRealm>().unwrap())
            .with_metadata("https://api.example/~!$&'()*+;=:@%22?a=b".parse().unwrap());
        for refusal in ALL {
            let text = refusal.challenge(&requirement).to_string();
            let parameters = parameters(&text);
            let mut names: Vec<&str> = parameters.iter().map(|(name, _)| *name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), parameters.len(), "{text}");
            let is_plain = |c: char| matches!(c, '\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e' | ' ');
            assert!(parameters.iter().all(|(_, value)| value.chars().all(is_plain)), "{text}");
        }
    }
}

mod remote {
    use super::*;

    fn said(body: &str) -> Option<VerifiedToken> {
        said_to(&IntrospectionPolicy::default(), body)
    }

    fn said_to(policy: &IntrospectionPolicy, body: &str) -> Option<VerifiedToken> {
        introspected(IntrospectionAnswer::read(body.as_bytes()).unwrap(), policy, NOW)
    }

    #[test]
    fn an_active_bearer_token_is_verified() {
        let token = said(
            r#"{"active":true,"token_type":"bearer","scope":"b a","client_id":"app","sub":"alice",
                "aud":"https://api.example/notes","iat":990,"nbf":1000,"exp":1001,"username":"Alice"}"#,
        );
        let token = token.unwrap();
        assert_eq!(token.client.unwrap().as_str(), "app");
        assert_eq!(token.subject.unwrap().as_str(), "alice");
        assert_eq!(token.scope.as_str(), "a b");
        assert!(token.audience.contains(&resource("https://api.example/notes")));
        assert_eq!(token.issued_at, Some(Timestamp::from_seconds(990)));
        assert_eq!(token.expires_at, Some(Timestamp::from_seconds(1_001)));
        assert!(token.is_bearer);
    }

    #[test]
    fn what_is_inactive_expired_or_not_yet_valid_is_none() {
        for body in [
            r#"{"active":false}"#,
            r#"{"active":false,"token_type":"Bearer","exp":2000}"#,
            r#"{"active":true,"token_type":"Bearer","exp":1000}"#,
            r#"{"active":true,"token_type":"Bearer","exp":0}"#,
            r#"{"active":true,"token_type":"Bearer","nbf":1001}"#,
        ] {
            assert!(said(body).is_none(), "{body}");
        }
    }

    #[test]
    fn a_token_without_type_may_be_a_refresh_token() {
        let body = r#"{"active":true}"#;
        assert!(said(body).is_none());
        let policy = IntrospectionPolicy { accepts_untyped_tokens: true, ..IntrospectionPolicy::default() };
        assert!(said_to(&policy, body).unwrap().is_bearer);
    }

    #[test]
    fn a_token_that_is_bound_to_a_key_is_no_bearer_token() {
        for body in [
            r#"{"active":true,"token_type":"DPoP"}"#,
            r#"{"active":true,"token_type":"Bearer","cnf":{"x5t#S256":"x"}}"#,
            r#"{"active":true,"token_type":"Bearer","cnf":null}"#,
        ] {
            assert!(!said(body).unwrap().is_bearer, "{body}");
        }
    }
}
