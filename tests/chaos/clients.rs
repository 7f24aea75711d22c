//! The registered clients, and what each of them sends.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use grantsmith::host::Storage;
use grantsmith::server::Registration;
use grantsmith::value::{CodeVerifier, Lifetime, RedirectUri, ResourceSet};
use tokio::sync::mpsc;

use crate::protocol::{Form, Issuer};
use crate::worker;

/// What a client is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Role {
    /// A confidential client; its refresh token stays the same.
    Web,
    /// A public client; its refresh token rotates.
    App,
    /// A client that acts for itself.
    Machine,
    /// The same, with tokens that expire so soon that there is something to purge.
    Brief,
    /// The resource server.
    Api,
}

/// The clients of one issuer, in the order of [`Role::ALL`].
pub(crate) struct Clients([Client; 5]);

struct Client {
    id: String,
    secret: Option<String>,
}

impl Role {
    const ALL: [Self; 5] = [Self::Web, Self::App, Self::Machine, Self::Brief, Self::Api];

    fn registration(self) -> Registration {
        let api = ResourceSet::from(API.parse::<grantsmith::value::Resource>().unwrap());
        let uris = || -> Vec<RedirectUri> { vec![REDIRECT_URI.parse().unwrap()] };
        let registration = match self {
            Self::Web => Registration::confidential(uris()),
            Self::App => Registration::public(uris()),
            Self::Machine => Registration::machine(),
            Self::Brief => {
                let mut brief = Registration::machine();
                brief.overrides.access_token_lifetime = Some(Lifetime::seconds(BRIEFLY));
                brief
            }
            Self::Api => return Registration::resource_server(api),
        };
        registration.with_scope("read".parse().unwrap()).with_resources(api)
    }
}

impl Clients {
    /// Registers a client of each role.
    pub(crate) async fn register(issuer: Issuer, storage: &Arc<dyn Storage>) -> Self {
        let server = worker::server(issuer, storage, &mpsc::unbounded_channel().0);
        let mut clients = Vec::new();
        for role in Role::ALL {
            let registered = server.register(role.registration()).await.unwrap();
            let secret = registered.secret.map(|secret| secret.expose().to_owned());
            clients.push(Client { id: registered.client.id().as_str().to_owned(), secret });
        }
        Self(clients.try_into().ok().unwrap())
    }

    /// What the client sends with its credentials: in the header, or, without a secret, its name in the body.
    pub(crate) fn form(&self, role: Role, body: &str) -> Form {
        let Client { id, secret } = self.client(role);
        match secret {
            Some(secret) => {
                let header = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
                Form { body: body.to_owned(), authorization: Some(header) }
            }
            None => Form { body: format!("{body}&client_id={id}"), authorization: None },
        }
    }

    pub(crate) fn redemption(&self, role: Role, code: &str) -> Form {
        self.form(role, &format!("grant_type=authorization_code&code={code}&code_verifier={VERIFIER}"))
    }

    pub(crate) fn refresh(&self, role: Role, token: &str) -> Form {
        self.form(role, &format!("grant_type=refresh_token&refresh_token={token}"))
    }

    pub(crate) fn authorization_query(&self, role: Role) -> String {
        let challenge = CodeVerifier::new(VERIFIER.into()).unwrap().challenge();
        let challenge = serde_json::to_value(challenge).unwrap();
        let fields = [
            ("client_id", self.client(role).id.as_str()),
            ("response_type", "code"),
            ("code_challenge", challenge.as_str().unwrap()),
            ("code_challenge_method", "S256"),
            ("scope", "read"),
            ("resource", API),
            ("redirect_uri", REDIRECT_URI),
        ];
        serde_urlencoded::to_string(fields).unwrap()
    }

    fn client(&self, role: Role) -> &Client {
        let index = Role::ALL.iter().position(|other| *other == role).unwrap();
        &self.0[index]
    }
}

const API: &str = "https://api.example";
const REDIRECT_URI: &str = "https://app.example/callback";
const VERIFIER: &str = "a-code-verifier-that-is-long-enough-for-everyone";
/// How many seconds a brief token lives.
pub(crate) const BRIEFLY: u64 = 3;
