//! Carrying out a decision: one grant under the handle's id, whoever decides and how often.

use std::sync::Arc;

use super::standing::Standing;
use super::step::Step;
use super::{Approved, Authorization, ErrorPage, ErrorPageKind, Need, UserSession};
use crate::authorize::{RequestRefusal, Validated};
use crate::host::{AccountStanding, Event, Expected, Saved};
use crate::record::{
    Approval, Code, Consent, Credential, CredentialKind, EndReason, Grant, Identity, Locator, Phase, Record,
    UserApproval,
};
use crate::server::{AuthorizationServer, Unavailable};
use crate::value::{Digest, ResourceSet, ScopeSet, Subject};
use crate::wire::{ErrorCode, ResponseContent};

/// What is approved, within what was asked.
pub(super) struct Terms {
    pub(super) scope: ScopeSet,
    pub(super) resources: ResourceSet,
    /// Whether to remember the consent.
    pub(super) remember: bool,
    /// Whether the approval falls with the remembered consent.
    pub(super) rests_on_consent: bool,
}

impl Terms {
    /// All that was asked, because the user agreed to it before.
    pub(super) fn remembered(request: &Validated) -> Self {
        Self {
            scope: request.scope.clone(),
            resources: request.resources.clone(),
            remember: false,
            rests_on_consent: true,
        }
    }

    /// What the user agreed to now. `None` if it is more than was asked, or nothing.
    pub(super) fn decided(request: &Validated, approved: &Approved) -> Option<Self> {
        let scope = approved.scope.as_ref().unwrap_or(&request.scope);
        let resources = approved.resources.as_ref().unwrap_or(&request.resources);
        let is_within = scope.is_subset_of(&request.scope) && resources.is_subset_of(&request.resources);
        // To approve no resource would be to approve a token for none; saying no is `Deny`.
        let is_something =
            scope.is_empty() == request.scope.is_empty() && resources.is_empty() == request.resources.is_empty();
        (is_within && is_something).then(|| Self {
            scope: scope.clone(),
            resources: resources.clone(),
            remember: approved.remember,
            rests_on_consent: approved.remember,
        })
    }
}

/// How a handle was decided before.
enum FirstDecision {
    /// Approved by the same user, and the code waits.
    Waiting,
    /// Denied by the same user.
    Denied,
    /// Anything else.
    Over,
}

impl AuthorizationServer {
    /// Approves: everything that the grant relies on first, then the grant, then a second look.
    pub(super) async fn approve(
        &self,
        step: &Step<'_>,
        request: &Validated,
        session: &UserSession,
        terms: &Terms,
    ) -> Result<Authorization, Unavailable> {
        if !self.may_act(&session.subject).await? {
            return self.refuse_request(step, RequestRefusal::AccountInactive);
        }
        let (realm, client) = (&self.0.realm, &*step.client);
        let before = self.settled_standing(session, client, step.now).await?;
        if before.has_session_ended(&session.subject) {
            return if step.paused.reply().is_silent {
                self.refuse_request(step, RequestRefusal::LoginRequired)
            } else {
                self.ask(step, Need::LogInAgain)
            };
        }
        self.join_session(session, &before, step.now).await?;
        if terms.remember {
            let names = (client.id(), client.instance);
            let (scope, resources) = (terms.scope.clone(), terms.resources.clone());
            self.remember(&Consent::given_at(step.now, realm, &session.subject, names, scope, resources)).await?;
        }
        let (code, digest) = self.code_of(step)?;
        let scope = own_copy([&client.default_scope, &client.scope], &terms.scope);
        let requested_scope = own_copy([&scope, &client.scope], &request.scope);
        let approval = Approval {
            resources: own_copy([&client.resources], &terms.resources),
            user: Some(Box::new(UserApproval { requested_scope, ..user_approval(request, session) })),
            scope,
        };
        let waiting = Code {
            digest,
            challenge: request.challenge,
            redirect_uri: own_copy(&client.redirect_uris, &request.reply.redirect_uri),
            confirmation: None,
            expires_at: step.now.after(self.0.policy.code_lifetime),
        };
        let grant = Grant::approved_at(step.now, self.identity(step), approval, waiting);
        let version = self.draw()?.version()?;
        match self.commit(Record::Grant(Arc::new(grant)), version, Expected::Absent).await? {
            Saved::Applied => {
                let (grant, client, subject) = (step.paused.grant, step.client.id(), &session.subject);
                self.tell(&Event::Approved { grant, client, subject });
                self.reveal(step, session, terms, &before, code).await
            }
            Saved::Conflict => self.settled(step, session, terms, &before).await,
        }
    }

