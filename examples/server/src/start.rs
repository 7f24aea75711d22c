//! From the configuration to a server that is ready: everything is opened and checked before anybody is answered.

use std::sync::Arc;

use axum::Router;
use grantsmith::host::ClientRegistry;
use grantsmith::http::{OAuthService, Paths};
use grantsmith::limiter::MemoryLimiter;
use grantsmith::server::AuthorizationServer;
use grantsmith::value::{Issuer, Realm};

use crate::accounts::Accounts;
use crate::alarms::Alarms;
use crate::app::{App, Host, auto_login};
use crate::arguments::Serve;
use crate::config::{Config, Key, StoreUrl};
use crate::forms::Forms;
use crate::listeners::{self, Listener};
use crate::pages::Site;
use crate::passwords::{ClientSecrets, PasswordChecks};
use crate::registry::ConfiguredClients;
use crate::sessions::Sessions;
use crate::words::Words;
use crate::{keyring, metrics, routes, store};

/// Everything that is needed to answer.
pub struct Ready {
    pub issuer: Issuer,
    pub server: AuthorizationServer,
    /// What is answered at each place.
    pub listeners: Vec<(Router, Listener)>,
}

/// Opens everything.
///
/// # Errors
///
/// One line that says what is wrong. Nobody was answered.
pub async fn start(config: &mut Config, arguments: &Serve) -> Result<Ready, String> {
    let (issuer, listeners) = bind(config, arguments)?;
    let metrics = config.file.metrics.as_ref().map(|section| metrics::listen(section.address)).transpose()?;
    let app = Arc::new(build(config, arguments, &issuer).await?);
    let (callers, _) = config.limits().map_err(|error| error.to_string())?;
    let router = routes::router(&app, callers, &config.file, arguments.auto_login.is_some())?;
    let listeners = listeners.into_iter().map(|listener| (router.clone(), listener)).chain(metrics).collect();
    Ok(Ready { issuer, server: app.server.clone(), listeners })
}

/// Looks at everything that can be looked at without opening or making anything.
///
/// # Errors
///
/// The first mistake, in one line.
pub fn check(config: &mut Config, arguments: &Serve) -> Result<(), String> {
    let issuer = arguments.issuer.clone().unwrap_or_else(|| config.file.issuer.clone());
    if arguments.plain_http.is_some() {
        config.file.policy.danger.allows_insecure_loopback_issuer = true;
    }
    ensure_secure(config, &issuer)?;
    let realm: Realm = issuer.as_str().parse().map_err(|error| format!("issuer {issuer}: {error}"))?;
    config.clients(&issuer, &realm).map(drop).map_err(|error| error.to_string())
}

/// The issuer, and the places to listen at.
fn bind(config: &mut Config, arguments: &Serve) -> Result<(Issuer, Vec<Listener>), String> {
    if let Some(port) = arguments.plain_http {
        let (listener, port) = listeners::on_loopback(port)?;
        config.file.policy.danger.allows_insecure_loopback_issuer = true;
        let issuer = format!("http://localhost:{port}").parse().map_err(|error| format!("--plain-http: {error}"))?;
        return Ok((issuer, vec![listener]));
    }
    let issuer = arguments.issuer.clone().unwrap_or_else(|| config.file.issuer.clone());
    ensure_secure(config, &issuer)?;
    let listeners =
        if arguments.listen.is_empty() { listeners::of_file(config) } else { listeners::plain(&arguments.listen) };
    Ok((issuer, listeners?))
}

fn ensure_secure(config: &Config, issuer: &Issuer) -> Result<(), String> {
    if issuer.is_insecure() && !config.file.policy.danger.allows_insecure_loopback_issuer {
        let rule = "must be an https URL, unless policy.danger.allows_insecure_loopback_issuer is set";
        return Err(config.error_at(&Key::of("issuer"), rule).to_string());
    }
    Ok(())
}

async fn build(config: &Config, arguments: &Serve, issuer: &Issuer) -> Result<App, String> {
    let realm: Realm = issuer.as_str().parse().map_err(|error| format!("issuer {issuer}: {error}"))?;
    let policy = config.policy().map_err(|error| error.to_string())?;
    let clients = config.clients(issuer, &realm).map_err(|error| error.to_string())?;
    let words = Words::new(config.file.scopes.clone(), &clients);
    let checks = Arc::new(PasswordChecks::new(&config.file.passwords));
    let accounts = Arc::new(Accounts::new(&config.file.users, Arc::clone(&checks))?);
    let auto_login = match &arguments.auto_login {
        Some(subject) if !accounts.is_active(subject) => {
            return Err(format!("--auto-login {subject}: there is no such user"));
        }
        Some(subject) => Some(auto_login(subject.clone())?),
        None => None,
    };
    let (keyring, secret) = keyring::open(config).map_err(|error| error.to_string())?;
    let storage = store::open(&store_url(config, arguments), config.file.store.danger_accept_loss_on_failover).await?;

    let remembers = policy.remembered_consent;
    let (_, limits) = config.limits().map_err(|error| error.to_string())?;
    let registry: Arc<dyn ClientRegistry> = Arc::new(ConfiguredClients::new(realm, clients));
    let server = AuthorizationServer::builder(issuer.as_str(), Arc::clone(&storage), Arc::new(keyring))
        .policy(policy)
        .clients(registry)
        .accounts(accounts.clone())
        .secret_verifier(Arc::new(ClientSecrets(checks)))
        .events(Arc::new(Alarms))
        .rate_limiter(Arc::new(MemoryLimiter::new(limits.clone())))
        .scopes_supported(config.file.scopes.keys().map(String::as_str))
        .build()
        .map_err(|error| error.to_string())?;

    let is_secure = !issuer.is_insecure();
    let host = Arc::new(Host {
        accounts,
        sessions: Sessions::new(config.file.sessions.clone(), is_secure),
        forms: Forms::new(&secret, issuer.origin(), is_secure),
        site: Site::new(&config.file.title, issuer),
        words,
        paths: Paths::of(&server),
        remembers,
        auto_login,
    });
    let endpoints = OAuthService::new(server.clone(), host.clone()).map_err(|error| error.to_string())?;
    let origins = config.file.cors.allowed_origins.iter().map(String::as_str);
    let endpoints = endpoints
        .allow_origins(origins)
        .map_err(|error| config.error_at(&Key::of("cors").then("allowed_origins"), error).to_string())?;
    Ok(App { server, endpoints, storage, host, logins: MemoryLimiter::new(limits) })
}

/// The flag's path is relative to where the program runs; the file's path, to where the file is.
fn store_url(config: &Config, arguments: &Serve) -> StoreUrl {
    match (&arguments.store, &config.file.store.url) {
        (Some(flag), _) => flag.clone(),
        (None, StoreUrl::Sqlite(path)) => StoreUrl::Sqlite(config.resolve(path)),
        (None, other) => other.clone(),
    }
}
