//! What every example needs beside its framework: the application around it.
//!
//! A server in memory, three clients and an API registered with it, pages for a user who is always alice, and what
//! the API answers. None of it depends on a framework.
//!
//! Not for production: everybody is alice, and secrets are printed.

mod pages;

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use grantsmith::host::{DerivedKeyring, Entropy as _, SystemEntropy};
use grantsmith::policy::Policy;
use grantsmith::resource::{Requirement, VerifiedToken};
use grantsmith::server::{AuthorizationServer, Guard, Registration};
use grantsmith::storage::memory::MemoryStorage;
use grantsmith::value::{Resource, ResourceSet};

pub use pages::DemoPages;

/// How everything in the examples ends: well, or with an error that is printed.
pub type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Where to listen: the program's argument, or port 3000 of loopback.
///
/// # Errors
///
/// The argument is no address.
pub fn address() -> Outcome<SocketAddr> {
    match std::env::args().nth(1) {
        Some(argument) => {
            Ok(argument.parse().map_err(|_| format!("{argument}: not an address such as 127.0.0.1:3000"))?)
        }
        None => Ok((Ipv4Addr::LOCALHOST, 3000).into()),
    }
}

/// A policy for trying things out at `http://127.0.0.1`. Everywhere else the issuer is an `https` URL, and
/// [`Policy::default`] does.
#[must_use]
pub fn policy() -> Policy {
    let mut policy = Policy::default();
    policy.danger.allows_insecure_loopback_issuer = true;
    policy
}

/// The secret of the keyring. Load yours from where you keep secrets; this one ends with the program.
///
/// # Errors
///
/// The system gives no random bytes.
pub fn secret() -> Outcome<[u8; 32]> {
    let mut secret = [0; 32];
    SystemEntropy.fill(&mut secret)?;
    Ok(secret)
}

/// The server, built as the axum example shows.
///
/// # Errors
///
/// The issuer is not one.
pub fn server(issuer: &str) -> Outcome<AuthorizationServer> {
    let storage = Arc::new(MemoryStorage::new());
    let keyring = Arc::new(DerivedKeyring::new(1, secret()?)?);
    Ok(AuthorizationServer::builder(issuer, storage, keyring)
        .policy(policy())
        .scopes_supported(["read", "write"])
        .build()?)
}

/// Registers the clients, and answers the confidential ones with their secrets.
///
/// # Errors
///
/// A client is registered already, or the storage does not answer.
pub async fn register(server: &AuthorizationServer) -> Outcome<Vec<(String, String)>> {
    let notes = ResourceSet::from(NOTES.parse::<Resource>()?);
    let redirect_uris = vec![CALLBACK.parse()?];
    let for_notes = |client: Registration| -> Outcome<Registration> {
        Ok(client.with_scope("read".parse()?).with_resources(notes.clone()))
    };
    let clients = [
        ("web", for_notes(Registration::confidential(redirect_uris.clone()))?),
        ("app", for_notes(Registration::public(redirect_uris))?),
        ("machine", for_notes(Registration::machine())?),
        ("api", Registration::resource_server(notes)),
    ];
    let mut secrets = Vec::new();
    for (id, client) in clients {
        let registered = server.register(client.with_id(id.parse()?)).await?;
        secrets.extend(registered.secret.map(|secret| (id.to_owned(), secret.expose().to_owned())));
    }
    Ok(secrets)
}

/// Registers the clients and says how to reach everything.
///
/// # Errors
///
/// As for [`register`].
pub async fn introduce(server: &AuthorizationServer) -> Outcome {
    for (id, secret) in register(server).await? {
        println!("client {id} {secret}");
    }
    println!("issuer {}", server.issuer());
    Ok(())
}

/// The guard of the API: a token for it that allows reading.
///
/// # Errors
///
/// None, as long as the constants here are what they must be.
pub fn guard(server: &AuthorizationServer) -> Outcome<Guard> {
    let requirement = Requirement::new(NOTES.parse()?).with_scopes("read".parse()?);
    Ok(Guard::new(Arc::new(server.clone()), requirement))
}

/// What the API answers to whoever comes with that token.
#[must_use]
pub fn notes(token: &VerifiedToken) -> String {
    let reader = token.subject.as_ref().map_or("a machine", |subject| subject.as_str());
    format!("Follow the white rabbit, {reader}.")
}

/// What tokens for the API are meant for.
pub const NOTES: &str = "https://api.example/notes";
/// Where the clients with users wait. Nobody listens there.
pub const CALLBACK: &str = "https://app.example/callback";
/// Where the public client's scripts come from.
pub const APP_ORIGIN: &str = "https://app.example";
