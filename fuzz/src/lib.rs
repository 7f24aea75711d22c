//! A small world for the targets that need a server: clients of every kind, one user, fixed time and randomness.

use std::sync::Arc;

use grantsmith::host::DerivedKeyring;
use grantsmith::record::Authentication;
use grantsmith::server::{AuthorizationServer, RegisteredClient, Registration, UserSession};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::testing::{FixedClock, SeededEntropy};
use grantsmith::value::{ResourceSet, Timestamp};
use pollster::FutureExt as _;

pub struct World {
    pub server: AuthorizationServer,
    /// `web`, `app`, `machine`, `api`.
    pub clients: [RegisteredClient; 4],
}

impl World {
    /// Where answers may go, native ports apart.
    pub const REDIRECTS: [&'static str; 3] =
        ["https://app.example/callback?", "http://127.0.0.1/callback?", "com.example.app:/callback?"];

    pub fn new() -> Self {
        let storage = Arc::new(MemoryStorage::new());
        let keyring = Arc::new(DerivedKeyring::new(1, [7; 32]).expect("a secret"));
        let server = AuthorizationServer::builder("https://as.example", storage, keyring)
            .clock(Arc::new(FixedClock::at(NOW)))
            .entropy(Arc::new(SeededEntropy::new(1)))
            .build()
            .expect("a server");
        let resources = || ResourceSet::new(vec!["https://api.example".parse().expect("a resource")]).expect("a set");
        let uris = |texts: &[&str]| texts.iter().map(|text| text.parse().expect("a URI")).collect();
        let register = |name: &str, registration: Registration| {
            let registration = registration.with_id(name.parse().expect("a name"));
            let registration = registration.with_scope("read write".parse().expect("a scope"));
            server.register(registration.with_resources(resources())).block_on().expect("a client")
        };
        let clients = [
            register("web", Registration::confidential(uris(&["https://app.example/callback"]))),
            register(
                "app",
                Registration::public(uris(&["http://127.0.0.1/callback", "com.example.app:/callback"])).native(),
            ),
            register("machine", Registration::machine()),
            register("api", Registration::resource_server(resources())),
        ];
        Self { server, clients }
    }

    /// A user who has just logged in.
    pub fn session() -> UserSession {
        let authentication = Authentication::at(Timestamp::from_seconds(NOW));
        UserSession { subject: "alice".parse().expect("a subject"), authentication }
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

pub const NOW: i64 = 1_800_000_000;
