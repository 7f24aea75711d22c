//! What an attacker writes into parameters.

use proptest::prelude::*;

use super::{CLIENT, Office, query};
use crate::http_exchange::{get, send, with};

#[test]
fn line_breaks_never_reach_a_header() {
    covers!("ATK-032");
    let office = Office::new();
    let attack = "x\r\nSet-Cookie: x=1";

    for name in ["state", "scope", "client_id", "redirect_uri", "response_mode", "prompt", "login_hint"] {
        let answer = send(
            &office.service,
            with(get(&format!("/authorize?{}", query(&[(name, attack)]))), "cookie", "session=alice"),
        );
        assert!(answer.headers.get_all("location").iter().count() <= 1, "{name}");
        let mut values = answer.headers.values();
        assert!(values.all(|value| value.as_bytes().iter().all(|byte| *byte >= 0x20 && *byte != 0x7f)), "{name}");
        assert!(!answer.golden().contains("x=1"), "{name}");
    }
}

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\r\n"),
        Just("\0"),
        Just("\u{7f}"),
        Just("<script>"),
        Just("\">"),
        Just("'"),
        Just("&"),
        Just("%0d%0a"),
        Just("javascript:"),
        Just("//"),
        Just("\\"),
        Just("\u{202e}"),
        Just(CLIENT),
        Just(" "),
        Just("é"),
    ];
    prop_oneof![prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat()), any::<String>()]
}

#[test]
fn nothing_hostile_reaches_a_header_or_a_page_raw() {
    covers!("RFC6749-10.14-01", "OAUTH21-7.12-01");
    let names = vec![
        "state",
        "redirect_uri",
        "client_id",
        "scope",
        "response_type",
        "response_mode",
        "code_challenge",
        "prompt",
        "resource",
        "max_age",
        "login_hint",
        "ui_locales",
        "acr_values",
        "request",
        "nonce",
    ];
    let office = Office::new();
    proptest!(|(
        name in prop::sample::select(names),
        value in hostile(),
        mode in prop::sample::select(vec!["query", "form_post"]),
        cookies in prop::sample::select(vec!["", "session=alice"]),
    )| {
        let usual = [("response_mode", mode), ("prompt", "none")];
        let mut more: Vec<_> = usual.into_iter().filter(|(other, _)| *other != name).collect();
        more.push((name, &value));

        let answer = send(&office.service, with(get(&format!("/authorize?{}", query(&more))), "cookie", cookies));

        for (header, value) in &answer.headers {
            let bytes = value.as_bytes();
            prop_assert!(bytes.iter().all(|byte| (0x20..0x7f).contains(byte)), "{}: {:?}", header, bytes);
        }
        if let Some(location) = answer.header("location") {
            prop_assert!(location.starts_with("https://client.example/callback?"), "{}", location);
        }
        let html = answer.text();
        let scripts = html.matches("<script>document.forms[0].submit()</script>").count();
        prop_assert_eq!(html.matches("<script").count(), scripts);
        prop_assert!(!html.contains(['\r', '\0']));
    });
}
