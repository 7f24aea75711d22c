//! Redeeming authorization codes at the token endpoint.

use std::sync::Arc;

use grantsmith::host::{AccountDirectory, AccountStanding, StorageError};
use grantsmith::policy::{CodeReplay, Policy};
use grantsmith::record::{Client, Phase, Record};
use grantsmith::server::Registration;
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::value::{Lifetime, Realm, Subject};
use grantsmith::wire::FormRequest;
use pollster::FutureExt as _;

use crate::token_world::{
    API, OTHER_API, REDIRECT_URI, TokenWorld, VERIFIER, Wish, access, code_of, redemption, refresh_of,
};

#[test]
fn a_code_gives_tokens_to_its_client() {
    covers!("RFC6749-5.1-02", "RFC6749-5.1-03", "RFC7636-4.6-01", "RFC6749-5.1-01");
    let world = TokenWorld::new();

    for client in [&world.web, &world.app] {
        let response = world.redeem(client, &world.code(client, &Wish::default())).unwrap();

        let body: serde_json::Value = serde_json::from_slice(&response.to_json()).unwrap();
        assert!(body["access_token"].as_str().unwrap().len() >= 43);
        assert_eq!(body["token_type"], "Bearer");
        assert_eq!(body["expires_in"], 600);
        assert_eq!(body["scope"], "read write");
        assert!(body["refresh_token"].as_str().unwrap().len() >= 43);
        assert!(world.is_active(access(&response)));
    }
}

#[test]
fn a_code_works_once_and_its_replay_ends_the_grant() {
    covers!("RFC6749-4.1.2-04", "RFC6749-4.1.3-06", "RFC6749-5.2-06", "ATK-078");
    let world = TokenWorld::new();
    let code = world.code(&world.app, &Wish::default());
    let tokens = world.redeem(&world.app, &code).unwrap();

    assert_eq!(code_of(world.redeem(&world.app, &code)), "invalid_grant");

    assert!(!world.is_active(access(&tokens)));
    assert_eq!(code_of(world.refresh(&world.app, refresh_of(&tokens))), "invalid_grant");
    assert_eq!(world.events.count("Compromised"), 1);
}

#[test]
fn a_replay_without_the_verifier_changes_nothing() {
    covers!("ATK-078", "RFC6749-4.1.2-04");
    let world = TokenWorld::new();
    let code = world.code(&world.app, &Wish::default());
    let tokens = world.redeem(&world.app, &code).unwrap();

    let wrong = format!("grant_type=authorization_code&code={code}&code_verifier={}", "x".repeat(43));
    assert_eq!(code_of(world.token(&world.app, &wrong)), "invalid_grant");
    assert_eq!(code_of(world.redeem(&world.web, &code)), "invalid_grant");

    assert!(world.is_active(access(&tokens)));
}

#[test]
fn a_replay_is_only_refused_where_the_policy_says_so() {
    let mut policy = Policy::default();
    policy.code_replay = CodeReplay::IsRefused;
    let world = TokenWorld::with_policy(policy);
    let code = world.code(&world.app, &Wish::default());
    let tokens = world.redeem(&world.app, &code).unwrap();

    assert_eq!(code_of(world.redeem(&world.app, &code)), "invalid_grant");

    assert!(world.is_active(access(&tokens)));
}

#[test]
fn a_code_expires_at_the_end_of_its_lifetime() {
    covers!("RFC6749-4.1.2-02", "RFC6749-4.1.3-06", "ATK-077");
    let world = TokenWorld::new();
    let (in_time, late) = (world.code(&world.app, &Wish::default()), world.code(&world.app, &Wish::default()));

    world.advance(59);
    assert_eq!(code_of(world.redeem(&world.app, &in_time)), "ok");
    world.advance(1);

    assert_eq!(code_of(world.redeem(&world.app, &late)), "invalid_grant");
}

#[test]
fn a_code_is_for_the_client_that_asked() {
    covers!("RFC6749-4.1.2-06", "RFC6749-4.1.3-05", "OAUTH21-4.1.2-01", "ATK-081");
    let world = TokenWorld::new();
    let code = world.code(&world.app, &Wish::default());
    let uris = vec![REDIRECT_URI.parse().unwrap()];
    let other = world.server.register(Registration::public(uris)).block_on().unwrap();

    assert_eq!(code_of(world.redeem(&other, &code)), "invalid_grant");
    assert_eq!(code_of(world.redeem(&world.web, &code)), "invalid_grant");

    assert_eq!(code_of(world.redeem(&world.app, &code)), "ok");
}

