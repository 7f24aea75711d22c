//! Records and keys as parameters and rows.

use std::error::Error;

use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, ToSql, Type};

use crate::host::{StorageError, StorageErrorKind};
use crate::record::{Key, Record, RecordKind, Version, Versioned};
use crate::value::{ClientId, SessionId, Subject, Timestamp};

/// What a statement is sent with. Each says its type, so that the database need not be asked for it.
pub(super) enum Value<'a> {
    Bytes(&'a [u8]),
    MaybeNumber(Option<i64>),
    MaybeText(Option<&'a str>),
    Number(i64),
    Text(&'a str),
}

impl Value<'_> {
    pub(super) fn typed(&self) -> (&(dyn ToSql + Sync), Type) {
        match self {
            Self::Bytes(bytes) => (bytes, Type::BYTEA),
            Self::MaybeNumber(number) => (number, Type::INT8),
            Self::MaybeText(text) => (text, Type::TEXT),
            Self::Number(number) => (number, Type::INT8),
            Self::Text(text) => (text, Type::TEXT),
        }
    }
}

/// What every statement about one record begins with.
pub(super) fn of_key(key: &Key) -> Vec<Value<'_>> {
    vec![Value::Bytes(key.id()), Value::Bytes(key.realm()), Value::Text(key.kind().as_str())]
}

/// Every column of a record.
pub(super) fn of_record<'a>(
    key: &'a Key,
    next: &'a Versioned<Record>,
    body: &'a [u8],
) -> Result<Vec<Value<'a>>, StorageError> {
    let record = &next.record;
    let mut values = of_key(key);
    values.extend([
        Value::Bytes(next.version.as_bytes()),
        Value::Text(record.realm().name()),
        Value::MaybeText(record.client().map(ClientId::as_str)),
        Value::MaybeText(record.subject().map(Subject::as_str)),
        Value::MaybeText(record.session().map(SessionId::as_str)),
        Value::MaybeNumber(Some(record.expires_at()).filter(|at| *at != Timestamp::MAX).map(Timestamp::as_seconds)),
        Value::MaybeNumber(record.due_at().map(Timestamp::as_seconds)),
        Value::Text(str::from_utf8(body).map_err(corrupt)?),
    ]);
    Ok(values)
}

/// The record in a row of version and body, if it is the one that was asked for.
pub(super) fn record(row: &Row, key: &Key) -> Result<Versioned<Record>, StorageError> {
    let version = Version::from_bytes(exactly(column(row, 0)?)?);
    let record = Record::decode(column::<&str>(row, 1)?.as_bytes())?;
    if record.key() != *key {
        return Err(corrupt("the record belongs under another key"));
    }
    Ok(Versioned { version, record })
}

/// The key in a row of realm, kind and id.
pub(super) fn key(row: &Row) -> Result<Key, StorageError> {
    let newer = || StorageError::new(StorageErrorKind::NewerFormat).because("a stored record is of an unknown kind");
    let kind = RecordKind::from_name(column(row, 1)?).ok_or_else(newer)?;
    Ok(Key::from_parts(exactly(column(row, 0)?)?, kind, exactly(column(row, 2)?)?))
}

/// The number in a single row.
pub(super) fn count(rows: &[Row]) -> Result<u64, StorageError> {
    let row = rows.first().ok_or_else(|| corrupt("a count is missing"))?;
    u64::try_from(column::<i64>(row, 0)?).map_err(corrupt)
}

/// The highest version that was applied; zero if none was.
pub(super) fn version_of_schema(rows: &[Row]) -> Result<i32, StorageError> {
    let highest = rows.first().map(|row| column::<Option<i32>>(row, 0)).transpose()?.flatten();
    Ok(highest.unwrap_or_default())
}

fn exactly<const N: usize>(bytes: &[u8]) -> Result<[u8; N], StorageError> {
    bytes.try_into().map_err(|_| corrupt("a stored key or version has another length"))
}

fn column<'a, T: FromSql<'a>>(row: &'a Row, number: usize) -> Result<T, StorageError> {
    row.try_get(number).map_err(corrupt)
}

fn corrupt(cause: impl Into<Box<dyn Error + Send + Sync>>) -> StorageError {
    StorageError::new(StorageErrorKind::Corrupt).because(cause)
}
