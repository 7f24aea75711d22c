//! Listings: all shards are asked how much they have, then some of them for it.

use redis::{Value, cmd};

use super::layout::{self, Range};
use super::script::{self, Call, PRUNE};
use super::{RedisStorage, failure};
use crate::host::{Cursor, Filter, Listing, StorageError};

/// What one shard's index has on a page.
pub(super) struct Found {
    pub(super) shard: u8,
    pub(super) members: Vec<String>,
}

impl RedisStorage {
    pub(super) async fn page(
        &self,
        filter: &Filter,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Listing, StorageError> {
        let range = Range::of(filter);
        let after = after.map(|cursor| layout::read_cursor(cursor, filter, &range)).transpose()?;
        let index = |shard| self.layout.index(filter, shard);
        let (found, next) = self.members(index, &range.end, after, limit.max(1)).await?;
        let keys = self.pruned(filter, &range, found).await?;
        Ok(Listing { keys, next })
    }

    /// Up to `limit` members of an index that all shards have, and where the next page begins.
    pub(super) async fn members(
        &self,
        index: impl Fn(u8) -> String,
        end: &str,
        after: Option<(u8, &str)>,
        limit: u32,
    ) -> Result<(Vec<Found>, Option<Cursor>), StorageError> {
        let begin = |shard| match after {
            Some((at, member)) if at == shard => format!("({member}"),
            _ => "-".to_owned(),
        };
        let shards: Vec<u8> = (after.map_or(0, |(shard, _)| shard)..=u8::MAX).collect();
        let count = |shard| cmd("ZLEXCOUNT").arg(index(shard)).arg(begin(shard)).arg(end).take();
        let counts = self.asked(&shards.iter().map(|shard| count(*shard)).collect::<Vec<_>>()).await?;

        let mut room = u64::from(limit);
        let mut wanted = Vec::new();
        let mut is_cut = false;
        for (shard, count) in shards.into_iter().zip(counts) {
            let Value::Int(count) = count else { return Err(failure::strange("an index is not a sorted set")) };
            let take = u64::try_from(count).unwrap_or_default().min(room);
            is_cut |= take < u64::try_from(count).unwrap_or_default();
            room -= take;
            if take > 0 {
                wanted.push((shard, take));
            }
        }
        // One more than was counted shows whether the shard has got more since.
        let fetch = |(shard, take): &(u8, u64)| {
            let mut command = cmd("ZRANGEBYLEX");
            command.arg(index(*shard)).arg(begin(*shard)).arg(end).arg("LIMIT").arg(0).arg(take + 1);
            command
        };
        let commands: Vec<_> = wanted.iter().map(fetch).collect();
        let answers = if commands.is_empty() { Vec::new() } else { self.asked(&commands).await? };
        let mut page: Vec<Found> = Vec::new();
        for ((shard, take), answer) in wanted.into_iter().zip(answers) {
            let mut members = texts(answer).ok_or_else(|| failure::strange("an index is not a sorted set"))?;
            let take = usize::try_from(take).unwrap_or(usize::MAX);
            let goes_on = members.len() > take;
            members.truncate(take);
            page.push(Found { shard, members });
            if goes_on {
                is_cut = true;
                break;
            }
        }
        let last = page.iter().rev().find_map(|found| Some((found.shard, found.members.last()?)));
        let next = match last {
            Some((shard, member)) if is_cut => Some(layout::write_cursor(shard, member)),
            _ => None,
        };
        Ok((page, next))
    }

    /// The keys of members whose records belong there. The other members are taken out of their index.
    async fn pruned(
        &self,
        filter: &Filter,
        range: &Range,
        found: Vec<Found>,
    ) -> Result<Vec<crate::record::Key>, StorageError> {
        let members: Vec<(u8, String)> =
            found.into_iter().flat_map(|it| it.members.into_iter().map(move |member| (it.shard, member))).collect();
        if members.is_empty() {
            return Ok(Vec::new());
        }
        let strange = || failure::strange("an index names what is not a key");
        let read = |member| range.read(filter, member).ok_or_else(strange);
        let listed = members.iter().map(|(_, member)| read(member)).collect::<Result<Vec<_>, _>>()?;
        let ask = |(key, column, _): &_| cmd("HGET").arg(self.layout.place(key).record()).arg(*column).take();
        let answers = self.asked(&listed.iter().map(ask).collect::<Vec<_>>()).await?;

        let mut keys = Vec::new();
        let mut strays = Vec::new();
        for (((shard, member), (key, column, value)), answer) in members.iter().zip(listed).zip(answers) {
            let held = script::bytes(answer);
            if held.is_some_and(|held| value.is_empty() || held == value.as_bytes()) {
                keys.push(key);
                continue;
            }
            let declared = [self.layout.place(&key).record(), self.layout.index(filter, *shard)];
            strays.push(self.tidy(Call {
                code: &PRUNE,
                keys: declared.map(String::into_bytes).into(),
                arguments: vec![column.as_bytes(), value.as_bytes(), member.as_bytes()],
            }));
        }
        // A stray that stays is met again.
        futures_util::future::join_all(strays).await;
        Ok(keys)
    }
}

fn texts(answer: Value) -> Option<Vec<String>> {
    let Value::Array(members) = answer else { return None };
    members.into_iter().map(|member| String::from_utf8(script::bytes(member)?).ok()).collect()
}