#[test]
fn a_code_is_for_the_redirect_uri_it_was_sent_to() {
    covers!("RFC6749-4.1.2-06", "RFC6749-4.1.3-02", "OAUTH21-10.2-01", "OAUTH21-4.1.2-01");
    let world = TokenWorld::new();
    let code = world.code(&world.app, &Wish::default());
    let with = |uri: &str| format!("{}&redirect_uri={uri}", redemption(&code));

    for wrong in ["https://app.example/callback/", "https://app.example/Callback", "https://evil.example/callback"] {
        assert_eq!(code_of(world.token(&world.app, &with(wrong))), "invalid_grant", "{wrong}");
    }

    assert_eq!(code_of(world.token(&world.app, &with(REDIRECT_URI))), "ok");
}

#[test]
fn the_redirect_uri_must_be_repeated_where_the_policy_says_so() {
    covers!("RFC6749-4.1.3-02");
    let mut policy = Policy::default();
    policy.requires_redirect_uri_at_token_endpoint = true;
    let world = TokenWorld::with_policy(policy);
    let code = world.code(&world.app, &Wish::default());

    assert_eq!(code_of(world.redeem(&world.app, &code)), "invalid_request");

    let repeated = format!("{}&redirect_uri={REDIRECT_URI}", redemption(&code));
    assert_eq!(code_of(world.token(&world.app, &repeated)), "ok");
}

#[test]
fn a_missing_verifier_is_an_invalid_request_and_spares_the_code() {
    covers!("RFC9700-2.1.1-05", "OAUTH21-4.1.3-02", "ATK-085", "ATK-092");
    let world = TokenWorld::new();
    let code = world.code(&world.app, &Wish::default());

    for form in ["", "&code_verifier="] {
        let form = format!("grant_type=authorization_code&code={code}{form}");
        assert_eq!(code_of(world.token(&world.app, &form)), "invalid_request", "{form}");
    }

    assert_eq!(code_of(world.redeem(&world.app, &code)), "ok");
}

#[test]
fn a_wrong_verifier_burns_the_code_of_its_own_client() {
    covers!("RFC7636-4.6-02", "RFC9700-2.1.1-05", "OAUTH21-4.1.2-01", "ATK-087", "ATK-310");
    let world = TokenWorld::new();
    let code = world.code(&world.app, &Wish::default());
    let wrong = format!("grant_type=authorization_code&code={code}&code_verifier={}", "x".repeat(43));

    assert_eq!(code_of(world.token(&world.app, &wrong)), "invalid_grant");

    assert_eq!(code_of(world.redeem(&world.app, &code)), "invalid_grant");
    assert_eq!(world.events.count("Compromised"), 1);
}

#[test]
fn what_is_no_verifier_never_passes() {
    covers!("RFC7636-4.1-01", "ATK-088", "ATK-090", "ATK-092");
    let long = "a".repeat(129);
    // The last one is the challenge of the right verifier.
    let challenge = {
        use base64::Engine as _;
        use sha2::Digest as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(sha2::Sha256::digest(VERIFIER))
    };
    for verifier in ["0", "false", "null", "+++", "a", &"a".repeat(42), &long, "%25%25", &challenge] {
        let world = TokenWorld::new();
        let code = world.code(&world.app, &Wish::default());
        let form = format!("grant_type=authorization_code&code={code}&code_verifier={verifier}");

        assert_eq!(code_of(world.token(&world.app, &form)), "invalid_grant", "{verifier}");
    }
}

#[test]
fn a_malformed_request_is_invalid_and_spares_the_code() {
    covers!("RFC6749-3.2-03", "RFC6749-3.2-05", "RFC6749-4.1.3-01", "RFC6749-5.2-02", "OAUTH21-3.2-01", "ATK-096");
    let world = TokenWorld::new();
    let code = world.code(&world.app, &Wish::default());
    let whole = redemption(&code);
    let forms = [
        String::new(),
        "grant_type=authorization_code".to_owned(),
        "grant_type=authorization_code&code=".to_owned(),
        format!("code={code}&code_verifier={VERIFIER}"),
        format!("{whole}&grant_type=authorization_code"),
        format!("{whole}&code={code}"),
        format!("{whole}&code_verifier={VERIFIER}"),
        format!("{whole}&redirect_uri=a&redirect_uri=b"),
    ];
    for form in forms {
        assert_eq!(code_of(world.token(&world.app, &form)), "invalid_request", "{form}");
    }

    assert_eq!(code_of(world.token(&world.app, &whole)), "ok");
}

