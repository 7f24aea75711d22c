//! What may be registered, and which requested URI is the registered one.

use super::{InvalidRedirectUri, LocalhostRule, RedirectUri};

fn registered(text: &str) -> RedirectUri {
    text.parse().unwrap()
}

fn refusal(text: &str) -> InvalidRedirectUri {
    text.parse::<RedirectUri>().expect_err(text)
}

/// Whether the URI matches for any client at all, even the native one that opted in to `localhost`.
fn matches_for_anybody(registered: &RedirectUri, requested: &str) -> bool {
    let clients = [
        (false, LocalhostRule::LiteralsOnly),
        (false, LocalhostRule::NameToo),
        (true, LocalhostRule::LiteralsOnly),
        (true, LocalhostRule::NameToo),
    ];
    clients.into_iter().any(|(is_native, localhost)| registered.matches(requested, is_native, localhost))
}

fn assert_no_match(uri: &str, requested: &[&str]) {
    let uri = registered(uri);
    for requested in requested {
        assert!(!matches_for_anybody(&uri, requested), "{requested} matched {uri}");
    }
}

mod registration {
    use super::*;

    #[test]
    fn every_kind_that_a_native_app_needs_can_be_registered_and_matches_itself() {
        covers!("RFC8252-7-01");
        let kinds =
            ["https://app.example/cb", "http://127.0.0.1:1/cb", "http://[::1]/cb", "com.example.app:/cb", CALLBACK];
        for text in kinds {
            let uri = registered(text);

            assert_eq!(uri.as_str(), text);
            assert!(uri.matches(text, true, LocalhostRule::LiteralsOnly), "{text}");
            assert!(uri.matches(text, false, LocalhostRule::LiteralsOnly), "{text}");
        }
    }

    #[test]
    fn what_is_not_absolute_is_refused() {
        covers!("RFC6749-3.1.2-01", "OAUTH21-2.3.1-01");
        for text in ["", "/cb", "//host/cb", "cb", "?a=b", "app.example/cb", "..", "https:", "https://", "http://"] {
            refusal(text);
        }
        assert_eq!(refusal("/cb"), InvalidRedirectUri::NotAbsolute);
        assert_eq!(refusal("//host/cb"), InvalidRedirectUri::NotAbsolute);
    }

    #[test]
    fn a_fragment_is_refused_even_an_empty_one() {
        covers!("RFC6749-3.1.2-03", "ATK-011");
        for text in ["https://c/cb#x", "https://c/cb#", "http://127.0.0.1/cb#x", "http://[::1]/cb#", "com.c.d:/cb#x"] {
            assert_eq!(refusal(text), InvalidRedirectUri::Fragment, "{text}");
        }
    }

    #[test]
    fn http_is_refused_except_on_loopback() {
        covers!("RFC9700-2.6-02", "OAUTH21-1.5-01", "ATK-028");
        for text in ["http://client.example/cb", "http://app.example/cb", "http://10.0.0.1/cb", "http://127.0.0.2/cb"] {
            assert_eq!(refusal(text), InvalidRedirectUri::NotHttps, "{text}");
        }
        for text in ["http://127.0.0.1/cb", "http://[::1]:8080/cb", "http://localhost/cb"] {
            assert!(registered(text).is_loopback(), "{text}");
        }
    }

    #[test]
    fn the_complete_uri_is_wanted() {
        covers!("OAUTH21-2.3.1-01");
        for text in ["https://app.example", "https://app.example?a=b", "https://app.example:8443"] {
            assert_eq!(refusal(text), InvalidRedirectUri::PathMissing, "{text}");
        }
        for text in ["com.example.app:", "com.example.app:/", "com.example.app://"] {
            assert_eq!(refusal(text), InvalidRedirectUri::Scheme, "{text}");
        }
        for text in ["https://*.app.example/cb", "https://*/cb", "https://app.*/cb"] {
            assert_eq!(refusal(text), InvalidRedirectUri::Wildcard, "{text}");
        }
    }

