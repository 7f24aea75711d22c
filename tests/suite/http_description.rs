//! `openapi.json` says what the service serves: no path, method or error code more or less.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use grantsmith::http::{OAuthService, Pages, Paths};
use grantsmith::server::{Interaction, Registration, UserSession};
use grantsmith::wire::ErrorCode;
use http::request::Parts;
use http::{Method, Response, StatusCode};
use pollster::block_on;
use serde_json::Value;

use crate::http_exchange::{ISSUER, builder, get, request, send};

const APP: &str = "https://app.example";
const WELL_KNOWN: &str = "/.well-known/oauth-authorization-server";

/// Pages that remember where they were told to send the user.
#[derive(Default)]
struct NotedPaths(Mutex<Option<Paths>>);

#[async_trait]
impl Pages for NotedPaths {
    async fn session(&self, _: &Parts) -> Option<UserSession> {
        None
    }

    async fn ask(&self, _: &Parts, _: &Interaction, paths: &Paths) -> Response<Bytes> {
        *self.0.lock().unwrap() = Some(paths.clone());
        Response::default()
    }
}

/// The service that is described, and every path that it names itself.
fn served() -> (OAuthService, BTreeSet<String>) {
    let server = builder(ISSUER).build().unwrap();
    let client = Registration::confidential(vec!["https://client.example/callback".parse().unwrap()])
        .with_id("client".parse().unwrap());
    block_on(server.register(client)).unwrap();
    let pages = Arc::new(NotedPaths::default());
    let service = OAuthService::new(server, Arc::<NotedPaths>::clone(&pages)).unwrap().allow_origins([APP]).unwrap();

    let metadata = send(&service, get(WELL_KNOWN)).json();
    let endpoints = metadata.as_object().unwrap().iter().filter(|(name, _)| name.ends_with("_endpoint"));
    let mut paths: BTreeSet<String> =
        endpoints.map(|(_, url)| url.as_str().unwrap().strip_prefix(ISSUER).unwrap().to_owned()).collect();
    send(&service, get("/authorize?client_id=client"));
    let noted = pages.0.lock().unwrap().clone().unwrap();
    paths.extend([noted.resume, noted.decide, WELL_KNOWN.to_owned()]);
    (service, paths)
}

fn description() -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/server/openapi.json");
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

#[test]
fn every_path_is_described_and_no_other() {
    let (_, served) = served();

    let description = description();

    let described: BTreeSet<String> = description["paths"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(described, served);
}

#[test]
fn every_method_is_described_and_no_other() {
    let (service, paths) = served();
    let description = description();

    for path in paths {
        let answer = send(&service, request(Method::PUT, &path));

        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
        let allowed: BTreeSet<String> = answer.header("allow").unwrap().split(", ").map(str::to_lowercase).collect();
        let described: BTreeSet<String> = description["paths"][&path].as_object().unwrap().keys().cloned().collect();
        assert_eq!(described, allowed, "{path}");
    }
}

#[test]
fn every_error_code_is_described_and_no_other() {
    let description = description();
    let schemas = &description["components"]["schemas"];
    let mut described = BTreeSet::new();
    for (_, schema) in schemas.as_object().unwrap() {
        let error = &schema["properties"]["error"];
        described.extend(error["enum"].as_array().into_iter().flatten().chain(error.get("const")).map(text));
    }
    let location = text(&description["components"]["headers"]["AuthorizationResponse"]["schema"]["pattern"]);
    let (_, codes) = location.split_once("error=(").unwrap();
    described.extend(codes.split_once(')').unwrap().0.split('|').map(str::to_owned));

    for code in &described {
        assert!(serde_json::from_value::<ErrorCode>(code.as_str().into()).is_ok(), "{code}");
    }
    // The attempt to read another code names all that there are.
    let all = serde_json::from_value::<ErrorCode>("no_code".into()).unwrap_err().to_string();
    let all: BTreeSet<String> = all.split('`').skip(3).step_by(2).map(str::to_owned).collect();
    assert_eq!(described, all);
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
