//! The schema: created once whoever starts, refused if it is newer, and what the statements make of it.

use std::sync::Arc;

use grantsmith::host::{Storage as _, StorageErrorKind};
use grantsmith::storage::postgres::{OpenError, PostgresStorage};
use grantsmith::value::Timestamp;
use tokio_postgres::Client;

use super::{runtime, saved, session, shared};

#[test]
fn several_servers_create_it_at_once() {
    let Some((cluster, _turn)) = shared() else { return };
    let runtime = runtime();

    runtime.block_on(async {
        for _ in 0..5 {
            let database = cluster.create_database().await;
            let openers = (0..12).map(|_| {
                let url = cluster.url(&database);
                tokio::spawn(async move { PostgresStorage::open(&url).await.map(drop) })
            });
            for opener in openers.collect::<Vec<_>>() {
                opener.await.unwrap().unwrap();
            }
            assert_eq!(one(&cluster.client(&database).await, "SELECT count(*) FROM grantsmith_schema").await, 1);
        }
    });
}

#[test]
fn opening_again_keeps_what_is_stored() {
    let Some((cluster, _turn)) = shared() else { return };
    let runtime = runtime();

    runtime.block_on(async {
        let url = cluster.url(&cluster.create_database().await);
        let stored =
            saved(&PostgresStorage::open(&url).await.unwrap(), 1, session("session", "alice", Timestamp::MAX)).await;

        let again = PostgresStorage::open(&url).await.unwrap();
        again.migrate().await.unwrap();

        assert_eq!(again.load(stored.record.key()).await.unwrap().unwrap().version, stored.version);
    });
}

#[test]
fn a_newer_one_is_refused() {
    let Some((cluster, _turn)) = shared() else { return };
    let runtime = runtime();

    runtime.block_on(async {
        let database = cluster.create_database().await;
        drop(PostgresStorage::open(&cluster.url(&database)).await.unwrap());
        cluster.client(&database).await.batch_execute("INSERT INTO grantsmith_schema VALUES (2)").await.unwrap();

        let refused = PostgresStorage::open(&cluster.url(&database)).await.unwrap_err();

        assert!(matches!(refused, OpenError::NewerSchema { found: 2, known: 1 }), "{refused:?}");
    });
}

#[test]
fn it_is_created_where_the_search_path_leads() {
    let Some((cluster, _turn)) = shared() else { return };
    let runtime = runtime();

    runtime.block_on(async {
        let database = cluster.create_database().await;
        let client = cluster.client(&database).await;
        client.batch_execute("CREATE SCHEMA one; CREATE SCHEMA two").await.unwrap();
        let open = async |schema: &str| {
            let url = format!("{} options='-c search_path={schema}'", cluster.url(&database));
            PostgresStorage::open(&url).await.unwrap()
        };
        let (one_storage, two_storage) = (open("one").await, open("two").await);

        let key = saved(&one_storage, 1, session("session", "alice", Timestamp::MAX)).await.record.key();

        assert!(two_storage.load(key).await.unwrap().is_none());
        assert_eq!(one(&client, "SELECT count(*) FROM one.grantsmith_records").await, 1);
    });
}

#[test]
fn a_role_that_may_not_create_tables_is_enough_once_they_exist() {
    let Some((cluster, _turn)) = shared() else { return };
    let runtime = runtime();

    runtime.block_on(async {
        let database = cluster.create_database().await;
        let client = cluster.client(&database).await;
        let role = format!("role_of_{database}");
        client
            .batch_execute(&format!("CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA public TO {role}"))
            .await
            .unwrap();
        let url = cluster.url(&database).replace("user=postgres", &format!("user={role}"));

        let refused = PostgresStorage::open(&url).await.unwrap_err();
        assert!(matches!(refused, OpenError::Storage(_)), "{refused:?}");

        client.batch_execute(PostgresStorage::SCHEMA).await.unwrap();
        let rights = "GRANT SELECT ON grantsmith_schema TO {role};
            GRANT SELECT, INSERT, UPDATE, DELETE ON grantsmith_records TO {role}";
        client.batch_execute(&rights.replace("{role}", &role)).await.unwrap();
        let storage = PostgresStorage::open(&url).await.unwrap();
        let stored = saved(&storage, 1, session("session", "alice", Timestamp::from_seconds(0))).await;
        let _ = storage.remove(stored.record.key(), stored.version).await.unwrap();
        assert_eq!(storage.purge_expired(Timestamp::MAX, 10).await.unwrap(), 0);
    });
}

