//! The crate oauth2, with the secret in the Basic header. What the redirect brings is the application's affair.

mod browser;
mod report;

use browser::{agent, authorize, listen};
use oauth2::basic::{BasicClient, BasicErrorResponseType, BasicRequestTokenError, BasicTokenResponse};
use oauth2::http::Uri;
use oauth2::{
    AccessToken, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet,
    HttpRequest, HttpResponse, IntrospectionUrl, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken,
    RevocationUrl, Scope, StandardRevocableToken, TokenIntrospectionResponse as _, TokenResponse as _, TokenUrl,
};
use report::{Outcome, callback_port, check, server, step, unsupported};

type Client = BasicClient<EndpointSet, EndpointNotSet, EndpointSet, EndpointSet, EndpointSet>;

fn main() -> Outcome<()> {
    unsupported("discovery", "is told the endpoints");
    for name in ["state", "iss", "denied", "api"] {
        unsupported(name, "leaves it to the application");
    }

    let redirect_uri = listen(callback_port()?)?;
    let portal = client("portal", Some("portal-secret"), &redirect_uri)?;
    let first = step("code", || {
        let tokens = ask(&portal, &redirect_uri)?;
        check(tokens.scopes().is_some_and(|scopes| scopes.len() == 2), "another scope")?;
        Ok(tokens)
    });
    step("public", || {
        let redirect_uri = listen(0)?;
        let desktop = client("desktop", None, &redirect_uri)?;
        let tokens = ask(&desktop, &redirect_uri)?;
        refresh(&desktop, refresh_token(&tokens)?).map_err(Into::into)
    });
    let second = step("refresh", || {
        let spent = refresh_token(first.as_ref().ok_or("no code was redeemed")?)?;
        let next = refresh(&portal, spent)?;
        check(refresh_token(&next)?.secret() != spent.secret(), "is not rotated")?;
        Ok(next)
    });
    step("introspect", || {
        let tokens = second.as_ref().ok_or("nothing was refreshed")?;
        check(is_active(&portal, tokens.access_token(), "portal")?, "is not active")
    });
    step("reuse", || {
        let second = second.as_ref().ok_or("nothing was refreshed")?;
        let spent = refresh_token(first.as_ref().ok_or("no code was redeemed")?)?;
        refused(refresh(&portal, spent), "a spent refresh token")?;
        refused(refresh(&portal, refresh_token(second)?), "its successor")?;
        check(!is_active(&portal, second.access_token(), "portal")?, "the access token is still active")
    });
    step("kept", || {
        let steady = client("steady", Some("steady-secret"), &redirect_uri)?;
        let first = ask(&steady, &redirect_uri)?;
        let second = refresh(&steady, refresh_token(&first)?)?;
        let kept = second.refresh_token().or(first.refresh_token()).ok_or("no refresh token")?;
        refresh(&steady, kept).map_err(Into::into)
    });
    let live = step("revoke", || {
        let tokens = ask(&portal, &redirect_uri)?;
        let token = StandardRevocableToken::RefreshToken(refresh_token(&tokens)?.clone());
        portal.revoke_token(token)?.request(&send)?;
        Ok(tokens)
    });
    step("inactive", || {
        let tokens = live.as_ref().ok_or("nothing was revoked")?;
        check(!is_active(&portal, tokens.access_token(), "portal")?, "the access token is still active")?;
        refused(refresh(&portal, refresh_token(tokens)?), "a revoked refresh token")
    });
    step("machine", || machine(&portal));
    step("odd-secret", || machine(&client("odd", Some("50%+ of tea: /?&="), &redirect_uri)?));
    Ok(())
}

fn client(id: &str, secret: Option<&str>, redirect_uri: &str) -> Outcome<Client> {
    let server = server()?;
    // The crate refuses to revoke over plain http, so `send` does what a proxy with TLS would.
    let revocation = format!("{}/revoke", server.replacen("http:", "https:", 1));
    let client = BasicClient::new(ClientId::new(id.to_owned()))
        .set_auth_uri(AuthUrl::new(format!("{server}/authorize"))?)
        .set_token_uri(TokenUrl::new(format!("{server}/token"))?)
        .set_introspection_url(IntrospectionUrl::new(format!("{server}/introspect"))?)
        .set_revocation_url(RevocationUrl::new(revocation)?)
        .set_redirect_uri(RedirectUrl::new(redirect_uri.to_owned())?);
    Ok(match secret {
        Some(secret) => client.set_client_secret(ClientSecret::new(secret.to_owned())),
        None => client,
    })
}

/// What the crate sends its requests with.
fn send(mut request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
    if request.uri().path() == "/revoke" {
        let plain = request.uri().to_string().replacen("https:", "http:", 1);
        *request.uri_mut() = plain.parse::<Uri>().map_err(|error| ureq::Error::Http(error.into()))?;
    }
    let (parts, mut body) = agent().run(request)?.into_parts();
    Ok(HttpResponse::from_parts(parts, body.read_to_vec()?))
}

/// Lets alice log in and agree, and redeems the code.
fn ask(client: &Client, redirect_uri: &str) -> Outcome<BasicTokenResponse> {
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state) = client
        .authorize_url(CsrfToken::new_random)
        .add_scopes(["notes:read", "notes:write"].map(|scope| Scope::new(scope.to_owned())))
        .set_pkce_challenge(challenge)
        .url();
    let answer = authorize(&url, redirect_uri)?;
    let parameter = |name| answer.query_pairs().find(|(of, _)| of == name).map(|(_, value)| value.into_owned());
    check(parameter("state").as_ref() == Some(state.secret()), "another state")?;
    check(parameter("iss") == Some(server()?), "another issuer")?;
    redeem(client, parameter("code").ok_or("no code")?, verifier)
}

fn redeem(client: &Client, code: String, verifier: PkceCodeVerifier) -> Outcome<BasicTokenResponse> {
    let request = client.exchange_code(AuthorizationCode::new(code)).set_pkce_verifier(verifier);
    Ok(request.request(&send)?)
}

type Refreshed = Result<BasicTokenResponse, BasicRequestTokenError<ureq::Error>>;

fn refresh(client: &Client, token: &RefreshToken) -> Refreshed {
    client.exchange_refresh_token(token).request(&send)
}

fn refresh_token(tokens: &BasicTokenResponse) -> Outcome<&RefreshToken> {
    Ok(tokens.refresh_token().ok_or("no refresh token")?)
}

fn refused(refreshed: Refreshed, what: &str) -> Outcome<()> {
    match refreshed {
        Err(BasicRequestTokenError::ServerResponse(answer)) => check(
            *answer.error() == BasicErrorResponseType::InvalidGrant,
            &format!("{what} is refused, but with: {answer}"),
        ),
        Err(error) => Err(error.into()),
        Ok(_) => Err(format!("{what} is accepted").into()),
    }
}

fn is_active(client: &Client, token: &AccessToken, id: &str) -> Outcome<bool> {
    let facts = client.introspect(token).request(&send)?;
    let is_ours = facts.client_id().is_some_and(|client| client.as_str() == id) && facts.sub() == Some("alice");
    check(is_ours || !facts.active(), "says something else about the token")?;
    Ok(facts.active())
}

fn machine(client: &Client) -> Outcome<()> {
    let scope = Scope::new("notes:read".to_owned());
    let tokens = client.exchange_client_credentials().add_scope(scope.clone()).request(&send)?;
    check(tokens.scopes() == Some(&vec![scope]), "another scope")
}
