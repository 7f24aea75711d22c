//! Reading and changing the clients of the default registry.
//!
//! A change that this server makes is seen by this server at once, and by others when they next read the client: at
//! most [`Policy::client_cache_lifetime`](crate::policy::Policy::client_cache_lifetime) later. What it takes away is
//! not given again from then on; tokens that are out keep what they have until they expire.

use std::sync::Arc;

use super::{AdministrationError, Page, PageCursor};
use crate::host::{ClientChange, Event, Expected, Filter, Listing, Saved};
use crate::record::{Client, Record, Version, Versioned};
use crate::server::token::MOST_ATTEMPTS;
use crate::server::{AuthorizationServer, InvalidRegistration, Registration, StoredClients, Unavailable};
use crate::value::ClientId;

impl AuthorizationServer {
    /// A client as it is stored, with the version that [`update_client`](Self::update_client) wants.
    ///
    /// # Errors
    ///
    /// [`AdministrationError::HostRegistry`], [`AdministrationError::Unavailable`].
    pub async fn client(&self, id: &ClientId) -> Result<Option<Versioned<Arc<Client>>>, AdministrationError> {
        self.client_registry()?;
        Ok(self.load_client(id).await?.filter(|stored| !stored.record.is_deleted()))
    }

    /// One page of all clients.
    ///
    /// `size` is 1 to 100; what is beyond counts as the nearest. A page costs one listing and one load for each client.
    ///
    /// # Errors
    ///
    /// [`AdministrationError::Cursor`], [`AdministrationError::HostRegistry`], [`AdministrationError::Unavailable`].
    pub async fn clients(
        &self,
        after: Option<&PageCursor>,
        size: u32,
    ) -> Result<Page<Versioned<Arc<Client>>>, AdministrationError> {
        self.client_registry()?;
        let filter = Filter::Clients(*self.0.realm.fingerprint());
        let Listing { keys, next } = self.list_page(&filter, after, size).await?;
        let mut items = Vec::new();
        for key in keys {
            let client = self.load(key).await?.and_then(as_client);
            items.extend(client.filter(|stored| !stored.record.is_deleted()));
        }
        Ok(Page::new(items, &filter, next.as_ref()))
    }

    /// Registers a client anew under its identifier, if it still has the version `expected`: everything but the
    /// identifier and the secrets. Begin with [`Registration::of`].
    ///
    /// Grants stay. A refresh gives no more than both the grant and the new registration have; a pending request whose
    /// redirect URI is gone is refused. A client that becomes public loses its secrets; one that ceases to be public
    /// cannot authenticate before it [gets one](Self::rotate_secret).
    ///
    /// # Errors
    ///
    /// [`AdministrationError::Changed`] if somebody else was faster, [`AdministrationError::Invalid`],
    /// [`AdministrationError::UnknownClient`], [`AdministrationError::HostRegistry`],
    /// [`AdministrationError::Unavailable`].
    pub async fn update_client(
        &self,
        id: &ClientId,
        expected: Version,
        registration: Registration,
    ) -> Result<Versioned<Arc<Client>>, AdministrationError> {
        self.client_registry()?;
        if registration.id.as_ref().is_some_and(|other| other != id) {
            return Err(InvalidRegistration::Identifier.into());
        }
        if registration.imported_secret.is_some() || registration.secret_expires_at.is_some() {
            return Err(InvalidRegistration::SecretInUpdate.into());
        }
        registration.check(&self.0.policy)?;
        let stored = self.registered(id).await?;
        if stored.version != expected {
            return Err(AdministrationError::Changed);
        }
        let mut next = registration.applied_to(Client::clone(&stored.record));
        if next.is_public() {
            next.secrets.clear();
        }
        let saved = self.save_client(next, Expected::Version(expected), ClientChange::Updated).await?;
        saved.ok_or(AdministrationError::Changed)
    }

    /// Switches a client off, with everything it holds: it is refused, and its tokens are not active.
    ///
    /// Its grants stay, and work again when it is [switched on](Self::enable_client). To end them, see
    /// [`end_client`](Self::end_client).
    ///
    /// # Errors
    ///
    /// [`AdministrationError::UnknownClient`], [`AdministrationError::HostRegistry`],
    /// [`AdministrationError::Unavailable`].
    pub async fn disable_client(&self, id: &ClientId) -> Result<Versioned<Arc<Client>>, AdministrationError> {
        self.switch_client(id, true, ClientChange::Disabled).await
    }

    /// Switches a client on again.
    ///
    /// # Errors
    ///
    /// As for [`disable_client`](Self::disable_client).
    pub async fn enable_client(&self, id: &ClientId) -> Result<Versioned<Arc<Client>>, AdministrationError> {
        self.switch_client(id, false, ClientChange::Enabled).await
    }