#[test]
fn an_unknown_grant_type_is_unsupported() {
    covers!("ATK-096", "RFC6749-1.9-01");
    let world = TokenWorld::new();

    for name in ["Authorization_Code", "AUTHORIZATION_CODE", "authorization_code+", "bogus", &"x".repeat(9000)] {
        let form = format!("grant_type={name}&code=x");
        assert_eq!(code_of(world.token(&world.app, &form)), "unsupported_grant_type", "{name}");
    }
    let huge = format!("grant_type={}", "x".repeat(60_000));
    assert_eq!(code_of(world.token(&world.app, &huge)), "invalid_request");
}

#[test]
fn unknown_parameters_are_ignored_even_when_repeated() {
    covers!("RFC6749-3.2-04", "ATK-048");
    let world = TokenWorld::new();
    let code = world.code(&world.app, &Wish::default());

    let form = format!("{}&foo=bar&foo=baz&sub=root&grant_id=1&approved=1", redemption(&code));
    let response = world.token(&world.app, &form).unwrap();

    assert_eq!(
        world.introspect(&world.api, access(&response)).active().unwrap().subject.as_ref().unwrap().as_str(),
        "alice"
    );
}

#[test]
fn a_client_that_should_authenticate_must() {
    covers!("RFC6749-3.2.1-02", "RFC6749-4.1.3-03", "RFC6749-4.1.3-04");
    let world = TokenWorld::new();
    let code = world.code(&world.web, &Wish::default());
    let id = world.web.client.id();
    let send = |form: String| code_of(world.server.token(&FormRequest::new(form.as_bytes())).block_on());

    assert_eq!(send(redemption(&code)), "invalid_client");
    assert_eq!(send(format!("{}&client_id={id}", redemption(&code))), "invalid_client");
    assert_eq!(
        send(format!("{}&client_id={}&client_secret=x", redemption(&code), world.app.client.id())),
        "invalid_client"
    );

    assert_eq!(code_of(world.redeem(&world.web, &code)), "ok");
}

#[test]
fn what_is_no_code_is_an_invalid_grant() {
    covers!("RFC6749-4.1.3-06", "RFC6749-5.2-06", "ATK-093", "ATK-095");
    let world = TokenWorld::new();
    let tokens = world.tokens(&world.app);
    let code = world.code(&world.app, &Wish::default());
    let mut broken = vec!["x".to_owned(), access(&tokens).to_owned(), refresh_of(&tokens).to_owned()];
    broken.extend((1..4).map(|cut| code[..code.len() - cut].to_owned()));
    broken.extend(["A", "=", "%20", "%0A"].map(|tail| format!("{code}{tail}")));
    broken.push(code.to_ascii_uppercase());
    for text in broken {
        assert_eq!(code_of(world.redeem(&world.app, &text)), "invalid_grant", "{text}");
    }

    assert_eq!(code_of(world.redeem(&world.app, &code)), "ok");
}

#[test]
fn the_grant_type_must_be_registered() {
    covers!("RFC6749-5.2-07", "ATK-097");
    let world = TokenWorld::new();
    let mut none = Client::clone(&world.web.client);
    none.grant_types.clear();
    world.replace(Record::Client(none.into()));
    world.advance(10);

    for form in [
        "grant_type=authorization_code&code=x",
        "grant_type=refresh_token&refresh_token=x",
        "grant_type=client_credentials",
    ] {
        assert_eq!(code_of(world.token(&world.web, form)), "unauthorized_client", "{form}");
    }
    assert_eq!(code_of(world.token(&world.machine, "grant_type=refresh_token&refresh_token=x")), "unauthorized_client");
    assert_eq!(code_of(world.token(&world.app, "grant_type=client_credentials")), "unauthorized_client");
}

#[test]
fn the_answer_says_the_scope_that_was_approved() {
    covers!("RFC6749-3.3-03");
    let world = TokenWorld::new();

    let code = world.code(&world.app, &Wish { scope: "read", ..Wish::default() });

    assert_eq!(world.redeem(&world.app, &code).unwrap().scope.as_str(), "read");
}

