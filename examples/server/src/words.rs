//! What pages say about scopes, resources and times.

use std::collections::BTreeMap;

use grantsmith::record::Client;
use grantsmith::value::{ClientId, Resource, Timestamp};
use time::OffsetDateTime;
use time::macros::format_description;

/// The words of the configuration file.
pub struct Words {
    scopes: BTreeMap<String, String>,
    resources: BTreeMap<Resource, String>,
    clients: BTreeMap<ClientId, String>,
}

impl Words {
    pub fn new(scopes: BTreeMap<String, String>, clients: &[Client]) -> Self {
        let named = |client: &Client| client.display.name.clone().unwrap_or_else(|| client.id().to_string());
        let of_resources = clients
            .iter()
            .flat_map(|server| server.identifies.iter().map(move |resource| (resource.clone(), named(server))));
        let of_clients = clients.iter().map(|client| (client.id().clone(), named(client)));
        Self { scopes, resources: of_resources.collect(), clients: of_clients.collect() }
    }

    /// What a client is called, if it is one.
    pub fn client(&self, id: &ClientId) -> Option<&str> {
        self.clients.get(id).map(String::as_str)
    }

    /// What a scope allows; the scope itself, if nobody has described it.
    pub fn scope<'a>(&'a self, name: &'a str) -> &'a str {
        self.scopes.get(name).map_or(name, String::as_str)
    }

    /// What a resource is called; the resource itself, if it has no name.
    pub fn resource<'a>(&'a self, resource: &'a Resource) -> &'a str {
        self.resources.get(resource).map_or(resource.as_str(), String::as_str)
    }
}

/// A day, for people and for programs.
pub struct Day {
    pub shown: String,
    pub machine: String,
}

impl Day {
    /// The day of an instant, in UTC.
    pub fn of(at: Timestamp) -> Self {
        let machine = at.to_string();
        let shown = OffsetDateTime::from_unix_timestamp(at.as_seconds())
            .ok()
            .and_then(|at| at.format(format_description!("[day padding:none] [month repr:long] [year]")).ok());
        Self { shown: shown.unwrap_or_else(|| machine.clone()), machine }
    }
}
