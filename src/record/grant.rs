//! The grant: what a user approved for a client, with the code, the refresh chain and the live access tokens.
//!
//! A grant's whole life is this one record. Transitions take `&Grant` and return the next one; nothing else changes
//! a grant, and the store writes it as a whole or not at all.
//!
//! [RFC 6749 §1.3](https://www.rfc-editor.org/rfc/rfc6749#section-1.3)

mod access_tokens;
mod approval;
mod stored;

use std::sync::Arc;

pub use access_tokens::{AccessToken, AccessTokens, Narrowed};
pub use approval::{Approval, Authentication, UserApproval};
use serde::{Deserialize, Serialize};

use super::{Key, RefreshChain};
use crate::value::{
    ClientId, CodeChallenge, Confirmation, Digest, GrantId, InstanceId, Lifetime, Realm, RedirectUri, SessionId,
    Subject, Timestamp,
};

/// A grant and everything issued from it. The rule that ties its parts together is its [`Phase`].
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "stored::StoredGrant")]
pub struct Grant {
    origin: Arc<Origin>,
    /// The latest write. Time does not run backwards for a grant, whatever the clock says.
    last_used_at: Timestamp,
    /// Until when the record is kept although nothing of it is live, so that its approval cannot be repeated.
    held_until: Timestamp,
    phase: Phase,
}

/// What never changes while the grant lives; every state of the grant shares it.
#[derive(Debug)]
struct Origin {
    id: GrantId,
    realm: Realm,
    client: ClientId,
    client_instance: InstanceId,
    approval: Approval,
    created_at: Timestamp,
}

/// ```text
///            redeemed_at()
/// Approved ────────────────► Active ─────────────► Ended
///    │                        │ ▲   ended_at()       ▲
///    │                        └─┘ refreshed, issued, │
///    │                            token revoked      │
///    └──────────── ended_at() ───────────────────────┘
/// ```
///
/// A machine grant begins in `Active`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Phase {
    /// The user approved; the code waits for its client.
    Approved(Arc<Code>),
    /// Tokens are out.
    Active(Active),
    /// Nothing of the grant is valid any more.
    Ended(Ended),
}

/// An authorization code: its digest and what it is bound to. Kept after redemption, so that a replay is recognized.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "the parts of a code's binding")]
pub struct Code {
    /// The digest of the code's secret.
    pub digest: Digest,
    /// The challenge whose verifier the client must show.
    pub challenge: CodeChallenge,
    /// Where the code was sent to, as it was used: with the port of a loopback client.
    pub redirect_uri: RedirectUri,
    /// The key that the client must prove, if the request named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<Box<Confirmation>>,
    /// When the code expires.
    pub expires_at: Timestamp,
}

/// What is live in an active grant.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Active {
    /// The code that was redeemed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent_code: Option<Arc<Code>>,
    /// The refresh chain, if the client may refresh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<Arc<RefreshChain>>,
    /// The live access tokens.
    pub access: AccessTokens,
}

/// Why and when a grant ended.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Ended {
    /// Why.
    pub reason: EndReason,
    /// When.
    pub at: Timestamp,
}

/// Why a grant ended.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EndReason {
    /// The user, the session or the consent was ended while the approval was being saved.
    ApprovalOvertaken,
    /// The client was deleted.
    ClientDeleted,
    /// All grants of the client were ended.
    ClientEnded,
    /// The client presented its code with a wrong verifier.
    CodeBurnt,
    /// The code was presented again by its client.
    CodeReplayed,
    /// The user withdrew the consent.
    ConsentWithdrawn,
    /// The user said no.
    Denied,
    /// The host ended this grant.
    EndedByHost,
    /// A spent refresh token was used again.
    RefreshTokenReused,
    /// The client revoked its refresh token.
    RevokedByClient,
    /// A refresh token was presented that the storage has forgotten having issued.
    RolledBack,
    /// The login session ended.
    SessionEnded,
    /// All grants of the user were ended.
    SubjectEnded,
}

