//! Everything that a server does for a user, and what is seen, told and stored of it.

use std::sync::Arc;

use grantsmith::record::Record;
use grantsmith::server::{Authorization, RegisteredClient};
use grantsmith::wire::{FormRequest, TokenResponse};
use pollster::FutureExt as _;
use serde_json::Value;

use super::{assert_hides, assert_prints_no_secret};
use crate::observability::traced;
use crate::token_world::{access, basic, code_of, redemption, refresh_of};
use crate::world::{Request, World, asked, code_in};

/// What a run issued, and what the browser got to see.
struct Run {
    world: World,
    tokens: Vec<TokenResponse>,
    codes: Vec<String>,
    /// Every location, page and form.
    seen: Vec<String>,
}

impl Run {
    /// Approve, redeem, refresh, introspect, revoke, and every kind of theft.
    fn new() -> Self {
        let mut run = Self { world: World::new(), tokens: Vec::new(), codes: Vec::new(), seen: Vec::new() };
        for (client, mode) in [("web", "query"), ("app", "form_post"), ("web", "form_post"), ("app", "query")] {
            let code = run.approved(client, mode);
            let first = run.world.token(run.client(client), &redemption(&code)).unwrap();
            let form = format!("grant_type=refresh_token&refresh_token={}", refresh_of(&first));
            let second = run.world.token(run.client(client), &form).unwrap();
            run.world.introspect(&run.world.api, access(&second));
            run.world.revoke(run.client(client), access(&first)).unwrap();
            // The replay of a code, or of a spent refresh token: the grant ends.
            let replay = if mode == "query" { redemption(&code) } else { form };
            let _ = run.world.token(run.client(client), &replay);
            run.codes.push(code);
            run.tokens.extend([first, second]);
        }
        let machine = run.world.token(&run.world.machine, "grant_type=client_credentials&scope=read").unwrap();
        run.tokens.push(machine);
        run
    }

    fn client(&self, name: &str) -> &RegisteredClient {
        if name == "web" { &self.world.web } else { &self.world.app }
    }

    fn approved(&mut self, client: &str, mode: &str) -> String {
        let mut browser = self.world.browser_of("alice");
        let request = Request::of(self.client(client)).with("response_mode", mode);
        let interaction = asked(browser.authorize(&request));
        let answer = browser.approve(&interaction.handle);
        let code = code_in(&answer);
        let pages = [format!("{interaction:?}"), format!("{answer:?}"), shown(&answer)];
        assert_hides(&pages[..2].concat(), &[code.as_bytes(), interaction.handle.as_bytes()]);
        self.seen.extend(pages);
        code
    }

    /// Every access and refresh token.
    fn tokens(&self) -> impl Iterator<Item = &str> {
        self.tokens.iter().flat_map(|response| {
            let refresh = response.refresh_token.as_ref().map(grantsmith::record::Credential::expose);
            [Some(access(response)), refresh].into_iter().flatten()
        })
    }

    /// Every secret that the run issued or registered.
    fn secrets(&self) -> Vec<&[u8]> {
        let world = &self.world;
        let clients = [&world.web, &world.machine, &world.api, &world.other_api, &world.twofold, &world.stranger];
        let secrets = clients
            .into_iter()
            .filter_map(|client| client.secret.as_ref())
            .map(grantsmith::value::ClientSecret::expose);
        let verifier = [crate::token_world::VERIFIER];
        self.tokens()
            .chain(secrets)
            .chain(self.codes.iter().map(String::as_str))
            .chain(verifier)
            .map(str::as_bytes)
            .collect()
    }

    fn records(&self) -> Vec<Record> {
        let world = &self.world;
        let clients = [&world.web, &world.app, &world.machine, &world.api];
        let clients = clients.into_iter().map(|client| Record::Client(Arc::clone(&client.client)));
        world.records_of("alice").into_iter().chain(clients).collect()
    }
}

fn shown(answer: &Authorization) -> String {
    match answer {
        Authorization::Redirect(location) => location.clone(),
        Authorization::FormPost(form) => format!("{} {}", form.action, form.to_html()),
        other => format!("{other:?}"),
    }
}

/// Every text in a record.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

#[test]
fn no_event_tells_a_secret() {
    covers!("ATK-296", "ATK-297");
    let run = Run::new();
    let lines = run.world.events.lines();

    for name in ["Approved", "Issued", "AccessTokenRevoked", "Compromised", "Refused"] {
        assert!(run.world.events.count(name) > 0, "{name}");
    }
    assert_hides(&lines.concat(), &run.secrets());
}

#[test]
fn no_trace_tells_a_secret() {
    covers!("ATK-296", "ATK-297");
    let (run, text) = traced(Run::new);

    for word in ["oauth.token", "oauth.authorize", "oauth.decide", "oauth.introspect", "oauth.revoke", "compromised"] {
        assert!(text.contains(word), "{word}");
    }
    assert_hides(&text, &run.secrets());
    assert!(run.seen.iter().all(|page| !page.contains("oauth.")), "pages are not traced");
}

#[test]
fn tokens_are_in_the_answer_of_the_token_endpoint_and_nowhere_else() {
    covers!("OAUTH21-7.1.3.7-01", "ATK-157");
    let run = Run::new();

    for token in run.tokens() {
        assert_hides(&run.seen.concat(), &[token.as_bytes()]);
    }
    assert!(run.codes.iter().all(|code| run.seen.iter().any(|page| page.contains(code))), "the search would find one");
}

#[test]
fn no_record_contains_a_secret() {
    covers!("ATK-286", "RFC6749-10.3-01", "RFC6749-10.4-01");
    let run = Run::new();
    let records = run.records();
    assert!(records.len() > 8);

    for record in &records {
        assert_hides(&String::from_utf8(record.encode().unwrap()).unwrap(), &run.secrets());
        assert_prints_no_secret(record, &run.secrets());
    }
}

#[test]
fn nothing_that_a_record_contains_works_as_a_credential() {
    covers!("ATK-286");
    let run = Run::new();
    let world = &run.world;
    let stored: Vec<String> = run
        .records()
        .iter()
        .flat_map(|record| texts(&serde_json::from_slice(&record.encode().unwrap()).unwrap()))
        .filter(|text| text.len() > 15)
        .collect();
    assert!(stored.len() > 20);

    for text in stored {
        assert_eq!(code_of(world.token(&world.web, &redemption(&text))), "invalid_grant", "{text}");
        let form = format!("grant_type=refresh_token&refresh_token={text}");
        assert_eq!(code_of(world.token(&world.web, &form)), "invalid_grant", "{text}");
        assert!(world.introspect(&world.api, &text).active().is_none(), "{text}");
        let header = basic(world.machine.client.id().as_str(), &text);
        let request = FormRequest::new(b"grant_type=client_credentials").with_authorization(header.as_bytes());
        let answer = world.server.token(&request).block_on();
        assert_eq!(code_of(answer), "invalid_client", "{text}");
    }
}
