//! What must the user be asked?
//!
//! [OpenID Connect Core §3.1.2.1](https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest)

use serde::{Deserialize, Serialize};

use super::RequestRefusal;
use crate::value::Lifetime;
use crate::wire::AuthorizationRequest;

/// What the client wants the user to be asked, whatever the server remembers.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Prompts {
    /// To log in, although there is a session.
    pub login: bool,
    /// For consent, although there is one.
    pub consent: bool,
    /// Which account to use.
    pub select_account: bool,
}

/// The `prompt` parameter. `none` is not in it: that is how the reply travels.
pub(super) fn read(request: &AuthorizationRequest<'_>) -> Result<Prompts, RequestRefusal> {
    let mut prompts = Prompts::default();
    let Some(text) = request.get("prompt")? else { return Ok(prompts) };
    if text == NONE {
        return Ok(prompts);
    }
    for word in text.split(' ') {
        match word {
            "consent" => prompts.consent = true,
            "login" => prompts.login = true,
            "select_account" => prompts.select_account = true,
            _ => return Err(RequestRefusal::PromptMalformed),
        }
    }
    Ok(prompts)
}

/// Whether the client wants an answer without anything being shown, in whatever else it may be wrong.
pub(super) fn is_silent(request: &AuthorizationRequest<'_>) -> bool {
    let prompts = request.get_all("prompt").unwrap_or_default();
    prompts.iter().any(|prompt| prompt.split(' ').any(|word| word == NONE))
}

/// The `max_age` parameter. What is too large for a number is very long.
pub(super) fn max_age(request: &AuthorizationRequest<'_>) -> Result<Option<Lifetime>, RequestRefusal> {
    let Some(text) = request.get("max_age")? else { return Ok(None) };
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(RequestRefusal::MaxAgeMalformed);
    }
    Ok(Some(Lifetime::seconds(text.parse().unwrap_or(u64::MAX))))
}

const NONE: &str = "none";