    #[test]
    fn a_star_in_the_path_is_a_star() {
        covers!("OAUTH21-2.3.1-01", "ATK-004");
        assert_no_match("https://app.example/*", &["https://app.example/cb", "https://app.example/", CALLBACK]);
    }

    #[test]
    fn a_user_name_is_refused() {
        covers!("ATK-007");
        for text in [
            "https://app.example@evil.tld/cb",
            "https://a@b@app.example/cb",
            "https://:password@app.example/cb",
            "https://@app.example/cb",
            "com.example.app://user@host/cb",
            "com.example.app://user:password@host/cb",
            "com.example.app://@host/cb",
        ] {
            assert_eq!(refusal(text), InvalidRedirectUri::User, "{text}");
        }
        refusal("https://app.example%40evil.tld/cb");
        assert_eq!(refusal("http://localhost:80@evil.tld/cb"), InvalidRedirectUri::NotHttps);
        assert_eq!(refusal("http://127.0.0.1@evil.tld/cb"), InvalidRedirectUri::NotHttps);
    }

    #[test]
    fn an_authority_that_only_a_parser_finds_is_refused() {
        covers!("ATK-007", "RFC6749-3.1.2-01");
        for text in ["https:///cb", "https:////evil.tld/cb", "https:/evil.tld/cb", "https:evil.tld/cb", "https://:1/cb"]
        {
            refusal(text);
        }
    }

    #[test]
    fn bytes_that_no_uri_has_are_refused() {
        covers!("ATK-009");
        for byte in (0..=0x20).chain([b'"', b'<', b'>', b'\\', b'^', b'`', b'{', b'|', b'}', 0x7f]).map(char::from) {
            for text in [
                format!("{byte}https://app.example/cb"),
                format!("https://app{byte}.example/cb"),
                format!("ht{byte}tps://app.example/cb"),
                format!("https://app.example/cb{byte}"),
                format!("http://127.0.0.1{byte}/cb"),
                format!("com.example{byte}.app:/cb"),
            ] {
                assert_eq!(refusal(&text), InvalidRedirectUri::ForbiddenByte, "{text:?}");
            }
        }
        assert_eq!(refusal("https://app.example/c\u{e9}"), InvalidRedirectUri::ForbiddenByte);
        for text in ["https://app%09.example/cb", "https://app.example%00/cb", "https%0a://app.example/cb"] {
            refusal(text);
        }
    }

    #[test]
    fn malformed_addresses_are_refused_without_panic() {
        covers!("ATK-019");
        for text in [
            "http://[::1",
            "http://[::1%25eth0]/cb",
            "http://[v1.x]/",
            "http://[not-an-ip]/",
            "http://[::1]x/cb",
            "https://[::1",
            "https://[::1%25eth0]/cb",
            "https://[v1.x]/",
            "https://[not-an-ip]/",
            "https://[]/cb",
            "https://app.example:99999/cb",
        ] {
            refusal(text);
            assert_no_match("http://[::1]/cb", &[text]);
        }
    }

    #[test]
    fn a_scheme_that_is_no_reversed_domain_is_refused() {
        covers!("ATK-029", "ATK-027");
        for text in [
            "myapp://cb",
            "myapp:/cb",
            "com.app:",
            "mailto:a@b.example",
            "tel:1",
            "intent://x/cb",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "blob:https://app.example/cb",
            "file:///etc/passwd",
            "about:blank",
            "view-source:https://app.example/cb",
            "ftp://app.example/cb",
            "ws://app.example/cb",
            "urn:ietf:wg:oauth:2.0:oob",
            "com..app:/cb",
            "com.app.:/cb",
            "COM.example.app:/cb",
            "HTTPS://app.example/cb",
        ] {
            assert_eq!(refusal(text), InvalidRedirectUri::Scheme, "{text}");
        }
        assert_eq!(refusal("\u{1}javascript:alert(1)"), InvalidRedirectUri::ForbiddenByte);
    }

