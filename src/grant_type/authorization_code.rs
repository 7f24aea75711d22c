//! Redeeming an authorization code.
//!
//! A code works once, for the client it was issued to, with the verifier of its challenge. A code that its own client
//! presents with a wrong verifier is burnt: either the code or the verifier is in foreign hands.
//!
//! [RFC 6749 §4.1.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3),
//! [RFC 7636 §4.6](https://www.rfc-editor.org/rfc/rfc7636#section-4.6),
//! [OAuth 2.1 §7.5](https://datatracker.ietf.org/doc/html/draft-ietf-oauth-v2-1#section-7.5)

use super::terms::new_chain;
use super::{AccessTerms, Issue, Refusal, Verdict};
use crate::policy::{CodeReplay, Policy};
use crate::record::{Client, Code, CredentialKind, EndReason, Grant, Phase};
use crate::value::{Confirmation, GrantType, Secret, Timestamp};
use crate::wire::{CodeRequest, PresentedVerifier};

/// Judges a presented code.
///
/// `grant` is the record that the code's locator names; `proven` is the key that the sender proved to hold.
///
/// # Errors
///
/// [`Refusal::GrantTypeNotAllowed`], [`Refusal::UnknownCode`], [`Refusal::IssuedToAnotherClient`],
/// [`Refusal::ClientReplaced`], [`Refusal::ProofKeyMismatch`], a refusal for the redirect URI or the verifier,
/// [`Refusal::CodeAlreadyRedeemed`], [`Refusal::GrantEnded`], [`Refusal::CodeExpired`], or a refusal for the resource.
/// They change nothing; what does is a [`Verdict`].
pub fn redeem(
    request: &CodeRequest<'_>,
    client: &Client,
    grant: Option<&Grant>,
    proven: Option<&Confirmation>,
    policy: &Policy,
    now: Timestamp,
) -> Result<Verdict, Refusal> {
    if !client.allows_grant_type(&GrantType::AuthorizationCode) {
        return Err(Refusal::GrantTypeNotAllowed);
    }
    let (Some(presented), Some(grant)) = (&request.code, grant) else { return Err(Refusal::UnknownCode) };
    let (code, is_spent) = known_code(grant, presented.secret())?;
    if grant.client() != client.id() {
        return Err(Refusal::IssuedToAnotherClient);
    }
    if grant.client_instance() != client.instance {
        return Err(Refusal::ClientReplaced);
    }
    ensure_sender(code, proven)?;
    ensure_redirect_uri(request, code, policy)?;
    if let Err(refusal) = ensure_verifier(&request.verifier, code) {
        let burns = refusal == Refusal::CodeVerifierMismatch && !is_spent;
        return if burns { Ok(Verdict::End(EndReason::CodeBurnt, refusal)) } else { Err(refusal) };
    }
    if is_spent {
        return match policy.code_replay {
            CodeReplay::EndsGrant => Ok(Verdict::End(EndReason::CodeReplayed, Refusal::CodeAlreadyRedeemed)),
            CodeReplay::IsRefused => Err(Refusal::CodeAlreadyRedeemed),
        };
    }
    if code.expires_at.is_past(grant.time(now)) {
        return Err(Refusal::CodeExpired);
    }
    let mut access = AccessTerms::within(grant.approval(), client, None, &request.resources, policy)?;
    access.confirmation = proven.copied();
    Ok(Verdict::Issue(Issue { access, refresh: new_chain(client, proven.copied(), policy) }))
}

/// The grant's code, if `secret` is its secret, and whether it was redeemed.
fn known_code<'a>(grant: &'a Grant, secret: &Secret) -> Result<(&'a Code, bool), Refusal> {
    let (code, is_spent) = match grant.phase() {
        Phase::Approved(code) => (code, false),
        Phase::Active(active) => (active.spent_code.as_ref().ok_or(Refusal::UnknownCode)?, true),
        Phase::Ended(_) => return Err(Refusal::GrantEnded),
    };
    let digest = CredentialKind::Code.digest(grant.realm().fingerprint(), secret);
    if code.digest.matches(&digest) { Ok((code, is_spent)) } else { Err(Refusal::UnknownCode) }
}

fn ensure_sender(code: &Code, proven: Option<&Confirmation>) -> Result<(), Refusal> {
    match (&code.confirmation, proven) {
        (None, _) => Ok(()),
        (Some(bound), Some(proven)) if bound.matches(proven) => Ok(()),
        (Some(_), _) => Err(Refusal::ProofKeyMismatch),
    }
}

fn ensure_redirect_uri(request: &CodeRequest<'_>, code: &Code, policy: &Policy) -> Result<(), Refusal> {
    match request.redirect_uri.as_deref() {
        Some(redirect_uri) if code.was_sent_to(redirect_uri) => Ok(()),
        Some(_) => Err(Refusal::RedirectUriMismatch),
        None if policy.requires_redirect_uri_at_token_endpoint => Err(Refusal::RedirectUriMissing),
        // PKCE binds the code.
        None => Ok(()),
    }
}

fn ensure_verifier(presented: &PresentedVerifier<'_>, code: &Code) -> Result<(), Refusal> {
    match presented {
        PresentedVerifier::WellFormed(verifier) if code.challenge.is_met_by(verifier) => Ok(()),
        PresentedVerifier::WellFormed(_) | PresentedVerifier::Malformed => Err(Refusal::CodeVerifierMismatch),
        PresentedVerifier::Absent => Err(Refusal::CodeVerifierMissing),
    }
}
