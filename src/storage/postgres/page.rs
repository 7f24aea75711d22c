//! Which statement lists a page, and where it begins.

use super::row::Value;
use super::statement::{self, Statement};
use crate::host::{Cursor, Filter, StorageError, StorageErrorKind};
use crate::record::{Key, RecordKind};

/// The last key of the page before; nothing before the first.
pub(super) fn after(filter: &Filter, cursor: Option<&Cursor>) -> Result<Option<Key>, StorageError> {
    let Some(cursor) = cursor else { return Ok(None) };
    let key = Key::try_from(cursor)?;
    let is_of_this_listing = match filter {
        Filter::Clients(realm) => key.realm() == realm && key.kind() == RecordKind::Client,
        Filter::Client(realm, _) | Filter::Session(realm, _) | Filter::Subject(realm, _) => key.realm() == realm,
        Filter::Due(_) => true,
    };
    let foreign = || StorageError::new(StorageErrorKind::Unavailable).because("the cursor is not of this listing");
    is_of_this_listing.then_some(Some(key)).ok_or_else(foreign)
}

/// What asks for the page after that key.
pub(super) fn of<'a>(filter: &'a Filter, after: Option<&'a Key>, limit: u32) -> (&'static Statement, Vec<Value<'a>>) {
    let (kind, id) = after.map_or(("", [].as_slice()), |key| (key.kind().as_str(), key.id().as_slice()));
    let limit = Value::Number(i64::from(limit));
    let by_owner = |realm: &'a [u8], limit, name: &'a str| {
        vec![Value::Bytes(realm), Value::Text(kind), Value::Bytes(id), limit, Value::Text(name)]
    };
    match filter {
        Filter::Client(realm, client) => (&statement::LIST_OF_CLIENT, by_owner(realm, limit, client.as_str())),
        Filter::Subject(realm, subject) => (&statement::LIST_OF_SUBJECT, by_owner(realm, limit, subject.as_str())),
        Filter::Session(realm, session) => (&statement::LIST_OF_SESSION, by_owner(realm, limit, session.as_str())),
        Filter::Clients(realm) => (&statement::LIST_CLIENTS, vec![Value::Bytes(realm), Value::Bytes(id), limit]),
        Filter::Due(at) => {
            let realm = after.map_or([].as_slice(), |key| key.realm());
            let due = Value::Number(at.as_seconds());
            (&statement::LIST_DUE, vec![Value::Bytes(realm), Value::Text(kind), Value::Bytes(id), limit, due])
        }
    }
}