impl EndReason {
    /// A stable word in `snake_case`, for logs and counters.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ApprovalOvertaken => "approval_overtaken",
            Self::ClientDeleted => "client_deleted",
            Self::ClientEnded => "client_ended",
            Self::CodeBurnt => "code_burnt",
            Self::CodeReplayed => "code_replayed",
            Self::ConsentWithdrawn => "consent_withdrawn",
            Self::Denied => "denied",
            Self::EndedByHost => "ended_by_host",
            Self::RefreshTokenReused => "refresh_token_reused",
            Self::RevokedByClient => "revoked_by_client",
            Self::RolledBack => "rolled_back",
            Self::SessionEnded => "session_ended",
            Self::SubjectEnded => "subject_ended",
        }
    }
}

impl Grant {
    /// A grant that a user just approved: its code waits.
    #[must_use]
    pub fn approved_at(now: Timestamp, identity: Identity<'_>, approval: Approval, code: Code) -> Self {
        let held_until = identity.held_until.max(code.expires_at);
        Self::new(now, identity, approval, held_until, Phase::Approved(Arc::new(code)))
    }

    /// A grant that begins with its tokens: client credentials, custom grant types.
    #[must_use]
    pub fn issued_at(now: Timestamp, identity: Identity<'_>, approval: Approval, active: Active) -> Self {
        let held_until = identity.held_until;
        Self::new(now, identity, approval, held_until, Phase::Active(active))
    }

    /// A grant that a user just refused. Kept until the question cannot be answered again.
    #[must_use]
    pub fn denied_at(now: Timestamp, identity: Identity<'_>, approval: Approval) -> Self {
        let held_until = identity.held_until;
        Self::new(now, identity, approval, held_until, Phase::Ended(Ended { reason: EndReason::Denied, at: now }))
    }

    fn new(now: Timestamp, identity: Identity<'_>, approval: Approval, held_until: Timestamp, phase: Phase) -> Self {
        let origin = Origin {
            id: identity.id,
            realm: identity.realm.clone(),
            client: identity.client.clone(),
            client_instance: identity.client_instance,
            approval,
            created_at: now,
        };
        Self { origin: Arc::new(origin), last_used_at: now, held_until, phase }
    }

    /// The grant after its code was redeemed. `None` if no code waits.
    #[must_use]
    pub fn redeemed_at(&self, now: Timestamp, access: AccessToken, refresh: Option<RefreshChain>) -> Option<Self> {
        let Phase::Approved(code) = &self.phase else { return None };
        let active = Active {
            spent_code: Some(Arc::clone(code)),
            refresh: refresh.map(Arc::new),
            access: AccessTokens::of(access),
        };
        Some(self.with(now, Phase::Active(active), now.after(REPLAY_MEMORY)))
    }

    /// The grant after an access token was issued from its refresh chain. `None` if the grant is not active.
    #[must_use]
    pub fn refreshed_at(
        &self,
        now: Timestamp,
        access: AccessToken,
        chain: RefreshChain,
        most_tokens: usize,
    ) -> Option<Self> {
        let active = self.active()?;
        let active = Active {
            spent_code: self.remembered_code(active, now),
            refresh: Some(Arc::new(chain)),
            access: active.access.with(access, now, most_tokens),
        };
        Some(self.with(now, Phase::Active(active), self.held_until))
    }

    /// The grant after one access token was revoked. `None` if that token is not live.
    #[must_use]
    pub fn without_access_token_at(&self, now: Timestamp, serial: u32) -> Option<Self> {
        let active = self.active()?;
        let access = active.access.without(serial, now)?;
        let refresh = active.refresh.as_ref().map(|chain| match chain.pruned_at(now) {
            Some(pruned) => Arc::new(pruned),
            None => Arc::clone(chain),
        });
        let active = Active { spent_code: self.remembered_code(active, now), refresh, access };
        Some(self.with(now, Phase::Active(active), self.held_until))
    }

    /// The grant after its end. An ended grant stays as it is: the first reason stands.
    #[must_use]
    pub fn ended_at(&self, now: Timestamp, reason: EndReason) -> Self {
        if matches!(self.phase, Phase::Ended(_)) {
            return self.clone();
        }
        let at = self.time(now);
        self.with(now, Phase::Ended(Ended { reason, at }), self.held_until.max(at.after(END_MEMORY)))
    }

