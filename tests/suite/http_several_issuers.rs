//! Several issuers in one process, over one storage.

use std::sync::Arc;

use grantsmith::http::OAuthService;
use grantsmith::server::{AuthorizationServer, Registration};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::value::ResourceSet;
use http::StatusCode;
use pollster::block_on;

use crate::http_exchange::{API, basic, builder_over, get, post, send};

/// A machine and an API of the same names at a server. Returns their Basic headers.
fn register(server: &AuthorizationServer) -> [String; 2] {
    let resources = ResourceSet::new(vec![API.parse().unwrap()]).unwrap();
    let machine = Registration::machine().with_resources(resources.clone());
    [("machine", machine), ("api", Registration::resource_server(resources))].map(|(id, registration)| {
        let registered = block_on(server.register(registration.with_id(id.parse().unwrap()))).unwrap();
        basic(id, registered.secret.unwrap().expose())
    })
}

#[test]
fn each_issuer_knows_its_own_clients_and_tokens_only() {
    let storage = Arc::new(MemoryStorage::new());
    let [one, other] = ["https://as.example/one", "https://as.example/other"]
        .map(|issuer| builder_over(issuer, &storage).build().unwrap());
    let [machine, api] = register(&one);
    let [_, other_api] = register(&other);
    let service = OAuthService::without_pages(one).unwrap().and(&OAuthService::without_pages(other).unwrap()).unwrap();
    let body = "grant_type=client_credentials&resource=https%3A%2F%2Fapi.example%2F";

    let foreign = send(&service, post("/other/token", &machine, body));
    let issued = send(&service, post("/one/token", &machine, body)).json();
    let asking = format!("token={}", issued["access_token"].as_str().unwrap());
    let at_home = send(&service, post("/one/introspect", &api, &asking)).json();
    let abroad = send(&service, post("/other/introspect", &other_api, &asking)).json();

    assert_eq!(foreign.status, StatusCode::UNAUTHORIZED);
    assert_eq!((&at_home["active"], &at_home["iss"]), (&true.into(), &"https://as.example/one".into()));
    assert_eq!(abroad, serde_json::json!({"active": false}));
}

#[test]
fn each_issuer_has_its_own_document() {
    let storage = Arc::new(MemoryStorage::new());
    let issuers = ["https://as.example", "https://as.example/one", "https://as.example/other"];
    let of = |issuer| OAuthService::without_pages(builder_over(issuer, &storage).build().unwrap()).unwrap();
    let [first, one, other] = issuers.map(of);
    let service = first.and(&one).unwrap().and(&other).unwrap();

    for issuer in issuers {
        let path = issuer.strip_prefix("https://as.example").unwrap();
        let document = send(&service, get(&format!("/.well-known/oauth-authorization-server{path}"))).json();
        assert_eq!(document["issuer"], issuer);
        assert_eq!(document["token_endpoint"], format!("{issuer}/token"));
    }
}
