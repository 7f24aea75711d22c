//! The authorization endpoint's judgement, in phases named by what is proven.
//!
//! ```text
//! Received ────────────► Addressed ────────────► Validated ────────────► judge(): log in, ask, approve
//! somebody named itself  the client and where    every parameter is      what the visitor
//!    │                   its answer may go       within its rules        has to do
//!    └► PageError           └► RedirectError
//! ```
//!
//! What goes wrong before the redirection URI is proven is a [`PageError`], and no code turns one into a redirect.
//!
//! [RFC 6749 §4.1.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1),
//! [§4.1.2.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1),
//! [RFC 9700 §2.1](https://www.rfc-editor.org/rfc/rfc9700#section-2.1)

mod client;
mod handle;
mod hints;
mod pkce;
mod prompt;
mod redirect_uri;
mod refusal;
mod reply;
mod request_object;
mod resource;
mod response_mode;
mod response_type;
mod scope;
mod state;
mod visit;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use handle::{Paused, PresentedHandle, Question, Refused, binding_digest, shown_to_digest};
pub use prompt::Prompts;
pub use refusal::{PageError, RedirectError, RequestRefusal};
pub use reply::Reply;
use serde::{Deserialize, Serialize};
pub use visit::{Judgement, Visit, judge, log_in_step, may_rely_on_consent};

use crate::record::Client;
use crate::value::{ClientId, CodeChallenge, InstanceId, Lifetime, RedirectUri, ResourceSet, ScopeSet};
use crate::wire::{AuthorizationRequest, Parameters};

/// A request whose sender named itself.
#[derive(Debug)]
pub struct Received<'a>(AuthorizationRequest<'a>);

/// A request of a known client, with a proven place for the answer.
#[derive(Debug)]
pub struct Addressed<'a> {
    request: AuthorizationRequest<'a>,
    client: Arc<Client>,
    redirect_uri: RedirectUri,
}

/// A request that may be put before the user.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Validated {
    /// The client that asks.
    pub client: ClientId,
    /// The client's registration.
    pub client_instance: InstanceId,
    /// Where the answer goes.
    pub reply: Reply,
    /// What the code will be bound to.
    pub challenge: CodeChallenge,
    /// The scope that is asked for.
    pub scope: ScopeSet,
    /// The resources that are asked for.
    #[serde(default, skip_serializing_if = "ResourceSet::is_empty")]
    pub resources: ResourceSet,
    /// What the client wants the user to be asked.
    #[serde(default)]
    pub prompts: Prompts,
    /// How old the user's authentication may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<Lifetime>,
    /// The client's nonce.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Arc<str>>,
    /// Who the client thinks will log in. Text from a stranger: escape it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_hint: Option<String>,
    /// The languages that the client thinks the user reads. Text from a stranger: escape it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ui_locales: Option<String>,
}

impl<'a> Received<'a> {
    /// Reads who asks.
    ///
    /// # Errors
    ///
    /// [`PageError::Malformed`].
    pub fn parse(parameters: &'a [u8]) -> Result<Self, PageError> {
        let parameters = Parameters::parse(parameters).map_err(|error| PageError::Malformed(error.into()))?;
        Ok(Self(AuthorizationRequest::read(parameters)?))
    }

    /// The client that the request names.
    #[must_use]
    pub fn client_id(&self) -> &ClientId {
        self.0.client_id()
    }

    /// Proves the client and where its answer may go. `client` is what is registered under the name.
    ///
    /// # Errors
    ///
    /// [`PageError`]: an unknown or disabled client, a redirection URI that is not registered or not named.
    pub fn addressed(self, client: Option<Arc<Client>>) -> Result<Addressed<'a>, PageError> {
        let request = self.0;
        let client = client::known(client)?;
        let redirect_uri = redirect_uri::proven(&request, &client)?;
        Ok(Addressed { request, client, redirect_uri })
    }
}

impl Addressed<'_> {
    /// The client.
    #[must_use]
    pub fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// Checks everything else. The order is the order of this page.
    ///
    /// # Errors
    ///
    /// [`RedirectError`], which knows where to go.
    pub fn validated(&self) -> Result<Validated, RedirectError> {
        let state = state::read(&self.request);
        let mode = response_mode::read(&self.request);
        let reply = Reply {
            redirect_uri: self.redirect_uri.clone(),
            // An answer goes out by what of the request was in order.
            state: state.clone().unwrap_or_default(),
            mode: mode.unwrap_or_default(),
            is_silent: prompt::is_silent(&self.request),
        };
        let checked = state.and(mode.map(drop)).and_then(|()| self.checked(&reply));
        checked.map_err(|refusal| RedirectError { reply, refusal })
    }

    fn checked(&self, reply: &Reply) -> Result<Validated, RequestRefusal> {
        let (request, client) = (&self.request, &*self.client);
        request_object::ensure_absent(request)?;
        response_type::ensure_code(request)?;
        client::ensure_may_use_codes(client)?;
        let challenge = pkce::challenge(request)?;
        let terms = request.terms()?;
        let scope = scope::requested(&terms, client)?;
        let resources = resource::requested(&terms, client)?;
        let prompts = prompt::read(request)?;
        let max_age = prompt::max_age(request)?;
        let nonce = hints::nonce(request)?;
        let login_hint = hints::shown(request, "login_hint")?;
        let ui_locales = hints::shown(request, "ui_locales")?;
        Ok(Validated {
            client: client.id().clone(),
            client_instance: client.instance,
            reply: reply.clone(),
            challenge,
            scope,
            resources,
            prompts,
            max_age,
            nonce,
            login_hint,
            ui_locales,
        })
    }
}

impl Validated {
    /// Whether the client may still ask this, after the pause.
    ///
    /// # Errors
    ///
    /// [`RequestRefusal::ClientMayNotUseCodes`], [`RequestRefusal::ScopeNotGranted`] or
    /// [`RequestRefusal::ResourceNotGranted`].
    pub fn ensure_still_allowed(&self, client: &Client) -> Result<(), RequestRefusal> {
        client::ensure_may_use_codes(client)?;
        if !self.scope.is_subset_of(&client.scope) {
            return Err(RequestRefusal::ScopeNotGranted);
        }
        if !self.resources.is_subset_of(&client.resources) {
            return Err(RequestRefusal::ResourceNotGranted);
        }
        Ok(())
    }
}

/// Proves the client and the redirection URI again, after the pause.
///
/// # Errors
///
/// [`PageError`]: the client is gone, disabled or another one, or the redirection URI is not registered any more.
pub fn addressed_again(
    client: Option<Arc<Client>>,
    instance: InstanceId,
    redirect_uri: &RedirectUri,
) -> Result<Arc<Client>, PageError> {
    let client = client::known(client)?;
    if client.instance != instance {
        return Err(PageError::ClientReplaced);
    }
    redirect_uri::ensure_registered(redirect_uri.as_str(), &client)?;
    Ok(client)
}
