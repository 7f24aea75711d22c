//! The clients: what an application does with the `oauth2` crate, step by step.

use axum::http::{Method, Request, Response, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oauth2::basic::{BasicClient, BasicErrorResponse, BasicTokenResponse};
use oauth2::{
    AccessToken, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet,
    IntrospectionUrl, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError, Scope,
    TokenUrl,
};
use serde::Deserialize;
use url::Url;

use crate::Outcome;
use crate::print::Broken;
use crate::wire::{Unreachable, Wire};

/// What a client needs to know about the server. All of it is in one document
/// ([RFC 8414](https://www.rfc-editor.org/rfc/rfc8414)).
#[derive(Clone, Deserialize)]
pub struct Metadata {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub introspection_endpoint: String,
    pub revocation_endpoint: String,
}

impl Metadata {
    /// Reads the document of the server at `issuer`.
    pub async fn discover(wire: &Wire, issuer: &str) -> Outcome<Self> {
        let url = format!("{issuer}/.well-known/oauth-authorization-server");
        let response = wire.send(APP, Request::get(url).body(Vec::new())?).await?;
        Ok(serde_json::from_slice(response.body())?)
    }
}

/// An application on the user's device. It can keep no secret, so it is a public client.
pub struct App {
    oauth: BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>,
    metadata: Metadata,
    wire: Wire,
}

/// What the application remembers while the user is away.
pub struct Attempt {
    /// Where the browser is sent.
    pub url: Url,
    state: CsrfToken,
    verifier: PkceCodeVerifier,
}

/// What the server says through the browser.
pub enum Answer {
    Code(AuthorizationCode),
    Error(String),
}

impl Answer {
    /// The code, if the user agreed.
    pub fn code(self) -> Result<AuthorizationCode, Broken> {
        match self {
            Self::Code(code) => Ok(code),
            Self::Error(error) => Err(Broken(format!("there is a code, not the error {error}"))),
        }
    }
}

impl App {
    /// The app with that identifier, waiting at `redirect_uri`.
    pub fn new(wire: &Wire, metadata: &Metadata, id: &str, redirect_uri: &Url) -> Outcome<Self> {
        let oauth = BasicClient::new(ClientId::new(id.to_owned()))
            .set_auth_uri(AuthUrl::new(metadata.authorization_endpoint.clone())?)
            .set_token_uri(TokenUrl::new(metadata.token_endpoint.clone())?)
            .set_redirect_uri(RedirectUrl::from_url(redirect_uri.clone()));
        Ok(Self { oauth, metadata: metadata.clone(), wire: wire.clone() })
    }

    /// Makes the URL that the browser is sent to, and the secret that stays here.
    pub fn begin(&self, scope: &str, resource: &str) -> Attempt {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let request = self
            .oauth
            .authorize_url(CsrfToken::new_random)
            .add_scope(Scope::new(scope.to_owned()))
            .add_extra_param("resource", resource)
            .set_pkce_challenge(challenge);
        let (url, state) = request.url();
        Attempt { url, state, verifier }
    }

    /// Reads the URL that the browser came back with.
    ///
    /// # Errors
    ///
    /// [`Broken`] if it is not an answer to this attempt, or not from this server.
    pub fn answer(&self, attempt: &Attempt, url: &Url) -> Result<Answer, Broken> {
        let parameter = |name| url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned());
        if parameter("state").as_ref() != Some(attempt.state.secret()) {
            return Err(Broken("the state is the one of this attempt".to_owned()));
        }
        if parameter("iss").as_ref() != Some(&self.metadata.issuer) {
            return Err(Broken("the answer comes from the server that was asked".to_owned()));
        }
        match (parameter("code"), parameter("error")) {
            (Some(code), None) => Ok(Answer::Code(AuthorizationCode::new(code))),
            (None, Some(error)) => Ok(Answer::Error(error)),
            _ => Err(Broken("the answer is a code or an error".to_owned())),
        }
    }

    /// Redeems a code with the secret that only this attempt knows.
    pub async fn redeem(&self, attempt: Attempt, code: AuthorizationCode) -> Result<BasicTokenResponse, TokenError> {
        self.oauth.exchange_code(code).set_pkce_verifier(attempt.verifier).request_async(&self.wire.of(APP)).await
    }

    /// Trades a refresh token for new tokens.
    pub async fn refresh(&self, token: &RefreshToken) -> Result<BasicTokenResponse, TokenError> {
        self.oauth.exchange_refresh_token(token).request_async(&self.wire.of(APP)).await
    }
}

