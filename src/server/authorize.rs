//! The authorization endpoint: data out, decision in.
//!
//! ```text
//! authorize() ──► Redirect | FormPost | ErrorPage
//!     └─────────► Ask ──► the host's pages ──► resume(), decide() ──► the same again
//! ```
//!
//! [RFC 6749 §3.1](https://www.rfc-editor.org/rfc/rfc6749#section-3.1),
//! [RFC 9700 §4.11](https://www.rfc-editor.org/rfc/rfc9700#section-4.11)

mod answer;
mod approve;
mod authorization;
mod error_page;
mod standing;
mod step;
mod visitor;

use std::sync::Arc;

use approve::Terms;
pub use authorization::{AskingClient, Authorization, Interaction, Need};
pub use error_page::{ErrorPage, ErrorPageKind, Onward};
use step::Step;
pub use visitor::{Approved, Decision, UserSession, Visitor};

use super::{AuthorizationServer, Unavailable};
use crate::authorize::{
    Judgement, Question, Validated, Visit, judge, log_in_step, may_rely_on_consent, shown_to_digest,
};
use crate::record::Consent;

impl AuthorizationServer {
    /// Answers an authorization request: the query of a `GET`, or the form of a `POST`.
    #[cfg_attr(
        feature = "tracing",
        tracing::instrument(
            name = "oauth.authorize",
            skip_all,
            fields(oauth.client, oauth.grant_type, oauth.outcome, oauth.refusal)
        )
    )]
    pub async fn authorize(&self, parameters: &[u8], visitor: &Visitor<'_>) -> Authorization {
        match self.received(parameters, visitor).await {
            Ok(step) => self.proceed(&step).await.unwrap_or_else(|error| self.unavailable(&step, &error)),
            Err(stop) => self.stopped(stop),
        }
    }

    /// Goes on with a request after the user has logged in.
    ///
    /// What the user has done is seen from the visitor's session, never from being here.
    #[cfg_attr(
        feature = "tracing",
        tracing::instrument(
            name = "oauth.resume",
            skip_all,
            fields(oauth.client, oauth.grant_type, oauth.outcome, oauth.refusal)
        )
    )]
    pub async fn resume(&self, handle: &str, visitor: &Visitor<'_>) -> Authorization {
        match self.opened(handle, visitor).await {
            Ok(step) => self.proceed(&step).await.unwrap_or_else(|error| self.unavailable(&step, &error)),
            Err(stop) => self.stopped(stop),
        }
    }

    /// Carries out what the user decided. The first decision about a handle stands; the same answer comes again while
    /// its code waits.
    ///
    /// Only the user whom the consent page was shown to can decide, and only in a session that meets the request;
    /// otherwise the answer is to ask again.
    #[cfg_attr(
        feature = "tracing",
        tracing::instrument(
            name = "oauth.decide",
            skip_all,
            fields(oauth.client, oauth.grant_type, oauth.outcome, oauth.refusal)
        )
    )]
    pub async fn decide(&self, handle: &str, visitor: &Visitor<'_>, decision: &Decision) -> Authorization {
        match self.opened(handle, visitor).await {
            Ok(step) => {
                let decided = self.decided(&step, decision).await;
                decided.unwrap_or_else(|error| self.unavailable(&step, &error))
            }
            Err(stop) => self.stopped(stop),
        }
    }

    /// What happens next, without a decision.
    async fn proceed(&self, step: &Step<'_>) -> Result<Authorization, Unavailable> {
        let request = match &step.paused.question {
            Question::Request(request) => request,
            Question::Refused(refused) => return self.send_error(step, refused.code),
        };
        if let Err(refusal) = request.ensure_still_allowed(&step.client) {
            return self.refuse_request(step, refusal);
        }
        let consent = self.relied_on(step, request).await?;
        let visit = Visit { consent: consent.as_deref(), ..step.visit() };
        match (judge(request, &step.client, &visit, &self.0.policy, step.now), step.visitor.session) {
            (Err(refusal), _) => self.refuse_request(step, refusal),
            (Ok(Judgement::Approve), Some(session)) => {
                self.approve(step, request, session, &Terms::remembered(request)).await
            }
            (Ok(Judgement::AskConsent), _) => self.ask(step, Need::Consent),
            (Ok(Judgement::LogInAgain), _) => self.ask(step, Need::LogInAgain),
            (Ok(Judgement::SelectAccount), _) => self.ask(step, Need::SelectAccount),
            (Ok(Judgement::LogIn | Judgement::Approve), _) => self.ask(step, Need::LogIn),
        }
    }

    async fn decided(&self, step: &Step<'_>, decision: &Decision) -> Result<Authorization, Unavailable> {
        let (Question::Request(request), Some(session)) = (&step.paused.question, step.visitor.session) else {
            return self.proceed(step).await;
        };
        if request.ensure_still_allowed(&step.client).is_err() {
            return self.proceed(step).await;
        }
        let realm = self.0.realm.fingerprint();
        let visitor = shown_to_digest(realm, &session.subject, session.authentication.session.as_ref());
        let was_shown = step.paused.shown_to.is_some_and(|shown_to| shown_to.matches(&visitor));
        match decision {
            // Whoever is asked to log in may also say no; but nobody says no for another user.
            Decision::Deny if step.paused.shown_to.is_none() || was_shown => self.deny(step, request, session).await,
            Decision::Deny => self.ask(step, Need::Consent),
            Decision::Approve(approved) => {
                if log_in_step(request, &step.visit(), step.now).is_some() {
                    return self.ask(step, Need::LogInAgain);
                }
                if !was_shown {
                    return self.ask(step, Need::Consent);
                }
                let Some(terms) = Terms::decided(request, approved) else {
                    let reason = "more was approved than was asked, or nothing";
                    self.tell_visitor_refused(Some(step.client.id()), reason);
                    return Ok(Authorization::ErrorPage(ErrorPage::new(ErrorPageKind::DecisionOutOfBounds)));
                };
                self.approve(step, request, session, &terms).await
            }
        }
    }

    /// The consent that may answer the question, if there is one.
    async fn relied_on(&self, step: &Step<'_>, request: &Validated) -> Result<Option<Arc<Consent>>, Unavailable> {
        let Some(session) = step.visitor.session else { return Ok(None) };
        if request.prompts.consent || !may_rely_on_consent(&step.client, &request.reply.redirect_uri, &self.0.policy) {
            return Ok(None);
        }
        let key = Consent::key_of(&self.0.realm, &session.subject, step.client.id());
        Ok(self.load_consent(key).await?.map(|(consent, _)| consent))
    }
}
