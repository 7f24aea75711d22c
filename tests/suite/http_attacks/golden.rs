//! Every kind of answer, held fast in `tests/vectors/http/`: status, headers by name, body.
//!
//! What differs from run to run is masked. To write the files anew:
//!
//! ```text
//! GRANTSMITH_BLESS=1 cargo test --test suite golden
//! ```

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use grantsmith::host::{Attempt, RateLimited, RateLimiter};
use grantsmith::value::Lifetime;
use http::{Method, StatusCode};

use super::browser::{Ask, Browser};
use super::expect::code_in;
use super::members::{Tokens, redemption};
use super::stage::Stage;
use crate::http_exchange::{Answered, get, post, request, with};

const MACHINE: &str = "grant_type=client_credentials&scope=read&resource=https%3A%2F%2Fapi.example%2F";
const WELL_KNOWN: &str = "/.well-known/oauth-authorization-server";

#[test]
fn every_answer_is_as_it_was() {
    let mut book = Book::default();
    write_metadata(&mut book);
    write_authorization(&mut book);
    write_tokens(&mut book);
    write_token_errors(&mut book);
    write_introspection(&mut book);
    write_revocation(&mut book);
    write_transport(&mut book);
    write_cors(&mut book);
    write_limits(&mut book);
    book.close();
}

/// The answers of this run, against those that are written down.
#[derive(Default)]
struct Book {
    names: BTreeSet<String>,
    different: Vec<String>,
}

impl Book {
    /// Compares an answer with the file of that name, or writes the file.
    fn note(&mut self, stage: &Stage, name: &str, answer: &Answered) {
        assert!(self.names.insert(name.to_owned()), "{name} twice");
        let golden = stage.witness.masked(&answer.golden());
        let reason = StatusCode::canonical_reason(&answer.status).unwrap();
        let golden = format!("{} {reason}{}\n", answer.status.as_u16(), &golden[3..].trim_end());
        let path = folder().join(format!("{name}.txt"));
        if is_blessing() {
            fs::write(path, golden).unwrap();
        } else if fs::read_to_string(path).unwrap_or_default() != golden {
            self.different.push(format!("{name}:\n{golden}"));
        }
    }

    fn close(self) {
        let mut files: BTreeSet<_> = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|path| !path.file_stem().is_some_and(|stem| self.names.contains(stem.to_str().unwrap())));
        if is_blessing() {
            for path in files {
                fs::remove_file(path).unwrap();
            }
        } else {
            assert!(files.is_empty(), "no answer is like {files:?}");
            assert!(self.different.is_empty(), "not as it was:\n{}", self.different.join("\n"));
        }
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/http")
}

fn is_blessing() -> bool {
    env::var_os("GRANTSMITH_BLESS").is_some()
}

fn write_metadata(book: &mut Book) {
    let stage = Stage::new();
    book.note(&stage, "metadata", &stage.send(get(WELL_KNOWN)));
    book.note(&stage, "metadata_head", &stage.send(request(Method::HEAD, WELL_KNOWN)));
    book.note(&stage, "metadata_method", &stage.send(post(WELL_KNOWN, "", "")));
}

fn write_authorization(book: &mut Book) {
    let stage = Stage::new();
    let ask = Ask::of(&stage.members.web);
    let mut alice = stage.browser_of("alice");
    let page = alice.authorize(&ask);
    book.note(&stage, "authorize_consent_page", &page);
    book.note(&stage, "authorize_another_browser", &stage.browser_of("alice").approve(&page));
    book.note(&stage, "authorize_unclear_decision", &alice.submit(&page, &[("decision", "perhaps")]));
    let approved = alice.approve(&page);
    book.note(&stage, "authorize_code", &approved);
    stage.redeem(&stage.members.web, &code_in(&approved));
    book.note(&stage, "authorize_already_completed", &alice.approve(&page));
    let page = alice.authorize(&ask);
    book.note(&stage, "authorize_access_denied", &alice.deny(&page));
    stage.advance(601);
    book.note(&stage, "authorize_handle_expired", &alice.approve(&page));
    book.note(&stage, "authorize_handle_invalid", &alice.get("/authorize/resume?handle=x"));
    let mut write = |name: &str, browser: &mut Browser<'_>, ask: Ask| {
        book.note(&stage, &format!("authorize_{name}"), &browser.authorize(&ask));
    };
    write("log_in_page", &mut stage.browser(), ask.clone());
    write("login_required", &mut stage.browser(), ask.clone().with("prompt", "none"));
    write("consent_required", &mut alice, ask.clone().with("prompt", "none"));
    write("request_invalid", &mut alice, ask.clone().with("redirect_uri", "https://evil.example/cb"));
    write("invalid_request", &mut alice, ask.clone().without("code_challenge"));
    write("invalid_scope", &mut alice, ask.clone().with("scope", "unknown"));
    write("invalid_target", &mut alice, ask.clone().with("resource", "https://unknown.example/"));
    write("unsupported_response_type", &mut alice, ask.clone().with("response_type", "token"));
    write("request_not_supported", &mut alice, ask.clone().with("request", "e30.e30."));
    write("request_uri_not_supported", &mut alice, ask.clone().with("request_uri", "https://app.example/r"));
    let stranger = Ask::of(&stage.members.stranger).with("scope", "unknown");
    write("unverified_client_error", &mut alice, stranger.clone());
    write("unverified_client_error_form_post", &mut alice, stranger.with("response_mode", "form_post"));
    let form_post = ask.with("response_mode", "form_post");
    write("form_post_error", &mut alice, form_post.clone().with("scope", "unknown"));
    book.note(&stage, "authorize_form_post", &alice.approve_all(&form_post));
}

