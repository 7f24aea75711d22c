//! Registering clients.

use std::collections::BTreeSet;

use grantsmith::host::Expected;
use grantsmith::policy::Policy;
use grantsmith::record::{ApplicationType, Client, ClientSecretForm, Record, Version, Versioned};
use grantsmith::server::{InvalidRegistration, RegisteredClient, Registration, RegistrationError};
use grantsmith::value::{
    AuthenticationMethod, ClientId, GrantType, InstanceId, InvalidRedirectUri, Lifetime, RedirectUri, ResourceSet,
    Timestamp,
};
use grantsmith::wire::FormRequest;
use pollster::FutureExt as _;

use crate::token_world::{API, REDIRECT_URI, TokenWorld, basic, code_of, resources};

fn uris(texts: &[&str]) -> Vec<RedirectUri> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn refused(world: &TokenWorld, registration: Registration) -> InvalidRegistration {
    match world.server.register(registration).block_on() {
        Err(RegistrationError::Invalid(invalid)) => invalid,
        other => panic!("{other:?}"),
    }
}

#[test]
fn identifiers_are_unique_and_secrets_too() {
    covers!("RFC6749-2.2-01");
    let world = TokenWorld::new();
    let clients: Vec<_> =
        (0..200).map(|_| world.server.register(Registration::machine()).block_on().unwrap()).collect();

    let ids: BTreeSet<_> = clients.iter().map(|client| client.client.id().clone()).collect();
    let secrets: BTreeSet<_> =
        clients.iter().map(|client| client.secret.as_ref().unwrap().expose().to_owned()).collect();

    assert_eq!((ids.len(), secrets.len()), (200, 200));
    assert!(secrets.iter().all(|secret| secret.len() == 43));
}

#[test]
fn a_taken_identifier_stays_with_its_client() {
    covers!("RFC6749-2.2-01");
    let world = TokenWorld::new();
    let mine = || Registration::machine().with_id("mine".parse().unwrap());
    let first = world.server.register(mine()).block_on().unwrap();

    let second = world.server.register(mine()).block_on();

    assert!(matches!(second, Err(RegistrationError::IdentifierTaken)));
    let header = basic("mine", first.secret.as_ref().unwrap().expose());
    let request = FormRequest::new(b"grant_type=client_credentials").with_authorization(header.as_bytes());
    assert_eq!(code_of(world.server.token(&request).block_on()), "ok");
}