#[test]
fn a_code_survives_a_restart() {
    covers!("RFC7636-4.4-01");
    let world = TokenWorld::new();
    let code = world.code(&world.app, &Wish::default());
    let restarted = world.restarted();

    let form = format!("{}&client_id={}", redemption(&code), world.app.client.id());

    assert_eq!(code_of(restarted.token(&FormRequest::new(form.as_bytes())).block_on()), "ok");
}

#[test]
fn a_token_is_for_the_one_resource_that_is_named() {
    covers!("RFC8707-2.1-01", "RFC8707-2.2-01", "RFC8707-2.2-03", "RFC8707-2-06", "ATK-313");
    let world = TokenWorld::new();
    let code = world.code(&world.app, &Wish { resources: &[API, OTHER_API], ..Wish::default() });

    // Two resources were approved, so one must be chosen.
    assert_eq!(code_of(world.redeem(&world.app, &code)), "invalid_target");
    let both = format!("{}&resource={API}&resource={OTHER_API}", redemption(&code));
    assert_eq!(code_of(world.token(&world.app, &both)), "invalid_target");
    let response = world.token(&world.app, &format!("{}&resource={API}", redemption(&code))).unwrap();

    assert!(world.introspect(&world.api, access(&response)).active().is_some());
    assert!(world.introspect(&world.other_api, access(&response)).active().is_none());
    // The refresh token is for all of them.
    let form = format!("grant_type=refresh_token&refresh_token={}&resource={OTHER_API}", refresh_of(&response));
    let other = world.token(&world.app, &form).unwrap();
    assert!(world.introspect(&world.other_api, access(&other)).active().is_some());
    assert!(world.introspect(&world.api, access(&other)).active().is_none());
}

#[test]
fn a_resource_beyond_the_grant_is_refused_and_spares_the_code() {
    covers!("ATK-109", "ATK-072", "RFC8707-2-02", "RFC8707-2-03");
    let world = TokenWorld::new();
    let code = world.code(&world.app, &Wish::default());
    let many = "&resource=https://a.example".repeat(40);

    for resource in [&format!("&resource={OTHER_API}"), "&resource=api", "&resource=https://api.example/%23x", &many] {
        let form = format!("{}{resource}", redemption(&code));
        assert_eq!(code_of(world.token(&world.app, &form)), "invalid_target", "{resource}");
    }

    assert_eq!(code_of(world.redeem(&world.app, &code)), "ok");
}

#[test]
fn an_inactive_account_gets_no_tokens() {
    covers!("ATK-104");
    struct Locked;
    #[async_trait::async_trait]
    impl AccountDirectory for Locked {
        async fn standing(&self, _: &Realm, subject: &Subject) -> Result<AccountStanding, StorageError> {
            Ok(if subject.as_str() == "mallory" { AccountStanding::Inactive } else { AccountStanding::Active })
        }
    }
    let world = TokenWorld::build(Arc::new(MemoryStorage::new()), |builder| builder.accounts(Arc::new(Locked)));
    let code = world.code(&world.app, &Wish { subject: "mallory", ..Wish::default() });

    assert_eq!(code_of(world.redeem(&world.app, &code)), "invalid_grant");

    assert!(matches!(world.grants()[0].phase(), Phase::Approved(_)));
    assert_eq!(code_of(world.redeem(&world.app, &world.code(&world.app, &Wish::default()))), "ok");
}

#[test]
fn a_client_that_was_registered_anew_cannot_redeem_old_codes() {
    let world = TokenWorld::new();
    let code = world.code(&world.app, &Wish::default());
    let mut again = Client::clone(&world.app.client);
    again.instance = grantsmith::value::InstanceId::from_bytes([9; 16]);
    world.replace(Record::Client(again.into()));
    world.advance(10);

    assert_eq!(code_of(world.redeem(&world.app, &code)), "invalid_grant");
}

#[test]
fn the_lifetime_of_an_access_token_is_the_clients_or_the_policys() {
    covers!("RFC6750-5.2-04");
    let world = TokenWorld::new();
    let tokens = world.tokens(&world.app);
    assert_eq!(tokens.expires_in, Lifetime::minutes(10));
    world.advance(599);
    assert!(world.is_active(access(&tokens)));
    world.advance(1);
    assert!(!world.is_active(access(&tokens)));

    let mut brief = Client::clone(&world.web.client);
    brief.overrides.access_token_lifetime = Some(Lifetime::seconds(30));
    world.replace(Record::Client(brief.into()));
    world.advance(10);
    assert_eq!(world.tokens(&world.web).expires_in, Lifetime::seconds(30));
}
