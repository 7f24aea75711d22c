//! Attacks on the form that the token endpoint takes, and on what kind of thing a credential is.

use http::{Method, Request};
use http_body_util::Full;

use super::browser::Form;
use super::expect::{assert_error_page, assert_inactive, assert_refused};
use super::members::{Member, Tokens, VERIFIER, encoded};
use super::stage::Stage;
use crate::http_exchange::{FORM, basic, get, post, request, with};

super::attacks!["token.rs":
    only_the_exact_octets_are_the_credential,
    one_kind_of_credential_is_no_other,
    a_grant_type_is_there_once_and_known,
    a_client_uses_the_grants_it_is_registered_for,
    there_is_no_password_grant,
    a_body_of_another_type_is_never_read,
    nothing_that_carries_credentials_is_kept,
    no_other_origin_reads_an_answer,
];

const MACHINE: &str = "grant_type=client_credentials&scope=read";

/// What somebody might make of a credential.
fn altered(credential: &str) -> Vec<String> {
    let last = &credential[credential.len() - 1..];
    let mut altered: Vec<_> = (1..5).map(|shorter| credential[..credential.len() - shorter].to_owned()).collect();
    altered.push(credential[1..].to_owned());
    altered.push(credential.to_ascii_uppercase());
    altered.push(credential.to_ascii_lowercase());
    for more in ["A", "=", "==", " ", "\n", "\0", ".", "%", "\u{200b}"] {
        altered.push(format!("{credential}{more}"));
    }
    altered.extend([" ", "\n", "+"].map(|before| format!("{before}{credential}")));
    // The last character of base64url may have bits that mean nothing.
    let others = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let others = others.chars().filter(|other| !last.contains(*other));
    altered.extend(others.map(|other| format!("{}{other}", &credential[..credential.len() - 1])));
    altered.push(credential.replace('-', "+").replace('_', "/") + "=");
    altered.retain(|text| text != credential);
    altered
}

#[test]
fn only_the_exact_octets_are_the_credential() {
    covers!("ATK-093");
    let stage = Stage::new();
    let (app, api) = (&stage.members.app, &stage.members.api);
    let tokens = stage.approved_tokens(app);
    let code = stage.approved_code(app);
    let writes = stage.writes();

    for access in altered(&tokens.access) {
        assert_inactive(&stage.introspect(api, &access));
        assert_eq!(stage.revoke(app, &access).status, 200);
    }
    for refresh in altered(&tokens.refresh) {
        let form = encoded(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)]);
        assert_refused(&stage.token(app, &form), 400, "invalid_grant");
        assert_eq!(stage.revoke(app, &refresh).status, 200);
    }
    for code in altered(&code) {
        let form = [("grant_type", "authorization_code"), ("code", &code), ("code_verifier", VERIFIER)];
        assert_refused(&stage.token(app, &encoded(&form)), 400, "invalid_grant");
    }
    assert_eq!(stage.writes(), writes);
    assert!(stage.is_active(&tokens.access));
    Tokens::in_answer(&stage.refresh(app, &tokens.refresh));
    Tokens::in_answer(&stage.redeem(app, &code));
}

#[test]
fn one_kind_of_credential_is_no_other() {
    covers!("ATK-095");
    let stage = Stage::new();
    let (app, api, web) = (&stage.members.app, &stage.members.api, &stage.members.web);
    let tokens = stage.approved_tokens(app);
    let code = stage.approved_code(app);
    let mut alice = stage.browser_of("alice");
    let page = alice.authorize(&super::browser::Ask::of(app));
    let handle = Form::on(&page).value("handle").unwrap().to_owned();
    let binding = alice.cookies["__Host-grantsmith"].clone();
    let (access, refresh) = (tokens.access.as_str(), tokens.refresh.as_str());
    let secret = web.secret.as_str();
    let writes = stage.writes();

    for credential in [access, refresh, &handle, &binding, secret] {
        let form = [("grant_type", "authorization_code"), ("code", credential), ("code_verifier", VERIFIER)];
        assert_refused(&stage.token(app, &encoded(&form)), 400, "invalid_grant");
    }
    for credential in [access, &code, &handle, &binding, secret] {
        assert_refused(&stage.refresh(app, credential), 400, "invalid_grant");
    }
    for credential in [refresh, &code, &handle, &binding, secret] {
        assert_inactive(&stage.introspect(api, credential));
    }
    for credential in [access, refresh, &code, &binding, secret] {
        let form = format!("handle={credential}&decision=approve");
        assert_error_page(&alice.post("/authorize/decide", &form));
    }
    for credential in [access, refresh, &code, &handle, &binding] {
        let form = post("/token", &basic(&web.id, credential), MACHINE);
        assert_refused(&stage.send(form), 401, "invalid_client");
    }
    assert_eq!(stage.writes(), writes);
    assert!(stage.is_active(access));
    Tokens::in_answer(&stage.refresh(app, refresh));
    Tokens::in_answer(&stage.redeem(app, &code));
}

