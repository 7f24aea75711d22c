//! The example names every key; every mistake is told in one line.

use std::collections::BTreeSet;

use super::*;

const EXAMPLE: &str = include_str!("../../server.example.toml");

fn config(text: &str) -> Result<Config, ConfigError> {
    Config::of(Source::new("server.toml", text), PathBuf::new())
}

/// Reads a text and puts everything together that needs no file and no network.
fn mistake(text: &str) -> String {
    let outcome = config(text).and_then(|config| {
        let issuer = config.file.issuer.clone();
        config.clients(&issuer, &issuer.as_str().parse().unwrap()).map(drop)
    });
    outcome.map_or_else(|error| error.to_string(), |()| "no mistake".to_owned())
}

mod the_example {
    use super::*;

    #[test]
    fn fits_together() {
        assert_eq!(mistake(EXAMPLE), "no mistake");
    }

    #[test]
    fn has_values_of_the_right_kind_in_its_comments() {
        let is_key = |line: &str| line.starts_with('#') && !line.starts_with("# ") && line.len() > 1;
        let uncommented: Vec<_> =
            EXAMPLE.lines().map(|line| if is_key(line) { line.get(1..).unwrap() } else { line }).collect();

        let parsed: Result<File, _> = Source::new("server.toml", &uncommented.join("\n")).parse();

        // Keys that exclude each other are all set now, so only the values are looked at.
        assert!(parsed.is_ok(), "{}", parsed.unwrap_err());
    }

    #[test]
    fn names_every_key_that_there_is() {
        let mut sections = vec![Vec::new()];
        let mut seen = 0;
        while let Some(section) = sections.pop() {
            for key in keys_of(&section).unwrap() {
                assert!(is_named(&section, &key), "{section:?} {key} is not in the example");
                seen += 1;
                let inner = [&*section, &[key]].concat();
                sections.extend(keys_of(&inner).map(|_| inner));
            }
        }
        assert!(seen > 80, "only {seen} keys were found");
    }

    /// The keys that a section may have, as the parser names them when it finds another one. None: it is no section.
    fn keys_of(section: &[String]) -> Option<BTreeSet<String>> {
        let headers = match section {
            [] => vec![String::new()],
            names => vec![format!("[{}]", names.join(".")), format!("[[{}]]", names.join("."))],
        };
        headers.into_iter().find_map(|header| {
            let said = toml::from_str::<File>(&format!("{header}\nno_such_key = 1")).unwrap_err();
            let (_, expected) = said.message().strip_prefix("unknown field `no_such_key`, ")?.split_once(' ')?;
            Some(expected.split('`').skip(1).step_by(2).map(str::to_owned).collect())
        })
    }

    /// Whether a line of that section, commented or not, sets the key, or a header opens it.
    fn is_named(section: &[String], key: &str) -> bool {
        let mut current = String::new();
        let section = section.join(".");
        let inner = if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") };
        EXAMPLE.lines().map(|line| line.strip_prefix('#').unwrap_or(line)).any(|line| {
            if line.starts_with('[') {
                current = line.trim_matches(['[', ']']).to_owned();
                return current == inner;
            }
            current == section && line.split_once(" = ").is_some_and(|(name, _)| name == key)
        })
    }
}

mod mistakes {
    use super::*;

    const GOOD: &str = r#"issuer = "https://as.example"
[[listeners]]
address = "127.0.0.1:3000"
[store]
url = "memory"
[keyring]
danger_secret = "QWC1B1FStVbTKQkGJzsNSPGNb8Uo8Fy531oyM6yNnB8"
[policy]
code_lifetime = "1m"
[scopes]
read = "Read"
[[clients]]
id = "app"
kind = "confidential"
danger_secret = "secret"
redirect_uris = ["https://app.example/cb"]
scopes = ["read"]
resources = ["/api"]
[[clients]]
id = "device"
kind = "native"
redirect_uris = ["http://127.0.0.1/cb"]
[[users]]
name = "alice"
password_hash = "$argon2id$v=19$m=19456,t=2,p=1$60az6XlTS46vA1lpHuQ6Eg$KCorGvdHWSpFva3lgOwYQoc9QBhyw/mdrvgjafdUMsM"
[[resource_servers]]
id = "api"
resources = ["/api"]
danger_secret = "secret"
"#;

