//! The stores that outlive the server: it is restarted in the middle of everything, and they are out of reach.

use std::net::TcpListener;

use serde_json::Value;
use tempfile::TempDir;

use crate::browser::{Answer, Browser, VERIFIER, basic, notes, post, redeem, request};
use crate::program::{Program, changed};

#[test]
fn a_restart_over_sqlite_loses_nothing_that_was_granted() {
    let folder = tempfile::tempdir().unwrap();

    survives_restarts(&Place::over(&format!("url = \"sqlite:{}/grants.db\"", folder.path().display())));
}

#[cfg(all(feature = "postgres", feature = "redis"))]
mod servers {
    use std::cell::RefCell;

    use serde_json::Value;

    use super::{Place, refresh, survives_restarts};
    use crate::browser::{Browser, get, notes, redeem, request};
    use crate::program::{TEST, refused};
    use crate::servers::postgres::{Cluster, Stop};
    use crate::servers::redis::{Server, eventually};

    /// An empty database, as the driver's own words name it.
    fn database(cluster: &Cluster) -> String {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(cluster.create_database())
    }

    fn accepted(url: &str) -> String {
        format!("url = \"{url}\"\ndanger_accept_loss_on_failover = true")
    }

    #[test]
    fn a_restart_over_postgres_loses_nothing_that_was_granted() {
        let Some(cluster) = Cluster::start() else { return };
        let database = database(&cluster);

        survives_restarts(&Place::over(&format!("url = \"postgres:{}\"", cluster.url(&database))));
        let encoded = cluster.directory().to_str().unwrap().replace('/', "%2F");
        survives_restarts(&Place::over(&format!("url = \"postgres://postgres@{encoded}/{database}\"")));
    }

    #[test]
    fn a_restart_over_redis_loses_nothing_that_was_granted() {
        let Some(server) = Server::start() else { return };

        survives_restarts(&Place::over(&accepted(&server.url())));
        survives_restarts(&Place::over(&accepted(&format!("redis:{}", server.url()))));
    }

    #[test]
    fn a_postgres_that_goes_away_comes_back_with_everything() {
        let Some(cluster) = Cluster::start() else { return };
        let place = Place::over(&format!("url = \"postgres:{}\"", cluster.url(&database(&cluster))));

        is_out_of_reach_for_a_while(&place, || cluster.stop(Stop::Fast), || cluster.resume());
    }

    #[test]
    fn a_redis_that_goes_away_comes_back_with_everything() {
        let Some(server) = Server::start().map(RefCell::new) else { return };
        let place = Place::over(&accepted(&server.borrow().url()));

        is_out_of_reach_for_a_while(&place, || server.borrow_mut().kill(), || server.borrow_mut().restart());
    }

    #[test]
    fn a_server_that_is_out_of_reach_is_one_line_without_the_password() {
        let postgres = "cannot open the PostgreSQL database: ";
        cannot_be_opened("url = \"postgres://me:hidden@127.0.0.1:1/grants\"", postgres);
        cannot_be_opened("url = \"postgres:host=/nowhere user=me password=hidden\"", postgres);
        cannot_be_opened("url = \"postgres:hidden is no URL\"", postgres);
        let redis = "cannot open Redis: ";
        cannot_be_opened(&accepted("redis://me:hidden@127.0.0.1:1"), redis);
        cannot_be_opened(&accepted("redis:hidden is no URL"), redis);
    }

    #[test]
    fn a_database_that_is_not_there_is_one_line() {
        let Some(cluster) = Cluster::start() else { return };

        let nowhere = format!("url = \"postgres:{} password=hidden\"", cluster.url("nowhere"));
        cannot_be_opened(&nowhere, "cannot open the PostgreSQL database: ");
    }

    #[test]
    fn redis_is_not_used_before_somebody_accepts_what_it_may_lose() {
        let said = refused(&["--config", TEST, "--plain-http", "0", "--store", "redis://me:hidden@127.0.0.1:1"]);

        assert!(said.contains("store.danger_accept_loss_on_failover = true") && !said.contains("hidden"), "{said}");
    }