#[test]
fn a_grant_type_is_there_once_and_known() {
    covers!("ATK-096");
    let stage = Stage::new();
    let web = &stage.members.web;
    let code = stage.approved_code(web);
    let rest = format!("code={code}&code_verifier={VERIFIER}");

    for form in [
        rest.clone(),
        format!("grant_type=&{rest}"),
        format!("grant_type=authorization_code&grant_type=authorization_code&{rest}"),
        format!("grant_type=authorization_code&grant%5Ftype=refresh_token&{rest}"),
        format!("Grant_Type=authorization_code&{rest}"),
    ] {
        assert_refused(&stage.token(web, &form), 400, "invalid_request");
    }
    let junk = "x".repeat(10_000);
    for grant_type in
        ["Authorization_Code", "authorization_code+", "+authorization_code", "code", "implicit", "%3Cb%3E", &junk]
    {
        let answer = stage.token(web, &format!("grant_type={grant_type}&{rest}"));
        assert_eq!(answer.status, 400);
        assert!(["unsupported_grant_type", "invalid_request"].contains(&answer.error().as_str()), "{}", answer.text());
    }
    let long = format!("grant_type={}&{rest}", "x".repeat(60_000));
    assert_refused(&stage.token(web, &long), 413, "invalid_request");
    Tokens::in_answer(&stage.redeem(web, &code));
}

#[test]
fn a_client_uses_the_grants_it_is_registered_for() {
    covers!("ATK-097");
    let stage = Stage::new();
    let members = &stage.members;
    let tokens = stage.approved_tokens(&members.web);
    let code = stage.approved_code(&members.web);
    let redeem = format!("grant_type=authorization_code&code={code}&code_verifier={VERIFIER}");
    let refresh = format!("grant_type=refresh_token&refresh_token={}", tokens.refresh);
    let writes = stage.writes();

    for client in [&members.web, &members.app, &members.page] {
        assert_refused(&stage.token(client, MACHINE), 400, "unauthorized_client");
    }
    for form in [&redeem, &refresh] {
        assert_refused(&stage.token(&members.machine, form), 400, "unauthorized_client");
    }
    // A resource server is registered for none, and that means none.
    for form in [&redeem, &refresh, MACHINE] {
        assert_refused(&stage.token(&members.api, form), 400, "unauthorized_client");
    }
    for grant_type in [
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:saml2-bearer",
    ] {
        let form =
            [("grant_type", grant_type), ("device_code", "x"), ("assertion", "x"), ("subject_token", &tokens.access)];
        assert_refused(&stage.token(&members.machine, &encoded(&form)), 400, "unsupported_grant_type");
    }
    assert_eq!(stage.writes(), writes);
    Tokens::in_answer(&stage.redeem(&members.web, &code));
}

#[test]
fn there_is_no_password_grant() {
    covers!("ATK-098");
    let stage = Stage::new();
    let members = &stage.members;

    for client in [&members.web, &members.desk, &members.app, &members.machine, &members.api] {
        for user in ["username=alice&password=alice", "username=alice&password=", ""] {
            let form = format!("grant_type=password&{user}&scope=read");
            assert_refused(&stage.token(client, &form), 400, "unsupported_grant_type");
        }
    }
    let document = stage.send(get("/.well-known/oauth-authorization-server"));
    assert!(!document.text().contains("password") && !document.text().contains("implicit"));
}

