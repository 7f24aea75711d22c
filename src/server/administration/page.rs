//! Pages of a listing, and where the next one begins.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{AdministrationError, PAGE};
use crate::host::{Cursor, Filter, Listing};
use crate::server::AuthorizationServer;
use crate::value::{Digest, RealmFingerprint};

/// One page of a listing, in an order that only the storage knows.
///
/// A page may be short, even empty, before the last one: what a storage lists and what a page shows are not the same.
/// The end is a page without `next`. What was there before the first page was asked for, and still is, is on some page.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Page<T> {
    /// What is on this page.
    pub items: Vec<T>,
    /// Where the next page begins; none at the end.
    pub next: Option<PageCursor>,
}

/// Where the next page of one listing begins: text for a link, of no meaning to anybody else.
///
/// It grants nothing: whoever changes it sees the same listing from another place, or gets an error.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PageCursor(Box<[u8]>);

impl PageCursor {
    fn new(filter: &Filter, cursor: &Cursor) -> Self {
        Self([&mark(filter)[..], cursor.as_bytes()].concat().into())
    }

    fn cursor(&self, filter: &Filter) -> Result<Cursor, InvalidCursor> {
        match self.0.split_first_chunk() {
            Some((listing, cursor)) if *listing == mark(filter) => Ok(Cursor::new(cursor)),
            _ => Err(InvalidCursor),
        }
    }
}

impl fmt::Display for PageCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(&self.0))
    }
}

impl FromStr for PageCursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        if text.len() > LONGEST {
            return Err(InvalidCursor);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidCursor)?;
        if bytes.len() < MARK { Err(InvalidCursor) } else { Ok(Self(bytes.into())) }
    }
}

/// The text is not a cursor, or is one of another listing.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the cursor is not one of this listing")]
#[non_exhaustive]
pub struct InvalidCursor;

impl AuthorizationServer {
    /// One page of keys: one call of the storage.
    pub(super) async fn list_page(
        &self,
        filter: &Filter,
        after: Option<&PageCursor>,
        size: u32,
    ) -> Result<Listing, AdministrationError> {
        let after = after.map(|cursor| cursor.cursor(filter)).transpose()?;
        let listing = self.0.storage.list(filter, after.as_ref(), size.clamp(1, PAGE)).await;
        Ok(listing.map_err(|error| self.storage_failed(error))?)
    }
}

impl<T> Page<T> {
    pub(super) fn new(items: Vec<T>, filter: &Filter, next: Option<&Cursor>) -> Self {
        Self { items, next: next.map(|cursor| PageCursor::new(filter, cursor)) }
    }
}

/// Tells listings apart.
fn mark(filter: &Filter) -> [u8; MARK] {
    let of = |kind: &[u8], realm: &RealmFingerprint, name: &str| Digest::of(&[kind, realm, name.as_bytes()]);
    let digest = match filter {
        Filter::Clients(realm) => of(b"clients ", realm, ""),
        Filter::Client(realm, client) => of(b"client  ", realm, client.as_str()),
        Filter::Due(at) => Digest::of(&[b"due     ", &at.as_seconds().to_be_bytes()]),
        Filter::Session(realm, session) => of(b"session ", realm, session.as_str()),
        Filter::Subject(realm, subject) => of(b"subject ", realm, subject.as_str()),
    };
    digest.as_bytes().first_chunk().copied().unwrap_or_default()
}

const MARK: usize = 8;
/// Far more than any storage needs.
const LONGEST: usize = 1024;
