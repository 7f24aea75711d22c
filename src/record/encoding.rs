//! The stored form of a record: JSON with a format number and a kind.
//!
//! The form does not depend on features. Old formats are read for ever; a newer one, or a field that this version does
//! not know, is an error, so that an old process never rewrites what it did not understand.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

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
        // As written by this version, which is nearly always, it is gone through once.
        if let Ok(InOrder(record)) = serde_json::from_slice(body) {
            return Ok(record);
        }
        let head: Head<'_> = serde_json::from_slice(body).map_err(DecodeError::Corrupt)?;
        if head.format > FORMAT {
            return Err(DecodeError::NewerFormat(head.format));
        }
        let kind = RecordKind::from_name(&head.kind).filter(|_| head.format == FORMAT);
        let unknown = || DecodeError::Corrupt(serde_json::Error::custom("no such format or kind"));
        Ok(match kind.ok_or_else(unknown)? {
            RecordKind::Client => Self::Client(read(body)?),
            RecordKind::Consent => Self::Consent(read(body)?),
            RecordKind::Grant => Self::Grant(read(body)?),
            RecordKind::Session => Self::Session(read(body)?),
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

/// A record of this format whose kind comes before it.
struct InOrder(Record);

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Member {
    Format,
    Kind,
    Record,
}

impl<'de> Deserialize<'de> for InOrder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrderVisitor)
    }
}

struct InOrderVisitor;

impl<'de> Visitor<'de> for InOrderVisitor {
    type Value = InOrder;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("format, kind and record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<InOrder, A::Error> {
        let (mut format, mut kind) = (None, None);
        while let Some(member) = members.next_key()? {
            match member {
                Member::Format if format.is_none() => format = Some(members.next_value()?),
                Member::Kind if kind.is_none() => kind = Some(members.next_value()?),
                Member::Record if format == Some(FORMAT) => {
                    let record = match kind.ok_or_else(|| A::Error::missing_field("kind"))? {
                        RecordKind::Client => Record::Client(Arc::new(members.next_value()?)),
                        RecordKind::Consent => Record::Consent(Arc::new(members.next_value()?)),
                        RecordKind::Grant => Record::Grant(Arc::new(members.next_value()?)),
                        RecordKind::Session => Record::Session(Arc::new(members.next_value()?)),
                        RecordKind::Subject => Record::Subject(Arc::new(members.next_value()?)),
                        RecordKind::UsedIdentifier => Record::UsedIdentifier(Arc::new(members.next_value()?)),
                    };
                    let is_last = members.next_key::<Member>()?.is_none();
                    return if is_last { Ok(InOrder(record)) } else { Err(A::Error::custom("the record is not last")) };
                }
                Member::Format | Member::Kind | Member::Record => return Err(A::Error::custom("not in order")),
            }
        }
        Err(A::Error::missing_field("record"))
    }
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
