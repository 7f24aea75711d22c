//! What a user has connected, and what a client holds: for pages on which people look and end.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{AdministrationError, Page, PageCursor};
use crate::host::{Filter, Listing};
use crate::record::{Client, Consent, EndReason, Grant, Phase, Record, RecordKind};
use crate::server::{AuthorizationServer, Unavailable};
use crate::value::{ClientId, GrantId, InstanceId, ResourceSet, ScopeSet, SessionId, Subject, Timestamp};

/// Which grants a listing shows.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Shown {
    /// Those from which something still works, or will: what a page of connected applications shows.
    #[default]
    Live,
    /// Every one that is stored, also what has ended or expired and was not purged yet.
    All,
}

/// What a page shows of a grant. No credential can be made of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GrantSummary {
    /// What [`end_grant`](AuthorizationServer::end_grant) takes.
    pub id: GrantId,
    /// The client that holds the grant.
    pub client: ClientId,
    /// The client's name, if it is registered and has one. Text from strangers: escape it.
    pub client_name: Option<String>,
    /// Whether the client is switched off: nothing works until it is switched on again.
    pub is_client_disabled: bool,
    /// The user, unless a machine acts for itself.
    pub subject: Option<Subject>,
    /// The scope that was approved.
    pub scope: ScopeSet,
    /// The resources that were approved.
    pub resources: ResourceSet,
    /// When the grant was approved or issued.
    pub created_at: Timestamp,
    /// When the token endpoint last wrote the grant.
    pub last_used_at: Timestamp,
    /// The login session in which the user approved, if the host named it.
    pub session: Option<SessionId>,
    /// Where the grant is in its life.
    pub phase: GrantPhase,
    /// When the last of it stops working, unless it is used before.
    pub expires_at: Timestamp,
}

/// Where a grant is in its life, for a page.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum GrantPhase {
    /// The user approved; the code waits for its client.
    Waiting,
    /// Tokens are out.
    Active,
    /// Everything of it has expired.
    Expired,
    /// Its client is not registered any more, was registered again, or had all its grants ended: nothing of it works.
    Orphaned,
    /// It was ended.
    Ended {
        /// Why.
        reason: EndReason,
        /// When.
        at: Timestamp,
    },
}

impl GrantPhase {
    /// Whether something of the grant works, or will.
    #[must_use]
    pub fn is_live(self) -> bool {
        matches!(self, Self::Waiting | Self::Active)
    }
}

/// What a page shows of a remembered consent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConsentSummary {
    /// The client; [`withdraw_consent`](AuthorizationServer::withdraw_consent) takes it and the user.
    pub client: ClientId,
    /// The client's name, if it has one. Text from strangers: escape it.
    pub client_name: Option<String>,
    /// The user.
    pub subject: Subject,
    /// The scope that is not asked for again.
    pub scope: ScopeSet,
    /// The resources that are not asked for again.
    pub resources: ResourceSet,
    /// When the user last agreed.
    pub last_given_at: Timestamp,
}

impl AuthorizationServer {
    /// One page of a user's grants: the connected applications.
    ///
    /// `size` is 1 to 100; what is beyond counts as the nearest. A page costs one listing, one load for each grant,
    /// and one lookup for each client.
    ///
    /// # Errors
    ///
    /// [`AdministrationError::Cursor`], [`AdministrationError::Unavailable`].
    pub async fn grants_of_subject(
        &self,
        subject: &Subject,
        shown: Shown,
        after: Option<&PageCursor>,
        size: u32,
    ) -> Result<Page<GrantSummary>, AdministrationError> {
        let filter = Filter::Subject(*self.0.realm.fingerprint(), subject.clone());
        self.grants(&filter, shown, after, size).await
    }

    /// One page of a client's grants, of users and of the client itself.
    ///
    /// As for [`grants_of_subject`](Self::grants_of_subject).
    ///
    /// # Errors
    ///
    /// [`AdministrationError::Cursor`], [`AdministrationError::Unavailable`].
    pub async fn grants_of_client(
        &self,
        client: &ClientId,
        shown: Shown,
        after: Option<&PageCursor>,
        size: u32,
    ) -> Result<Page<GrantSummary>, AdministrationError> {
        let filter = Filter::Client(*self.0.realm.fingerprint(), client.clone());
        self.grants(&filter, shown, after, size).await
    }

