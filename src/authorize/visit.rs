//! What has the visitor to do before the client gets an answer?
//!
//! [OpenID Connect Core §3.1.2.3](https://openid.net/specs/openid-connect-core-1_0.html#Authenticates),
//! [RFC 8252 §8.6](https://www.rfc-editor.org/rfc/rfc8252#section-8.6)

use super::{RequestRefusal, Validated};
use crate::policy::{Policy, RememberedConsent};
use crate::record::{Authentication, Client, Consent, Trust};
use crate::value::{RedirectUri, Timestamp};

/// What is known about the visitor.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "the facts of the judgement")]
pub struct Visit<'a> {
    /// How the visitor authenticated, if there is a session.
    pub authentication: Option<&'a Authentication>,
    /// What the visitor agreed to before.
    pub consent: Option<&'a Consent>,
    /// When the request arrived.
    pub asked_at: Timestamp,
    /// Whether the visitor was sent to do something, and has come back.
    pub has_returned: bool,
}

/// What happens next.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Judgement {
    /// Nothing is left to ask.
    Approve,
    /// The user must be asked for consent.
    AskConsent,
    /// Somebody must log in.
    LogIn,
    /// The user must authenticate anew.
    LogInAgain,
    /// The user must choose an account.
    SelectAccount,
}

/// Judges what has to happen next.
///
/// # Errors
///
/// [`RequestRefusal::LoginRequired`] or [`RequestRefusal::ConsentRequired`] if nothing may be shown.
pub fn judge(
    request: &Validated,
    client: &Client,
    visit: &Visit<'_>,
    policy: &Policy,
    now: Timestamp,
) -> Result<Judgement, RequestRefusal> {
    let step = log_in_step(request, visit, now).unwrap_or_else(|| {
        let is_remembered = !request.prompts.consent
            && may_rely_on_consent(client, &request.reply.redirect_uri, policy)
            && visit.consent.is_some_and(|it| it.covers(client.instance, &request.scope, &request.resources));
        if is_remembered { Judgement::Approve } else { Judgement::AskConsent }
    });
    match step {
        Judgement::Approve => Ok(step),
        _ if !request.reply.is_silent => Ok(step),
        Judgement::AskConsent => Err(RequestRefusal::ConsentRequired),
        Judgement::LogIn | Judgement::LogInAgain | Judgement::SelectAccount => Err(RequestRefusal::LoginRequired),
    }
}

/// What the visitor has to do about the login, if anything is left of that.
///
/// An authentication is new if it is later than the request: one in the same second may be the one before it.
#[must_use]
pub fn log_in_step(request: &Validated, visit: &Visit<'_>, now: Timestamp) -> Option<Judgement> {
    let Some(authentication) = visit.authentication else { return Some(Judgement::LogIn) };
    // A host's clock that runs ahead makes nothing newer than now.
    let at = authentication.at.min(now);
    let is_new = visit.has_returned && at > visit.asked_at;
    // A maximum age of zero is never met by what came before.
    let is_too_old = request.max_age.is_some_and(|max_age| at.after(max_age).is_past(now));
    if !is_new && (request.prompts.login || is_too_old) {
        return Some(Judgement::LogInAgain);
    }
    (request.prompts.select_account && !visit.has_returned).then_some(Judgement::SelectAccount)
}

/// Whether a remembered consent may answer the question for this client.
#[must_use]
pub fn may_rely_on_consent(client: &Client, redirect_uri: &RedirectUri, policy: &Policy) -> bool {
    // Anybody can claim to be a public client, or register under any name.
    client.trust == Trust::Verified
        && match policy.remembered_consent {
            RememberedConsent::Never => false,
            RememberedConsent::AuthenticatedClients => !client.is_public(),
            RememberedConsent::ClaimedHttpsToo => !client.is_public() || redirect_uri.as_str().starts_with("https:"),
        }
}
