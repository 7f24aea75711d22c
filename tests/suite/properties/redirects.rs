//! Redirect URIs: nothing but the registered one, and on loopback nothing but another port.

use grantsmith::value::{LocalhostRule, RedirectUri};
use proptest::prelude::*;

use super::runner;

const URIS: [&str; 6] = [
    "https://app.example/cb",
    "https://app.example:8443/a/b?c=d&e=f",
    "com.example.app:/cb",
    "http://127.0.0.1/cb",
    "http://[::1]:4000/cb?a=b",
    "http://localhost:4000/cb",
];

/// One edit of a text: a character inserted, removed, replaced or changed in case, or two texts around it.
fn edited() -> impl Strategy<Value = (usize, String)> {
    let character = prop_oneof![any::<char>(), prop::char::range(' ', '~'), Just('.'), Just('/'), Just('%')];
    (0..URIS.len(), 0..4_u8, any::<prop::sample::Index>(), character, "[ -~]{0,8}").prop_map(
        |(which, edit, place, character, around)| {
            let characters: Vec<char> = URIS[which].chars().collect();
            let at = place.index(characters.len());
            let (before, after) = (&characters[..at], &characters[at..]);
            let (one, rest) = after.split_first().unwrap();
            let text: String = match edit {
                0 => before.iter().chain([&character]).chain(after).collect(),
                1 => before.iter().chain(rest).collect(),
                2 => before.iter().chain([&character]).chain(rest).collect(),
                _ if one.is_ascii_alphabetic() => {
                    let swapped =
                        if one.is_ascii_lowercase() { one.to_ascii_uppercase() } else { one.to_ascii_lowercase() };
                    before.iter().chain([&swapped]).chain(rest).collect()
                }
                _ => format!("{}{around}", URIS[which]),
            };
            (which, text)
        },
    )
}

/// The URI without the port of a loopback address, as this test understands it: written by hand, on purpose.
fn without_port(uri: &str) -> Option<(String, String)> {
    let rest = uri.strip_prefix("http://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    for host in ["127.0.0.1", "[::1]", "localhost"] {
        if authority == host {
            return Some((host.to_owned(), tail.to_owned()));
        }
        if let Some(port) = authority.strip_prefix(host).and_then(|rest| rest.strip_prefix(':')) {
            let is_port = port.parse::<u16>().is_ok_and(|number| number != 0 && number.to_string() == port);
            return is_port.then(|| (host.to_owned(), tail.to_owned()));
        }
    }
    None
}

#[test]
fn an_edited_uri_never_matches_unless_only_a_loopback_port_was_edited() {
    covers!("RFC6749-3.1.2.3-03", "ATK-004", "ATK-010", "ATK-014", "ATK-018");
    runner(20_000)
        .run(&edited(), |(which, requested)| {
            let registered: RedirectUri = URIS[which].parse().unwrap();
            let is_same = requested == URIS[which];
            let is_same_but_port = without_port(&requested).is_some_and(|it| Some(it) == without_port(URIS[which]));
            let is_localhost = URIS[which].contains("localhost");

            prop_assert_eq!(registered.matches(&requested, false, LocalhostRule::NameToo), is_same);
            let by_literal = is_same || (is_same_but_port && !is_localhost);
            prop_assert_eq!(registered.matches(&requested, true, LocalhostRule::LiteralsOnly), by_literal);
            let by_name = is_same || is_same_but_port;
            prop_assert_eq!(registered.matches(&requested, true, LocalhostRule::NameToo), by_name);
            Ok(())
        })
        .unwrap();
}

#[test]
fn look_alikes_of_a_host_never_match() {
    covers!("ATK-004");
    let strategy = ("[a-z0-9.-]{1,12}", "[a-z0-9./:@\\\\%-]{1,12}", "[a-zA-Z0-9]");
    runner(2000)
        .run(&strategy, |(prefix, suffix, dot)| {
            let registered: RedirectUri = "https://app.example/cb".parse().unwrap();
            for requested in [
                format!("https://{prefix}app.example/cb"),
                format!("https://app.example{suffix}/cb"),
                format!("https://app.example/cb{suffix}"),
                format!("https://app{dot}example/cb"),
                format!("{prefix}https://app.example/cb"),
            ] {
                prop_assert!(!registered.matches(&requested, true, LocalhostRule::NameToo), "{}", requested);
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn what_may_be_registered_matches_itself_and_is_absolute() {
    let strategy = prop_oneof![
        "https://[a-z.]{1,10}(:[0-9]{1,5})?/[!-~]{0,10}",
        "[a-z.:]{1,12}:/{0,3}[!-~]{1,10}",
        "http://(127\\.0\\.0\\.1|\\[::1\\]|localhost)(:[0-9]{1,5})?[!-~]{0,10}",
        any::<String>()
    ];
    runner(4000)
        .run(&strategy, |text| {
            let Ok(uri) = text.parse::<RedirectUri>() else { return Ok(()) };
            prop_assert_eq!(uri.as_str(), &text);
            prop_assert!(uri.matches(&text, false, LocalhostRule::LiteralsOnly));
            let url = url::Url::parse(&text).unwrap();
            prop_assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
            prop_assert!(!uri.destination().is_empty() && text.contains(uri.destination()));
            match url.scheme() {
                "https" => prop_assert_eq!(url.host_str().is_some_and(|host| !host.is_empty()), true),
                "http" => prop_assert!(without_port(&text).is_some(), "{}", text),
                scheme => prop_assert!(scheme.contains('.') && uri.has_private_scheme()),
            }
            Ok(())
        })
        .unwrap();
}
