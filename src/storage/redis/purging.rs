//! Purging, by the index of expiry.

use futures_util::future::join_all;

use super::layout;
use super::script::{Call, PURGE};
use super::{RedisStorage, failure};
use crate::host::StorageError;
use crate::record::Key;
use crate::value::Timestamp;

impl RedisStorage {
    pub(super) async fn purge(&self, now: Timestamp, limit: u32) -> Result<u64, StorageError> {
        let mut purged = 0;
        if now.as_seconds() < 0 {
            return Ok(purged);
        }
        while purged < u64::from(limit) {
            let room = u32::try_from(u64::from(limit) - purged).unwrap_or(u32::MAX).min(BATCH);
            let index = |shard| self.layout.expiry(shard);
            let (found, next) = self.members(index, &layout::until(now), None, room).await?;
            let entries: Vec<&String> = found.iter().flat_map(|found| &found.members).collect();
            let removed = join_all(entries.iter().map(|entry| self.purge_entry(entry))).await;
            for removed in removed {
                purged += u64::from(removed?);
            }
            if next.is_none() {
                break;
            }
        }
        Ok(purged)
    }

    async fn purge_entry(&self, entry: &str) -> Result<bool, StorageError> {
        let strange = || failure::strange("the index of expiry names what is not a key");
        let (second, key): (&str, Key) = layout::read_timed(entry).ok_or_else(strange)?;
        let place = self.layout.place(&key);
        let arguments = [&place.realm, &place.name, &place.entry].map(String::as_bytes);
        let arguments = arguments.into_iter().chain([second.as_bytes()]).collect();
        self.tidy(Call { code: &PURGE, keys: self.keys(&place, &[]), arguments }).await
    }
}

/// How many records are purged at once.
const BATCH: u32 = 1024;
