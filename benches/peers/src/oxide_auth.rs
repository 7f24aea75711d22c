//! `oxide-auth` through its endpoint flows.
//!
//! The crate brings no HTTP service of its own, so this file holds what a host must write: reading the form and the
//! header, choosing the flow, writing the response. It has no introspection and no revocation endpoint.
//!
//! Client secrets are stored as SHA-256 digests like everywhere else here. Its default, argon2, would cost some
//! milliseconds for each request and hide everything else.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use oxide_auth::endpoint::{
    AccessTokenFlow, AuthorizationFlow, ClientCredentialsFlow, NormalizedParameter, OwnerConsent, QueryParameter,
    RefreshFlow, Solicitation, WebRequest, WebResponse,
};
use oxide_auth::frontends::simple::endpoint::{FnSolicitor, Generic, Vacant};
use oxide_auth::frontends::simple::extensions::{AddonList, Extended, Pkce};
use oxide_auth::primitives::authorizer::AuthMap;
use oxide_auth::primitives::generator::RandomGenerator;
use oxide_auth::primitives::issuer::TokenMap;
use oxide_auth::primitives::registrar::{Client, ClientMap, ExactUrl, PasswordPolicy, RegistrarError};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use url::Url;

use crate::subject::{
    CLIENT_ID, CLIENT_SECRET, CODE_CHALLENGE, Credentials, Operation, Paths, REDIRECT_URI, RESOURCE_SERVER_ID,
    RESOURCE_SERVER_SECRET, Reply, Request, SCOPE, Subject,
};

pub struct OxideAuth {
    clients: ClientMap,
    state: Mutex<State>,
    addons: AddonList,
    credentials: Credentials,
}

struct State {
    codes: AuthMap<RandomGenerator>,
    tokens: TokenMap<RandomGenerator>,
}

impl Subject for OxideAuth {
    const NAME: &'static str = "oxide-auth";
    const PATHS: Paths = Paths { token: "/token", introspect: "", revoke: "" };

    fn start() -> Self {
        let redirect_uri = ExactUrl::new(REDIRECT_URI.to_owned()).expect("the redirect URI is a URL");
        let scope = SCOPE.parse().expect("the scope is valid");
        let mut clients = ClientMap::new();
        clients.set_password_policy(Sha256Digest);
        clients.register_client(Client::confidential(CLIENT_ID, redirect_uri.into(), scope, CLIENT_SECRET.as_bytes()));
        let mut addons = AddonList::new();
        addons.push_code(Pkce::required());
        Self {
            clients,
            state: Mutex::new(State {
                codes: AuthMap::new(RandomGenerator::new(32)),
                tokens: TokenMap::new(RandomGenerator::new(32)),
            }),
            addons,
            credentials: Credentials::basic((CLIENT_ID, CLIENT_SECRET), (RESOURCE_SERVER_ID, RESOURCE_SERVER_SECRET)),
        }
    }

    fn offers(operation: Operation) -> bool {
        match operation {
            Operation::ClientCredentials | Operation::RedeemCode | Operation::Refresh => true,
            Operation::Introspect | Operation::RevokeRefreshToken => false,
        }
    }

    fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    fn approve(&self, user: &str) -> String {
        let query = [
            ("response_type", "code"),
            ("client_id", CLIENT_ID),
            ("redirect_uri", REDIRECT_URI),
            ("scope", SCOPE),
            ("state", "xyz"),
            ("code_challenge", CODE_CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let request = Incoming { form: query.into_iter().collect(), authorization: None };
        let outgoing = self.run(request, Flow::Authorize(user));
        let location = outgoing.0.headers().get(header::LOCATION).expect("the request is approved");
        let location = Url::parse(location.to_str().expect("a URL is ASCII")).expect("the location is a URL");
        let (_, code) = location.query_pairs().find(|(name, _)| name == "code").expect("the redirect carries a code");
        code.into_owned()
    }

    fn answer(&self, request: Request) -> Reply {
        let (parts, body) = request.into_parts();
        let form: NormalizedParameter =
            form_urlencoded::parse(&body).map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        let authorization =
            parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let flow = match form.unique_value("grant_type").as_deref() {
            Some("client_credentials") => Flow::ClientCredentials,
            Some("authorization_code") => Flow::Redeem,
            Some("refresh_token") => Flow::Refresh,
            _ => {
                return Reply { status: StatusCode::BAD_REQUEST, body: Bytes::new() };
            }
        };
        let response = self.run(Incoming { form, authorization }, flow).0;
        Reply { status: response.status(), body: response.into_body() }
    }
}

impl OxideAuth {
    fn run(&self, request: Incoming, flow: Flow) -> Outgoing {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *state;
        let owner = match flow {
            Flow::Authorize(user) => user,
            Flow::ClientCredentials | Flow::Redeem | Flow::Refresh => CLIENT_ID,
        };
        let endpoint = Generic {
            registrar: &self.clients,
            authorizer: &mut state.codes,
            issuer: &mut state.tokens,
            solicitor: FnSolicitor(|_: &mut Incoming, _: Solicitation| OwnerConsent::Authorized(owner.to_owned())),
            scopes: Vacant,
            response: Vacant,
        };
        let endpoint = Extended::extend_with(endpoint, self.addons.clone());
        let answer = match flow {
            Flow::Authorize(_) => AuthorizationFlow::prepare(endpoint).and_then(|mut flow| flow.execute(request)),
            Flow::ClientCredentials => {
                ClientCredentialsFlow::prepare(endpoint).and_then(|mut flow| flow.execute(request))
            }
            Flow::Redeem => AccessTokenFlow::prepare(endpoint).and_then(|mut flow| flow.execute(request)),
            Flow::Refresh => RefreshFlow::prepare(endpoint).and_then(|mut flow| flow.execute(request)),
        };
        answer.unwrap_or_else(|_| {
            let mut outgoing = Outgoing::default();
            *outgoing.0.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            outgoing
        })
    }
}

#[derive(Clone, Copy)]
enum Flow<'a> {
    Authorize(&'a str),
    ClientCredentials,
    Redeem,
    Refresh,
}

/// A request as the flows want to read it.
struct Incoming {
    form: NormalizedParameter,
    authorization: Option<String>,
}

impl WebRequest for Incoming {
    type Error = Malformed;
    type Response = Outgoing;

    fn query(&mut self) -> Result<Cow<'_, dyn QueryParameter + 'static>, Malformed> {
        Ok(Cow::Borrowed(&self.form))
    }

    fn urlbody(&mut self) -> Result<Cow<'_, dyn QueryParameter + 'static>, Malformed> {
        Ok(Cow::Borrowed(&self.form))
    }

    fn authheader(&mut self) -> Result<Option<Cow<'_, str>>, Malformed> {
        Ok(self.authorization.as_deref().map(Cow::Borrowed))
    }
}

#[derive(Debug)]
struct Malformed;

struct Outgoing(http::Response<Bytes>);

impl Default for Outgoing {
    fn default() -> Self {
        let mut response = http::Response::new(Bytes::new());
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
        Self(response)
    }
}

impl Outgoing {
    fn insert(&mut self, name: header::HeaderName, value: &str) -> Result<(), Malformed> {
        let value = HeaderValue::from_str(value).map_err(|_| Malformed)?;
        self.0.headers_mut().insert(name, value);
        Ok(())
    }

    fn write(&mut self, content_type: &'static str, body: &str) {
        self.0.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        *self.0.body_mut() = Bytes::copy_from_slice(body.as_bytes());
    }
}

impl WebResponse for Outgoing {
    type Error = Malformed;

    fn ok(&mut self) -> Result<(), Malformed> {
        *self.0.status_mut() = StatusCode::OK;
        Ok(())
    }

    fn redirect(&mut self, url: Url) -> Result<(), Malformed> {
        *self.0.status_mut() = StatusCode::FOUND;
        self.insert(header::LOCATION, url.as_str())
    }

    fn client_error(&mut self) -> Result<(), Malformed> {
        *self.0.status_mut() = StatusCode::BAD_REQUEST;
        Ok(())
    }

    fn unauthorized(&mut self, challenge: &str) -> Result<(), Malformed> {
        *self.0.status_mut() = StatusCode::UNAUTHORIZED;
        self.insert(header::WWW_AUTHENTICATE, challenge)
    }

    fn body_text(&mut self, text: &str) -> Result<(), Malformed> {
        self.write("text/plain;charset=UTF-8", text);
        Ok(())
    }

    fn body_json(&mut self, json: &str) -> Result<(), Malformed> {
        self.write("application/json;charset=UTF-8", json);
        Ok(())
    }
}

struct Sha256Digest;

impl PasswordPolicy for Sha256Digest {
    fn store(&self, _client_id: &str, passphrase: &[u8]) -> Vec<u8> {
        Sha256::digest(passphrase).to_vec()
    }

    fn check(&self, _client_id: &str, passphrase: &[u8], stored: &[u8]) -> Result<(), RegistrarError> {
        if Sha256::digest(passphrase).as_slice().ct_eq(stored).into() {
            Ok(())
        } else {
            Err(RegistrarError::Unspecified)
        }
    }
}
