//! A grant type of your own: a voucher, once, for a token.
//!
//! ```text
//! cargo run --example custom_grant
//! ```
//!
//! The host judges the voucher; the server authenticates the client, keeps the answer within what the client may have,
//! and mints, saves and introspects as for every other grant.
//!
//! Not for production: vouchers live in a map of this process, and are printed.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use grantsmith::host::{CustomApproval, CustomGrant, CustomRefusal, CustomRequest, DerivedKeyring};
use grantsmith::record::Authentication;
use grantsmith::server::{AuthorizationServer, EndpointError, RegisteredClient, Registration};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::value::{GrantType, Resource, ResourceSet, ScopeSet, Subject};
use grantsmith::wire::{FormRequest, TokenResponse};

const VOUCHER: &str = "urn:example:grant-type:voucher";

/// The vouchers that are left, with who gave each away.
struct Vouchers {
    name: GrantType,
    left: Mutex<HashMap<String, Subject>>,
}

#[async_trait]
impl CustomGrant for Vouchers {
    fn grant_type(&self) -> &GrantType {
        &self.name
    }

    async fn judge(&self, request: &CustomRequest<'_>) -> Result<CustomApproval, CustomRefusal> {
        if !request.scope.contains("coffee.take") {
            return Err(CustomRefusal::InvalidScope);
        }
        let voucher = request.parameters.get("voucher").map_err(|_| CustomRefusal::InvalidRequest)?;
        let voucher = voucher.ok_or(CustomRefusal::InvalidRequest)?;
        // Taken before anything is given: a voucher that is presented twice at once is still worth one token.
        let giver = self.left.lock().unwrap_or_else(PoisonError::into_inner).remove(&*voucher);
        let giver = giver.ok_or(CustomRefusal::InvalidGrant)?;
        // Whatever a host gives beyond what the client may have, the server cuts off again: `admin` here.
        let scope = request.scope.union(&"admin".parse().map_err(|_| CustomRefusal::InvalidScope)?);
        Ok(CustomApproval::for_user(giver, Authentication::at(request.now), scope))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    pollster::block_on(story())
}

async fn story() -> Result<(), Box<dyn Error>> {
    let name: GrantType = VOUCHER.parse()?;
    let left = HashMap::from([("free-coffee-42".to_owned(), "alice".parse()?)]);
    let vouchers = Vouchers { name: name.clone(), left: Mutex::new(left) };
    let keyring = DerivedKeyring::new(1, [1; 32])?;
    let server = AuthorizationServer::builder("https://as.example", Arc::new(MemoryStorage::new()), Arc::new(keyring))
        .custom_grant(Arc::new(vouchers))
        .build()?;

    let bar: Resource = "https://bar.example".parse()?;
    let scope: ScopeSet = "coffee.take".parse()?;
    let mut registration = Registration::machine().with_scope(scope).with_resources(ResourceSet::from(bar));
    registration.grant_types.push(name);
    let machine = server.register(registration).await?;
    let plain = server.register(Registration::machine()).await?;

    println!("The coffee machine redeems a voucher.");
    let tokens = redeem(&server, &machine, "voucher=free-coffee-42").await?;
    check("the scope is", tokens.scope.as_str(), "coffee.take")?;
    check("a refresh token", tokens.refresh_token.is_some(), false)?;
    let token = server.validate(tokens.access_token.expose()).await?.ok_or("the token is not active")?;
    check("it stands for", token.subject.as_ref().map(Subject::as_str), Some("alice"))?;
    check("it is good at", token.audience.iter().map(Resource::as_str).next(), Some("https://bar.example"))?;

    println!("\nThe rest is refused, each with the error that the specification wants.");
    for (who, client, form, wanted) in [
        ("the voucher once more", &machine, "voucher=free-coffee-42", "invalid_grant"),
        ("no voucher", &machine, "", "invalid_request"),
        ("two vouchers", &machine, "voucher=a&voucher=b", "invalid_request"),
        ("a scope beyond the client's", &machine, "voucher=b&scope=admin", "invalid_scope"),
        ("a client without the grant type", &plain, "voucher=b", "unauthorized_client"),
    ] {
        let refused = redeem(&server, client, form).await.err().ok_or("tokens were given away")?;
        check(who, refused.code().as_str(), wanted)?;
    }
    Ok(())
}

async fn redeem(
    server: &AuthorizationServer,
    client: &RegisteredClient,
    form: &str,
) -> Result<TokenResponse, EndpointError> {
    let secret = client.secret.as_ref().map_or("", |secret| secret.expose());
    let basic = format!("Basic {}", STANDARD.encode(format!("{}:{secret}", client.client.id())));
    let body = format!("grant_type={VOUCHER}&{form}");
    server.token(&FormRequest::new(body.as_bytes()).with_authorization(basic.as_bytes())).await
}

/// Prints a step, and fails where it is not as the story says.
fn check<T: Copy + Debug + PartialEq>(step: &str, got: T, wanted: T) -> Result<(), Box<dyn Error>> {
    println!("  {step}: {got:?}");
    if got == wanted { Ok(()) } else { Err(format!("{step}: {got:?}, but should be {wanted:?}").into()) }
}
