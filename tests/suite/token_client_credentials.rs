//! Machines at the token endpoint, and what is no grant type at all.

use std::sync::Arc;

use grantsmith::host::{CustomApproval, CustomGrant, CustomRefusal, CustomRequest};
use grantsmith::record::Authentication;
use grantsmith::server::{ConfigurationError, Registration};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::value::GrantType;
use grantsmith::wire::FormRequest;
use pollster::FutureExt as _;

use crate::token_world::{API, OTHER_API, REDIRECT_URI, TokenWorld, access, code_of, resources, subject};

#[test]
fn a_machine_gets_an_access_token_and_nothing_else() {
    covers!("ATK-153", "ATK-159", "RFC6749-5.1-02", "RFC6749-5.1-03", "RFC6749-3.3-04");
    let world = TokenWorld::new();

    let response = world.token(&world.machine, "grant_type=client_credentials").unwrap();

    let body: serde_json::Value = serde_json::from_slice(&response.to_json()).unwrap();
    let members: Vec<_> = body.as_object().unwrap().keys().collect();
    assert_eq!(members, ["access_token", "expires_in", "scope", "token_type"]);
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["scope"], "admin read write");
    assert!(world.is_active(access(&response)));
}

#[test]
fn a_machine_must_authenticate() {
    covers!("RFC6749-4.4.2-01", "RFC6749-4.4-01", "RFC6749-3.2.1-01");
    let world = TokenWorld::new();
    let send = |form: String| code_of(world.server.token(&FormRequest::new(form.as_bytes())).block_on());

    assert_eq!(send("grant_type=client_credentials".to_owned()), "invalid_client");
    assert_eq!(
        send(format!("grant_type=client_credentials&client_id={}", world.machine.client.id())),
        "invalid_client"
    );
    assert_eq!(code_of(world.token(&world.app, "grant_type=client_credentials")), "unauthorized_client");
}

#[test]
fn a_scope_beyond_the_registration_is_refused() {
    covers!("ATK-159", "ATK-071", "RFC6749-5.2-09", "RFC6749-3.3-01", "ATK-070");
    let world = TokenWorld::new();
    let scoped =
        |scope: &str| code_of(world.token(&world.machine, &format!("grant_type=client_credentials&scope={scope}")));

    for scope in ["openid", "offline_access", "other", "read+other", "READ", "read++write", "+read", "%22", "caf%C3%A9"]
    {
        assert_eq!(scoped(scope), "invalid_scope", "{scope}");
    }

    assert_eq!(scoped("read+read"), "ok");
}

#[test]
fn scopes_of_users_are_never_a_machines() {
    covers!("ATK-159");
    let world = TokenWorld::new();
    let greedy = Registration::machine().with_scope("offline_access openid read".parse().unwrap());
    let greedy = world.server.register(greedy).block_on().unwrap();

    for scope in ["", "&scope=openid", "&scope=offline_access+read"] {
        let form = format!("grant_type=client_credentials{scope}");
        assert_eq!(code_of(world.token(&greedy, &form)), "invalid_scope", "{scope}");
    }
    assert_eq!(code_of(world.token(&greedy, "grant_type=client_credentials&scope=read")), "ok");
}

#[test]
fn a_client_without_a_default_must_name_a_scope() {
    covers!("RFC6749-3.3-04");
    let world = TokenWorld::new();
    let mut registration = Registration::machine().with_scope("read".parse().unwrap());
    registration.default_scope = grantsmith::value::ScopeSet::empty();
    let client = world.server.register(registration).block_on().unwrap();

    assert_eq!(code_of(world.token(&client, "grant_type=client_credentials")), "invalid_scope");
    assert_eq!(code_of(world.token(&client, "grant_type=client_credentials&scope=read")), "ok");
}

#[test]
fn a_resource_beyond_the_registration_is_refused() {
    covers!("ATK-072", "RFC8707-2.2-01", "RFC8707-2-06");
    let world = TokenWorld::new();
    let form = |resource: &str| format!("grant_type=client_credentials&resource={resource}");

    assert_eq!(code_of(world.token(&world.machine, &form(OTHER_API))), "invalid_target");
    assert_eq!(code_of(world.token(&world.machine, &form("https://user@api.example"))), "invalid_target");

    assert_eq!(code_of(world.token(&world.machine, &form(API))), "ok");
    // Widely used clients add the slash of an empty path.
    assert_eq!(code_of(world.token(&world.machine, &form("https://api.example/"))), "ok");
}

