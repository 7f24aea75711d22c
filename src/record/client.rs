//! A registered client, which may also be a resource server.
//!
//! [RFC 6749 §2](https://www.rfc-editor.org/rfc/rfc6749#section-2),
//! [OAuth 2.1 §2](https://datatracker.ietf.org/doc/html/draft-ietf-oauth-v2-1#section-2)

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Key, RecordKind};
use crate::policy::RefreshRotation;
use crate::value::{
    AuthenticationMethod, ClientId, Digest, GrantType, InstanceId, Lifetime, Realm, RedirectUri, Resource, ResourceSet,
    ScopeSet, Timestamp,
};

/// A registered client. An empty list allows nothing, never everything.
///
/// A resource server is a client with [`identifies`](Self::identifies): introspection answers it for tokens that name
/// one of those resources.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate registration setting")]
pub struct Client {
    /// The realm that the client is registered in.
    pub realm: Realm,
    /// The identifier, chosen by the server.
    pub id: ClientId,
    /// What grants and consents belong to. A client that is registered again is another instance, and so is one whose
    /// grants were all ended; what belongs to an earlier instance is dead.
    pub instance: InstanceId,
    /// How the client authenticates. [`AuthenticationMethod::None`]: a public client.
    pub authentication: AuthenticationMethod,
    /// The active secrets, the newest last: at most two, so that one can replace the other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<StoredClientSecret>,
    /// Where the client runs.
    pub application: ApplicationType,
    /// How far the client's registration was verified.
    pub trust: Trust,
    /// Grant types that the client may use.
    #[serde(default)]
    pub grant_types: BTreeSet<GrantType>,
    /// Redirection URIs, compared byte for byte.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<RedirectUri>,
    /// Whether `http://localhost` counts as loopback for this native client.
    #[serde(default)]
    pub allows_localhost: bool,
    /// Scope that the client may ask for.
    #[serde(default)]
    pub scope: ScopeSet,
    /// Scope that is meant when the client asks for none.
    #[serde(default)]
    pub default_scope: ScopeSet,
    /// Resources that the client's tokens may be used at.
    #[serde(default)]
    pub resources: ResourceSet,
    /// Resources that this client is: for resource servers.
    #[serde(default)]
    pub identifies: ResourceSet,
    /// Whether the client may introspect tokens that were issued to itself.
    #[serde(default)]
    pub may_introspect_own_tokens: bool,
    /// Whether one access token may be valid at several resources.
    #[serde(default)]
    pub allows_multiple_audiences: bool,
    /// Where this client differs from the policy.
    #[serde(default)]
    pub overrides: ClientOverrides,
    /// What a consent page may show.
    #[serde(default)]
    pub display: ClientDisplay,
    /// Whether the client and everything it holds is switched off.
    #[serde(default)]
    pub is_disabled: bool,
    /// When the client was registered.
    pub created_at: Timestamp,
    /// Earlier instances whose grants are still to be ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Box<ClientEnding>>,
}

/// What is left to be done after all grants of a client were ended, or the client was deleted.
///
/// It names the instances, so that whoever finishes it late cannot mean a grant that was approved since.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ClientEnding {
    /// The instances whose grants and consents are to be ended.
    pub instances: Vec<InstanceId>,
    /// When that was begun.
    pub due_at: Timestamp,
    /// Whether the client is deleted: it is registered no more, and its record goes when its grants have ended.
    #[serde(default)]
    pub is_deleted: bool,
}

/// One of a client's secrets.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a secret and its end")]
pub struct StoredClientSecret {
    /// What is kept of it.
    pub form: ClientSecretForm,
    /// When it stops working, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

impl StoredClientSecret {
    /// Whether the secret still works.
    #[must_use]
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|expires_at| !expires_at.is_past(now))
    }
}

/// Which of a client's two active secrets.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a client has at most two")]
pub enum WhichSecret {
    /// The one that is being replaced.
    Older,
    /// The one that replaces it.
    Newer,
}

/// What is kept of a client secret.
#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ClientSecretForm {
    /// The digest of a secret with 256 random bits, minted by this library.
    Digest(Digest),
    /// Whatever the host's secret verifier wrote for an imported secret, such as a PHC string.
    Verifier(String),
}

impl std::fmt::Debug for ClientSecretForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Digest(_) => "Digest(redacted)",
            Self::Verifier(_) => "Verifier(redacted)",
        })
    }
}

/// Where a client runs ([RFC 7591 §2](https://www.rfc-editor.org/rfc/rfc7591#section-2), `application_type`).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ApplicationType {
    /// On a server or in a browser: `https` redirects only.
    #[default]
    Web,
    /// On the user's device: loopback and private-use redirects too ([RFC 8252](https://www.rfc-editor.org/rfc/rfc8252)).
    Native,
}

/// How far somebody vouches for a client.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Trust {
    /// An operator registered the client.
    #[default]
    Verified,
    /// The client registered itself. Error redirects to it stop at a page, and its consent is always asked.
    Unverified,
}

/// Where a client differs from the policy.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ClientOverrides {
    /// How long the client's access tokens live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token_lifetime: Option<Lifetime>,
    /// How long the client's refresh tokens live when they are not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token_idle_lifetime: Option<Lifetime>,
    /// How long the client's refresh chains live at the most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token_lifetime: Option<Lifetime>,
    /// Whether the refresh tokens of this confidential client rotate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_rotation: Option<RefreshRotation>,
}

