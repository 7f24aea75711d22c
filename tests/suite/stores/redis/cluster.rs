//! What only a cluster has: slots that move, and nodes that are down.

use grantsmith::host::{Expected, Saved, Storage as _, StorageErrorKind};
use grantsmith::policy::danger::AcceptLossOnFailover;
use grantsmith::storage::redis::RedisStorage;

use super::{PATIENCE, at, create, key_of, listed, runtime, session, version_of, versioned};
use crate::stores::servers::redis::Cluster;

async fn open(cluster: &Cluster) -> RedisStorage {
    let urls = cluster.urls();
    let setup = RedisStorage::cluster(urls.iter().map(String::as_str)).time_limit(PATIENCE);
    setup.open(AcceptLossOnFailover).await.unwrap()
}

#[test]
fn a_slot_that_moves_is_read_and_written_again_when_it_has_moved() {
    let Some(cluster) = Cluster::start() else { return };
    runtime().block_on(async {
        let storage = open(&cluster).await;
        let before = create(&storage, session("session", "alice", at(0))).await;
        let holds = |number: &usize| !cluster.nodes[*number].keys("*:record:*").is_empty();
        let source = (0..3).find(holds).unwrap();
        let target = (source + 1) % 3;
        let id = |number: usize| cluster.nodes[number].ask::<String>(&["CLUSTER", "MYID"]);
        let (from, to) = (&cluster.nodes[source], &cluster.nodes[target]);
        let slot = from.ask::<u16>(&["CLUSTER", "KEYSLOT", &from.keys("*:record:*")[0]]).to_string();
        to.ask::<()>(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &id(source)]);
        from.ask::<()>(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &id(target)]);
        // Half of the slot is there.
        let (port, record) = (to.port().to_string(), from.keys("*:record:*").remove(0));
        from.ask::<()>(&["MIGRATE", "127.0.0.1", &port, &record, "0", "1000"]);
        let next = versioned(session("session", "alice", at(1)));

        let refused = storage.save(next.clone(), Expected::Version(before.version)).await;

        assert_eq!(refused.unwrap_err().kind(), StorageErrorKind::Unavailable);
        assert_eq!(version_of(&storage, key_of("session")).await, Some(before.version));

        for key in from.ask::<Vec<String>>(&["CLUSTER", "GETKEYSINSLOT", &slot, "100"]) {
            from.ask::<()>(&["MIGRATE", "127.0.0.1", &port, &key, "0", "1000"]);
        }
        for node in [to, from] {
            node.ask::<()>(&["CLUSTER", "SETSLOT", &slot, "NODE", &id(target)]);
        }
        assert_eq!(storage.save(next.clone(), Expected::Version(before.version)).await.unwrap(), Saved::Applied);
        assert_eq!(listed(&storage, "alice").await, [key_of("session")]);
        assert_eq!(storage.remove(key_of("session"), next.version).await.unwrap(), Saved::Applied);
    });
}

#[test]
fn a_cluster_without_one_of_its_nodes_lists_nothing_instead_of_a_part() {
    let Some(mut cluster) = Cluster::start() else { return };
    runtime().block_on(async {
        let storage = open(&cluster).await;
        for number in 0..30 {
            create(&storage, session(&format!("session {number}"), "alice", at(0))).await;
        }
        cluster.nodes[1].kill();

        let listed_without = storage.list(&filter(), None, 100).await;

        assert_eq!(listed_without.unwrap_err().kind(), StorageErrorKind::Unavailable);
    });
}

fn filter() -> grantsmith::host::Filter {
    grantsmith::host::Filter::Subject(*super::realm().fingerprint(), "alice".parse().unwrap())
}
