//! Attacks on who the client is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use grantsmith::server::{InvalidRegistration, Registration, RegistrationError, SecretRotation};
use grantsmith::value::Timestamp;
use http::StatusCode;

use super::expect::assert_refused;
use super::members::{Member, Tokens, redemption};
use super::stage::Stage;
use crate::http_exchange::{basic, get, post, with};

super::attacks!["clients.rs":
    every_failure_to_authenticate_looks_the_same,
    a_client_with_a_secret_has_to_show_it,
    an_empty_secret_is_nobodys,
    whoever_authenticates_is_who_asks,
    malformed_credentials_are_no_credentials,
    credentials_in_the_url_are_refused,
    a_secret_stops_when_it_is_said_to,
    an_assertion_authenticates_nobody,
];

const MACHINE: &str = "grant_type=client_credentials&scope=read";

#[test]
fn every_failure_to_authenticate_looks_the_same() {
    covers!("ATK-113");
    let stage = Stage::new();
    let Member { id, secret, .. } = &stage.members.machine;
    let Member { id: disabled, secret: of_disabled, .. } = &stage.members.disabled;
    let Member { id: desk, secret: of_desk, .. } = &stage.members.desk;
    let rotated = stage.operate(|server| {
        let id = stage.members.other_api.id.parse().unwrap();
        async move { server.rotate_secret(&id, SecretRotation::at_once()).await }
    });
    rotated.unwrap();
    let Member { id: other, secret: of_other, .. } = &stage.members.other_api;

    for target in ["/token", "/introspect", "/revoke"] {
        let form = format!("{MACHINE}&token=x");
        let in_body =
            |id: &str, secret: &str| post(target, "", &format!("{form}&client_id={id}&client_secret={secret}"));
        let failures = [
            post(target, &basic("nobody", "x"), &form),
            post(target, &basic(id, "wrong"), &form),
            post(target, &basic(disabled, of_disabled), &form),
            post(target, &basic(desk, of_desk), &form),
            post(target, &basic("app", "x"), &form),
            post(target, &basic(other, of_other), &form),
            post(target, &format!("Basic {}", "!"), &form),
            post(target, "Bearer x", &form),
            in_body("nobody", "x"),
            in_body(id, secret),
            in_body(id, "wrong"),
            in_body("app", "x"),
            in_body(disabled, of_disabled),
            post(target, "", &form),
            post(target, "", &format!("{form}&client_id=nobody")),
            post(target, "", &format!("{form}&client_id={id}")),
        ];
        let answers: Vec<_> = failures.into_iter().map(|request| stage.send(request).golden()).collect();
        for answer in &answers {
            assert!(answer.starts_with("401"), "{target} {answer}");
            assert_eq!(*answer, answers[0], "{target}");
        }
    }
    let public = stage.send(post("/introspect", "", "token=x&client_id=app"));
    assert_refused(&public, 401, "invalid_client");
}

#[test]
fn a_client_with_a_secret_has_to_show_it() {
    covers!("ATK-114");
    let stage = Stage::new();
    let members = &stage.members;
    let code = stage.approved_code(&members.web);
    let tokens = stage.approved_tokens(&members.web);
    let writes = stage.writes();

    for Member { id, .. } in [&members.web, &members.desk, &members.machine, &members.api] {
        for (target, form) in [
            ("/token", redemption(&code)),
            ("/token", format!("grant_type=refresh_token&refresh_token={}", tokens.refresh)),
            ("/token", MACHINE.to_owned()),
            ("/introspect", format!("token={}", tokens.access)),
            ("/revoke", format!("token={}", tokens.access)),
        ] {
            for more in ["", "&client_secret=", "&client_secret_expires_at=0", "&token_endpoint_auth_method=none"] {
                let answer = stage.send(post(target, "", &format!("{form}&client_id={id}{more}")));
                assert_refused(&answer, 401, "invalid_client");
            }
        }
    }
    assert_eq!(stage.writes(), writes);
    assert!(stage.is_active(&tokens.access));
    Tokens::in_answer(&stage.redeem(&members.web, &code));
}