#[test]
fn a_body_of_another_type_is_never_read() {
    covers!("ATK-100");
    let stage = Stage::new();
    let Member { id, secret, .. } = &stage.members.machine;
    let token = stage.machine_token();
    let json = r#"{"grant_type":"client_credentials","token":"x"}"#;
    let form = format!("{MACHINE}&token={token}");

    for (target, id, secret) in [
        ("/token", id, secret),
        ("/revoke", id, secret),
        ("/introspect", &stage.members.api.id, &stage.members.api.secret),
    ] {
        for (types, body) in [
            (&[][..], form.as_str()),
            (&["application/json"], json),
            (&["application/json"], &form),
            (&["text/plain"], &form),
            (
                &["multipart/form-data; boundary=x"],
                "--x\r\nContent-Disposition: form-data; name=\"grant_type\"\r\n\r\nclient_credentials\r\n--x--",
            ),
            (&["application/x-www-form-urlencoded; charset=utf-16"], &form),
            (&["application/x-www-form-urlencoded; charset=utf-8; charset=utf-16"], &form),
            (&["text/plain; x=application/x-www-form-urlencoded"], &form),
            (&["application/x-www-form-urlencoded, application/json"], &form),
            (&["application/x-www-form-urlencodedx"], &form),
            (&[FORM, "application/json"], &form),
            (&[FORM, FORM], &form),
        ] {
            let bare = Request::post(target).header("authorization", basic(id, secret));
            let bare = bare.body(Full::from(body.to_owned())).unwrap();
            let typed = types.iter().fold(bare, |request, value| with(request, "content-type", value));
            assert_refused(&stage.send(typed), 400, "invalid_request");
        }
    }
    assert!(stage.is_active(&token));
}

#[test]
fn nothing_that_carries_credentials_is_kept() {
    covers!("ATK-102");
    let stage = Stage::new();
    let members = &stage.members;
    let tokens = stage.approved_tokens(&members.web);

    let answers = [
        stage.token(&members.machine, MACHINE),
        stage.refresh(&members.web, &tokens.refresh),
        stage.token(&members.machine, ""),
        stage.token(&members.disabled, MACHINE),
        stage.send(post("/token", "", MACHINE)),
        stage.send(post("/token", "", &"x".repeat(20_000))),
        stage.send(get("/token")),
        stage.introspect(&members.api, &tokens.access),
        stage.introspect(&members.api, "x"),
        stage.send(post("/introspect", "", "token=x")),
        stage.revoke(&members.machine, "x"),
        stage.send(post("/revoke", "", "token=x")),
    ];
    for answer in answers {
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("pragma"), Some("no-cache"));
        assert_eq!(answer.header("expires"), None);
        assert_eq!(answer.header("etag"), None);
    }
}

#[test]
fn no_other_origin_reads_an_answer() {
    covers!("ATK-103");
    let mut stage = Stage::new();
    let origins = [
        "null",
        "https://evil.example",
        "https://app.example.evil.example",
        "https://evilapp.example",
        "http://app.example",
    ];
    let targets = ["/token", "/introspect", "/revoke", "/authorize", "/authorize/decide", "/authorize/resume"];
    let preflight = |target, origin| {
        let request = with(request(Method::OPTIONS, target), "origin", origin);
        with(request, "access-control-request-method", "POST")
    };
    let allowed = |stage: &Stage, request| stage.send(request).header("access-control-allow-origin").map(str::to_owned);

    for service in [stage.service.clone(), stage.service.allow_origins(["https://app.example"]).unwrap()] {
        stage.service = service;
        for origin in origins {
            for target in targets {
                assert_eq!(allowed(&stage, preflight(target, origin)), None, "{origin} {target}");
                assert_eq!(
                    allowed(&stage, with(post(target, "", "token=x"), "origin", origin)),
                    None,
                    "{origin} {target}"
                );
            }
        }
    }
    let honest = "https://app.example";
    for target in targets {
        let named = matches!(target, "/token" | "/revoke").then(|| honest.to_owned());
        assert_eq!(allowed(&stage, preflight(target, honest)), named, "{target}");
        assert_eq!(allowed(&stage, with(post(target, "", "token=x"), "origin", honest)), named, "{target}");
    }
}