    #[test]
    fn parameters_of_our_own_response_are_refused() {
        covers!("ATK-030");
        for query in
            ["code=x", "state=y", "iss=z", "error=e", "a=b&error_description=x", "%63ode=x", "state", "access_token=x"]
        {
            for base in ["https://app.example/cb", "http://127.0.0.1/cb", "com.example.app:/cb"] {
                let text = format!("{base}?{query}");
                assert_eq!(refusal(&text), InvalidRedirectUri::ReservedParameter, "{text}");
            }
        }
        registered("https://app.example/cb?codes=x&State=y");
    }

    #[test]
    fn two_thousand_and_forty_eight_bytes_are_the_most() {
        let longest = format!("https://app.example/{}", "x".repeat(2048 - 20));

        assert_eq!(registered(&longest).as_str().len(), 2048);
        assert_eq!(refusal(&format!("{longest}x")), InvalidRedirectUri::TooLong);
    }
}

mod matching {
    use super::*;

    #[test]
    fn a_changed_letter_case_port_slash_escape_or_dot_segment_does_not_match() {
        covers!("RFC6749-3.1.2.3-03", "ATK-010", "ATK-013");
        assert_no_match(
            "https://app.example/cb",
            &[
                "HTTPS://app.example/cb",
                "https://App.example/cb",
                "https://APP.EXAMPLE/cb",
                "https://app.example/CB",
                "https://app.example:443/cb",
                "https://app.example:8443/cb",
                "https://app.example:/cb",
                "https://app.example/cb/",
                "https://app.example//cb",
                "https://app.example/%63b",
                "https://app.example/./cb",
                "https://app.example/x/../cb",
                "https://app.example/cb?",
                "https://app.example/cb#",
                "https://app.example/cb#x",
                "https://app.example/cb%23",
                "https://app.example/cb?a=b",
                "http://app.example/cb",
                "app.example/cb",
                "",
            ],
        );
    }

    #[test]
    fn look_alikes_do_not_match() {
        covers!("ATK-004");
        assert_no_match(
            "https://app.example/cb",
            &[
                "https://app.example.evil.tld/cb",
                "https://evilapp.example/cb",
                "https://appXexample/cb",
                "https://app.example/cbx",
                "https://app.example/c",
                "https://app-example/cb",
                "xhttps://app.example/cb",
            ],
        );
    }

    #[test]
    fn path_confusion_does_not_match() {
        covers!("ATK-006");
        let confusions = [
            "/../x",
            "/..%2Fx",
            "/..%2fx",
            "/%2e%2e/x",
            "/%2e%2e%2fx",
            "/.%2e/x",
            "/%2e./x",
            "/%252e%252e%252fx",
            "/..;/x",
            "/;/../../x",
            ";/../x",
            "/..\\x",
            "/..%5Cx",
            "/..%255cx",
            "%0A%0D/../x",
            "/%0d%0a/../x",
            "/../cb",
            "/../../x",
            "/..%00/x",
            "/..%c0%afx",
            "/.%00./x",
            "/.;/x",
        ];
        for confusion in confusions {
            let requested = format!("https://app.example/cb{confusion}");
            assert_no_match("https://app.example/cb", &[&requested]);
            let requested = format!("http://127.0.0.1:5000/cb{confusion}");
            assert_no_match("http://127.0.0.1/cb", &[&requested]);
        }
    }

    #[test]
    fn a_user_name_never_matches() {
        covers!("ATK-007");
        let requested = [
            "https://app.example@evil.tld/cb",
            "https://a@b@app.example/cb",
            "https://app.example%40evil.tld/cb",
            "http://localhost:80@evil.tld/cb",
            "http://127.0.0.1:80@evil.tld/cb",
            "http://127.0.0.1@evil.tld/cb",
            "http://user@127.0.0.1/cb",
            "http://[::1]@evil.tld/cb",
        ];
        for uri in ["https://app.example/cb", "http://127.0.0.1/cb", "http://localhost/cb", "http://[::1]/cb"] {
            assert_no_match(uri, &requested);
        }
    }

