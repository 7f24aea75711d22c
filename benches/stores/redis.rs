//! Redis, by one connection of the `redis` crate that everybody shares.

use std::any::Any;
use std::cell::Cell;
use std::sync::Arc;

use async_trait::async_trait;
use grantsmith::policy::danger::AcceptLossOnFailover;
use grantsmith::storage::redis::RedisStorage;
use redis::aio::ConnectionManager;
use redis::{Script, ScriptInvocation};

use crate::records::Item;
use crate::servers::redis::Server;
use crate::subject::{Subject, Through};
use crate::{Counter, Pair};

pub(crate) async fn start() -> Option<(Box<dyn Any>, Pair)> {
    let server = Arc::new(Server::start()?);
    let store = Arc::new(RedisStorage::open(&server.url(), AcceptLossOnFailover).await.unwrap());
    let client = redis::Client::open(server.url()).unwrap();
    let connection = client.get_connection_manager().await.unwrap();
    let raw = Raw { connection, save: Script::new(SAVE), remove: Script::new(REMOVE) };
    let (asked, last) = (Arc::clone(&server), Cell::new(0));
    // What a client sends is read in one piece, if it is waited for.
    let count = move || {
        let info: String = asked.ask(&["INFO", "stats"]);
        let field = info.lines().find_map(|line| line.strip_prefix("total_reads_processed:"));
        let reads: u64 = field.unwrap().trim().parse().unwrap();
        reads - last.replace(reads)
    };
    // This question is read, too.
    let question = (count(), count()).1;
    let since_last: Counter = Box::new(move || count() - question);
    let through: Arc<dyn Subject> = Arc::new(Through(store.clone()));
    let pair = Pair { name: "redis", store, raw: Arc::new(raw), round_trips: Some((through, since_last)) };
    Some((Box::new(server), pair))
}

struct Raw {
    connection: ConnectionManager,
    save: Script,
    remove: Script,
}

/// Where a record is, as the scripts want it: the shard does not matter to what they cost.
struct Place {
    realm: String,
    name: String,
    entry: String,
    keys: Vec<String>,
}

impl Place {
    fn of(item: &Item) -> Self {
        let (realm, name) = ("{raw:00}:realm".to_owned(), hexadecimal(&item.key.id()[..12]));
        let keys = vec![format!("{realm}:record:{name}"), "{raw:00}:expiry".to_owned(), "{raw:00}:due".to_owned()];
        Self { entry: format!("realm:{name}"), realm, name, keys }
    }
}

impl Raw {
    async fn save(&self, item: &Item, expected: &[u8], version: &[u8]) {
        let (place, record) = (Place::of(item), &item.first.record);
        let client = record.client().unwrap().as_str();
        let expires_at = record.expires_at().as_seconds();
        let mut call = self.save.prepare_invoke();
        for key in &place.keys {
            call.key(key);
        }
        call.key(format!("{}:client:{client}", place.realm));
        call.arg(&place.realm).arg(&place.name).arg(&place.entry).arg(expected).arg(version).arg(&item.body);
        call.arg(format!("{expires_at:019}")).arg("").arg((expires_at + 86_400) * 1000).arg(86_400_000).arg(1);
        call.arg("issuer").arg(record.realm().name()).arg("client").arg(client);
        call.arg("expires_at").arg(format!("{expires_at:019}"));
        self.is_done(&call).await;
    }

    async fn is_done(&self, call: &ScriptInvocation<'_>) {
        let done: i64 = call.invoke_async(&mut self.connection.clone()).await.unwrap();
        assert_eq!(done, 1);
    }
}

#[async_trait]
impl Subject for Raw {
    async fn create(&self, item: &Item) {
        self.save(item, &[], item.first.version.as_bytes()).await;
    }

    async fn load(&self, item: &Item) {
        let [key, ..] = &Place::of(item).keys[..] else { unreachable!("there are three") };
        let mut command = redis::cmd("HMGET");
        command.arg(key).arg(&["version", "body"]);
        let found: (Vec<u8>, Vec<u8>) = command.query_async(&mut self.connection.clone()).await.unwrap();
        assert!(!found.1.is_empty());
    }

    async fn update(&self, item: &Item) {
        self.save(item, item.first.version.as_bytes(), item.second.version.as_bytes()).await;
    }

    async fn remove(&self, item: &Item) {
        let place = Place::of(item);
        let client = item.first.record.client().unwrap().as_str();
        let mut call = self.remove.prepare_invoke();
        for key in &place.keys {
            call.key(key);
        }
        call.key(format!("{}:client:{client}", place.realm));
        call.arg(&place.realm).arg(&place.name).arg(&place.entry).arg(&item.second.version.as_bytes()[..]);
        self.is_done(&call).await;
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

const SAVE: &str = concat!(
    include_str!("../../src/storage/redis/scripts/common.lua"),
    include_str!("../../src/storage/redis/scripts/save.lua")
);
const REMOVE: &str = concat!(
    include_str!("../../src/storage/redis/scripts/common.lua"),
    include_str!("../../src/storage/redis/scripts/remove.lua")
);