    fn with(&self, now: Timestamp, phase: Phase, held_until: Timestamp) -> Self {
        Self {
            origin: Arc::clone(&self.origin),
            last_used_at: self.time(now),
            held_until: self.held_until.max(held_until),
            phase,
        }
    }

    fn remembered_code(&self, active: &Active, now: Timestamp) -> Option<Arc<Code>> {
        active.spent_code.clone().filter(|_| !self.held_until.is_past(now))
    }

    fn active(&self) -> Option<&Active> {
        match &self.phase {
            Phase::Active(active) => Some(active),
            _ => None,
        }
    }

    /// The time that judgements about this grant use: `now`, but never before the grant's latest write.
    #[must_use]
    pub fn time(&self, now: Timestamp) -> Timestamp {
        now.max(self.last_used_at)
    }

    /// The grant's identity.
    #[must_use]
    pub fn id(&self) -> GrantId {
        self.origin.id
    }

    /// The realm that the grant belongs to.
    #[must_use]
    pub fn realm(&self) -> &Realm {
        &self.origin.realm
    }

    /// The client that holds the grant.
    #[must_use]
    pub fn client(&self) -> &ClientId {
        &self.origin.client
    }

    /// The registration of the client that holds the grant.
    #[must_use]
    pub fn client_instance(&self) -> InstanceId {
        self.origin.client_instance
    }

    /// What was approved.
    #[must_use]
    pub fn approval(&self) -> &Approval {
        &self.origin.approval
    }

    /// The user, unless a machine acts for itself.
    #[must_use]
    pub fn subject(&self) -> Option<&Subject> {
        self.origin.approval.user.as_ref().map(|user| &user.subject)
    }

    /// The login session in which the user approved, if the host named it.
    #[must_use]
    pub fn session(&self) -> Option<&SessionId> {
        self.origin.approval.user.as_ref()?.authentication.session.as_ref()
    }

    /// Where the grant is in its life.
    #[must_use]
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// When the grant was approved or issued.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        self.origin.created_at
    }

    /// When the token endpoint last wrote the grant.
    #[must_use]
    pub fn last_used_at(&self) -> Timestamp {
        self.last_used_at
    }

    /// Where the grant is kept.
    #[must_use]
    pub fn key(&self) -> Key {
        Key::of_grant(&self.origin.realm, self.origin.id)
    }

    /// From when on nothing of the grant is live, unless it is used before.
    #[must_use]
    pub fn live_until(&self) -> Timestamp {
        match &self.phase {
            Phase::Approved(code) => code.expires_at,
            Phase::Active(active) => {
                let refresh = active.refresh.as_ref().map(|chain| chain.expires_at());
                active.access.expires_at().into_iter().chain(refresh).max().unwrap_or(self.last_used_at)
            }
            Phase::Ended(ended) => ended.at,
        }
    }

    /// From when on nothing of the grant is live and nothing needs to be recognized.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.live_until().max(self.held_until)
    }
}

/// Whose grant it is.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "what names a grant")]
pub struct Identity<'a> {
    /// The grant's random id.
    pub id: GrantId,
    /// The realm that issues it.
    pub realm: &'a Realm,
    /// The client that will hold it.
    pub client: &'a ClientId,
    /// The client's registration.
    pub client_instance: InstanceId,
    /// Until when the same id could be approved again.
    pub held_until: Timestamp,
}

impl Identity<'_> {
    /// Where the grant is, or will be, kept.
    #[must_use]
    pub fn key(&self) -> Key {
        Key::of_grant(self.realm, self.id)
    }
}

impl Code {
    /// Whether the token request names the URI that the code was sent to.
    #[must_use]
    pub fn was_sent_to(&self, redirect_uri: &str) -> bool {
        self.redirect_uri.as_str() == redirect_uri
    }
}

/// A replay within ten minutes of redemption is recognized (RFC 6749 §4.1.2 gives codes at most that long).
const REPLAY_MEMORY: Lifetime = Lifetime::minutes(10);
/// How long an ended grant keeps its reason for the host to read.
const END_MEMORY: Lifetime = Lifetime::days(1);

#[cfg(test)]
mod tests;
