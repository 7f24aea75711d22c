//! Answers: a question for the user, an error for the client.

use super::step::Step;
use super::{AskingClient, Authorization, ErrorPage, ErrorPageKind, Interaction, Need};
use crate::authorize::{Paused, Question, Refused, RequestRefusal, shown_to_digest};
use crate::host::{Endpoint, Event, Purpose, StorageErrorKind};
use crate::policy::ErrorRedirect;
use crate::record::Trust;
use crate::server::{AuthorizationServer, Unavailable};
use crate::value::{ResourceSet, ScopeSet};
use crate::wire::{ErrorCode, ResponseContent};

impl AuthorizationServer {
    /// Asks the user. A handle goes along, and the browser that brings it back may go on.
    pub(super) fn ask(&self, step: &Step<'_>, need: Need) -> Result<Authorization, Unavailable> {
        self.ask_about(step, step.paused.question.clone(), need)
    }

    fn ask_about(&self, step: &Step<'_>, question: Question, need: Need) -> Result<Authorization, Unavailable> {
        let session = step.visitor.session;
        let shown_to = match (need, session) {
            (Need::Consent, Some(session)) => {
                let realm = self.0.realm.fingerprint();
                Some(shown_to_digest(realm, &session.subject, session.authentication.session.as_ref()))
            }
            _ => None,
        };
        let paused = Paused { shown_to, question, ..step.paused };
        let handle = self.sealed(&paused, step.key)?;
        let request = match &paused.question {
            Question::Request(request) => Some(request),
            Question::Refused(_) => None,
        };
        let client = &step.client;
        self.tell(&Event::Asked { client: client.id(), subject: session.map(|session| &session.subject) });
        Ok(Authorization::Ask(Box::new(Interaction {
            handle,
            need,
            client: AskingClient {
                id: client.id().clone(),
                display: client.display.clone(),
                trust: client.trust,
                is_public: client.is_public(),
            },
            destination: paused.reply().redirect_uri.destination().to_owned(),
            form_action: paused.reply().redirect_uri.form_action(),
            scope: request.map_or_else(ScopeSet::empty, |request| request.scope.clone()),
            resources: request.map_or_else(ResourceSet::default, |request| request.resources.clone()),
            login_hint: request.and_then(|request| request.login_hint.clone()),
            ui_locales: request.and_then(|request| request.ui_locales.clone()),
            selects_account: request.is_some_and(|request| request.prompts.select_account),
            subject: session.map(|session| session.subject.clone()),
            binding: step.fresh_binding.clone(),
            expires_at: paused.expires_at,
        })))
    }

    /// The handle keeps the key that the request began with, so that the same code can be derived after a rotation.
    fn sealed(&self, paused: &Paused, number: u8) -> Result<String, Unavailable> {
        let key = self.0.keyring.key(Purpose::Handles, number).ok_or(Unavailable::Keyring)?;
        paused.seal(number, &key, self.0.realm.fingerprint()).ok_or(Unavailable::Keyring)
    }

    /// Refuses a request.
    pub(super) fn refuse_request(
        &self,
        step: &Step<'_>,
        refusal: RequestRefusal,
    ) -> Result<Authorization, Unavailable> {
        self.tell_visitor_refused(Some(step.client.id()), &refusal.to_string());
        self.send_error(step, refusal.code())
    }

    /// Tells the client of an error; but a visitor nobody knows is asked to log in first.
    pub(super) fn send_error(&self, step: &Step<'_>, code: ErrorCode) -> Result<Authorization, Unavailable> {
        if self.may_leave(step) {
            return Ok(self.error_response(step, code));
        }
        let question = Question::Refused(Refused {
            client: step.client.id().clone(),
            client_instance: step.client.instance,
            reply: step.paused.reply().clone(),
            code,
        });
        self.ask_about(step, question, Need::LogIn)
    }

    /// Tells the client that the server cannot answer now.
    pub(super) fn unavailable(&self, step: &Step<'_>, error: &Unavailable) -> Authorization {
        self.tell_unavailable(Endpoint::Authorization, error);
        if !self.may_leave(step) {
            return Authorization::ErrorPage(ErrorPage::new(ErrorPageKind::Unavailable));
        }
        let code = match error {
            Unavailable::Storage(error) if error.kind() == StorageErrorKind::Unavailable => {
                ErrorCode::TemporarilyUnavailable
            }
            Unavailable::Contended => ErrorCode::TemporarilyUnavailable,
            Unavailable::Entropy(_)
            | Unavailable::Keyring
            | Unavailable::NoSigningKey
            | Unavailable::OutcomeUnknown
            | Unavailable::SecretChecksBusy
            | Unavailable::SecretVerifier(_)
            | Unavailable::SigningKey(_)
            | Unavailable::Storage(_) => ErrorCode::ServerError,
        };
        self.error_response(step, code)
    }

    /// Whether an error may leave this server now (RFC 9700 §4.11.2). To an unverified client it does by a click only.
    fn may_leave(&self, step: &Step<'_>) -> bool {
        step.visitor.session.is_some()
            || step.paused.reply().is_silent
            || step.client.trust == Trust::Unverified
            || self.0.policy.error_redirect == ErrorRedirect::Immediate
    }

    fn error_response(&self, step: &Step<'_>, code: ErrorCode) -> Authorization {
        let reply = step.paused.reply();
        let response = reply.with(&ResponseContent::Error(code), &self.0.issuer);
        match step.client.trust {
            Trust::Verified => response.into(),
            Trust::Unverified => {
                Authorization::ErrorPage(ErrorPage::leading_to(reply.redirect_uri.destination(), response))
            }
        }
    }
}
