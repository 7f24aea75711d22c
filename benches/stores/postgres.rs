//! PostgreSQL, by `tokio-postgres` over a pool of the same size.

use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use grantsmith::storage::postgres::PostgresStorage;
use grantsmith::value::Timestamp;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{NoTls, Row};

use crate::measure::TASKS;
use crate::records::Item;
use crate::servers::postgres::Cluster;
use crate::servers::postgres::proxy::Proxy;
use crate::subject::{Subject, Through};
use crate::{Counter, Pair};

pub(crate) async fn start() -> Option<(Box<dyn Any>, Pair)> {
    let cluster = Cluster::start()?;
    let database = cluster.create_database().await;
    let store = cluster.url(&database);
    let raw = cluster.url(&cluster.create_database().await);
    let storage = PostgresStorage::from_pool(pool(&store));
    storage.migrate().await.unwrap();
    // Its schema.
    let raw = pool(&raw);
    PostgresStorage::from_pool(raw.clone()).migrate().await.unwrap();
    let proxy = Proxy::before(cluster.directory());
    let counted = PostgresStorage::from_pool(pool(&proxy.url(&database)));
    let counted: Arc<dyn Subject> = Arc::new(Through(Arc::new(counted)));
    let count: Counter = Box::new(move || u64::try_from(proxy.take_round_trips()).unwrap());
    let round_trips = Some((counted, count));
    let pair = Pair { name: "postgres", store: Arc::new(storage), raw: Arc::new(Raw(raw)), round_trips };
    Some((Box::new(cluster), pair))
}

fn pool(url: &str) -> Pool {
    let config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = Manager::from_config(url.parse().unwrap(), NoTls, config);
    Pool::builder(manager).max_size(TASKS).build().unwrap()
}

struct Raw(Pool);

impl Raw {
    async fn ask(&self, purpose: &str, values: &[(&(dyn ToSql + Sync), Type)]) -> Vec<Row> {
        let (_, statement) = PostgresStorage::STATEMENTS.into_iter().find(|(name, _)| *name == purpose).unwrap();
        self.0.get().await.unwrap().query_typed(statement, values).await.unwrap()
    }

    async fn save(&self, purpose: &str, item: &Item, version: &[u8], expected: Option<&[u8]>) {
        let record = &item.first.record;
        let (client, subject, session): (Option<&str>, Option<&str>, Option<&str>) = (
            record.client().map(AsRef::as_ref),
            record.subject().map(AsRef::as_ref),
            record.session().map(AsRef::as_ref),
        );
        let (id, realm, kind) = (&item.key.id()[..], &item.key.realm()[..], item.key.kind().as_str());
        let (issuer, body) = (record.realm().name(), std::str::from_utf8(&item.body).unwrap());
        let (expires_at, due_at) = (record.expires_at().as_seconds(), record.due_at().map(Timestamp::as_seconds));
        let mut values: Vec<(&(dyn ToSql + Sync), Type)> = vec![
            (&id, Type::BYTEA),
            (&realm, Type::BYTEA),
            (&kind, Type::TEXT),
            (&version, Type::BYTEA),
            (&issuer, Type::TEXT),
            (&client, Type::TEXT),
            (&subject, Type::TEXT),
            (&session, Type::TEXT),
            (&expires_at, Type::INT8),
            (&due_at, Type::INT8),
            (&body, Type::TEXT),
        ];
        if let Some(expected) = &expected {
            values.push((expected, Type::BYTEA));
        }
        assert_eq!(self.ask(purpose, &values).await.len(), 1);
    }
}

#[async_trait]
impl Subject for Raw {
    async fn create(&self, item: &Item) {
        self.save("save a new record", item, item.first.version.as_bytes(), None).await;
    }

    async fn load(&self, item: &Item) {
        let (id, realm, kind) = (&item.key.id()[..], &item.key.realm()[..], item.key.kind().as_str());
        let found = self.ask("load", &[(&id, Type::BYTEA), (&realm, Type::BYTEA), (&kind, Type::TEXT)]).await;
        let row = found.first().unwrap();
        let _: (Vec<u8>, String) = (row.get(0), row.get(1));
    }

    async fn update(&self, item: &Item) {
        let expected = item.first.version.as_bytes();
        self.save("save over a version", item, item.second.version.as_bytes(), Some(expected)).await;
    }

    async fn remove(&self, item: &Item) {
        let (id, realm, kind) = (&item.key.id()[..], &item.key.realm()[..], item.key.kind().as_str());
        let version = &item.second.version.as_bytes()[..];
        let values: [(&(dyn ToSql + Sync), Type); 4] =
            [(&id, Type::BYTEA), (&realm, Type::BYTEA), (&kind, Type::TEXT), (&version, Type::BYTEA)];
        assert!(self.ask("remove", &values).await.is_empty());
    }
}
