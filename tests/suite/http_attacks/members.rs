//! The clients and resource servers of a stage, and what honest ones send.

use grantsmith::record::Trust;
use grantsmith::server::{AuthorizationServer, Registration};
use grantsmith::value::{AuthenticationMethod, RedirectUri, ResourceSet};
use http::Request;
use pollster::block_on;
use url::form_urlencoded::Serializer;

use super::stage::Stage;
use super::witness::{Kind, Witness};
use crate::http_exchange::{API, Answered, basic, post};

pub(super) const OTHER_API: &str = "https://other-api.example/";
pub(super) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(super) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(super) const CALLBACK: &str = "https://app.example/cb";
pub(super) const LOOPBACK: &str = "http://127.0.0.1/cb";

/// One client of a stage, and what it knows.
#[derive(Clone)]
pub(super) struct Member {
    pub(super) id: String,
    pub(super) secret: String,
    method: AuthenticationMethod,
    /// The first of its redirection URIs.
    pub(super) redirect_uri: String,
}

impl Member {
    pub(super) fn register(server: &AuthorizationServer, witness: &Witness, registration: Registration) -> Self {
        let uris: Vec<_> = registration.redirect_uris.iter().map(|uri| uri.as_str().to_owned()).collect();
        let method = registration.authentication;
        let registered = block_on(server.register(registration)).unwrap();
        let secret = registered.secret.map_or_else(String::new, |secret| secret.expose().to_owned());
        if !secret.is_empty() {
            witness.keep(Kind::ClientSecret, &secret);
        }
        witness.allow(&uris);
        let redirect_uri = uris.first().cloned().unwrap_or_default();
        Self { id: registered.client.id().as_str().to_owned(), secret, method, redirect_uri }
    }

    /// A form as the client sends it: with its credentials where it is registered to have them.
    pub(super) fn form(&self, target: &str, form: &str) -> Request<http_body_util::Full<bytes::Bytes>> {
        let Self { id, secret, .. } = self;
        match self.method {
            AuthenticationMethod::ClientSecretBasic => post(target, &basic(id, secret), form),
            AuthenticationMethod::ClientSecretPost => {
                post(target, "", &format!("{form}&client_id={id}&client_secret={secret}"))
            }
            _ => post(target, "", &format!("{form}&client_id={id}")),
        }
    }
}

/// Everybody who is registered.
#[derive(Clone)]
pub(super) struct Members {
    /// A confidential client, `client_secret_basic`.
    pub(super) web: Member,
    /// A confidential client, `client_secret_post`, whose redirection URI has a query.
    pub(super) desk: Member,
    /// A public client on the user's device.
    pub(super) app: Member,
    /// A public client with an `https` redirect.
    pub(super) page: Member,
    /// A client that nobody vouches for.
    pub(super) stranger: Member,
    /// A client that acts for itself.
    pub(super) machine: Member,
    /// The resource server of [`API`].
    pub(super) api: Member,
    /// The resource server of [`OTHER_API`].
    pub(super) other_api: Member,
    /// A machine that was switched off.
    pub(super) disabled: Member,
}

impl Members {
    pub(super) fn register(server: &AuthorizationServer, witness: &Witness) -> Self {
        let register = |id: &str, registration: Registration| {
            let registration = registration.with_scope("admin read write".parse().unwrap());
            let registration = registration.with_id(id.parse().unwrap());
            Member::register(server, witness, registration.with_resources(resources(&[API, OTHER_API])))
        };
        let machine = |id: &str| {
            let registration = Registration::machine().with_scope("admin read write".parse().unwrap());
            let registration = registration.with_id(id.parse().unwrap());
            Member::register(server, witness, registration.with_resources(resources(&[API])))
        };
        let server_of = |id: &str, resource| {
            let registration = Registration::resource_server(resources(&[resource])).with_id(id.parse().unwrap());
            Member::register(server, witness, registration)
        };
        let mut desk = Registration::confidential(uris(&["https://desk.example/cb?tenant=1"]));
        desk.authentication = AuthenticationMethod::ClientSecretPost;
        let mut stranger = Registration::confidential(uris(&["https://stranger.example/cb"]));
        stranger.trust = Trust::Unverified;
        let members = Self {
            web: register("web", Registration::confidential(uris(&[CALLBACK]))),
            desk: register("desk", desk),
            app: register(
                "app",
                Registration::public(uris(&[LOOPBACK, "http://[::1]/cb", "com.example.app:/cb"])).native(),
            ),
            page: register("page", Registration::public(uris(&["https://page.example/cb"]))),
            stranger: register("stranger", stranger),
            machine: machine("machine"),
            api: server_of("api", API),
            other_api: server_of("other-api", OTHER_API),
            disabled: machine("disabled"),
        };
        block_on(server.disable_client(&"disabled".parse().unwrap())).unwrap();
        members
    }
}

pub(super) fn uris(texts: &[&str]) -> Vec<RedirectUri> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

pub(super) fn resources(names: &[&str]) -> ResourceSet {
    ResourceSet::new(names.iter().map(|name| name.parse().unwrap()).collect()).unwrap()
}

/// Writes parameters as a form.
pub(super) fn encoded(pairs: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// What a client was given.
pub(super) struct Tokens {
    pub(super) access: String,
    pub(super) refresh: String,
}

impl Tokens {
    #[track_caller]
    pub(super) fn in_answer(answer: &Answered) -> Self {
        assert_eq!(answer.status, 200, "{}", answer.golden());
        let json = answer.json();
        let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        Self { access: text("access_token"), refresh: text("refresh_token") }
    }

    /// What a refresh gave: where refresh tokens do not rotate, the old one stays.
    #[track_caller]
    pub(super) fn renewed(&self, answer: &Answered) -> Self {
        let next = Self::in_answer(answer);
        if next.refresh.is_empty() { Self { refresh: self.refresh.clone(), ..next } } else { next }
    }
}

/// What honest members do.
impl Stage {
    pub(super) fn token(&self, client: &Member, form: &str) -> Answered {
        self.send(client.form("/token", form))
    }

    pub(super) fn redeem(&self, client: &Member, code: &str) -> Answered {
        self.token(client, &redemption(code))
    }

    pub(super) fn refresh(&self, client: &Member, token: &str) -> Answered {
        self.token(client, &format!("grant_type=refresh_token&refresh_token={token}"))
    }

    pub(super) fn introspect(&self, caller: &Member, token: &str) -> Answered {
        self.send(caller.form("/introspect", &encoded(&[("token", token)])))
    }

    pub(super) fn revoke(&self, client: &Member, token: &str) -> Answered {
        self.send(client.form("/revoke", &encoded(&[("token", token)])))
    }

    /// Whether the API is told that the token is active.
    pub(super) fn is_active(&self, token: &str) -> bool {
        self.introspect(&self.members.api, token).json()["active"] == true
    }

    /// A machine's token for the API.
    pub(super) fn machine_token(&self) -> String {
        Tokens::in_answer(&self.token(&self.members.machine, "grant_type=client_credentials")).access
    }
}

/// The form that redeems a code.
pub(super) fn redemption(code: &str) -> String {
    format!("grant_type=authorization_code&code={code}&code_verifier={VERIFIER}")
}
