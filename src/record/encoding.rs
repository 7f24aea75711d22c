//! The stored form of a record: JSON with a format number and a kind.
//!
//! The form does not depend on features. Old formats are read for ever; a newer one, or a field that this version does
//! not know, is an error, so that an old process never rewrites what it did not understand.

use std::borrow::Cow;
use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Serialize};

use super::{Record, RecordKind};

impl Record {
    /// The record as JSON, for a store's body column.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Corrupt`] if a value cannot be written, which no record built by this crate causes.
    pub fn encode(&self) -> Result<Vec<u8>, DecodeError> {
        let written = match self {
            Self::Client(record) => write(RecordKind::Client, record),
            Self::Consent(record) => write(RecordKind::Consent, record),
            Self::Grant(record) => write(RecordKind::Grant, record),
            Self::Session(record) => write(RecordKind::Session, record),
            Self::SigningKeys(record) => write(RecordKind::SigningKeys, record),
            Self::Subject(record) => write(RecordKind::Subject, record),
            Self::UsedIdentifier(record) => write(RecordKind::UsedIdentifier, record),
        };
        written.map_err(DecodeError::Corrupt)
    }

    /// Reads what [`encode`](Self::encode) wrote, in this or an earlier format.
    ///
    /// # Errors
    ///
    /// [`DecodeError::NewerFormat`] if a newer version of this crate wrote it, [`DecodeError::Corrupt`] if it is not a
    /// record.
    pub fn decode(body: &[u8]) -> Result<Self, DecodeError> {
        Ok(match kind_up_front(body).map_or_else(|| kind_of(body), Ok)? {
            RecordKind::Client => Self::Client(read(body)?),
            RecordKind::Consent => Self::Consent(read(body)?),
            RecordKind::Grant => Self::Grant(read(body)?),
            RecordKind::Session => Self::Session(read(body)?),
            RecordKind::SigningKeys => Self::SigningKeys(read(body)?),
            RecordKind::Subject => Self::Subject(read(body)?),
            RecordKind::UsedIdentifier => Self::UsedIdentifier(read(body)?),
        })
    }
}

fn write<T: Serialize>(kind: RecordKind, record: &T) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Envelope { format: FORMAT, kind, record })
}

fn read<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<Arc<T>, DecodeError> {
    let envelope: Envelope<T> = serde_json::from_slice(body).map_err(DecodeError::Corrupt)?;
    Ok(Arc::new(envelope.record))
}

/// The kind of a record as [`write`] begins it, without a look at the rest. It stands: a second kind is an error.
fn kind_up_front(body: &[u8]) -> Option<RecordKind> {
    let name = body.strip_prefix(br#"{"format":1,"kind":""#)?.split(|byte| *byte == b'"').next()?;
    RecordKind::from_name(std::str::from_utf8(name).ok()?)
}

/// The kind of a record that somebody else wrote, in whatever order.
fn kind_of(body: &[u8]) -> Result<RecordKind, DecodeError> {
    let head: Head<'_> = serde_json::from_slice(body).map_err(DecodeError::Corrupt)?;
    if head.format > FORMAT {
        return Err(DecodeError::NewerFormat(head.format));
    }
    let kind = RecordKind::from_name(&head.kind).filter(|_| head.format == FORMAT);
    kind.ok_or_else(|| DecodeError::Corrupt(serde_json::Error::custom("no such format or kind")))
}

/// What every format has.
#[derive(Deserialize)]
struct Head<'a> {
    format: u32,
    #[serde(borrow)]
    kind: Cow<'a, str>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Envelope<T> {
    format: u32,
    kind: RecordKind,
    record: T,
}

/// Why a stored body is not a record that this version can use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Not a record, or one with a field that this version does not know.
    #[error("the stored record cannot be read")]
    Corrupt(#[source] serde_json::Error),
    /// Written by a newer version of this crate.
    #[error("the stored record has format {0}, which is newer than this version")]
    NewerFormat(u32),
}

const FORMAT: u32 = 1;