#[test]
fn the_password_grant_does_not_exist() {
    covers!("RFC6749-5.2-08", "RFC9700-2.4-01", "OAUTH21-10-01", "ATK-098", "ATK-305");
    let world = TokenWorld::new();
    let uris = vec![REDIRECT_URI.parse().unwrap()];
    let mut registration = Registration::confidential(uris);
    registration.grant_types.extend([GrantType::ClientCredentials, "urn:x:y".parse().unwrap()]);
    let everything = world.server.register(registration).block_on().unwrap();

    for client in [&world.web, &world.app, &world.machine, &everything] {
        let form = "grant_type=password&username=alice&password=secret";
        assert_eq!(code_of(world.token(client, form)), "unsupported_grant_type");
        assert_eq!(code_of(world.token(client, "grant_type=urn:x:y")), "unsupported_grant_type");
    }
    assert!("password".parse::<GrantType>().is_err());
}

/// Gives a token for whoever a voucher names.
struct Vouchers(GrantType);

#[async_trait::async_trait]
impl CustomGrant for Vouchers {
    fn grant_type(&self) -> &GrantType {
        &self.0
    }

    async fn judge(&self, request: &CustomRequest<'_>) -> Result<CustomApproval, CustomRefusal> {
        let voucher = request.parameters.get("voucher").map_err(|_| CustomRefusal::InvalidRequest)?;
        match voucher.as_deref() {
            Some("alice") => {
                let authentication = Authentication::at(request.now);
                // More than the client may have: the server cuts it down.
                let scope = "admin read root".parse().unwrap();
                let mut approval = CustomApproval::for_user(subject("alice"), authentication, scope);
                approval.resources = resources(&[API, "https://elsewhere.example"]);
                approval.allows_refresh = true;
                Ok(approval)
            }
            Some(_) => Err(CustomRefusal::InvalidGrant),
            None => Err(CustomRefusal::InvalidRequest),
        }
    }
}

#[test]
fn a_custom_grant_is_selected_by_its_uri_and_stays_within_the_registration() {
    covers!("RFC6749-4.5-01", "RFC6749-8.2-01");
    let name: GrantType = "urn:example:voucher".parse().unwrap();
    let grant = Arc::new(Vouchers(name.clone()));
    let world = TokenWorld::build(Arc::new(MemoryStorage::new()), |builder| builder.custom_grant(grant));
    let uris = vec![REDIRECT_URI.parse().unwrap()];
    let mut registration =
        Registration::public(uris).with_scope("admin read".parse().unwrap()).with_resources(resources(&[API]));
    registration.grant_types.push(name);
    let client = world.server.register(registration).block_on().unwrap();
    let send = |form: &str| world.token(&client, &format!("grant_type={form}"));

    assert_eq!(code_of(send("urn:example:voucher&voucher=bob")), "invalid_grant");
    assert_eq!(code_of(send("urn:example:voucher")), "invalid_request");
    assert_eq!(code_of(send("urn:example:voucher&voucher=a&voucher=b")), "invalid_request");
    assert_eq!(code_of(send("urn:example:other")), "unsupported_grant_type");
    assert_eq!(code_of(world.token(&world.app, "grant_type=urn:example:voucher&voucher=alice")), "unauthorized_client");
    let tokens = send("urn:example:voucher&voucher=alice").unwrap();

    assert_eq!(tokens.scope.as_str(), "admin read");
    let shown = world.introspect(&world.api, access(&tokens));
    assert_eq!(shown.active().unwrap().subject.as_ref().unwrap().as_str(), "alice");
    assert_eq!(code_of(world.refresh(&client, tokens.refresh_token.as_ref().unwrap().expose())), "ok");
}

#[test]
fn a_custom_grant_cannot_take_a_built_in_name() {
    covers!("RFC6749-4.5-01", "ATK-098");
    for name in [GrantType::AuthorizationCode, GrantType::RefreshToken] {
        let built = grantsmith::server::AuthorizationServer::builder(
            "https://as.example",
            Arc::new(MemoryStorage::new()),
            Arc::new(crate::token_world::keyring()),
        )
        .custom_grant(Arc::new(Vouchers(name)))
        .build();

        assert!(matches!(built, Err(ConfigurationError::CustomGrant { .. })));
    }
}