fn write_tokens(book: &mut Book) {
    let stage = Stage::new();
    for (name, client) in [("confidential", &stage.members.web), ("public", &stage.members.app)] {
        let code = stage.approved_code(client);
        let answer = stage.redeem(client, &code);
        book.note(&stage, &format!("token_authorization_code_{name}"), &answer);
        let refreshed = stage.refresh(client, &Tokens::in_answer(&answer).refresh);
        book.note(&stage, &format!("token_refresh_token_{name}"), &refreshed);
    }
    book.note(&stage, "token_client_credentials", &stage.token(&stage.members.machine, MACHINE));
}

fn write_token_errors(book: &mut Book) {
    let stage = Stage::new();
    let members = &stage.members;
    for (name, client, form) in [
        ("invalid_request", &members.web, "grant_type=authorization_code".to_owned()),
        ("invalid_grant", &members.web, redemption("unknown")),
        ("invalid_scope", &members.machine, "grant_type=client_credentials&scope=unknown".to_owned()),
        (
            "invalid_target",
            &members.machine,
            "grant_type=client_credentials&resource=https://unknown.example/".to_owned(),
        ),
        ("unauthorized_client", &members.web, MACHINE.to_owned()),
        ("unsupported_grant_type", &members.web, "grant_type=password&username=alice&password=x".to_owned()),
        ("invalid_client", &members.disabled, MACHINE.to_owned()),
    ] {
        book.note(&stage, &format!("token_{name}"), &stage.token(client, &form));
    }
    book.note(&stage, "token_invalid_client_without_credentials", &stage.send(post("/token", "", MACHINE)));
}

fn write_introspection(book: &mut Book) {
    let stage = Stage::new();
    let members = &stage.members;
    let tokens = stage.approved_tokens(&members.web);
    book.note(&stage, "introspect_active_user", &stage.introspect(&members.api, &tokens.access));
    book.note(&stage, "introspect_active_machine", &stage.introspect(&members.api, &stage.machine_token()));
    book.note(&stage, "introspect_inactive", &stage.introspect(&members.api, "unknown"));
    book.note(&stage, "introspect_invalid_request", &stage.send(members.api.form("/introspect", "")));
    book.note(&stage, "introspect_invalid_client", &stage.send(post("/introspect", "", "token=x")));
}

fn write_revocation(book: &mut Book) {
    let stage = Stage::new();
    let members = &stage.members;
    let tokens = stage.approved_tokens(&members.web);
    book.note(&stage, "revoke_foreign", &stage.revoke(&members.desk, &tokens.access));
    book.note(&stage, "revoke_revoked", &stage.revoke(&members.web, &tokens.access));
    book.note(&stage, "revoke_unknown", &stage.revoke(&members.web, "unknown"));
    book.note(&stage, "revoke_invalid_request", &stage.send(members.web.form("/revoke", "")));
    book.note(&stage, "revoke_invalid_client", &stage.send(post("/revoke", "", "token=x")));
}

fn write_transport(book: &mut Book) {
    let stage = Stage::new();
    let web = &stage.members.web;
    book.note(&stage, "not_found", &stage.send(get("/unknown")));
    for (name, target) in [("token", "/token"), ("introspect", "/introspect"), ("revoke", "/revoke")] {
        book.note(&stage, &format!("{name}_method"), &stage.send(get(target)));
        book.note(&stage, &format!("{name}_too_large"), &stage.send(web.form(target, &"x".repeat(20_000))));
        let mut json = web.form(target, "{}");
        json.headers_mut().insert("content-type", "application/json".parse().unwrap());
        book.note(&stage, &format!("{name}_media_type"), &stage.send(json));
    }
    for (name, target) in [("", "/authorize"), ("_decide", "/authorize/decide"), ("_resume", "/authorize/resume")] {
        book.note(&stage, &format!("authorize{name}_method"), &stage.send(request(Method::DELETE, target)));
    }
    book.note(&stage, "authorize_too_large", &stage.send(post("/authorize", "", &"x".repeat(20_000))));
}

fn write_cors(book: &mut Book) {
    let mut stage = Stage::new();
    stage.service = stage.service.allow_origins(["https://page.example"]).unwrap();
    for (name, target) in [("token", "/token"), ("introspect", "/introspect"), ("metadata", WELL_KNOWN)] {
        for (of, origin) in [("", "https://page.example"), ("_of_another_origin", "https://evil.example")] {
            let preflight = with(request(Method::OPTIONS, target), "origin", origin);
            let preflight = with(preflight, "access-control-request-method", "POST");
            book.note(&stage, &format!("{name}_preflight{of}"), &stage.send(preflight));
        }
    }
    let asked = stage.members.machine.form("/token", MACHINE);
    book.note(&stage, "token_of_an_allowed_origin", &stage.send(with(asked, "origin", "https://page.example")));
}

/// Lets nobody through.
struct Closed;

#[async_trait]
impl RateLimiter for Closed {
    async fn check(&self, _: &Attempt<'_>) -> Result<(), RateLimited> {
        Err(RateLimited { retry_after: Lifetime::seconds(30) })
    }

    async fn failed(&self, _: &Attempt<'_>) {}
}

fn write_limits(book: &mut Book) {
    let stage = Stage::with(|builder| builder.rate_limiter(std::sync::Arc::new(Closed)));
    book.note(&stage, "token_limited", &stage.token(&stage.members.machine, MACHINE));
    book.note(&stage, "authorize_limited", &stage.browser().authorize(&Ask::of(&stage.members.web)));
}