#[test]
fn every_statement_is_understood_and_finds_its_rows_by_an_index() {
    let Some((cluster, _turn)) = shared() else { return };
    let runtime = runtime();

    runtime.block_on(async {
        let database = cluster.create_database().await;
        drop(PostgresStorage::open(&cluster.url(&database)).await.unwrap());
        let client = cluster.client(&database).await;
        // An empty table is always read from end to end, unless that is forbidden.
        client
            .batch_execute(
                "SET enable_seqscan = off; SET enable_bitmapscan = off; SET plan_cache_mode = force_generic_plan",
            )
            .await
            .unwrap();
        for (purpose, statement) in PostgresStorage::STATEMENTS {
            let prepared = client.prepare(statement).await;
            let count = prepared.unwrap_or_else(|error| panic!("{purpose}: {error:?}")).params().len();
            let plan = plan(&client, statement, count).await;
            let is_indexed = !plan.contains("Seq Scan on grantsmith_records");
            assert!(is_indexed, "{purpose} reads the whole table:\n{plan}");
            let is_sorted_by_index = !purpose.starts_with("list") || !plan.contains("Sort");
            assert!(is_sorted_by_index, "{purpose} sorts more than a page:\n{plan}");
        }
    });
}

#[test]
fn an_operator_reads_who_and_what_in_plain_columns() {
    let Some((cluster, _turn)) = shared() else { return };
    let runtime = runtime();

    runtime.block_on(async {
        let database = cluster.create_database().await;
        let storage = PostgresStorage::open(&cluster.url(&database)).await.unwrap();
        let record = session("the session", "alice", Timestamp::from_seconds(100));
        saved(&storage, 1, record.clone()).await;
        saved(&storage, 2, session("another", "bob", Timestamp::MAX)).await;
        let client = cluster.client(&database).await;

        let row = client
            .query_one(
                "SELECT kind, issuer, client, subject, session, expires_at, due_at, body::text, body ->> 'kind'
                FROM grantsmith_records WHERE subject = 'alice'",
                &[],
            )
            .await
            .unwrap();

        let text = |column: usize| row.get::<_, Option<String>>(column);
        assert_eq!(text(0).as_deref(), Some("session"));
        assert_eq!(text(1).as_deref(), Some("https://as.example"));
        assert_eq!(text(2), None);
        assert_eq!(text(3).as_deref(), Some("alice"));
        assert_eq!(text(4).as_deref(), Some("the session"));
        assert_eq!((row.get::<_, Option<i64>>(5), row.get::<_, Option<i64>>(6)), (Some(100), None));
        assert_eq!(text(7).unwrap().as_bytes(), record.encode().unwrap(), "the body is kept byte for byte");
        assert_eq!(text(8).as_deref(), Some("session"));
        assert_eq!(one(&client, "SELECT count(*) FROM grantsmith_records WHERE expires_at IS NULL").await, 1);
    });
}

#[test]
fn what_is_no_record_and_what_is_newer_is_said_to_be_so() {
    covers!("ATK-297");
    let Some((cluster, _turn)) = shared() else { return };
    let runtime = runtime();

    runtime.block_on(async {
        let database = cluster.create_database().await;
        let storage = Arc::new(PostgresStorage::open(&cluster.url(&database)).await.unwrap());
        let key = saved(&storage, 1, session("session", "alice", Timestamp::MAX)).await.record.key();
        let other = saved(&storage, 2, session("another", "alice", Timestamp::MAX)).await;
        let other = String::from_utf8(other.record.encode().unwrap()).unwrap();
        let client = cluster.client(&database).await;
        for (body, expected) in [
            ("{}", StorageErrorKind::Corrupt),
            (r#"{"format":1,"kind":"session","record":{"zQ7mark":1}}"#, StorageErrorKind::Corrupt),
            (r#"{"format":2,"kind":"session"}"#, StorageErrorKind::NewerFormat),
            // Somebody copied a row.
            (other.as_str(), StorageErrorKind::Corrupt),
        ] {
            let change = "UPDATE grantsmith_records SET body = $1::text::json WHERE session = 'session'";
            client.execute(change, &[&body]).await.unwrap();

            assert_eq!(storage.load(key).await.unwrap_err().kind(), expected, "{body}");
        }
    });
}

async fn one(client: &Client, question: &str) -> i64 {
    client.query_one(question, &[]).await.unwrap().get(0)
}

/// How the database would execute the statement, whatever its parameters are.
async fn plan(client: &Client, statement: &str, parameters: usize) -> String {
    let nulls = if parameters == 0 { String::new() } else { format!("({})", vec!["NULL"; parameters].join(", ")) };
    let explain = format!("PREPARE explained AS {statement}; EXPLAIN EXECUTE explained{nulls}; DEALLOCATE explained");
    let answer = client.simple_query(&explain).await.unwrap();
    let lines = answer.iter().filter_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    lines.collect::<Vec<_>>().join("\n")
}