    /// The operator and the clients are told that it is not now; afterwards it is as it was.
    fn is_out_of_reach_for_a_while(place: &Place, goes: impl FnOnce(), comes_back: impl FnOnce()) {
        let program = place.start();
        let mut browser = Browser::alice(&program);
        let page = browser.open(&request(&program, &[]));
        let tokens = redeem(&program, &browser.submit(page.form("consent-submit")).parameter("code").unwrap());
        let health = || get(&program.url("/health"), &[]);

        goes();
        let (down, answer) = (health(), refresh(&program, &tokens));
        assert_eq!((down.status, &down.json()["status"]), (503, &Value::from("storage unavailable")));
        assert_eq!((answer.status, &answer.json()["error"]), (503, &Value::from("server_error")));
        assert_eq!(notes(&program, &tokens), 503);

        comes_back();
        eventually(|| health().status == 200);
        assert_eq!(notes(&program, &tokens), 200);
        assert_eq!(refresh(&program, &tokens).status, 200);
    }

    fn cannot_be_opened(store: &str, says: &str) {
        let place = Place::over(store);

        let said = refused(&["--config", &place.config, "--plain-http", &place.port]);

        assert!(said.starts_with(says) && !said.contains("hidden"), "{said}");
    }
}

/// A configuration and an address, whether or not a server is running there.
struct Place {
    _folder: TempDir,
    config: String,
    port: String,
}

impl Place {
    fn over(store: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = changed(folder.path(), "url = \"memory\"", store);
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { _folder: folder, config, port: port.to_string() }
    }

    fn start(&self) -> Program {
        Program::with(["--config", &self.config, "--plain-http", &self.port])
    }
}

/// Goes through a flow whose every step is answered by another process. Some of them end as they are told to, some are
/// killed.
fn survives_restarts(place: &Place) {
    let program = place.start();
    let mut browser = Browser::alice(&program);
    let page = browser.open(&request(&program, &[]));
    let code = browser.submit(page.form("consent-submit").fill("remember", "1")).parameter("code").unwrap();
    let undecided = browser.open(&request(&program, &[("prompt", "consent")])).form("consent-submit");
    assert!(program.stopped_log().contains("stopped"));

    let program = place.start();
    let tokens = redeem(&program, &code);
    assert_eq!(notes(&program, &tokens), 200);
    drop(program);

    // Sessions are in memory: the user logs in again, and is asked again, where it was left.
    let program = place.start();
    let login = browser.submit(undecided);
    assert_eq!(login.class(), "page-login", "{}", login.body);
    let page = browser.log_in(&login, "alice", "wonderland");
    let second = browser.submit(page.form("consent-submit")).parameter("code").unwrap();
    let refreshed = refresh(&program, &tokens).json();
    drop(program);

    let program = place.start();
    assert_eq!(notes(&program, &refreshed), 200);
    let answer = Browser::alice(&program).open(&request(&program, &[]));
    assert!(answer.parameter("code").is_some(), "the consent is remembered: {}", answer.body);
    assert_eq!(notes(&program, &redeem(&program, &second)), 200);
    let fields = [("grant_type", "authorization_code"), ("code", &*code), ("code_verifier", VERIFIER)];
    assert_eq!(as_web_app(&program, &fields).status, 400, "a code works once");
    drop(program);

    let program = place.start();
    assert_eq!(notes(&program, &refreshed), 401, "whoever had the code twice ended what it gave");
    assert_eq!(refresh(&program, &tokens).status, 400);
}

fn refresh(program: &Program, tokens: &Value) -> Answer {
    let token = tokens["refresh_token"].as_str().unwrap();
    as_web_app(program, &[("grant_type", "refresh_token"), ("refresh_token", token)])
}

fn as_web_app(program: &Program, fields: &[(&str, &str)]) -> Answer {
    post(&program.url("/token"), fields, &[("authorization", &basic("web-app", "web-app-secret"))])
}
