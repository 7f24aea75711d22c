//! From bytes to a request whose client and redirection URI are proven.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Authorization, ErrorPage, ErrorPageKind, Visitor};
use crate::authorize::{
    Addressed, PageError, Paused, PresentedHandle, Question, Received, Refused, Visit, addressed_again, binding_digest,
};
use crate::host::{Attempt, Endpoint, EntropyError, Purpose, RateLimited};
use crate::record::Client;
use crate::server::{AuthorizationServer, Unavailable};
use crate::value::{ClientId, Digest, Timestamp};

/// A request whose client and redirection URI are proven, and the visitor who is there.
pub(super) struct Step<'a> {
    /// The request.
    pub(super) paused: Paused,
    /// Which of the keyring's keys its handle and its code come from.
    pub(super) key: u8,
    /// The client as it is registered now.
    pub(super) client: Arc<Client>,
    /// Who is there.
    pub(super) visitor: &'a Visitor<'a>,
    /// The binding cookie, if it is to be set.
    pub(super) fresh_binding: Option<String>,
    /// Whether the visitor comes back with a handle.
    pub(super) has_returned: bool,
    /// The time of the whole request.
    pub(super) now: Timestamp,
}

impl<'a> Step<'a> {
    /// What is known about the visitor, consent apart.
    pub(super) fn visit(&self) -> Visit<'a> {
        Visit {
            authentication: self.visitor.session.map(|session| &session.authentication),
            consent: None,
            asked_at: self.paused.asked_at,
            has_returned: self.has_returned,
        }
    }
}

/// Why there is no such request. None of it may be redirected.
pub(super) enum Stop {
    Handle(ErrorPageKind),
    Limited(RateLimited),
    Page,
    Unavailable(Unavailable),
}

impl AuthorizationServer {
    /// Reads a request and proves where its answer may go; then everything else about it is judged.
    pub(super) async fn received<'a>(&self, parameters: &[u8], visitor: &'a Visitor<'a>) -> Result<Step<'a>, Stop> {
        let now = self.now();
        let received = Received::parse(parameters);
        self.admit_visitor(received.as_ref().ok().map(Received::client_id), visitor).await?;
        let received = received.map_err(|error| self.turned_away(None, error))?;
        let id = received.client_id().clone();
        let client = self.find_client(&id, now).await?;
        let addressed = received.addressed(client).map_err(|error| self.turned_away(Some(&id), error))?;
        let mut draw = self.draw()?;
        let kept = visitor.binding.filter(|cookie| is_binding(cookie));
        let fresh_binding = match kept {
            Some(_) => None,
            None => Some(URL_SAFE_NO_PAD.encode(draw.secret()?.expose())),
        };
        let binding = self.binding_of(kept.or(fresh_binding.as_deref()).unwrap_or_default());
        let paused = Paused {
            grant: draw.grant_id()?,
            asked_at: now,
            expires_at: now.after(self.0.policy.interaction_lifetime),
            binding,
            shown_to: None,
            question: self.question(&addressed),
        };
        let client = Arc::clone(addressed.client());
        let key = self.0.keyring.current();
        Ok(Step { paused, key, client, visitor, fresh_binding, has_returned: false, now })
    }

    /// Opens a handle, in the browser that it was given to, and proves again where the answer may go.
    pub(super) async fn opened<'a>(&self, handle: &str, visitor: &'a Visitor<'a>) -> Result<Step<'a>, Stop> {
        let now = self.now();
        let opened = PresentedHandle::parse(handle).and_then(|presented| {
            let number = presented.key_number();
            let key = self.0.keyring.key(Purpose::Handles, number)?;
            Some((number, presented.open(&key, self.0.realm.fingerprint())?))
        });
        self.admit_visitor(opened.as_ref().map(|(_, paused)| paused.client().0), visitor).await?;
        let Some((key, paused)) = opened else {
            return Err(self.handle_refused(None, ErrorPageKind::HandleInvalid));
        };
        let (id, instance) = paused.client();
        if !visitor.binding.is_some_and(|cookie| self.binding_of(cookie).matches(&paused.binding)) {
            return Err(self.handle_refused(Some(id), ErrorPageKind::AnotherBrowser));
        }
        if paused.expires_at.is_past(now) {
            return Err(self.handle_refused(Some(id), ErrorPageKind::HandleExpired));
        }
        let client = self.find_client(id, now).await?;
        let client = addressed_again(client, instance, &paused.reply().redirect_uri)
            .map_err(|error| self.turned_away(Some(id), error))?;
        Ok(Step { paused, key, client, visitor, fresh_binding: None, has_returned: true, now })
    }

    fn question(&self, addressed: &Addressed<'_>) -> Question {
        let client = addressed.client();
        match addressed.validated() {
            Ok(request) => Question::Request(Box::new(request)),
            Err(error) => {
                self.tell_visitor_refused(Some(client.id()), &error.refusal.to_string());
                Question::Refused(Refused {
                    client: client.id().clone(),
                    client_instance: client.instance,
                    reply: error.reply,
                    code: error.refusal.code(),
                })
            }
        }
    }

    async fn admit_visitor(&self, client: Option<&ClientId>, visitor: &Visitor<'_>) -> Result<(), Stop> {
        let named = client.map(ClientId::as_str);
        let attempt = Attempt { endpoint: Endpoint::Authorization, client: named, caller: visitor.caller };
        self.admit(&attempt, client).await.map_err(Stop::Limited)
    }

    async fn find_client(&self, id: &ClientId, now: Timestamp) -> Result<Option<Arc<Client>>, Stop> {
        let found = self.0.clients.find(&self.0.realm, id, now).await;
        found.map_err(|error| self.storage_failed(error).into())
    }

    /// The page that says why there is no such request.
    pub(super) fn stopped(&self, stop: Stop) -> Authorization {
        Authorization::ErrorPage(match stop {
            Stop::Handle(kind) => ErrorPage::new(kind),
            Stop::Limited(limited) => limited.into(),
            Stop::Page => ErrorPage::new(ErrorPageKind::RequestInvalid),
            Stop::Unavailable(error) => {
                self.tell_unavailable(Endpoint::Authorization, &error);
                ErrorPage::new(ErrorPageKind::Unavailable)
            }
        })
    }

    fn binding_of(&self, cookie: &str) -> Digest {
        binding_digest(self.0.realm.fingerprint(), cookie)
    }

    fn turned_away(&self, client: Option<&ClientId>, error: PageError) -> Stop {
        self.tell_visitor_refused(client, &error.to_string());
        Stop::Page
    }

    fn handle_refused(&self, client: Option<&ClientId>, kind: ErrorPageKind) -> Stop {
        let reason = match kind {
            ErrorPageKind::AnotherBrowser => "the handle belongs to another browser",
            ErrorPageKind::HandleExpired => "the handle has expired",
            _ => "the handle is not one of this server",
        };
        self.tell_visitor_refused(client, reason);
        Stop::Handle(kind)
    }
}

/// Whether a cookie is one that this server could have set: 32 bytes in base64url.
fn is_binding(cookie: &str) -> bool {
    let mut bytes = [0; 32];
    matches!(URL_SAFE_NO_PAD.decode_slice(cookie, &mut bytes), Ok(32))
}

impl From<Unavailable> for Stop {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(error)
    }
}

impl From<EntropyError> for Stop {
    fn from(error: EntropyError) -> Self {
        Self::Unavailable(error.into())
    }
}
