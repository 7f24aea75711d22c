//! The grant as it is stored: one flat object, whatever is shared in memory.

use std::sync::Arc;

use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Serialize, Serializer};

use super::{Approval, Grant, Origin, Phase};
use crate::value::{ClientId, GrantId, InstanceId, Realm, Timestamp};

/// What is read; what is written says the same.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredGrant {
    id: GrantId,
    realm: Realm,
    client: ClientId,
    client_instance: InstanceId,
    approval: Approval,
    created_at: Timestamp,
    last_used_at: Timestamp,
    held_until: Timestamp,
    phase: Phase,
}

impl From<StoredGrant> for Grant {
    fn from(stored: StoredGrant) -> Self {
        let StoredGrant { id, realm, client, client_instance, approval, created_at, last_used_at, held_until, phase } =
            stored;
        let origin = Origin { id, realm, client, client_instance, approval, created_at };
        Self { origin: Arc::new(origin), last_used_at, held_until, phase }
    }
}

impl Serialize for Grant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { origin, last_used_at, held_until, phase } = self;
        let Origin { id, realm, client, client_instance, approval, created_at } = &**origin;
        let mut object = serializer.serialize_struct("Grant", 9)?;
        object.serialize_field("id", id)?;
        object.serialize_field("realm", realm)?;
        object.serialize_field("client", client)?;
        object.serialize_field("client_instance", client_instance)?;
        object.serialize_field("approval", approval)?;
        object.serialize_field("created_at", created_at)?;
        object.serialize_field("last_used_at", last_used_at)?;
        object.serialize_field("held_until", held_until)?;
        object.serialize_field("phase", phase)?;
        object.end()
    }
}