#[test]
fn an_empty_secret_is_nobodys() {
    covers!("ATK-115");
    let stage = Stage::new();
    for stored in ["", " ", "\t", "\n"] {
        let mut registration = Registration::machine();
        registration.imported_secret = Some(stored.to_owned());
        let refused = stage.operate(|server| server.register(registration));
        assert!(matches!(refused, Err(RegistrationError::Invalid(InvalidRegistration::EmptySecret))), "{stored:?}");
    }
    for Member { id, .. } in [&stage.members.machine, &stage.members.desk, &stage.members.app] {
        for secret in ["", " ", "null", "\0", "undefined", "0"] {
            assert_refused(&stage.send(post("/token", &basic(id, secret), MACHINE)), 401, "invalid_client");
            let form = super::members::encoded(&[("client_id", id), ("client_secret", secret)]);
            let answer = stage.send(post("/token", "", &format!("{MACHINE}&{form}")));
            if id == "app" && secret.is_empty() {
                // What is empty is absent, and a public client has none; but this grant is not for it.
                assert_refused(&answer, 400, "unauthorized_client");
            } else {
                assert_refused(&answer, 401, "invalid_client");
            }
        }
    }
}

#[test]
fn whoever_authenticates_is_who_asks() {
    covers!("ATK-118");
    let stage = Stage::new();
    let members = &stage.members;
    let Member { id, secret, .. } = &members.desk;
    let code = stage.approved_code(&members.web);
    let tokens = stage.approved_tokens(&members.web);
    let refresh = format!("grant_type=refresh_token&refresh_token={}", tokens.refresh);
    let writes = stage.writes();

    for form in [redemption(&code), refresh, MACHINE.to_owned()] {
        let machine = basic(&members.machine.id, &members.machine.secret);
        for more in [
            "&client_id=web".to_owned(),
            "&client_id=nobody".to_owned(),
            format!("&client_id={id}&client_secret={secret}"),
            "&client_id=machine&client_id=web".to_owned(),
            "&client_secret=x".to_owned(),
        ] {
            let answer = stage.send(post("/token", &machine, &format!("{form}{more}")));
            let expected = [(400, "invalid_request"), (401, "invalid_client")];
            assert!(
                expected.contains(&(answer.status.as_u16(), answer.error().as_str())),
                "{more}: {}",
                answer.golden()
            );
        }
        let twice = with(post("/token", &machine, &form), "authorization", &basic("web", &members.web.secret));
        assert_refused(&stage.send(twice), 400, "invalid_request");
    }
    assert_eq!(stage.writes(), writes);
    // The client may name itself.
    let named =
        post("/token", &basic(&members.web.id, &members.web.secret), &format!("{}&client_id=web", redemption(&code)));
    Tokens::in_answer(&stage.send(named));
}

#[test]
fn malformed_credentials_are_no_credentials() {
    covers!("ATK-119");
    let stage = Stage::new();
    let odd = "a:b%c+d e";
    let registration = Registration::machine().with_id(odd.parse().unwrap()).with_scope("read".parse().unwrap());
    let odd = Member::register(&stage.server, &stage.witness, registration);
    let form_encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let header = basic(&form_encoded(&odd.id), &form_encoded(&odd.secret));
    Tokens::in_answer(&stage.send(post("/token", &header, MACHINE)));

    let Member { id, secret, .. } = &stage.members.machine;
    let encoded = |bytes: &[u8]| format!("Basic {}", STANDARD.encode(bytes));
    let whole = format!("{id}:{secret}");
    for header in [
        encoded(b""),
        encoded(b":"),
        encoded(id.as_bytes()),
        encoded(format!(":{secret}").as_bytes()),
        encoded(format!("{id}:").as_bytes()),
        encoded(format!("{whole}\0").as_bytes()),
        encoded(format!("{id}\0:{secret}").as_bytes()),
        encoded(format!("%zz:{secret}").as_bytes()),
        encoded(format!("{id}%:{secret}").as_bytes()),
        encoded(&[b"\xff\xfe:", secret.as_bytes()].concat()),
        encoded(&[b"\xed\xa0\x80:", secret.as_bytes()].concat()),
        encoded(format!("%ed%a0%80:{secret}").as_bytes()),
        format!("Basic {}", STANDARD.encode(&whole).trim_end_matches('=')) + "*",
        format!("Basic  {} x", STANDARD.encode(&whole)),
        format!("Basic {}\u{9}x", STANDARD.encode(&whole)),
        format!("Basic {}", &STANDARD.encode(&whole)[1..]),
        format!("Basic {whole}"),
        "Basic".to_owned(),
        "Basic ".to_owned(),
        format!("Digest username=\"{id}\""),
        format!("Basic {}", "A".repeat(50_000)),
    ] {
        let answer = stage.send(post("/token", &header, MACHINE));
        assert_refused(&answer, 401, "invalid_client");
    }
    Tokens::in_answer(&stage.token(&stage.members.machine, MACHINE));
}

