//! Which verifier will redeem the code?
//!
//! Every client has to send a challenge, and `S256` is the only method. A challenge without method would mean `plain`.
//!
//! [RFC 7636 §4.3](https://www.rfc-editor.org/rfc/rfc7636#section-4.3)

use super::RequestRefusal;
use crate::value::CodeChallenge;
use crate::wire::AuthorizationRequest;

/// The code challenge.
pub(super) fn challenge(request: &AuthorizationRequest<'_>) -> Result<CodeChallenge, RequestRefusal> {
    let challenge = request.get("code_challenge")?.ok_or(RequestRefusal::ChallengeMissing)?;
    match request.get("code_challenge_method")?.as_deref() {
        Some("S256") => challenge.parse().map_err(|_| RequestRefusal::ChallengeMalformed),
        _ => Err(RequestRefusal::ChallengeMethodUnsupported),
    }
}