    #[test]
    fn control_bytes_and_spaces_never_match() {
        covers!("ATK-009");
        for inserted in ["\t", "\n", "\r", "\0", " ", "%09", "%0a", "%0d", "%00", "%20"] {
            for requested in [
                format!("{inserted}https://app.example/cb"),
                format!("https://app{inserted}.example/cb"),
                format!("ht{inserted}tps://app.example/cb"),
                format!("https://app.example/cb{inserted}"),
                format!("{inserted}http://127.0.0.1:5000/cb"),
                format!("http://127.0.0.1:5000{inserted}/cb"),
                format!("http://127.0.0.1:{inserted}5000/cb"),
                format!("http://127.0.0.1:5000/cb{inserted}"),
            ] {
                assert_no_match("https://app.example/cb", &[&requested]);
                assert_no_match("http://127.0.0.1/cb", &[&requested]);
            }
        }
    }

    #[test]
    fn nothing_is_normalized() {
        covers!("RFC8414-4-01");
        assert_no_match(
            "https://app.example/caf%C3%A9",
            &["https://app.example/cafe%CC%81", "https://app.example/caf%c3%a9"],
        );
    }
}

mod loopback {
    use super::*;

    #[test]
    fn a_native_client_may_use_any_port() {
        covers!("RFC8252-7.3-01", "ATK-014");
        for host in ["127.0.0.1", "[::1]"] {
            for uri in [format!("http://{host}/cb"), format!("http://{host}:1/cb")] {
                let uri = registered(&uri);
                for port in 1..=u16::MAX {
                    let requested = format!("http://{host}:{port}/cb");
                    assert!(uri.matches(&requested, true, LocalhostRule::LiteralsOnly), "{requested}");
                }
                assert!(uri.matches(&format!("http://{host}/cb"), true, LocalhostRule::LiteralsOnly));
            }
        }
    }

    #[test]
    fn a_client_that_is_not_native_may_not() {
        covers!("ATK-014");
        let uri = registered("http://127.0.0.1/cb");

        assert!(!uri.matches("http://127.0.0.1:5000/cb", false, LocalhostRule::NameToo));
        assert!(uri.matches("http://127.0.0.1/cb", false, LocalhostRule::NameToo));
    }

    #[test]
    fn nothing_but_the_port_may_differ() {
        covers!("ATK-014");
        assert_no_match(
            "http://127.0.0.1:4000/cb?a=b",
            &[
                "https://127.0.0.1:5000/cb?a=b",
                "HTTP://127.0.0.1:5000/cb?a=b",
                "http://127.0.0.1:5000/cb",
                "http://127.0.0.1:5000/CB?a=b",
                "http://127.0.0.1:5000/cb/?a=b",
                "http://127.0.0.1:5000/x?a=b",
                "http://127.0.0.1:5000?a=b",
                "http://127.0.0.1:5000/cb?a=c",
                "http://127.0.0.1:5000/cb?a=b&c=d",
                "http://127.0.0.1:5000/cb?a=b#",
                "http://127.0.0.1:5000/cb?a=b#x",
                "http://[::1]:5000/cb?a=b",
                "http://localhost:5000/cb?a=b",
                "http://127.0.0.2:5000/cb?a=b",
            ],
        );
    }

    #[test]
    fn the_exception_does_not_bring_in_another_host() {
        covers!("ATK-016");
        let requested = ["http://127.0.0.1/cb", "http://localhost/cb", "http://[::1]/cb", "http://127.0.0.1:5000/cb"];
        assert_no_match("https://app.example/cb", &requested);
        assert_no_match("https://127.0.0.1/cb", &requested);
        assert_no_match("com.example.app:/cb", &requested);
        assert_no_match("http://127.0.0.1/cb", &requested[1..3]);
        assert_no_match("http://[::1]/cb", &[requested[0], requested[1], requested[3]]);
        assert_no_match("http://localhost/cb", &[requested[0], requested[2], requested[3]]);
    }

    #[test]
    fn the_name_localhost_has_no_free_port_without_the_opt_in() {
        covers!("ATK-016");
        let uri = registered("http://localhost/cb");

        assert!(uri.is_localhost());
        assert!(!uri.matches("http://localhost:5000/cb", true, LocalhostRule::LiteralsOnly));
        assert!(!uri.matches("http://localhost:5000/cb", false, LocalhostRule::NameToo));
        assert!(uri.matches("http://localhost:5000/cb", true, LocalhostRule::NameToo));
        assert!(uri.matches("http://localhost/cb", true, LocalhostRule::LiteralsOnly));
        assert!(!registered("http://127.0.0.1/cb").is_localhost());
    }

