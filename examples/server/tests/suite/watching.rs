//! What an operator sees.

use std::net::TcpListener;

use crate::browser::{Browser, VERIFIER, basic, get, post, redeem, request};
use crate::program::{Program, TEST};

#[test]
fn a_code_in_two_hands_is_an_alarm() {
    let program = Program::start();
    let mut browser = Browser::alice(&program);
    let page = browser.open(&request(&program, &[]));
    let code = browser.submit(page.form("consent-submit")).parameter("code").unwrap();
    redeem(&program, &code);

    let fields = [("grant_type", "authorization_code"), ("code", &*code), ("code_verifier", VERIFIER)];
    let again = post(&program.url("/token"), &fields, &[("authorization", &basic("web-app", "web-app-secret"))]);

    assert_eq!(again.status, 400);
    let log = program.stopped_log();
    let alarm = log.lines().find(|line| line.contains(" ERROR ") && line.contains(" alarm: ")).unwrap();
    assert!(alarm.contains("subject=\"alice\"") && alarm.contains("client=\"web-app\""), "{alarm}");
}

#[test]
fn counters_are_shown_where_only_the_operator_looks() {
    let folder = tempfile::tempdir().unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let text = std::fs::read_to_string(TEST).unwrap();
    let text = text.replace("[cors]", &format!("[metrics]\naddress = \"{address}\"\n[cors]"));
    let path = folder.path().join("server.toml");
    std::fs::write(&path, text).unwrap();
    let program = Program::with(["--config", path.to_str().unwrap(), "--plain-http", "0"]);
    let headers = [("authorization", &*basic("machine", "machine-secret"))];
    assert_eq!(post(&program.url("/token"), &[("grant_type", "client_credentials")], &headers).status, 200);

    let counters = get(&format!("http://{address}/metrics"), &[]);

    assert_eq!(counters.status, 200);
    let issued = "grantsmith_events_total{event=\"issued\",detail=\"client_credentials\"} 1";
    assert!(counters.body.contains(issued), "{}", counters.body);
    assert!(counters.body.contains("grantsmith_server_answers_total{status=\"200\"} 1"), "{}", counters.body);
    assert_eq!(get(&program.url("/metrics"), &[]).status, 404);
}
