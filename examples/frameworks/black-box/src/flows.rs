//! What clients and users do.

use crate::Site;
use crate::browser::{Browser, CALLBACK, VERIFIER};
use crate::client::{Answer, INTROSPECT, NOTES, REVOKE, TOKEN, basic, fields, send};

pub(crate) fn a_wrong_secret_opens_nothing(site: &Site) {
    let request = site.form(TOKEN).header("authorization", basic("machine", "guess"));
    let answer = send(request, "grant_type=client_credentials");
    answer.assert_refused(401, "invalid_client");
    assert!(answer.header("www-authenticate").is_some_and(|challenge| challenge.starts_with("Basic ")));
}

pub(crate) fn a_machine_gets_a_token_of_its_own(site: &Site) {
    let tokens = tokens_of_machine(site);
    assert_eq!(tokens.json().get("refresh_token"), None);
    assert_answers(&site.notes(&tokens.text("access_token")), "Follow the white rabbit, a machine.");

    let stranger = site.get("/api/notes");
    assert_eq!((stranger.status, stranger.header("www-authenticate")), (401, Some("Bearer scope=\"read\"")));
    let guess = site.notes("guess");
    let challenge = "Bearer error=\"invalid_token\", scope=\"read\"";
    assert_eq!((guess.status, guess.header("www-authenticate")), (401, Some(challenge)));
}

pub(crate) fn a_user_lets_a_web_server_in(site: &Site) {
    let code = &Browser::new(site).authorize("web", "approve")["code"];
    let form = fields(&[
        ("grant_type", CODE),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ]);
    let token = tokens(&send(site.form_of("web", TOKEN), &form)).text("access_token");
    assert_answers(&site.notes(&token), "Follow the white rabbit, alice.");
    let described = introspect(site, &token);
    assert_eq!((described["active"].as_bool(), described["sub"].as_str()), (Some(true), Some("alice")), "{described}");

    // A code is worth something once. Who tries again loses what the first time gave.
    send(site.form_of("web", TOKEN), &form).assert_refused(400, "invalid_grant");
    assert_eq!(site.notes(&token).status, 401);
}

pub(crate) fn a_user_lets_an_app_in_and_it_refreshes(site: &Site) {
    let first = tokens(&redeem_as_app(site, VERIFIER)).text("refresh_token");
    let refresh = |token: &str| {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", "app")];
        send(site.form(TOKEN), fields(&form))
    };
    let second = refresh(&first);
    assert_answers(&site.notes(&tokens(&second).text("access_token")), "Follow the white rabbit, alice.");

    // A refresh token that comes twice was stolen by somebody.
    refresh(&first).assert_refused(400, "invalid_grant");
    refresh(&second.text("refresh_token")).assert_refused(400, "invalid_grant");
}

pub(crate) fn a_code_without_its_verifier_is_worth_nothing(site: &Site) {
    redeem_as_app(site, &VERIFIER.replace('d', "e")).assert_refused(400, "invalid_grant");
}

pub(crate) fn a_user_says_no(site: &Site) {
    let answer = Browser::new(site).authorize("app", "deny");
    assert_eq!(answer["error"], "access_denied");
}

pub(crate) fn a_token_that_was_given_back_is_worth_nothing(site: &Site) {
    let token = tokens_of_machine(site).text("access_token");
    assert_eq!(introspect(site, &token)["active"], true);
    assert_eq!(site.notes(&token).status, 200);

    let revoked = send(site.form_of("machine", REVOKE), fields(&[("token", &token)]));

    assert_eq!((revoked.status, revoked.body.as_str()), (200, ""));
    assert_eq!(introspect(site, &token).to_string(), r#"{"active":false}"#);
    assert_eq!(site.notes(&token).status, 401);
}

/// Asks a user, and redeems the code without a secret.
fn redeem_as_app(site: &Site, verifier: &str) -> Answer {
    let code = &Browser::new(site).authorize("app", "approve")["code"];
    let form = [
        ("grant_type", CODE),
        ("code", code.as_str()),
        ("redirect_uri", CALLBACK),
        ("client_id", "app"),
        ("code_verifier", verifier),
    ];
    send(site.form(TOKEN), fields(&form))
}

fn tokens_of_machine(site: &Site) -> Answer {
    let form = fields(&[("grant_type", "client_credentials"), ("resource", NOTES)]);
    let answer = send(site.form_of("machine", TOKEN), form);
    tokens(&answer);
    answer
}

/// An answer with tokens, which nobody may keep but the client.
fn tokens(answer: &Answer) -> &Answer {
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.text("token_type"), "Bearer");
    answer
}

fn introspect(site: &Site, token: &str) -> serde_json::Value {
    let answer = send(site.form_of("api", INTROSPECT), fields(&[("token", token)]));
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

fn assert_answers(answer: &Answer, body: &str) {
    assert_eq!((answer.status, answer.body.as_str()), (200, body));
}

const CODE: &str = "authorization_code";
