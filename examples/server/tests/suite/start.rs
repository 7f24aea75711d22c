//! Starting and ending: all or nothing.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::browser::{Browser, get, request};
use crate::program::{Program, TEST, changed, command, refused};

#[test]
fn the_example_starts_and_keeps_its_secret_to_its_owner() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("server.toml");
    fs::copy("server.example.toml", &config).unwrap();
    let config = config.to_str().unwrap();

    let program = Program::with(["--config", config, "--plain-http", "0"]);
    Browser::alice(&program);
    drop(program);

    let secret = folder.path().join("data/keyring.secret");
    assert_eq!(fs::read_to_string(&secret).unwrap().len(), 43);
    assert!(folder.path().join("data/grants.db").exists());
    let mode =
        |path: &Path| std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).unwrap().permissions()) & 0o777;
    assert_eq!((mode(&secret), mode(secret.parent().unwrap())), (0o600, 0o700));

    let before = fs::read_to_string(&secret).unwrap();
    drop(Program::with(["--config", config, "--plain-http", "0"]));
    assert_eq!(fs::read_to_string(&secret).unwrap(), before, "made once");
}

#[test]
fn a_mistake_in_the_file_is_one_line() {
    let folder = tempfile::tempdir().unwrap();

    let config = changed(folder.path(), "kind = \"machine\"", "kind = \"robot\"");
    let said = refused(&["--config", &config]);
    assert!(said.starts_with(&format!("{config}:")) && said.contains("clients[6].kind: unknown variant"), "{said}");
    let config = changed(folder.path(), "\"http://localhost:8081\"", "\"http://localhost:8081/\"");
    assert!(refused(&["--config", &config, "--plain-http", "0"]).contains(": cors.allowed_origins: "));
    let config = changed(folder.path(), "[cors]", "[log]\nfilter = \"audit=loud\"\n[cors]");
    assert!(refused(&["--config", &config, "--plain-http", "0"]).contains(": log.filter: must be a level"));
    let said = refused(&["--config", "/no/such/file.toml"]);
    assert!(said.starts_with("/no/such/file.toml: cannot be read: "), "{said}");
}

#[test]
fn a_file_can_be_checked_without_opening_anything() {
    let folder = tempfile::tempdir().unwrap();
    let output = command().args(["--config", "server.example.toml", "--check"]).output().unwrap();
    assert!(output.status.success());
    assert_eq!(output.stdout, b"server.example.toml is fine\n");

    let config =
        changed(folder.path(), "allows_insecure_loopback_issuer = true", "allows_insecure_loopback_issuer = false");
    let said = refused(&["--config", &config, "--check"]);
    assert!(
        said.ends_with(":3: issuer: must be an https URL, unless policy.danger.allows_insecure_loopback_issuer is set"),
        "{said}"
    );
}

#[test]
fn a_taken_port_is_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();

    let said = refused(&["--config", TEST, "--listen", &address]);

    assert!(said.starts_with(&format!("cannot listen at {address}: ")), "{said}");
    assert!(refused(&["--config", TEST, "--listen", "0.0.0.0:0"]).contains("must be a loopback address"));
}

#[test]
fn a_database_that_cannot_be_opened_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "not a folder").unwrap();
    fs::write(folder.path().join("junk.db"), "not a database, but long enough to be looked at as one").unwrap();

    for path in ["file/grants.db", "junk.db"] {
        let path = folder.path().join(path).display().to_string();
        let said = refused(&["--config", TEST, "--plain-http", "0", "--store", &format!("sqlite:{path}")]);
        assert!(said.starts_with(&format!("cannot open the database {path}: ")), "{said}");
    }
}

#[test]
fn a_secret_that_cannot_be_read_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let secret = "danger_secret = \"QWC1B1FStVbTKQkGJzsNSPGNb8Uo8Fy531oyM6yNnB8\"";

    let config = changed(folder.path(), secret, "file = \"no-such-file\"");
    assert!(refused(&["--config", &config, "--plain-http", "0"]).contains(": keyring.file: cannot read "));
    fs::write(folder.path().join("short"), "c2hvcnQ").unwrap();
    let config = changed(folder.path(), secret, "file = \"short\"");
    assert!(refused(&["--config", &config, "--plain-http", "0"]).contains(": keyring.file: must hold 32 random bytes"));
    let config = changed(folder.path(), secret, "environment = \"NO_SUCH_SECRET\"");
    let said = refused(&["--config", &config, "--plain-http", "0"]);
    assert!(said.ends_with(": keyring.environment: the environment variable NO_SUCH_SECRET is not set"), "{said}");
    let config = changed(folder.path(), secret, "danger_secret = \"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"");
    assert!(refused(&["--config", &config, "--plain-http", "0"]).contains("all zeros"));
}

