//! What a user has connected: the grants and the remembered consents, put together by application.

use std::collections::BTreeMap;

use grantsmith::server::{AdministrationError, AuthorizationServer, GrantSummary, Shown};
use grantsmith::value::{ClientId, ResourceSet, ScopeSet, Subject, Timestamp};

use crate::words::{Day, Words};

/// One application, as the page shows it.
pub struct ConnectedApp {
    pub client: String,
    pub name: String,
    pub scopes: Vec<String>,
    pub resources: Vec<String>,
    pub since: Day,
    /// None for an application that is remembered and holds nothing.
    pub last_used: Option<Day>,
    pub is_remembered: bool,
}

/// What is known about one application so far.
struct Found {
    name: Option<String>,
    scope: ScopeSet,
    resources: Vec<ResourceSet>,
    since: Timestamp,
    last_used: Option<Timestamp>,
    is_remembered: bool,
}

/// Every application that holds something of the user's, or that the user is not asked about again.
///
/// # Errors
///
/// The storage does not answer.
pub async fn apps_of(
    server: &AuthorizationServer,
    words: &Words,
    subject: &Subject,
) -> Result<Vec<ConnectedApp>, AdministrationError> {
    let mut found: BTreeMap<ClientId, Found> = BTreeMap::new();
    let mut after = None;
    for _ in 0..MOST_PAGES {
        let page = server.grants_of_subject(subject, Shown::Live, after.as_ref(), PAGE).await?;
        for grant in page.items {
            add_grant(&mut found, grant);
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let mut after = None;
    for _ in 0..MOST_PAGES {
        let page = server.consents_of_subject(subject, after.as_ref(), PAGE).await?;
        for consent in page.items {
            let app =
                found.entry(consent.client).or_insert_with(|| Found::new(consent.client_name, consent.last_given_at));
            app.scope = app.scope.union(&consent.scope);
            app.resources.push(consent.resources);
            app.is_remembered = true;
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(found.into_iter().map(|(client, app)| app.shown(&client, words)).collect())
}

fn add_grant(found: &mut BTreeMap<ClientId, Found>, grant: GrantSummary) {
    let app = found.entry(grant.client).or_insert_with(|| Found::new(grant.client_name, grant.created_at));
    app.scope = app.scope.union(&grant.scope);
    app.resources.push(grant.resources);
    app.since = app.since.min(grant.created_at);
    app.last_used = app.last_used.max(Some(grant.last_used_at));
}

impl Found {
    fn new(name: Option<String>, since: Timestamp) -> Self {
        let (scope, resources) = (ScopeSet::empty(), Vec::new());
        Self { name, scope, resources, since, last_used: None, is_remembered: false }
    }

    fn shown(self, client: &ClientId, words: &Words) -> ConnectedApp {
        let mut resources: Vec<_> =
            self.resources.iter().flat_map(|set| set.iter().map(|one| words.resource(one))).collect();
        resources.sort_unstable();
        resources.dedup();
        ConnectedApp {
            client: client.to_string(),
            name: self.name.unwrap_or_else(|| client.to_string()),
            scopes: self.scope.iter().map(|name| words.scope(name).to_owned()).collect(),
            resources: resources.into_iter().map(str::to_owned).collect(),
            since: Day::of(self.since),
            last_used: self.last_used.map(Day::of),
            is_remembered: self.is_remembered,
        }
    }
}

const PAGE: u32 = 100;
/// As many grants as anybody can look through.
const MOST_PAGES: usize = 10;
