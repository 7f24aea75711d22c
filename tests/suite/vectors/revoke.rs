//! What falls with a token that is given back.

use grantsmith::policy::Policy;
use grantsmith::record::CredentialKind;
use grantsmith::revocation::{Verdict, revoke};
use serde::Deserialize;

use super::check;
use super::facts::{self, Key, Phase, Who, at, refused};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Facts {
    /// `refresh_token`, `code`; otherwise an access token.
    token: String,
    /// Serial or generation of the token.
    number: u32,
    phase: Phase,
    client: Who,
    is_confidential: bool,
    is_silent: bool,
    rotations: u32,
    at: i64,
}

fn judge(given: &Facts) -> String {
    let kind = match given.token.as_str() {
        "code" => CredentialKind::Code,
        "refresh_token" => CredentialKind::RefreshToken,
        _ => CredentialKind::AccessToken,
    };
    let (presented, locator) = facts::presented(kind, given.number);
    let grant = facts::grant(given.phase, facts::chain(given.rotations, Key::None), Key::None, None);
    let client = facts::client(given.client, given.is_confidential);
    let mut policy = Policy::default();
    policy.danger.silences_foreign_revocation = given.is_silent;
    match revoke(&presented, &locator, &grant, &client, &policy, at(given.at)) {
        Ok(Verdict::RemoveAccessToken(serial)) => format!("remove {serial}"),
        Ok(Verdict::End(reason)) => format!("end {reason:?}"),
        Ok(Verdict::Nothing) => "nothing".to_owned(),
        Ok(_) => "another verdict".to_owned(),
        Err(refusal) => refused(&refusal, refusal.code()),
    }
}

#[test]
fn revocation_follows_its_table() {
    check("revoke", judge);
}