#[test]
fn a_registration_needs_what_its_grant_types_need() {
    covers!("OAUTH21-2-01", "RFC6749-3.1.2.2-01");
    let world = TokenWorld::new();

    assert_eq!(refused(&world, Registration::public(Vec::new())), InvalidRegistration::NoRedirectUri);
    assert_eq!(refused(&world, Registration::confidential(Vec::new())), InvalidRegistration::NoRedirectUri);
    let mut machine = Registration::public(uris(&[REDIRECT_URI]));
    machine.grant_types.push(GrantType::ClientCredentials);
    assert_eq!(refused(&world, machine), InvalidRegistration::MachineWithoutSecret);
    let mut greedy = Registration::machine().with_scope("read".parse().unwrap());
    greedy.default_scope = "read write".parse().unwrap();
    assert_eq!(refused(&world, greedy), InvalidRegistration::DefaultScope);
    let mut api = Registration::public(uris(&[REDIRECT_URI]));
    api.identifies = resources(&[API]);
    assert_eq!(refused(&world, api), InvalidRegistration::IntrospectionWithoutSecret);
    let many: Vec<String> = (0..65).map(|number| format!("https://app.example/{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(refused(&world, Registration::public(uris(&many))), InvalidRegistration::TooManyRedirectUris);
}

#[test]
fn a_client_on_a_device_is_public() {
    covers!("RFC6749-10.1-01", "RFC8252-8.4-01", "OAUTH21-8.1.1-01", "OAUTH21-8.1-01");
    let world = TokenWorld::new();
    for method in [AuthenticationMethod::ClientSecretBasic, AuthenticationMethod::ClientSecretPost] {
        let mut native = Registration::public(uris(&["http://127.0.0.1/callback"])).native();
        native.authentication = method;

        assert_eq!(refused(&world, native), InvalidRegistration::SecretOnDevice);
    }
    let native = Registration::public(uris(&["http://127.0.0.1/callback"])).native();
    assert!(world.server.register(native).block_on().unwrap().secret.is_none());
}

#[test]
fn a_public_client_has_no_secret() {
    let world = TokenWorld::new();
    let mut imported = Registration::public(uris(&[REDIRECT_URI]));
    imported.imported_secret = Some("x".to_owned());
    assert_eq!(refused(&world, imported), InvalidRegistration::SecretOfPublicClient);
    let mut expiring = Registration::public(uris(&[REDIRECT_URI]));
    expiring.secret_expires_at = Some(world.now().after(Lifetime::days(1)));
    assert_eq!(refused(&world, expiring), InvalidRegistration::SecretOfPublicClient);
}

#[test]
fn what_was_registered_is_what_is_stored() {
    covers!("RFC8252-8.4-02", "OAUTH21-8.1.1-01", "OAUTH21-2-01");
    let world = TokenWorld::new();
    let native = Registration::public(uris(&["com.example.app:/callback"])).native().with_name("An app");
    let registered = world.server.register(native).block_on().unwrap();

    let key = Client::key_of(world.server.realm(), registered.client.id());
    let stored = world.storage.load(key).block_on().unwrap().unwrap().record;

    let Record::Client(stored) = stored else { panic!("not a client") };
    assert_eq!(stored.authentication, AuthenticationMethod::None);
    assert_eq!(stored.application, ApplicationType::Native);
    assert_eq!(stored.redirect_uris, uris(&["com.example.app:/callback"]));
    assert_eq!(stored.display.name.as_deref(), Some("An app"));
}

#[test]
fn a_dangerous_redirect_uri_cannot_even_be_written() {
    covers!("ATK-011", "ATK-027", "ATK-028", "ATK-029", "ATK-030", "ATK-007", "OAUTH21-2.3.1-01");
    for (text, rule) in [
        ("https://app.example/cb#x", InvalidRedirectUri::Fragment),
        ("https://app.example/cb#", InvalidRedirectUri::Fragment),
        ("javascript:alert(1)", InvalidRedirectUri::Scheme),
        ("JaVaScRiPt:alert(1)", InvalidRedirectUri::Scheme),
        ("data:text/html,x", InvalidRedirectUri::Scheme),
        ("vbscript:x", InvalidRedirectUri::Scheme),
        ("blob:https://app.example/x", InvalidRedirectUri::Scheme),
        ("file:///etc/passwd", InvalidRedirectUri::Scheme),
        ("about:blank", InvalidRedirectUri::Scheme),
        ("view-source:https://app.example/x", InvalidRedirectUri::Scheme),
        ("\u{1}javascript:alert(1)", InvalidRedirectUri::ForbiddenByte),
        ("myapp://cb", InvalidRedirectUri::Scheme),
        ("mailto:x@app.example", InvalidRedirectUri::Scheme),
        ("http://app.example/cb", InvalidRedirectUri::NotHttps),
        ("https://user@app.example/cb", InvalidRedirectUri::User),
        ("https://app.example/cb?code=x&state=y", InvalidRedirectUri::ReservedParameter),
        ("https://app.example/cb?%63ode=x", InvalidRedirectUri::ReservedParameter),
        ("https://app.example", InvalidRedirectUri::PathMissing),
        ("https://*.app.example/cb", InvalidRedirectUri::Wildcard),
    ] {
        assert_eq!(text.parse::<RedirectUri>().unwrap_err(), rule, "{text}");
    }
}

#[test]
fn redirects_of_devices_are_for_native_clients() {
    covers!("RFC9700-2.6-02", "ATK-029", "RFC8252-7-01");
    let world = TokenWorld::new();
    for uri in ["http://127.0.0.1/callback", "http://[::1]/callback", "com.example.app:/callback"] {
        let uri = uris(&[uri]);
        let error = refused(&world, Registration::public(uri.clone()));
        assert_eq!(error, InvalidRegistration::RedirectUriOfNativeClient(uri[0].clone()));

        assert!(world.server.register(Registration::public(uri).native()).block_on().is_ok());
    }
}

#[test]
fn the_name_localhost_needs_the_clients_opt_in() {
    covers!("ATK-016");
    let world = TokenWorld::new();
    let mut native = Registration::public(uris(&["http://localhost/callback"])).native();
    assert!(matches!(refused(&world, native.clone()), InvalidRegistration::Localhost(_)));

    native.allows_localhost = true;
    assert!(world.server.register(native).block_on().is_ok());
}

#[test]
fn what_a_consent_page_shows_cannot_deceive() {
    covers!("ATK-055");
    let world = TokenWorld::new();
    for name in ["two\nlines", "tab\there", "nul\0", "right\u{202e}to left", "zero\u{200b}width", &"x".repeat(2049)] {
        let registration = Registration::public(uris(&[REDIRECT_URI])).with_name(name);
        assert_eq!(refused(&world, registration), InvalidRegistration::DisplayName, "{name:?}");
    }
    for uri in ["javascript:alert(1)", "http://app.example/logo.png", "data:image/png;base64,x", "logo.png"] {
        let mut registration = Registration::public(uris(&[REDIRECT_URI]));
        registration.display.logo_uri = Some(uri.to_owned());
        assert_eq!(refused(&world, registration), InvalidRegistration::DisplayUri, "{uri}");
    }
    // Markup is text: it is the page that must escape it, and a name may well have an ampersand.
    let registration = Registration::public(uris(&[REDIRECT_URI])).with_name("Q&A <app>");
    assert!(world.server.register(registration).block_on().is_ok());
}

#[test]
fn an_empty_secret_cannot_be_imported() {
    covers!("ATK-115");
    let world = TokenWorld::new();
    for stored in ["", " ", "\t"] {
        let mut machine = Registration::machine();
        machine.imported_secret = Some(stored.to_owned());

        assert_eq!(refused(&world, machine), InvalidRegistration::EmptySecret);
    }
}

#[test]
fn a_client_for_a_registry_of_the_hosts_is_checked_the_same_way() {
    let world = TokenWorld::new();
    let (instance, now) = (InstanceId::from_bytes([7; 16]), Timestamp::from_seconds(1));
    let made = |registration: Registration| {
        registration.into_client("own".parse().unwrap(), instance, world.server.realm(), world.server.policy(), now)
    };

    let mut machine = Registration::machine().with_scope("read".parse().unwrap());
    machine.imported_secret = Some("$argon2id$…".to_owned());
    let client = made(machine).unwrap();

    assert_eq!((client.id.as_str(), client.instance, client.created_at), ("own", instance, now));
    assert_eq!(client.scope.as_str(), "read");
    assert!(matches!(&*client.secrets, [secret] if matches!(secret.form, ClientSecretForm::Verifier(_))));
    assert_eq!(made(Registration::confidential(Vec::new())).unwrap_err(), InvalidRegistration::NoRedirectUri);
}

/// The client as it is stored.
fn stored(world: &TokenWorld, id: &ClientId) -> Client {
    let key = Client::key_of(world.server.realm(), id);
    match world.storage.load(key).block_on().unwrap().unwrap().record {
        Record::Client(client) => Client::clone(&client),
        other => panic!("{other:?}"),
    }
}

fn register(world: &TokenWorld, registration: Registration) -> Result<RegisteredClient, RegistrationError> {
    world.server.register(registration).block_on()
}

/// A registration that fits together, but for one change.
fn with(change: impl FnOnce(&mut Registration)) -> Registration {
    let mut registration = Registration::confidential(uris(&[REDIRECT_URI]));
    change(&mut registration);
    registration
}

#[test]
fn a_secret_is_stored_as_its_digest_only() {
    let world = TokenWorld::new();
    let registered = register(&world, with(|_| {})).unwrap();

    let stored = stored(&world, registered.client.id());

    let [secret] = stored.secrets.as_slice() else { panic!("one secret") };
    let ClientSecretForm::Digest(digest) = &secret.form else { panic!("a digest") };
    assert!(digest.matches(&registered.secret.unwrap().digest()));
}

#[test]
fn what_is_not_named_is_not_allowed() {
    covers!("ATK-304");
    let world = TokenWorld::new();
    let client = register(&world, Registration::resource_server(ResourceSet::default())).unwrap().client;

    assert!(client.grant_types.is_empty() && client.redirect_uris.is_empty());
    assert!(client.scope.is_empty() && client.resources.is_empty() && client.identifies.is_empty());
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
            assert_eq!(refused(&TokenWorld::new(), registration), InvalidRegistration::DisplayUri, "{:?}", uri());
        }
    }
    let fine = with(|registration| registration.display.uri = Some("https://app.example/about?a=b".to_owned()));
    assert!(register(&TokenWorld::new(), fine).is_ok());
}

