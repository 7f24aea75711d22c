//! `oauth-as` through its `http` service.
//!
//! Client secrets are stored as SHA-256 digests, which is what the crate recommends, and refresh tokens rotate, which
//! is its default.

use std::sync::Arc;

use http_body_util::Full;
use oauth_as::client::{Client, ClientAuth, ClientId, SecretHash};
use oauth_as::{
    AuthorizationRequest, AuthorizationServer, AuthorizationService, GrantType, MemoryStorage,
    ResourceServerRegistration, ScopeSet, ServerConfig, ServiceBuilder, SystemClock, UserApproval,
};

use crate::subject::{
    CLIENT_ID, CLIENT_SECRET, CODE_CHALLENGE, Credentials, ISSUER, Operation, Paths, REDIRECT_URI, RESOURCE,
    RESOURCE_SERVER_ID, RESOURCE_SERVER_SECRET, Reply, Request, SCOPE, Subject, finish,
};

pub struct OauthAs {
    server: Arc<AuthorizationServer<MemoryStorage>>,
    service: AuthorizationService<MemoryStorage, SystemClock>,
    credentials: Credentials,
}

impl Subject for OauthAs {
    const NAME: &'static str = "oauth-as";
    const PATHS: Paths = Paths { token: "/token", introspect: "/introspect", revoke: "/revoke" };

    fn start() -> Self {
        let mut config = ServerConfig::new(ISSUER, format!("{ISSUER}/device"));
        config.introspection_endpoint = Some(format!("{ISSUER}/introspect"));
        config.allowed_resources = Some(Box::new([RESOURCE.into()]));
        config.resource_servers =
            Some(Box::new([ResourceServerRegistration::new(ClientId::new(RESOURCE_SERVER_ID), [RESOURCE])]));
        let server = Arc::new(AuthorizationServer::new(config, MemoryStorage::new()));
        for client in [client(), resource_server()] {
            finish(server.register_client(client)).expect("the client is registered");
        }
        let service = ServiceBuilder::new(Arc::clone(&server)).build().expect("the endpoints lie under the issuer");
        Self {
            server,
            service,
            credentials: Credentials::basic((CLIENT_ID, CLIENT_SECRET), (RESOURCE_SERVER_ID, RESOURCE_SERVER_SECRET)),
        }
    }

    fn offers(_operation: Operation) -> bool {
        true
    }

    fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    fn approve(&self, user: &str) -> String {
        let request = AuthorizationRequest::from_pairs([
            ("response_type", "code"),
            ("client_id", CLIENT_ID),
            ("redirect_uri", REDIRECT_URI),
            ("scope", SCOPE),
            ("state", "xyz"),
            ("code_challenge", CODE_CHALLENGE),
            ("code_challenge_method", "S256"),
            ("resource", RESOURCE),
        ]);
        let validated = finish(self.server.validate_authorization_request(&request)).expect("the request is valid");
        let approval = UserApproval::granted(&validated, user);
        finish(self.server.issue_authorization_code(approval)).expect("the code is issued").code
    }

    fn answer(&self, request: Request) -> Reply {
        let response = finish(self.service.handle(request.map(Full::new)));
        let status = response.status();
        Reply { status, body: response.into_body().into_bytes() }
    }
}

fn client() -> Client {
    Client {
        client_id: ClientId::new(CLIENT_ID),
        auth: hashed(CLIENT_SECRET),
        grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::ClientCredentials],
        redirect_uris: vec![REDIRECT_URI.to_owned()],
        allowed_scopes: scope(),
        default_scopes: scope(),
        name: None,
        registration: None,
    }
}

fn resource_server() -> Client {
    Client {
        client_id: ClientId::new(RESOURCE_SERVER_ID),
        auth: hashed(RESOURCE_SERVER_SECRET),
        grant_types: Vec::new(),
        redirect_uris: Vec::new(),
        allowed_scopes: ScopeSet::empty(),
        default_scopes: ScopeSet::empty(),
        name: None,
        registration: None,
    }
}

fn hashed(secret: &str) -> ClientAuth {
    ClientAuth::ConfidentialSecretHash { hash: SecretHash::sha256(secret) }
}

fn scope() -> ScopeSet {
    ScopeSet::parse(SCOPE).expect("the scope is valid")
}