    #[test]
    fn other_spellings_of_loopback_do_not_match() {
        covers!("ATK-017");
        for spelling in [
            "127.1",
            "0177.0.0.1",
            "2130706433",
            "0x7f000001",
            "0x7f.0.0.1",
            "127.0.0.2",
            "127.0.0.01",
            "127.00.0.1",
            "[::ffff:127.0.0.1]",
            "[0:0:0:0:0:0:0:1]",
            "[::01]",
            "0.0.0.0",
            "[::]",
            "localhost.",
            "LOCALHOST",
            "localhost.evil.tld",
            "127.0.0.1.evil.tld",
            "127.0.0.1.",
            "127\u{3002}0\u{3002}0\u{3002}1",
        ] {
            for port in ["", ":5000"] {
                let requested = format!("http://{spelling}{port}/cb");
                for uri in ["http://127.0.0.1/cb", "http://[::1]/cb", "http://localhost/cb"] {
                    assert_no_match(uri, &[&requested]);
                }
            }
        }
    }

    #[test]
    fn malformed_ports_do_not_match() {
        covers!("ATK-018");
        for port in [
            ":",
            ":0",
            ":00",
            ":080",
            ":99999",
            ":65536",
            ":18446744073709551616",
            ":-1",
            ":+80",
            ":80:80",
            ":80@evil.tld",
            ": 80",
            ":80 ",
            ":0x50",
            ":\u{ff18}\u{ff10}",
            ":80\u{660}",
        ] {
            for host in ["127.0.0.1", "[::1]", "localhost"] {
                let requested = format!("http://{host}{port}/cb");
                assert_no_match(&format!("http://{host}/cb"), &[&requested]);
            }
        }
    }
}

mod destination {
    use super::*;

    #[test]
    fn the_user_is_shown_the_host_or_the_private_scheme() {
        for (text, shown) in [
            ("https://app.example:8443/cb?a=b", "app.example:8443"),
            ("http://127.0.0.1:5000/cb", "127.0.0.1:5000"),
            ("http://[::1]?a=b", "[::1]"),
            ("com.example.app:/cb", "com.example.app"),
            ("com.example.app://bank.example/cb", "com.example.app"),
        ] {
            assert_eq!(registered(text).destination(), shown);
        }
    }

    #[test]
    fn only_what_is_neither_https_nor_loopback_has_a_private_scheme() {
        assert!(registered("com.example.app:/cb").has_private_scheme());
        assert!(!registered("https://app.example/cb").has_private_scheme());
        assert!(!registered("http://127.0.0.1/cb").has_private_scheme());
    }
}

mod form_action {
    use super::*;

    #[test]
    fn a_policy_allows_the_origin_or_the_scheme() {
        for (text, allowed) in [
            ("https://app.example/cb?a=b", "https://app.example"),
            ("https://app.example:8443/", "https://app.example:8443"),
            ("http://127.0.0.1:5000/cb", "http://127.0.0.1:5000"),
            ("http://localhost/cb", "http://localhost"),
            ("http://[::1]:5000/cb", "http:"),
            ("com.example.app:/cb", "com.example.app:"),
            ("com.example.app://bank.example/cb", "com.example.app:"),
        ] {
            assert_eq!(registered(text).form_action(), allowed);
        }
    }

    #[test]
    fn no_host_can_end_the_directive() {
        for text in ["https://a;script-src/cb", "https://a,b.example/cb", "https://a'b.example", "https://a*b.example"]
        {
            let allowed = text.parse::<RedirectUri>().map(|uri| uri.form_action());
            assert!(allowed.is_err() || allowed.as_deref() == Ok("https:"), "{allowed:?}");
        }
    }
}

const CALLBACK: &str = "http://127.0.0.1/cb?a=b";