#[test]
fn credentials_in_the_url_are_refused() {
    covers!("ATK-121");
    let stage = Stage::new();
    let Member { id, secret, .. } = &stage.members.desk;
    let tokens = stage.approved_tokens(&stage.members.desk);
    let writes = stage.writes();

    let credentials = format!("client_id={id}&client_secret={secret}");
    for (target, form) in [
        (format!("/token?{credentials}"), MACHINE.to_owned()),
        (format!("/token?{credentials}&{MACHINE}"), String::new()),
        (format!("/token?client_secret={secret}"), format!("{MACHINE}&client_id={id}")),
        (format!("/token?client%5Fsecret={secret}"), format!("{MACHINE}&client_id={id}")),
        (format!("/introspect?{credentials}"), format!("token={}", tokens.access)),
        (format!("/revoke?{credentials}"), format!("token={}", tokens.access)),
        (format!("/revoke?token={}", tokens.access), credentials.clone()),
    ] {
        assert_refused(&stage.send(post(&target, "", &form)), 400, "invalid_request");
        assert_eq!(stage.send(get(&target)).status, StatusCode::METHOD_NOT_ALLOWED);
    }
    assert_eq!(stage.writes(), writes);
    assert!(stage.is_active(&tokens.access));
}

#[test]
fn a_secret_stops_when_it_is_said_to() {
    covers!("ATK-126");
    let stage = Stage::new();
    let elsewhere = stage.another_process();
    let mut machine = stage.members.machine.clone();
    Tokens::in_answer(&elsewhere.token(&machine, MACHINE));
    let rotated = stage.operate(|server| async {
        let id = "machine".parse().unwrap();
        server.rotate_secret(&id, SecretRotation::with_overlap(grantsmith::value::Lifetime::seconds(100))).await
    });
    let old = machine.clone();
    rotated.unwrap().secret.expose().clone_into(&mut machine.secret);

    Tokens::in_answer(&stage.token(&machine, MACHINE));
    Tokens::in_answer(&stage.token(&old, MACHINE));
    stage.advance(99);
    Tokens::in_answer(&stage.token(&old, MACHINE));
    stage.advance(1);
    for stage in [&stage, &elsewhere] {
        assert_refused(&stage.token(&old, MACHINE), 401, "invalid_client");
        Tokens::in_answer(&stage.token(&machine, MACHINE));
    }

    let end = Timestamp::from_seconds(4_102_444_800 + 200);
    let mut registration = Registration::machine().with_scope("read".parse().unwrap());
    registration.secret_expires_at = Some(end);
    let brief = Member::register(&stage.server, &stage.witness, registration);
    stage.advance(99);
    Tokens::in_answer(&stage.token(&brief, MACHINE));
    stage.advance(1);
    assert_refused(&stage.token(&brief, MACHINE), 401, "invalid_client");
}

#[test]
fn an_assertion_authenticates_nobody() {
    covers!("ATK-136", "ATK-118");
    let stage = Stage::new();
    let jwt = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJtYWNoaW5lIiwic3ViIjoibWFjaGluZSJ9.";
    let kind = "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";

    for named in ["", "&client_id=machine", "&client_id=app"] {
        for form in [
            format!("{MACHINE}{named}&{kind}&client_assertion={jwt}"),
            format!("{MACHINE}{named}&client_assertion={jwt}"),
        ] {
            let answer = stage.send(post("/token", "", &form));
            assert!(answer.status.is_client_error(), "{}", answer.golden());
            if named != "&client_id=app" {
                assert_refused(&answer, 401, "invalid_client");
            }
        }
    }
}
