//! How often somebody may try.

use crate::browser::{Answer, Browser, basic, post, request};
use crate::program::{Program, TEST};

/// A server behind a proxy that says who calls.
fn limited(folder: &tempfile::TempDir) -> Program {
    let limits = "[limits]\nrequests_per_minute = 5\nfailures_per_minute = 2\ncaller_header = \"x-real-ip\"\n[cors]";
    let text = std::fs::read_to_string(TEST).unwrap().replace("[cors]", limits);
    let path = folder.path().join("server.toml");
    std::fs::write(&path, text).unwrap();
    Program::with(["--config", path.to_str().unwrap(), "--plain-http", "0"])
}

#[test]
fn guessing_passwords_ends_for_whoever_guesses_and_for_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let program = limited(&folder);
    let mut thief = Browser::new(&program);
    thief.headers.push(("x-real-ip", "203.0.113.1"));

    let mut page = thief.get("/login");
    for expected in [422, 422, 429] {
        page = thief.log_in(&page, "alice", "guess");
        assert_eq!((page.status, &*page.class()), (expected, "page-login"));
    }
    assert!(page.body.contains("There have been too many attempts."));
    assert_eq!(thief.log_in(&page, "alice", "wonderland").status, 429, "not even with the right one");

    let mut alice = Browser::new(&program);
    alice.headers.push(("x-real-ip", "203.0.113.2"));
    let page = alice.get("/login");
    assert_eq!(alice.log_in(&page, "alice", "wonderland").class(), "page-account");
}

#[test]
fn asking_too_often_ends_at_every_endpoint() {
    let folder = tempfile::tempdir().unwrap();
    let program = limited(&folder);
    let ask = |caller: &str| -> Answer {
        let headers = [("authorization", &*basic("machine", "machine-secret")), ("x-real-ip", caller)];
        post(&program.url("/token"), &[("grant_type", "client_credentials")], &headers)
    };

    let answered: Vec<_> = (0..6).map(|_| ask("203.0.113.1").status).collect();
    assert_eq!(answered, [200, 200, 200, 200, 200, 429]);
    assert_eq!(ask("203.0.113.2").status, 200);

    let mut browser = Browser::new(&program);
    browser.headers.push(("x-real-ip", "203.0.113.1"));
    let page = browser.open(&request(&program, &[]));
    assert_eq!((page.status, &*page.heading()), (429, "Too many attempts"));
    assert!(!page.header("retry-after").is_empty());
}
