//! Registering clients: what does not fit together is refused, and nothing is allowed that was not asked for.

use std::collections::BTreeSet;

use grantsmith::host::Expected;
use grantsmith::policy::Policy;
use grantsmith::record::{ApplicationType, Client, ClientOverrides, ClientSecretForm, Record, Version, Versioned};
use grantsmith::server::{InvalidRegistration, RegisteredClient, Registration, RegistrationError};
use grantsmith::value::{
    AuthenticationMethod, ClientId, GrantType, InvalidRedirectUri, Lifetime, RedirectUri, ResourceSet,
};
use grantsmith::wire::FormRequest;
use pollster::FutureExt as _;

use crate::token_world::{API, TokenWorld, basic, code_of, resources};
use crate::world::{World, uris};

const CALLBACK: &str = "https://app.example/cb";

fn register(world: &TokenWorld, registration: Registration) -> Result<RegisteredClient, RegistrationError> {
    world.server.register(registration).block_on()
}

#[track_caller]
fn refusal(registration: Registration) -> InvalidRegistration {
    match register(&TokenWorld::new(), registration) {
        Err(RegistrationError::Invalid(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

/// The client as it is stored.
fn stored(world: &TokenWorld, id: &ClientId) -> Client {
    let key = Client::key_of(world.server.realm(), id);
    match world.storage.load(key).block_on().unwrap().unwrap().record {
        Record::Client(client) => Client::clone(&client),
        other => panic!("{other:?}"),
    }
}

fn confidential() -> Registration {
    Registration::confidential(uris(&[CALLBACK]))
}

fn public() -> Registration {
    Registration::public(uris(&[CALLBACK]))
}

mod identifiers {
    use super::*;

    #[test]
    fn every_client_gets_another() {
        covers!("RFC6749-2.2-01", "RFC6749-A.1-01", "RFC6749-10.10-02");
        let world = TokenWorld::new();
        let (mut ids, mut secrets, mut instances) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for _ in 0..200 {
            let registered = register(&world, confidential()).unwrap();
            let secret = registered.secret.unwrap();
            assert!(secret.expose().bytes().all(|byte| (0x20..=0x7e).contains(&byte)));
            assert_eq!(secret.expose().len(), 43, "256 bits in base64url");
            assert!(ids.insert(registered.client.id.clone()));
            assert!(secrets.insert(secret.expose().to_owned()));
            assert!(instances.insert(registered.client.instance));
        }
    }

    #[test]
    fn a_taken_one_is_refused_and_the_first_stays() {
        covers!("RFC6749-2.2-01");
        let world = TokenWorld::new();
        let id: ClientId = "chosen".parse().unwrap();
        let first = register(&world, confidential().with_id(id.clone())).unwrap();

        let second = register(&world, public().with_id(id.clone()));

        assert!(matches!(second, Err(RegistrationError::IdentifierTaken)));
        let stored = stored(&world, &id);
        assert_eq!((stored.instance, stored.authentication), (first.client.instance, first.client.authentication));
        assert_eq!(code_of(world.token(&first, "grant_type=refresh_token&refresh_token=x")), "invalid_grant");
    }

    #[test]
    fn a_secret_is_stored_as_its_digest_only() {
        let world = TokenWorld::new();
        let registered = register(&world, confidential()).unwrap();

        let stored = stored(&world, registered.client.id());

        let [secret] = stored.secrets.as_slice() else { panic!("one secret") };
        let ClientSecretForm::Digest(digest) = &secret.form else { panic!("a digest") };
        assert!(digest.matches(&registered.secret.unwrap().digest()));
    }
}

mod client_types {
    use super::*;

    #[test]
    fn type_and_application_are_recorded_and_come_back() {
        covers!("RFC8252-8.4-02", "OAUTH21-8.1.1-01");
        let world = TokenWorld::new();
        for (registration, is_public, application) in [
            (confidential(), false, ApplicationType::Web),
            (public(), true, ApplicationType::Web),
            (public().native(), true, ApplicationType::Native),
        ] {
            let registered = register(&world, registration).unwrap();
            let stored = stored(&world, registered.client.id());
            for client in [&stored, &registered.client] {
                assert_eq!((client.is_public(), client.application), (is_public, application));
                assert_eq!(client.is_native(), application == ApplicationType::Native);
            }
            assert_eq!(registered.secret.is_some(), !is_public);
        }
    }

    #[test]
    fn a_native_client_gets_no_secret() {
        covers!("RFC6749-10.1-01", "RFC8252-8.4-01", "OAUTH21-8.1.1-01");
        for method in [AuthenticationMethod::ClientSecretBasic, AuthenticationMethod::ClientSecretPost] {
            let mut registration = confidential().native();
            registration.authentication = method;
            assert_eq!(refusal(registration), InvalidRegistration::SecretOnDevice);
        }
        assert_eq!(refusal(Registration::machine().native()), InvalidRegistration::SecretOnDevice);
    }

    #[test]
    fn a_public_client_has_no_secret_and_does_nothing_that_needs_one() {
        covers!("OAUTH21-2-01");
        let mut imported = public();
        imported.imported_secret = Some("stored".to_owned());
        assert_eq!(refusal(imported), InvalidRegistration::SecretOfPublicClient);
        let mut expiring = public();
        expiring.secret_expires_at = Some(TokenWorld::new().now());
        assert_eq!(refusal(expiring), InvalidRegistration::SecretOfPublicClient);
        let mut machine = public();
        machine.grant_types.push(GrantType::ClientCredentials);
        assert_eq!(refusal(machine), InvalidRegistration::MachineWithoutSecret);
        let mut asking = public();
        asking.may_introspect_own_tokens = true;
        assert_eq!(refusal(asking), InvalidRegistration::IntrospectionWithoutSecret);
        let mut api = public();
        api.identifies = resources(&[API]);
        assert_eq!(refusal(api), InvalidRegistration::IntrospectionWithoutSecret);
    }

    #[test]
    fn a_client_with_codes_needs_a_redirect_uri() {
        covers!("RFC6749-3.1.2.2-01", "OAUTH21-2-01");
        for registration in [
            Registration::public(Vec::new()),
            Registration::public(Vec::new()).native(),
            Registration::confidential(Vec::new()),
        ] {
            assert_eq!(refusal(registration), InvalidRegistration::NoRedirectUri);
        }
        for registration in [Registration::machine(), Registration::resource_server(resources(&[API]))] {
            assert!(register(&TokenWorld::new(), registration).is_ok());
        }
    }

    #[test]
    fn sixty_four_redirect_uris_are_the_most() {
        let many = |count: usize| (0..count).map(|at| format!("{CALLBACK}/{at}").parse().unwrap()).collect();

        assert!(register(&TokenWorld::new(), Registration::confidential(many(64))).is_ok());
        assert_eq!(refusal(Registration::confidential(many(65))), InvalidRegistration::TooManyRedirectUris);
    }

    #[test]
    fn the_default_scope_is_within_the_scope() {
        let mut registration = confidential().with_scope("read".parse().unwrap());
        registration.default_scope = "read write".parse().unwrap();

        assert_eq!(refusal(registration), InvalidRegistration::DefaultScope);
    }

    #[test]
    fn what_is_not_named_is_not_allowed() {
        covers!("ATK-304");
        let world = TokenWorld::new();
        let client = register(&world, Registration::resource_server(ResourceSet::default())).unwrap().client;

        assert!(client.grant_types.is_empty() && client.redirect_uris.is_empty());
        assert!(client.scope.is_empty() && client.resources.is_empty() && client.identifies.is_empty());
    }
}

mod redirect_uris {
    use super::*;

    #[test]
    fn loopback_and_private_schemes_are_for_native_clients() {
        for uri in ["http://127.0.0.1/cb", "http://[::1]:1/cb", "com.example.app:/cb"] {
            assert!(register(&TokenWorld::new(), Registration::public(uris(&[uri])).native()).is_ok(), "{uri}");
            for registration in [Registration::public(uris(&[uri])), Registration::confidential(uris(&[CALLBACK, uri]))]
            {
                assert!(matches!(refusal(registration), InvalidRegistration::RedirectUriOfNativeClient(_)), "{uri}");
            }
        }
    }

    #[test]
    fn localhost_needs_the_opt_in() {
        let localhost = || Registration::public(uris(&["http://localhost/cb"])).native();
        assert!(matches!(refusal(localhost()), InvalidRegistration::Localhost(_)));
        let mut opted_in = localhost();
        opted_in.allows_localhost = true;
        assert!(register(&TokenWorld::new(), opted_in).is_ok());
    }

    #[test]
    fn a_fragment_cannot_be_registered() {
        covers!("ATK-011");
        for text in ["https://app.example/cb#x", "https://app.example/cb#", "com.example.app:/cb#x"] {
            assert_eq!(text.parse::<RedirectUri>(), Err(InvalidRedirectUri::Fragment), "{text}");
        }
    }

    #[test]
    fn a_scheme_that_runs_or_reads_something_cannot_be_registered() {
        covers!("ATK-027");
        for text in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "blob:https://app.example/x",
            "file:///etc/passwd",
            "about:blank",
            "view-source:https://app.example",
            "\u{1}javascript:alert(1)",
            " javascript:alert(1)",
            "java\nscript:alert(1)",
        ] {
            assert!(text.parse::<RedirectUri>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_parameter_of_the_response_cannot_be_registered() {
        covers!("ATK-030");
        for query in ["code=x", "state=y", "iss=z", "error=e", "a=b&code=x&state=y&iss=z&error=e", "%63ode=x"] {
            let text = format!("{CALLBACK}?{query}");
            assert_eq!(text.parse::<RedirectUri>(), Err(InvalidRedirectUri::ReservedParameter), "{text}");
        }
    }
}

mod display {
    use super::*;

    fn with(change: impl FnOnce(&mut Registration)) -> Registration {
        let mut registration = confidential();
        change(&mut registration);
        registration
    }

    #[test]
    fn a_link_is_https_and_nothing_else() {
        covers!("ATK-055");
        for uri in [
            "javascript:alert(1)",
            "http://app.example",
            "data:text/html,x",
            "app.example",
            "",
            "//app.example",
            " https://app.example",
            "https://app.example/\n",
            "https://app.example/\u{202e}x",
            &format!("https://app.example/{}", "x".repeat(2048)),
        ] {
            let uri = || Some(uri.to_owned());
            for registration in [
                with(|registration| registration.display.uri = uri()),
                with(|registration| registration.display.logo_uri = uri()),
                with(|registration| registration.display.policy_uri = uri()),
                with(|registration| registration.display.terms_uri = uri()),
            ] {
                assert_eq!(refusal(registration), InvalidRegistration::DisplayUri, "{:?}", uri());
            }
        }
        let fine = with(|registration| registration.display.uri = Some("https://app.example/about?a=b".to_owned()));
        assert!(register(&TokenWorld::new(), fine).is_ok());
    }

    #[test]
    fn a_name_that_could_deceive_is_refused() {
        covers!("ATK-055");
        for name in [
            "a\nb",
            "a\tb",
            "a\u{0}b",
            "a\u{202e}b",
            "a\u{2066}b",
            "a\u{200b}b",
            "a\u{2028}b",
            "a\u{61c}b",
            "a\u{feff}b",
        ] {
            assert_eq!(refusal(confidential().with_name(name)), InvalidRegistration::DisplayName, "{name:?}");
        }
        assert_eq!(refusal(confidential().with_name(&"x".repeat(2049))), InvalidRegistration::DisplayName);
    }

    #[test]
    fn markup_in_a_name_stays_text() {
        covers!("ATK-055");
        let world = TokenWorld::new();
        let name = "<script>alert('x')</script> & \"friends\" \u{e9}\u{1f980}";

        let registered = register(&world, confidential().with_name(name)).unwrap();

        assert_eq!(registered.client.display.name.as_deref(), Some(name));
        assert_eq!(stored(&world, registered.client.id()).display.name.as_deref(), Some(name));
    }
}

mod secrets {
    use super::*;

    #[test]
    fn an_empty_or_blank_one_cannot_be_imported() {
        covers!("ATK-115");
        for stored in ["", " ", "   ", "\t", "\n"] {
            let mut registration = confidential();
            registration.imported_secret = Some(stored.to_owned());
            assert_eq!(refusal(registration), InvalidRegistration::EmptySecret, "{stored:?}");
        }
    }

    #[test]
    fn an_empty_one_never_authenticates_even_where_none_is_stored() {
        covers!("ATK-115");
        let world = TokenWorld::new();
        let mut client = Client::clone(&world.machine.client);
        client.id = "without".parse().unwrap();
        client.secrets.clear();
        let next = Versioned { version: Version::from_bytes([1; 16]), record: Record::Client(client.into()) };
        let _ = world.storage.save(next, Expected::Absent).block_on().unwrap();
        let attempt = |header: Option<&str>, body: &str| {
            let request = FormRequest { body: body.as_bytes(), authorization: header.map(str::as_bytes), caller: None };
            code_of(world.server.token(&request).block_on())
        };
        for id in ["without", world.machine.client.id().as_str()] {
            for secret in ["", " ", "%00", "null"] {
                let header = basic(id, secret);
                assert_eq!(attempt(Some(&header), "grant_type=client_credentials"), "invalid_client", "{secret:?}");
                let body = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
                assert_eq!(attempt(None, &body), "invalid_client", "{secret:?}");
            }
            let body = format!("grant_type=client_credentials&client_id={id}");
            assert_eq!(attempt(None, &body), "invalid_client");
        }
    }
}

mod overrides {
    use super::*;

    fn with(change: impl FnOnce(&mut ClientOverrides)) -> Registration {
        let mut registration = confidential();
        change(&mut registration.overrides);
        registration
    }

    #[test]
    fn no_client_gets_what_no_policy_may_say() {
        covers!("RFC6750-5.2-04", "ATK-304");
        for lifetime in [Lifetime::ZERO, Lifetime::seconds(3601), Lifetime::seconds(u64::MAX)] {
            let registration = with(|overrides| overrides.access_token_lifetime = Some(lifetime));
            assert!(matches!(refusal(registration), InvalidRegistration::Override(_)), "{lifetime}");
        }
        for lifetime in [Lifetime::ZERO, Lifetime::seconds(u64::MAX)] {
            let idle = with(|overrides| overrides.refresh_token_idle_lifetime = Some(lifetime));
            assert!(matches!(refusal(idle), InvalidRegistration::Override(_)), "{lifetime}");
            let whole = with(|overrides| overrides.refresh_token_lifetime = Some(lifetime));
            assert!(matches!(refusal(whole), InvalidRegistration::Override(_)), "{lifetime}");
        }
        let fine = with(|overrides| overrides.access_token_lifetime = Some(Lifetime::seconds(3600)));
        assert!(register(&TokenWorld::new(), fine).is_ok());
    }

    #[test]
    fn what_the_policy_allows_dangerously_a_client_may_have() {
        let mut policy = Policy::default();
        policy.danger.allows_long_lived_access_tokens = true;
        let world = World::with_policy(policy);

        let registration = with(|overrides| overrides.access_token_lifetime = Some(Lifetime::days(365)));

        assert!(register(&world, registration).is_ok());
    }
}
