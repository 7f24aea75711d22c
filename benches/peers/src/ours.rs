//! grantsmith through its `http` service.
//!
//! Secrets are minted by the library and kept as digests. The client's refresh tokens rotate, which is not the default
//! for a confidential client, because those of the peers do.

use std::sync::Arc;

use grantsmith::host::{Clock, DerivedKeyring, SystemClock};
use grantsmith::http::OAuthService;
use grantsmith::policy::RefreshRotation;
use grantsmith::record::Authentication;
use grantsmith::server::{
    Approved, Authorization, AuthorizationServer, Decision, RegisteredClient, Registration, UserSession, Visitor,
};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::value::{GrantType, Resource, ResourceSet};
use url::Url;

use crate::subject::{
    CLIENT_ID, CODE_CHALLENGE, Credentials, ISSUER, Operation, Paths, REDIRECT_URI, RESOURCE, RESOURCE_SERVER_ID,
    Reply, Request, SCOPE, Subject, finish, form,
};

pub struct Ours {
    server: AuthorizationServer,
    service: OAuthService,
    credentials: Credentials,
    authorization_request: String,
}

impl Subject for Ours {
    const NAME: &'static str = "grantsmith";
    const PATHS: Paths = Paths { token: "/token", introspect: "/introspect", revoke: "/revoke" };

    fn start() -> Self {
        let keyring = DerivedKeyring::new(1, [7; 32]).expect("the secret is not all zeros");
        let server = AuthorizationServer::builder(ISSUER, Arc::new(MemoryStorage::new()), Arc::new(keyring))
            .build()
            .expect("the defaults fit together");
        let service = OAuthService::without_pages(server.clone()).expect("every endpoint has its path");
        let client = finish(server.register(client())).expect("the client is registered");
        let resource_server = finish(server.register(resource_server())).expect("the resource server is registered");
        Self {
            server,
            service,
            credentials: Credentials::basic(
                (CLIENT_ID, secret(&client)),
                (RESOURCE_SERVER_ID, secret(&resource_server)),
            ),
            authorization_request: form(&[
                ("response_type", "code"),
                ("client_id", CLIENT_ID),
                ("redirect_uri", REDIRECT_URI),
                ("scope", SCOPE),
                ("state", "xyz"),
                ("code_challenge", CODE_CHALLENGE),
                ("code_challenge_method", "S256"),
                ("resource", RESOURCE),
            ]),
        }
    }

    fn offers(_operation: Operation) -> bool {
        true
    }

    fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    fn approve(&self, user: &str) -> String {
        let session = UserSession {
            subject: user.parse().expect("the user has a valid name"),
            authentication: Authentication::at(SystemClock.now()),
        };
        let visitor = Visitor { session: Some(&session), ..Visitor::default() };
        let asked = finish(self.server.authorize(self.authorization_request.as_bytes(), &visitor));
        let Authorization::Ask(interaction) = asked else { panic!("consent is asked for, not {asked:?}") };
        let visitor = Visitor { binding: interaction.binding.as_deref(), ..visitor };
        let decision = Decision::Approve(Approved::default());
        let decided = finish(self.server.decide(&interaction.handle, &visitor, &decision));
        let Authorization::Redirect(location) = decided else { panic!("the code is sent, not {decided:?}") };
        let location = Url::parse(&location).expect("the location is a URL");
        let (_, code) = location.query_pairs().find(|(name, _)| name == "code").expect("the redirect carries a code");
        code.into_owned()
    }

    fn answer(&self, request: Request) -> Reply {
        let response = finish(self.service.handle(request));
        Reply { status: response.status(), body: response.into_body() }
    }
}

fn client() -> Registration {
    let mut client = Registration::confidential(vec![REDIRECT_URI.parse().expect("the redirect URI is valid")])
        .with_id(CLIENT_ID.parse().expect("the client identifier is valid"))
        .with_scope(SCOPE.parse().expect("the scope is valid"))
        .with_resources(resources());
    client.grant_types.push(GrantType::ClientCredentials);
    client.overrides.refresh_rotation = Some(RefreshRotation::Always);
    client
}

fn resource_server() -> Registration {
    Registration::resource_server(resources())
        .with_id(RESOURCE_SERVER_ID.parse().expect("the client identifier is valid"))
}

fn resources() -> ResourceSet {
    let resource: Resource = RESOURCE.parse().expect("the resource is valid");
    resource.into()
}

fn secret(client: &RegisteredClient) -> &str {
    client.secret.as_ref().expect("the client is confidential").expose()
}