    async fn switch_client(
        &self,
        id: &ClientId,
        is_disabled: bool,
        change: ClientChange,
    ) -> Result<Versioned<Arc<Client>>, AdministrationError> {
        let switched = |client: &Client| {
            let is_other = client.is_disabled != is_disabled;
            Ok(is_other.then(|| Client { is_disabled, ..client.clone() }))
        };
        self.change_client(id, change, switched).await
    }

    /// Changes a client by a rule that is applied anew when somebody else was faster. If the rule says `None`, the
    /// client stays as it is.
    pub(super) async fn change_client(
        &self,
        id: &ClientId,
        change: ClientChange,
        rule: impl Fn(&Client) -> Result<Option<Client>, AdministrationError> + Send + Sync,
    ) -> Result<Versioned<Arc<Client>>, AdministrationError> {
        self.client_registry()?;
        for _ in 0..MOST_ATTEMPTS {
            let stored = self.registered(id).await?;
            let Some(next) = rule(&stored.record)? else { return Ok(stored) };
            if let Some(saved) = self.save_client(next, Expected::Version(stored.version), change).await? {
                return Ok(saved);
            }
        }
        Err(Unavailable::Contended.into())
    }

    /// Saves a client and tells of it. `None`: the expectation did not hold.
    pub(in crate::server) async fn save_client(
        &self,
        client: Client,
        expected: Expected,
        change: ClientChange,
    ) -> Result<Option<Versioned<Arc<Client>>>, Unavailable> {
        let client = Arc::new(client);
        let version = self.draw()?.version()?;
        // Forgotten however this ends: also if it is dropped, or fails after the write.
        let _forgetting = self.0.clients.stored().map(|registry| Forgetting(registry, client.id()));
        match self.commit(Record::Client(Arc::clone(&client)), version, expected).await? {
            Saved::Applied => {
                self.tell(&Event::ClientChanged { client: client.id(), change });
                Ok(Some(Versioned { version, record: Arc::clone(&client) }))
            }
            Saved::Conflict => Ok(None),
        }
    }

    /// The default registry.
    pub(in crate::server) fn client_registry(&self) -> Result<&StoredClients, AdministrationError> {
        self.0.clients.stored().ok_or(AdministrationError::HostRegistry)
    }

    /// A client that is registered.
    async fn registered(&self, id: &ClientId) -> Result<Versioned<Arc<Client>>, AdministrationError> {
        let stored = self.load_client(id).await?.filter(|stored| !stored.record.is_deleted());
        stored.ok_or(AdministrationError::UnknownClient)
    }

    /// A client's record, also a deleted one's.
    pub(in crate::server) async fn load_client(
        &self,
        id: &ClientId,
    ) -> Result<Option<Versioned<Arc<Client>>>, Unavailable> {
        Ok(self.load(Client::key_of(&self.0.realm, id)).await?.and_then(as_client))
    }
}

/// Forgets a client when it goes.
struct Forgetting<'a>(&'a StoredClients, &'a ClientId);

impl Drop for Forgetting<'_> {
    fn drop(&mut self) {
        self.0.forget(self.1);
    }
}

fn as_client(stored: Versioned<Record>) -> Option<Versioned<Arc<Client>>> {
    match stored.record {
        Record::Client(record) => Some(Versioned { version: stored.version, record }),
        _ => None,
    }
}

impl Registration {
    /// What a client is registered with now, secrets apart: to change some of it and
    /// [update](AuthorizationServer::update_client) the client.
    #[must_use]
    pub fn of(client: &Client) -> Self {
        Self {
            id: Some(client.id.clone()),
            authentication: client.authentication,
            application: client.application,
            trust: client.trust,
            grant_types: client.grant_types.iter().cloned().collect(),
            redirect_uris: client.redirect_uris.clone(),
            allows_localhost: client.allows_localhost,
            scope: client.scope.clone(),
            default_scope: client.default_scope.clone(),
            resources: client.resources.clone(),
            identifies: client.identifies.clone(),
            may_introspect_own_tokens: client.may_introspect_own_tokens,
            allows_multiple_audiences: client.allows_multiple_audiences,
            secret_expires_at: None,
            imported_secret: None,
            overrides: client.overrides.clone(),
            display: client.display.clone(),
        }
    }

    /// The client with these settings. Who it is, its secrets and its state stay.
    pub(in crate::server) fn applied_to(self, client: Client) -> Client {
        Client {
            authentication: self.authentication,
            application: self.application,
            trust: self.trust,
            grant_types: self.grant_types.into_iter().collect(),
            redirect_uris: self.redirect_uris,
            allows_localhost: self.allows_localhost,
            scope: self.scope,
            default_scope: self.default_scope,
            resources: self.resources,
            identifies: self.identifies,
            may_introspect_own_tokens: self.may_introspect_own_tokens,
            allows_multiple_audiences: self.allows_multiple_audiences,
            overrides: self.overrides,
            display: self.display,
            ..client
        }
    }
}