#[test]
fn an_empty_secret_never_authenticates_even_where_none_is_stored() {
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

#[test]
fn no_client_gets_what_no_policy_may_say() {
    covers!("RFC6750-5.2-04", "ATK-304");
    for lifetime in [Lifetime::ZERO, Lifetime::seconds(3601), Lifetime::seconds(u64::MAX)] {
        let registration = with(|registration| registration.overrides.access_token_lifetime = Some(lifetime));
        assert!(matches!(refused(&TokenWorld::new(), registration), InvalidRegistration::Override(_)), "{lifetime}");
    }
    for lifetime in [Lifetime::ZERO, Lifetime::seconds(u64::MAX)] {
        let idle = with(|registration| registration.overrides.refresh_token_idle_lifetime = Some(lifetime));
        assert!(matches!(refused(&TokenWorld::new(), idle), InvalidRegistration::Override(_)), "{lifetime}");
        let whole = with(|registration| registration.overrides.refresh_token_lifetime = Some(lifetime));
        assert!(matches!(refused(&TokenWorld::new(), whole), InvalidRegistration::Override(_)), "{lifetime}");
    }
    let fine = with(|registration| registration.overrides.access_token_lifetime = Some(Lifetime::seconds(3600)));
    assert!(register(&TokenWorld::new(), fine).is_ok());
}

#[test]
fn what_the_policy_allows_dangerously_a_client_may_have() {
    let mut policy = Policy::default();
    policy.danger.allows_long_lived_access_tokens = true;
    let world = TokenWorld::with_policy(policy);

    let registration = with(|registration| registration.overrides.access_token_lifetime = Some(Lifetime::days(365)));

    assert!(register(&world, registration).is_ok());
}