    /// Denies, so that the question cannot be answered again.
    pub(super) async fn deny(
        &self,
        step: &Step<'_>,
        request: &Validated,
        session: &UserSession,
    ) -> Result<Authorization, Unavailable> {
        let approval = Approval {
            scope: ScopeSet::empty(),
            resources: ResourceSet::default(),
            user: Some(Box::new(user_approval(request, session))),
        };
        let grant = Grant::denied_at(step.now, self.identity(step), approval);
        let version = self.draw()?.version()?;
        match self.commit(Record::Grant(Arc::new(grant)), version, Expected::Absent).await? {
            Saved::Applied => {
                self.tell(&Event::Denied { client: step.client.id(), subject: &session.subject });
                Ok(self.denied(step))
            }
            Saved::Conflict => {
                let terms = Terms { rests_on_consent: false, ..Terms::remembered(request) };
                let before = self.standing(session, &step.client).await?;
                self.settled(step, session, &terms, &before).await
            }
        }
    }

    /// Repeats what the first decision led to.
    async fn settled(
        &self,
        step: &Step<'_>,
        session: &UserSession,
        terms: &Terms,
        before: &Standing,
    ) -> Result<Authorization, Unavailable> {
        match self.first_decision(step, session).await? {
            FirstDecision::Waiting => {
                let (code, _) = self.code_of(step)?;
                self.reveal(step, session, terms, before, code).await
            }
            FirstDecision::Denied => Ok(self.denied(step)),
            FirstDecision::Over => {
                let reason = "the request has been completed";
                self.tell_visitor_refused(Some(step.client.id()), reason);
                Ok(Authorization::ErrorPage(ErrorPage::new(ErrorPageKind::AlreadyCompleted)))
            }
        }
    }

    async fn first_decision(&self, step: &Step<'_>, session: &UserSession) -> Result<FirstDecision, Unavailable> {
        let Some((grant, _)) = self.load_grant(&Locator::new(step.paused.grant, 0)).await? else {
            return Ok(FirstDecision::Over);
        };
        let is_same = grant.subject() == Some(&session.subject)
            && grant.client() == step.client.id()
            && grant.client_instance() == step.client.instance;
        Ok(match grant.phase() {
            Phase::Approved(code) if is_same && !code.expires_at.is_past(grant.time(step.now)) => {
                FirstDecision::Waiting
            }
            Phase::Ended(ended) if is_same && ended.reason == EndReason::Denied => FirstDecision::Denied,
            _ => FirstDecision::Over,
        })
    }

    /// Hands the code out, unless what the approval relies on has ended meanwhile: then nobody gets to see it.
    async fn reveal(
        &self,
        step: &Step<'_>,
        session: &UserSession,
        terms: &Terms,
        before: &Standing,
        code: Credential,
    ) -> Result<Authorization, Unavailable> {
        let after = self.standing(session, &step.client).await?;
        if before.has_moved_on(&after, &session.subject, terms, &step.client) {
            self.end_stored(self.identity(step).key(), EndReason::ApprovalOvertaken, step.now).await?;
            return self.refuse_request(step, RequestRefusal::Overtaken);
        }
        Ok(step.paused.reply().with(&ResponseContent::Code(code), &self.0.issuer).into())
    }

    /// A denial is the user's own step, so it goes to an unverified client too.
    fn denied(&self, step: &Step<'_>) -> Authorization {
        step.paused.reply().with(&ResponseContent::Error(ErrorCode::AccessDenied), &self.0.issuer).into()
    }

    /// The code of the handle's grant: always the same.
    fn code_of(&self, step: &Step<'_>) -> Result<(Credential, Digest), Unavailable> {
        let derivation = self.derivation_key_of(step.key).ok_or(Unavailable::Keyring)?;
        let masking = self.masking_key_of(step.key).ok_or(Unavailable::Keyring)?;
        let secret = derivation.code(step.paused.grant);
        let digest = CredentialKind::Code.digest(self.0.realm.fingerprint(), &secret);
        let locator = Locator::new(step.paused.grant, 0);
        Ok((Credential::new(self.prefix(), CredentialKind::Code, &masking, &locator, &secret), digest))
    }

    fn identity<'a>(&'a self, step: &'a Step<'_>) -> Identity<'a> {
        Identity {
            id: step.paused.grant,
            realm: &self.0.realm,
            client: step.client.id(),
            client_instance: step.client.instance,
            held_until: step.paused.expires_at,
        }
    }

    async fn may_act(&self, subject: &Subject) -> Result<bool, Unavailable> {
        let Some(accounts) = &self.0.accounts else { return Ok(true) };
        let standing = accounts.standing(&self.0.realm, subject).await.map_err(|error| self.storage_failed(error))?;
        Ok(standing == AccountStanding::Active)
    }
}

/// The client's copy of a value, where it has an equal one: in memory, a million grants then share one text.
fn own_copy<'a, T: Clone + PartialEq + 'a>(copies: impl IntoIterator<Item = &'a T>, value: &'a T) -> T {
    copies.into_iter().find(|copy| *copy == value).unwrap_or(value).clone()
}

fn user_approval(request: &Validated, session: &UserSession) -> UserApproval {
    UserApproval {
        subject: session.subject.clone(),
        authentication: session.authentication.clone(),
        requested_scope: request.scope.clone(),
        nonce: request.nonce.clone(),
    }
}