    /// What is replaced, by what, and what is said about it.
    const TABLE: &[[&str; 3]] = &[
        [
            "issuer = ",
            "isuer = ",
            "server.toml:1: isuer: unknown field `isuer`, expected one of `issuer`, `title`, `demo_api`, `listeners`, `store`, `keyring`, `policy`, `sessions`, `passwords`, `cors`, `log`, `limits`, `metrics`, `shutdown`, `scopes`, `users`, `clients`, `resource_servers`",
        ],
        [
            r#"issuer = "https://as.example""#,
            r#"issuer = "https://as.example/""#,
            "server.toml:1: issuer: the issuer ends with a slash",
        ],
        [
            r#"issuer = "https://as.example""#,
            "issuer = 1",
            "server.toml:1: issuer: invalid type: integer `1`, expected a string",
        ],
        ["issuer = \"https://as.example\"\n", "\n", "server.toml:1: missing field `issuer`"],
        [
            r#"issuer = "https://as.example""#,
            r#"issuer = "https://as.example"#,
            r#"server.toml:1: issuer: invalid basic string, expected `"`"#,
        ],
        [
            r#"issuer = "https://as.example""#,
            "issuer = \"https://as.example\"\nissuer = \"https://b.example\"",
            "server.toml:2: issuer: duplicate key",
        ],
        ["127.0.0.1:3000", "localhost", "server.toml:3: listeners[0].address: invalid socket address syntax"],
        [
            "127.0.0.1:3000",
            "0.0.0.0:3000",
            "server.toml:3: listeners[0].address: without certificates must be a loopback address, unless danger_plain_http is set",
        ],
        [
            r#"address = "127.0.0.1:3000""#,
            "address = \"127.0.0.1:3000\"\ncertificates = \"c.pem\"",
            "server.toml:2: listeners[0].key: certificates need a key",
        ],
        [
            r#"address = "127.0.0.1:3000""#,
            "address = \"127.0.0.1:3000\"\nkey = \"k.pem\"",
            "server.toml:2: listeners[0].certificates: a key needs certificates",
        ],
        [
            r#"address = "127.0.0.1:3000""#,
            "address = \"127.0.0.1:3000\"\ncertificates = \"c.pem\"\nkey = \"k.pem\"\ndanger_plain_http = true",
            "server.toml:6: listeners[0].danger_plain_http: is for listeners without certificates",
        ],
        [
            r#"address = "127.0.0.1:3000""#,
            "address = \"127.0.0.1:3000\"\n[[listeners]]\naddress = \"127.0.0.1:3000\"",
            "server.toml:5: listeners[1].address: is the address of another listener",
        ],
        [
            r#"url = "memory""#,
            r#"url = "mysql://db""#,
            "server.toml:5: store.url: must be sqlite:PATH, postgres:URL, redis:URL or memory",
        ],
        [
            r#"url = "memory""#,
            r#"url = "sqlite:""#,
            "server.toml:5: store.url: must be sqlite:PATH, postgres:URL, redis:URL or memory",
        ],
        [
            r#"url = "memory""#,
            "url = \"memory\"\nsweep_every = \"0s\"",
            "server.toml:6: store.sweep_every: must be between 1s and 1d",
        ],
        [
            r#"url = "memory""#,
            "url = \"memory\"\nsweep_every = \"5 minutes\"",
            r#"server.toml:6: store.sweep_every: must be a whole number and one of the units s, m, h, d, such as "10m""#,
        ],
        [
            r#"danger_secret = "QWC1B1FStVbTKQkGJzsNSPGNb8Uo8Fy531oyM6yNnB8""#,
            "number = 1",
            "server.toml:6: keyring: needs exactly one of file, environment and danger_secret",
        ],
        [
            r#"danger_secret = "QWC1B1FStVbTKQkGJzsNSPGNb8Uo8Fy531oyM6yNnB8""#,
            "file = \"a\"\nenvironment = \"B\"",
            "server.toml:6: keyring: needs exactly one of file, environment and danger_secret",
        ],
        [
            r#"danger_secret = "QWC1B1FStVbTKQkGJzsNSPGNb8Uo8Fy531oyM6yNnB8""#,
            "environment = \"B\"\ncreate = true",
            "server.toml:8: keyring.create: needs file",
        ],
        [
            r#"danger_secret = "QWC1B1FStVbTKQkGJzsNSPGNb8Uo8Fy531oyM6yNnB8""#,
            "environment = \"B\"\nnumber = 256",
            "server.toml:8: keyring.number: invalid value: integer `256`, expected u8",
        ],
        [
            r#"danger_secret = "QWC1B1FStVbTKQkGJzsNSPGNb8Uo8Fy531oyM6yNnB8""#,
            "environment = \"B\"\n[[keyring.retired]]\nnumber = 1\nfile = \"a\"",
            "server.toml:9: keyring.retired[0].number: is the number of another key",
        ],
        [
            r#"danger_secret = "QWC1B1FStVbTKQkGJzsNSPGNb8Uo8Fy531oyM6yNnB8""#,
            "environment = \"B\"\n[[keyring.retired]]\nnumber = 2",
            "server.toml:8: keyring.retired[0]: needs exactly one of file and environment",
        ],
        [
            r#"code_lifetime = "1m""#,
            r#"code_lifetime = "1h""#,
            "server.toml:9: policy.code_lifetime: must be between 1s and 600s",
        ],
        [
            r#"code_lifetime = "1m""#,
            "code_lifetime = 60",
            "server.toml:9: policy.code_lifetime: invalid type: integer `60`, expected a string",
        ],
        [
            r#"code_lifetime = "1m""#,
            r#"profile = "fapi2""#,
            "server.toml:9: policy.profile: unknown variant `fapi2`, expected `oauth21`",
        ],
        [
            r#"code_lifetime = "1m""#,
            r#"error_redirect = "never""#,
            "server.toml:9: policy.error_redirect: unknown variant `never`, expected `after_authentication` or `immediate`",
        ],
        [
            r#"code_lifetime = "1m""#,
            "most_live_access_tokens = 0",
            "server.toml:9: policy.most_live_access_tokens: must be between 1 and 1024",
        ],
        [
            r#"code_lifetime = "1m""#,
            r#"credential_prefix = "a b""#,
            "server.toml:9: policy.credential_prefix: must be at most 16 of letters, digits, _ and -",
        ],
        [
            r#"code_lifetime = "1m""#,
            "[policy.danger]\nallow_long_lived_codes = true",
            "server.toml:10: policy.danger.allow_long_lived_codes: unknown field `allow_long_lived_codes`, expected one of `allows_insecure_loopback_issuer`, `allows_long_lived_codes`, `allows_long_lived_access_tokens`, `silences_foreign_revocation`",
        ],
        [
            "[scopes]\nread = \"Read\"",
            "[scopes]\nread = \"Read\"\n\"a b\" = \"Both\"",
            r#"server.toml:12: scopes."a b": the scope contains the byte 0x20"#,
        ],
        ["[scopes]", "[sessions]\nmost = 0\n[scopes]", "server.toml:11: sessions.most: must be between 1 and 1000000"],
        [
            "[scopes]",
            "[sessions]\nidle_lifetime = \"0s\"\n[scopes]",
            "server.toml:11: sessions.idle_lifetime: must be between 1s and 365d",
        ],
        [
            "[scopes]",
            "[passwords]\nchecks_at_once = 257\n[scopes]",
            "server.toml:11: passwords.checks_at_once: must be between 1 and 256",
        ],
        [
            "[scopes]",
            "[log]\nformat = \"xml\"\n[scopes]",
            "server.toml:11: log.format: unknown variant `xml`, expected `text` or `json`",
        ],
        [
            r#"id = "app""#,
            "id = \"app\"\nredirect_uri = \"https://app.example/cb\"",
            "server.toml:14: clients[0].redirect_uri: unknown field `redirect_uri`, expected one of `id`, `kind`, `name`, `authentication`, `secret_digest`, `secret_file`, `secret_environment`, `secret_hash`, `danger_secret`, `redirect_uris`, `danger_loopback_redirect_uris`, `allows_localhost`, `grant_types`, `scopes`, `default_scopes`, `resources`, `allows_multiple_audiences`, `may_introspect_own_tokens`, `unverified`, `disabled`, `access_token_lifetime`, `refresh_token_idle_lifetime`, `refresh_token_lifetime`, `rotates_refresh_tokens`, `home_page`, `logo`, `privacy_policy`, `terms_of_service`",
        ],
        [r#"id = "app""#, r#"id = """#, "server.toml:13: clients[0].id: the client identifier is empty"],
        [
            r#"id = "device""#,
            r#"id = "app""#,
            "server.toml:20: clients[1].id: is the id of another client or resource server",
        ],
        [
            r#"id = "api""#,
            r#"id = "app""#,
            "server.toml:27: resource_servers[0].id: is the id of another client or resource server",
        ],
        [
            r#"kind = "confidential""#,
            r#"kind = "secret""#,
            "server.toml:14: clients[0].kind: unknown variant `secret`, expected one of `confidential`, `public`, `native`, `machine`",
        ],
        ["kind = \"confidential\"\n", "", "server.toml:12: clients[0]: missing field `kind`"],
        [
            "danger_secret = \"secret\"\nredirect",
            "redirect",
            "server.toml:12: clients[0]: needs exactly one of secret_digest, secret_file, secret_environment, secret_hash and danger_secret",
        ],
        [
            "danger_secret = \"secret\"\nredirect",
            "danger_secret = \"secret\"\nsecret_file = \"s\"\nredirect",
            "server.toml:12: clients[0]: needs exactly one of secret_digest, secret_file, secret_environment, secret_hash and danger_secret",
        ],
        [
            "danger_secret = \"secret\"\nredirect",
            "danger_secret = \"\"\nredirect",
            "server.toml:15: clients[0].danger_secret: must not be empty",
        ],
        [
            "danger_secret = \"secret\"\nredirect",
            "secret_file = \"/no/such/file\"\nredirect",
            "server.toml:15: clients[0].secret_file: cannot read /no/such/file: No such file or directory (os error 2)",
        ],
        [
            "danger_secret = \"secret\"\nredirect",
            "secret_environment = \"NO_SUCH_VARIABLE\"\nredirect",
            "server.toml:15: clients[0].secret_environment: the environment variable NO_SUCH_VARIABLE is not set",
        ],
        [
            "danger_secret = \"secret\"\nredirect",
            "secret_hash = \"plain\"\nredirect",
            "server.toml:15: clients[0].secret_hash: must be an argon2 hash, as hash-password prints it",
        ],
        [
            "danger_secret = \"secret\"\nredirect",
            "secret_digest = \"plain\"\nredirect",
            "server.toml:15: clients[0].secret_digest: a digest is 32 bytes in base64url",
        ],
        [
            r#""https://app.example/cb""#,
            r#""http://app.example/cb""#,
            "server.toml:16: clients[0].redirect_uris: the redirect URI is neither https nor http on loopback",
        ],
        [
            r#""https://app.example/cb""#,
            r#""https://app.example/cb", "/cb""#,
            "server.toml:16: clients[0].redirect_uris: the redirect URI is not absolute",
        ],
        [
            r#""https://app.example/cb""#,
            r#""http://127.0.0.1/cb""#,
            "server.toml:16: clients[0].redirect_uris: http://127.0.0.1/cb is for clients of kind native; see danger_loopback_redirect_uris",
        ],
        [
            r#"redirect_uris = ["https://app.example/cb"]"#,
            "redirect_uris = []",
            "server.toml:16: clients[0].redirect_uris: needs at least one redirect URI",
        ],
        [
            r#"redirect_uris = ["https://app.example/cb"]"#,
            "redirect_uris = [\"https://app.example/cb\"]\ndanger_loopback_redirect_uris = [\"https://b.example/cb\"]",
            "server.toml:17: clients[0].danger_loopback_redirect_uris[0]: must be an http URL on loopback",
        ],
        [
            r#"scopes = ["read"]"#,
            r#"scopes = ["read", "write"]"#,
            "server.toml:17: clients[0].scopes[1]: is not described in the section scopes",
        ],
        [
            r#"scopes = ["read"]"#,
            "scopes = []\ndefault_scopes = [\"read\"]",
            "server.toml:18: clients[0].default_scopes: must be among scopes",
        ],
        [
            r#"scopes = ["read"]"#,
            "scopes = [\"read\"]\naccess_token_lifetime = \"2h\"",
            "server.toml:18: clients[0].access_token_lifetime: must be between 1s and 3600s",
        ],
        [
            r#"scopes = ["read"]"#,
            "scopes = [\"read\"]\nlogo = \"http://app.example/logo.png\"",
            "server.toml:12: clients[0]: home_page, logo, privacy_policy and terms_of_service must be https URLs",
        ],
        [
            "resources = [\"/api\"]\n[[clients]]",
            "resources = [\"api\"]\n[[clients]]",
            "server.toml:18: clients[0].resources: the resource is not an absolute URI; or a path, for what lies below the issuer",
        ],
        [
            "resources = [\"/api\"]\n[[clients]]",
            "resources = [\"/api#x\"]\n[[clients]]",
            "server.toml:18: clients[0].resources[0]: the resource has a fragment",
        ],
        [
            r#"kind = "native""#,
            "kind = \"native\"\ndanger_secret = \"secret\"",
            "server.toml:19: clients[1]: a public or native client has no secret",
        ],
        [
            r#"kind = "native""#,
            "kind = \"native\"\ngrant_types = [\"client_credentials\"]",
            "server.toml:22: clients[1].grant_types: a public client cannot use client_credentials",
        ],
        [
            r#"kind = "native""#,
            "kind = \"machine\"\ndanger_secret = \"secret\"",
            "server.toml:23: clients[1].redirect_uris: a machine has no users to be sent back",
        ],
        [
            r#""http://127.0.0.1/cb""#,
            r#""http://localhost/cb""#,
            "server.toml:22: clients[1].redirect_uris: redirect URI http://localhost/cb needs allows_localhost",
        ],
        [
            r#"name = "alice""#,
            "name = \"alice\"\npassword = \"wonderland\"",
            "server.toml:25: users[0].password: unknown field `password`, expected one of `name`, `password_hash`, `disabled`",
        ],
        [
            r#"password_hash = "$argon2id"#,
            r#"password_hash = "$bcrypt"#,
            "server.toml:25: users[0].password_hash: must be an argon2 hash, as hash-password prints it",
        ],
        [
            "[[resource_servers]]",
            "[[users]]\nname = \"alice\"\npassword_hash = \"$argon2id$v=19$m=19456,t=2,p=1$60az6XlTS46vA1lpHuQ6Eg$KCorGvdHWSpFva3lgOwYQoc9QBhyw/mdrvgjafdUMsM\"\n[[resource_servers]]",
            "server.toml:27: users[1].name: is the name of another user",
        ],
        [
            "resources = [\"/api\"]\ndanger_secret",
            "resources = []\ndanger_secret",
            "server.toml:28: resource_servers[0].resources: must name at least one resource",
        ],
        [
            "[scopes]",
            "[limits]\ncaller_header = \"a b\"\n[scopes]",
            "server.toml:11: limits.caller_header: must be the name of a header",
        ],
        [
            "redirect_uris = [\"https://app.example/cb\"]",
            "danger_loopback_redirect_uris = [\"http://localhost:8080/cb\"]",
            "no mistake",
        ],
    ];

    #[test]
    fn none_is_found_in_what_is_right() {
        assert_eq!(mistake(GOOD), "no mistake");
    }

    #[test]
    fn each_is_told_in_one_line_with_file_line_key_and_rule() {
        for [before, after, said] in TABLE {
            assert!(GOOD.contains(before), "{before}");
            let found = mistake(&GOOD.replacen(before, after, 1));
            assert_eq!(found, *said, "{after}");
            assert!(!found.contains('\n'), "{found}");
        }
    }
}