/// A machine: no user, and a secret of its own.
pub struct Machine {
    oauth: BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>,
    metadata: Metadata,
    credentials: Credentials,
    wire: Wire,
}

/// What a confidential client was given at its registration.
#[derive(Clone)]
pub struct Credentials {
    pub id: String,
    pub secret: String,
}

impl Machine {
    /// The machine with those credentials.
    pub fn new(wire: &Wire, metadata: &Metadata, credentials: Credentials) -> Outcome<Self> {
        let oauth = BasicClient::new(ClientId::new(credentials.id.clone()))
            .set_client_secret(ClientSecret::new(credentials.secret.clone()))
            .set_token_uri(TokenUrl::new(metadata.token_endpoint.clone())?);
        Ok(Self { oauth, metadata: metadata.clone(), credentials, wire: wire.clone() })
    }

    /// Gets a token in its own name.
    pub async fn token(&self, scope: &str, resource: &str) -> Result<BasicTokenResponse, TokenError> {
        let request = self.oauth.exchange_client_credentials().add_scope(Scope::new(scope.to_owned()));
        request.add_extra_param("resource", resource).request_async(&self.wire.of(MACHINE)).await
    }

    /// Gives a token back. The `oauth2` crate refuses to do this without TLS, which loopback does not need, so this
    /// is the plain form of [RFC 7009 §2.1](https://www.rfc-editor.org/rfc/rfc7009#section-2.1).
    pub async fn revoke(&self, token: &AccessToken) -> Outcome<Response<Vec<u8>>> {
        let Credentials { id, secret } = &self.credentials;
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("token", token.secret())
            .append_pair("token_type_hint", "access_token")
            .finish();
        let request = Request::post(&self.metadata.revocation_endpoint)
            .header(header::AUTHORIZATION, basic(id, secret))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        Ok(self.wire.send(MACHINE, request.body(form.into_bytes())?).await?)
    }
}

/// The API in its role of asking about a token.
pub struct Introspector {
    oauth: BasicClient<EndpointNotSet, EndpointNotSet, EndpointSet, EndpointNotSet, EndpointNotSet>,
    wire: Wire,
}

/// What the server says about a token, as far as this example looks.
pub type TokenDescription = oauth2::basic::BasicTokenIntrospectionResponse;

impl Introspector {
    /// The API with those credentials.
    pub fn new(wire: &Wire, metadata: &Metadata, credentials: Credentials) -> Outcome<Self> {
        let oauth = BasicClient::new(ClientId::new(credentials.id))
            .set_client_secret(ClientSecret::new(credentials.secret))
            .set_introspection_url(IntrospectionUrl::new(metadata.introspection_endpoint.clone())?);
        Ok(Self { oauth, wire: wire.clone() })
    }

    /// Asks whether a token is active, and what it allows.
    pub async fn describe(&self, token: &AccessToken) -> Result<TokenDescription, TokenError> {
        self.oauth.introspect(token).request_async(&self.wire.of(API)).await
    }
}

/// Calls the API as `from`, with or without a token.
pub async fn call(
    wire: &Wire,
    from: &'static str,
    method: Method,
    url: &str,
    token: Option<&AccessToken>,
) -> Outcome<Response<Vec<u8>>> {
    let mut request = Request::builder().method(method).uri(url);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {}", token.secret()));
    }
    Ok(wire.send(from, request.body(Vec::new())?).await?)
}

/// What the `oauth2` crate says when there is no token.
pub type TokenError = RequestTokenError<Unreachable, BasicErrorResponse>;

/// The error code, if the server refused.
pub fn refusal<T>(result: &Result<T, TokenError>) -> Option<&str> {
    match result {
        Err(RequestTokenError::ServerResponse(response)) => Some(response.error().as_ref()),
        _ => None,
    }
}

/// The client's credentials in a header, each form-encoded first
/// ([RFC 6749 §2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)).
fn basic(id: &str, secret: &str) -> String {
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret))))
}

/// The parties, as the transcript names them.
pub const APP: &str = "app";
pub const MACHINE: &str = "machine";
pub const API: &str = "API";