/// What a consent page may show of a client. Text from strangers: escape it.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ClientDisplay {
    /// The client's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The client's home page, `https` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// The client's logo, `https` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    /// The client's privacy policy, `https` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    /// The client's terms of service, `https` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms_uri: Option<String>,
}

impl Client {
    /// An empty registration: no grant types, no scope, no redirect URIs.
    #[must_use]
    pub fn new(
        realm: &Realm,
        id: ClientId,
        instance: InstanceId,
        authentication: AuthenticationMethod,
        created_at: Timestamp,
    ) -> Self {
        Self {
            realm: realm.clone(),
            id,
            instance,
            authentication,
            secrets: Vec::new(),
            application: ApplicationType::default(),
            trust: Trust::default(),
            grant_types: BTreeSet::new(),
            redirect_uris: Vec::new(),
            allows_localhost: false,
            scope: ScopeSet::empty(),
            default_scope: ScopeSet::empty(),
            resources: ResourceSet::default(),
            identifies: ResourceSet::default(),
            may_introspect_own_tokens: false,
            allows_multiple_audiences: false,
            overrides: ClientOverrides::default(),
            display: ClientDisplay::default(),
            is_disabled: false,
            created_at,
            ending: None,
        }
    }

    /// The client as the next instance, with the grants of this one still to be ended.
    #[must_use]
    pub fn grants_ended_at(&self, now: Timestamp, next: InstanceId) -> Self {
        Self { instance: next, ending: Some(self.ending_at(now, self.is_deleted()).into()), ..self.clone() }
    }

    /// The client after its deletion, with its grants still to be ended. A deleted one stays as it is.
    #[must_use]
    pub fn deleted_at(&self, now: Timestamp) -> Self {
        if self.is_deleted() {
            return self.clone();
        }
        Self { ending: Some(self.ending_at(now, true).into()), ..self.clone() }
    }

    fn ending_at(&self, now: Timestamp, is_deleted: bool) -> ClientEnding {
        let earlier = self.ending.iter().flat_map(|ending| &ending.instances).copied();
        ClientEnding { instances: earlier.chain([self.instance]).collect(), due_at: now, is_deleted }
    }

    /// The client after the grants of these instances have ended.
    #[must_use]
    pub fn finished(&self, instances: &[InstanceId]) -> Self {
        let mut ending = self.ending.clone();
        if let Some(ending) = &mut ending {
            ending.instances.retain(|instance| !instances.contains(instance));
        }
        Self { ending: ending.filter(|ending| ending.is_deleted || !ending.instances.is_empty()), ..self.clone() }
    }

    /// The client with one more secret; those that it has work until `until` at the latest. `None` if two of them would
    /// still work beside it.
    #[must_use]
    pub fn with_secret_at(&self, now: Timestamp, secret: StoredClientSecret, until: Timestamp) -> Option<Self> {
        let earlier = self.secrets.iter().map(|earlier| StoredClientSecret {
            form: earlier.form.clone(),
            expires_at: Some(earlier.expires_at.map_or(until, |expires_at| expires_at.min(until))),
        });
        let mut secrets: Vec<_> = earlier.filter(|earlier| earlier.is_active(now)).collect();
        secrets.push(secret);
        (secrets.len() <= MOST_SECRETS).then(|| Self { secrets, ..self.clone() })
    }

    /// The client without one of its two active secrets. `None` if it has not two.
    #[must_use]
    pub fn without_secret_at(&self, now: Timestamp, which: WhichSecret) -> Option<Self> {
        let mut active = self.secrets.iter().filter(|secret| secret.is_active(now)).cloned();
        let (older, newer) = (active.next()?, active.next()?);
        let kept = match which {
            WhichSecret::Older => newer,
            WhichSecret::Newer => older,
        };
        Some(Self { secrets: vec![kept], ..self.clone() })
    }

    /// Whether the client is registered no more, and only its grants are still to be ended.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.ending.as_ref().is_some_and(|ending| ending.is_deleted)
    }

    /// When grants of earlier instances are to be ended, if some may still live.
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        self.ending.as_ref().map(|ending| ending.due_at)
    }

    /// The client's identifier.
    #[must_use]
    pub fn id(&self) -> &ClientId {
        &self.id
    }

    /// Whether the client cannot keep a secret.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.authentication == AuthenticationMethod::None
    }

    /// Whether the client runs on the user's device.
    #[must_use]
    pub fn is_native(&self) -> bool {
        self.application == ApplicationType::Native
    }

    /// Whether the client may use the grant type.
    #[must_use]
    pub fn allows_grant_type(&self, grant_type: &GrantType) -> bool {
        self.grant_types.contains(grant_type)
    }

    /// Whether tokens for `resource` are to be shown to this resource server.
    #[must_use]
    pub fn is_resource(&self, resource: &Resource) -> bool {
        self.identifies.contains(resource)
    }

    /// The realm that the client belongs to.
    #[must_use]
    pub fn realm(&self) -> &Realm {
        &self.realm
    }

    /// A registration never expires.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        Timestamp::MAX
    }

    /// Where the record is kept.
    #[must_use]
    pub fn key(&self) -> Key {
        Self::key_of(&self.realm, &self.id)
    }

    /// Where the record of that client is kept.
    #[must_use]
    pub fn key_of(realm: &Realm, id: &ClientId) -> Key {
        Key::of_names(realm, RecordKind::Client, &[id.as_str()])
    }
}

/// One, and one that replaces it.
const MOST_SECRETS: usize = 2;
