//! Using a refresh token.

use grantsmith::grant_type::refresh_token::refresh;
use grantsmith::grant_type::{RefreshPlan, Verdict};
use grantsmith::policy::Policy;
use grantsmith::record::{CredentialKind, PresentedRefresh, RefreshChain, Retry};
use grantsmith::value::{GrantType, Lifetime, Salt};
use grantsmith::wire::{Parameters, RequestedTerms};
use serde::Deserialize;
use serde_json::json;

use super::check;
use super::facts::{self, FAMILY, GRANT, Key, Phase, Who, at, ended, refused};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Facts {
    client: Who,
    is_confidential: bool,
    may_not_refresh: bool,
    phase: Phase,
    /// How often the chain was rotated at second 1.
    rotations: u32,
    /// The last of these rotations opened a window of so many seconds.
    window: u64,
    /// How often the successor was handed out again.
    retries: u8,
    /// The generation that is presented.
    generation: u32,
    wrong_secret: bool,
    wrong_family: bool,
    no_record: bool,
    junk: bool,
    bound: Key,
    proven: Key,
    /// Seconds after the first second.
    later: i64,
    scope: String,
    resource: String,
}

/// The chain after a rotation whose successor can be derived again.
fn with_window(chain: &RefreshChain, spent: u32, seconds: u64, retries: u8) -> RefreshChain {
    let salt = Salt::from_bytes([9; 16]);
    let spent = facts::secret(CredentialKind::RefreshToken, spent);
    let successor = facts::derivation().successor(&spent, salt, GRANT, chain.generation() + 1);
    let digest = CredentialKind::RefreshToken.digest(facts::realm().fingerprint(), &successor);
    let retry: Retry = serde_json::from_value(json!({"salt": salt, "key": 1, "count": retries})).unwrap();
    chain.rotated_at(at(1), digest, Some(retry), Lifetime::seconds(seconds), Lifetime::days(30))
}

fn judge(given: &Facts) -> String {
    let mut client = facts::client(given.client, given.is_confidential);
    if given.may_not_refresh {
        client.grant_types.remove(&GrantType::RefreshToken);
    }
    let chain = match given.rotations.checked_sub(1) {
        Some(before) if given.window > 0 => {
            with_window(&facts::chain(before, given.bound), before, given.window, given.retries)
        }
        _ => facts::chain(given.rotations, given.bound),
    };
    let grant = facts::grant(given.phase, chain, Key::None, None);
    let secret =
        facts::secret(CredentialKind::RefreshToken, given.generation + if given.wrong_secret { 99 } else { 0 });
    let family = if given.wrong_family { [0; 16] } else { FAMILY };
    let presented = PresentedRefresh { generation: given.generation, family: &family, secret: &secret };
    let form = serde_urlencoded::to_string([("scope", &given.scope), ("resource", &given.resource)]).unwrap();
    let terms = RequestedTerms::read(&Parameters::parse(form.as_bytes()).unwrap()).unwrap();
    let verdict = refresh(
        (!given.junk).then_some(&presented),
        &terms,
        &client,
        (!given.no_record).then_some(&grant),
        given.proven.confirmation().as_ref(),
        Some(&facts::derivation()),
        &Policy::default(),
        at(1 + given.later),
    );
    match verdict {
        Ok(Verdict::Issue(issue)) => {
            let plan = match issue.refresh {
                RefreshPlan::Keep { .. } => "keep",
                RefreshPlan::Rotate { .. } => "rotate",
                RefreshPlan::Repeat(_) => "repeat",
                _ => "another plan",
            };
            format!("{plan}, {}", issue.access.scope)
        }
        Ok(Verdict::End(reason, refusal)) => ended(&reason, &refusal, refusal.code()),
        Ok(_) => "another verdict".to_owned(),
        Err(refusal) => refused(&refusal, refusal.code()),
    }
}

#[test]
fn refreshing_follows_its_table() {
    covers!("RFC6749-10.4-04", "RFC9700-4.14.2-04", "ATK-295");
    check("refresh", judge);
}
