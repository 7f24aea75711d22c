//! Exact paths, prefixes that frameworks take off, and what is not found.

use std::sync::Arc;

use bytes::Bytes;
use grantsmith::http::{InvalidMount, OAuthService, Paths};
use grantsmith::storage::memory::MemoryStorage;
use http::uri::PathAndQuery;
use http::{Method, Request, StatusCode, Uri};
use http_body_util::Full;
use pollster::block_on;

use crate::http_exchange::{ISSUER, Site, builder, builder_over, get, post, request, send};

const MACHINE: &str = "grant_type=client_credentials";

#[test]
fn a_path_that_is_not_exactly_a_route_is_not_found() {
    covers!("ATK-309");
    let site = Site::new();

    for target in [
        "/",
        "/token/",
        "//token",
        "/./token",
        "/x/../token",
        "/%74oken",
        "/token%2F",
        "/Token",
        "/TOKEN",
        "/token;v=1",
        "/token.json",
        "/token/extra",
        "/%2Ftoken",
        "/authorize/token",
        "/.well-known/oauth-authorization-server/",
        "/.well-known/oauth-authorization-server/token",
        "/token/.well-known/oauth-authorization-server",
        "/.well-known//oauth-authorization-server",
        "/.Well-Known/oauth-authorization-server",
        "https://as.example/token/",
        "https://as.example",
    ] {
        for method in [Method::GET, Method::POST, Method::OPTIONS] {
            send(&site.service, request(method, target)).assert_golden(
                "404
                cache-control: no-store
                content-security-policy: default-src 'none'; frame-ancestors 'none'
                pragma: no-cache
                referrer-policy: no-referrer
                x-content-type-options: nosniff
                x-frame-options: DENY",
            );
        }
    }
    assert_eq!(send(&site.service, request(Method::OPTIONS, "*")).status, StatusCode::NOT_FOUND);
}

#[test]
fn the_authority_of_an_absolute_target_is_not_looked_at() {
    covers!("ATK-139");
    let site = Site::new();

    let answer = send(&site.service, post("http://evil.example/token", &site.machine, MACHINE));

    assert_eq!(answer.status, StatusCode::OK);
}

#[test]
fn a_query_in_a_configured_url_is_no_part_of_the_path() {
    let site = Site::of(builder(ISSUER).token_endpoint("https://as.example/token?tenant=1"));

    assert_eq!(send(&site.service, post("/token?tenant=1", &site.machine, MACHINE)).status, StatusCode::OK);
}

#[test]
fn machines_have_no_authorization_endpoint() {
    let site = Site::new();

    assert_eq!(send(&site.service, get("/authorize")).status, StatusCode::NOT_FOUND);
}

/// What axum's `nest_service` does.
fn without_prefix(prefix: &str, request: Request<Full<Bytes>>) -> Option<Request<Full<Bytes>>> {
    let (mut parts, body) = request.into_parts();
    let rest = parts.uri.path_and_query()?.as_str().strip_prefix(prefix)?;
    let rest = if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") };
    let mut uri = parts.uri.into_parts();
    uri.path_and_query = Some(PathAndQuery::try_from(rest).unwrap());
    parts.uri = Uri::from_parts(uri).unwrap();
    Some(Request::from_parts(parts, body))
}

#[test]
fn a_prefix_that_the_framework_takes_off_is_put_back() {
    let site = Site::of(builder("https://as.example/auth"));
    let mounted = site.service.mounted_at("/auth").unwrap();
    let nested = |request| send(&mounted, without_prefix("/auth", request).unwrap());

    assert_eq!(nested(post("/auth/token", &site.machine, MACHINE)).status, StatusCode::OK);
    assert_eq!(nested(get("/auth/.well-known/oauth-authorization-server")).status, StatusCode::OK);
    assert_eq!(nested(get("/auth/token/")).status, StatusCode::NOT_FOUND);
    assert_eq!(nested(get("/auth/auth/token")).status, StatusCode::NOT_FOUND);
    // The whole path is no route of the mounted service, and lies in the hand of the other.
    assert_eq!(send(&mounted, post("/auth/token", &site.machine, MACHINE)).status, StatusCode::NOT_FOUND);
    assert_eq!(send(&mounted, get("/.well-known/oauth-authorization-server/auth")).status, StatusCode::NOT_FOUND);
    assert_eq!(send(&site.service, get("/.well-known/oauth-authorization-server/auth")).status, StatusCode::OK);
}

#[test]
fn an_endpoint_at_the_prefix_itself_is_reached() {
    let site = Site::of(builder(ISSUER).token_endpoint("https://as.example/auth"));
    let mounted = site.service.mounted_at("/auth").unwrap();

    let request = without_prefix("/auth", post("/auth", &site.machine, MACHINE)).unwrap();

    assert_eq!(send(&mounted, request).status, StatusCode::OK);
}

#[test]
fn a_prefix_must_be_one() {
    let service = Site::of(builder("https://as.example/auth")).service;

    for prefix in ["", "/", "auth", "/auth/", "/aut", "/elsewhere"] {
        let Err(InvalidMount::Prefix { value, .. }) = service.mounted_at(prefix) else { panic!("{prefix}") };
        assert_eq!(value, prefix);
    }
}

#[test]
fn a_host_can_ask_where_its_own_forms_lead_back_to() {
    let server = builder("https://as.example/tenant").build().unwrap();
    let paths = Paths::of(&server);
    assert_eq!((&*paths.resume, &*paths.decide), ("/tenant/authorize/resume", "/tenant/authorize/decide"));

    let server = builder(ISSUER).authorization_endpoint("https://login.example/oauth/?tenant=a").build().unwrap();
    let paths = Paths::of(&server);
    assert_eq!((&*paths.resume, &*paths.decide), ("/oauth/resume", "/oauth/decide"));
}

#[test]
fn two_endpoints_of_one_path_cannot_be_told_apart() {
    let server = builder(ISSUER).token_endpoint("https://tokens.example/revoke").build().unwrap();

    let error = OAuthService::without_pages(server).unwrap_err();

    assert_eq!(error, InvalidMount::PathTaken { value: "/revoke".to_owned() });
    assert_eq!(error.to_string(), "path /revoke: must not be the path of two endpoints of one service");
}

#[test]
fn the_entry_without_tower_answers_the_same() {
    let site = Site::new();
    let request = get("/.well-known/oauth-authorization-server").map(|_| Bytes::new());

    let response = block_on(site.service.handle(request));

    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(*response.body(), site.server.metadata().to_json());
}

#[test]
fn two_sites_of_one_path_do_not_fit_into_one_service() {
    let storage = Arc::new(MemoryStorage::new());
    let [one, other] =
        ["https://one.example", "https://other.example"].map(|issuer| builder_over(issuer, &storage).build().unwrap());

    let error =
        OAuthService::without_pages(one).unwrap().and(&OAuthService::without_pages(other).unwrap()).unwrap_err();

    assert_eq!(error, InvalidMount::PathTaken { value: "/.well-known/oauth-authorization-server".to_owned() });
}