#[test]
fn an_unknown_user_is_not_logged_in_automatically() {
    for user in ["nobody", "carol"] {
        let said = refused(&["--config", TEST, "--plain-http", "0", "--auto-login", user]);
        assert_eq!(said, format!("--auto-login {user}: there is no such user"));
    }
}

#[test]
fn it_ends_well_when_it_is_told_to() {
    for signal in ["TERM", "INT"] {
        let program = Program::start();
        assert_eq!(get(&program.url("/health"), &[]).status, 200);

        program.signal(signal);
        let (status, log) = program.end();

        assert!(status.success(), "{log}");
        assert!(log.contains("stopping") && log.contains("stopped"), "{log}");
    }
}

#[test]
fn a_connection_that_is_open_when_it_ends_is_closed() {
    let program = Program::start();
    let address = program.issuer.replace("http://localhost", "127.0.0.1");
    let mut idle = std::net::TcpStream::connect(&address).unwrap();
    idle.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n").unwrap();
    idle.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut answer = [0; 12];
    std::io::Read::read_exact(&mut idle, &mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");

    program.signal("TERM");

    assert!(program.end().0.success());
}

#[test]
fn the_log_holds_no_secret() {
    for format in ["text", "json"] {
        let program = Program::with(["--config", TEST, "--plain-http", "0", "--log-format", format]);
        let mut browser = Browser::alice(&program);
        let page = browser.open(&request(&program, &[("state", "telling-state")]));
        let handle = page.form("consent-submit").fields[0].1.clone();
        let code = browser.submit(page.form("consent-submit")).parameter("code").unwrap();
        let tokens = crate::browser::redeem(&program, &code);
        assert_eq!(crate::browser::notes(&program, &tokens), 200);
        let session = browser.cookies().get("grantsmith-session").unwrap().clone();

        let log = program.stopped_log();

        let token = |name: &str| tokens[name].as_str().unwrap().to_owned();
        let secrets = [
            "wonderland".to_owned(),
            "web-app-secret".to_owned(),
            "telling-state".to_owned(),
            handle,
            code,
            session,
            token("access_token"),
            token("refresh_token"),
        ];
        for secret in secrets {
            assert!(!log.contains(&secret), "{secret} is in the log");
        }
        assert!(log.contains("approved") && log.contains("issued") && log.contains("/authorize/decide"));
        let is_json = log.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok());
        assert_eq!(is_json, format == "json");
    }
}

#[test]
fn it_prints_what_the_file_takes() {
    let mut child = command().arg("hash-password").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"correct horse\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let hash = String::from_utf8(output.stdout).unwrap();
    assert!(hash.starts_with("$argon2id$"), "{hash}");

    let folder = tempfile::tempdir().unwrap();
    let name = "name = \"alice\" # wonderland";
    let user = format!("name = \"dave\"\npassword_hash = '{}'\n\n[[users]]\n{name}", hash.trim());
    let secret = String::from_utf8(command().arg("new-client-secret").output().unwrap().stdout).unwrap();
    let (secret, digest) = secret.trim().split_once('\n').unwrap();
    let config = changed(folder.path(), name, &user);
    let text = fs::read_to_string(&config).unwrap().replace("danger_secret = \"machine-secret\"", digest);
    fs::write(&config, text).unwrap();

    let program = Program::with(["--config", &config, "--plain-http", "0"]);
    Browser::of(&program, "dave", "correct horse");
    let basic = crate::browser::basic("machine", secret.strip_prefix("for the client: ").unwrap());
    let fields = [("grant_type", "client_credentials")];
    assert_eq!(crate::browser::post(&program.url("/token"), &fields, &[("authorization", &basic)]).status, 200);
}

#[test]
fn an_issuer_with_a_path_keeps_its_pages_below_it() {
    let folder = tempfile::tempdir().unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let issuer = format!("http://localhost:{}/tenant", free.port());
    let config = changed(folder.path(), "issuer = \"http://localhost:3000\"", &format!("issuer = \"{issuer}\""));

    let program = Program::with(["--config", &config, "--listen", &free.to_string()]);
    assert_eq!(program.issuer, issuer);

    let mut browser = Browser::alice(&program);
    let page = browser.open(&request(&program, &[]));
    let answer = browser.submit(page.form("consent-submit"));
    let tokens = crate::browser::redeem(&program, &answer.parameter("code").unwrap());
    assert_eq!(crate::browser::notes(&program, &tokens), 200);
    assert_eq!(browser.get("/pages.css").status, 200);
}