    /// One page of what a user agreed to and is not asked for again.
    ///
    /// As for [`grants_of_subject`](Self::grants_of_subject).
    ///
    /// # Errors
    ///
    /// [`AdministrationError::Cursor`], [`AdministrationError::Unavailable`].
    pub async fn consents_of_subject(
        &self,
        subject: &Subject,
        after: Option<&PageCursor>,
        size: u32,
    ) -> Result<Page<ConsentSummary>, AdministrationError> {
        let filter = Filter::Subject(*self.0.realm.fingerprint(), subject.clone());
        let Listing { keys, next } = self.list_page(&filter, after, size).await?;
        let (mut items, mut clients) = (Vec::new(), Clients::new(self));
        for key in keys.into_iter().filter(|key| key.kind() == RecordKind::Consent) {
            let Some((consent, _)) = self.load_consent(key).await? else { continue };
            let client = clients.find(consent.client(), consent.client_instance()).await?;
            items.extend(client.filter(|_| !consent.is_withdrawn()).map(|client| summary_of(&consent, &client)));
        }
        Ok(Page::new(items, &filter, next.as_ref()))
    }

    async fn grants(
        &self,
        filter: &Filter,
        shown: Shown,
        after: Option<&PageCursor>,
        size: u32,
    ) -> Result<Page<GrantSummary>, AdministrationError> {
        let Listing { keys, next } = self.list_page(filter, after, size).await?;
        let (mut items, mut clients) = (Vec::new(), Clients::new(self));
        for key in keys.into_iter().filter(|key| key.kind() == RecordKind::Grant) {
            let Some(Record::Grant(grant)) = self.load(key).await?.map(|stored| stored.record) else { continue };
            let client = clients.find(grant.client(), grant.client_instance()).await?;
            let summary = GrantSummary::new(&grant, client.as_deref(), clients.now);
            if shown == Shown::All || summary.phase.is_live() {
                items.push(summary);
            }
        }
        Ok(Page::new(items, filter, next.as_ref()))
    }
}

impl GrantSummary {
    /// `client` is the client that the grant belongs to, if it is still registered.
    fn new(grant: &Grant, client: Option<&Client>, now: Timestamp) -> Self {
        let approval = grant.approval();
        Self {
            id: grant.id(),
            client: grant.client().clone(),
            client_name: client.and_then(|client| client.display.name.clone()),
            is_client_disabled: client.is_some_and(|client| client.is_disabled),
            subject: grant.subject().cloned(),
            scope: approval.scope.clone(),
            resources: approval.resources.clone(),
            created_at: grant.created_at(),
            last_used_at: grant.last_used_at(),
            session: grant.session().cloned(),
            phase: match grant.phase() {
                Phase::Ended(ended) => GrantPhase::Ended { reason: ended.reason, at: ended.at },
                _ if client.is_none() => GrantPhase::Orphaned,
                _ if grant.live_until().is_past(grant.time(now)) => GrantPhase::Expired,
                Phase::Approved(_) => GrantPhase::Waiting,
                Phase::Active(_) => GrantPhase::Active,
            },
            expires_at: grant.live_until(),
        }
    }
}

fn summary_of(consent: &Consent, client: &Client) -> ConsentSummary {
    ConsentSummary {
        client: consent.client().clone(),
        client_name: client.display.name.clone(),
        subject: consent.subject().clone(),
        scope: consent.scope().clone(),
        resources: consent.resources().clone(),
        last_given_at: consent.last_given_at(),
    }
}

/// The clients of one page, each looked up once.
struct Clients<'a> {
    server: &'a AuthorizationServer,
    now: Timestamp,
    found: BTreeMap<ClientId, Option<Arc<Client>>>,
}

impl<'a> Clients<'a> {
    fn new(server: &'a AuthorizationServer) -> Self {
        Self { server, now: server.now(), found: BTreeMap::new() }
    }

    /// The client, if it still is that instance.
    async fn find(&mut self, id: &ClientId, instance: InstanceId) -> Result<Option<Arc<Client>>, Unavailable> {
        let found = if let Some(found) = self.found.get(id) {
            found.clone()
        } else {
            let parts = &self.server.0;
            let found = parts.clients.find(&parts.realm, id, self.now).await;
            let found = found.map_err(|error| self.server.storage_failed(error))?;
            self.found.insert(id.clone(), found.clone());
            found
        };
        Ok(found.filter(|client| client.instance == instance))
    }
}
