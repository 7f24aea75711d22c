//! Redeeming a code.

use grantsmith::grant_type::authorization_code::redeem;
use grantsmith::grant_type::{RefreshPlan, Verdict};
use grantsmith::policy::{CodeReplay, Policy};
use grantsmith::record::CredentialKind;
use grantsmith::wire::{CodeRequest, Parameters};
use serde::Deserialize;

use super::check;
use super::facts::{self, CALLBACK, CHALLENGE, Key, Phase, VERIFIER, Who, at, ended, refused};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Facts {
    client: Who,
    is_confidential: bool,
    /// Grant types that the client lacks.
    may_not_use_codes: bool,
    may_not_refresh: bool,
    client_scope: String,
    phase: Phase,
    /// `right`, `another_secret`, `access_token`, `refresh_token`, `junk` or `no_record`.
    code: String,
    /// `right`, `wrong`, `challenge`, or the text itself; empty for none.
    verifier: String,
    /// `same`, or the text itself; empty for none.
    redirect_uri: String,
    resource: Vec<String>,
    bound: Key,
    proven: Key,
    at: i64,
    replay_is_refused: bool,
    requires_redirect_uri: bool,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            client: Who::Owner,
            is_confidential: false,
            may_not_use_codes: false,
            may_not_refresh: false,
            client_scope: "admin read write".to_owned(),
            phase: Phase::Approved,
            code: "right".to_owned(),
            verifier: "right".to_owned(),
            redirect_uri: String::new(),
            resource: Vec::new(),
            bound: Key::None,
            proven: Key::None,
            at: 1,
            replay_is_refused: false,
            requires_redirect_uri: false,
        }
    }
}

impl Facts {
    fn form(&self) -> String {
        let code = match self.code.as_str() {
            "right" | "no_record" => facts::credential(CredentialKind::Code, 0),
            "another_secret" => facts::credential(CredentialKind::Code, 1),
            "access_token" => facts::credential(CredentialKind::AccessToken, 0),
            "refresh_token" => facts::credential(CredentialKind::RefreshToken, 0),
            other => return format!("code={other}&code_verifier={VERIFIER}"),
        };
        let verifier = match self.verifier.as_str() {
            "right" => VERIFIER,
            "wrong" => "a-wrong-verifier-of-the-right-form-and-length",
            "challenge" => CHALLENGE,
            other => other,
        };
        let redirect_uri = if self.redirect_uri == "same" { CALLBACK } else { &self.redirect_uri };
        let mut pairs = vec![("code", code.expose()), ("code_verifier", verifier), ("redirect_uri", redirect_uri)];
        pairs.extend(self.resource.iter().map(|resource| ("resource", resource.as_str())));
        serde_urlencoded::to_string(pairs).unwrap()
    }
}

fn judge(given: &Facts) -> String {
    let mut client = facts::client(given.client, given.is_confidential);
    client.scope = given.client_scope.parse().unwrap();
    if given.may_not_use_codes {
        client.grant_types.remove(&grantsmith::value::GrantType::AuthorizationCode);
    }
    if given.may_not_refresh {
        client.grant_types.remove(&grantsmith::value::GrantType::RefreshToken);
    }
    let grant = facts::grant(given.phase, facts::chain(0, Key::None), given.bound, None);
    let grant = (given.code != "no_record").then_some(&grant);
    let mut policy = Policy::default();
    policy.code_replay = if given.replay_is_refused { CodeReplay::IsRefused } else { CodeReplay::EndsGrant };
    policy.requires_redirect_uri_at_token_endpoint = given.requires_redirect_uri;
    let form = given.form();
    let parameters = Parameters::parse(form.as_bytes()).unwrap();
    let request = CodeRequest::read("", &parameters).unwrap();
    match redeem(&request, &client, grant, given.proven.confirmation().as_ref(), &policy, at(given.at)) {
        Ok(Verdict::Issue(issue)) => {
            let begins_a_chain = matches!(issue.refresh, RefreshPlan::Start { .. });
            let chain = if begins_a_chain { " with a chain" } else { "" };
            format!("issue {}{chain}", issue.access.scope)
        }
        Ok(Verdict::End(reason, refusal)) => ended(&reason, &refusal, refusal.code()),
        Ok(_) => "another verdict".to_owned(),
        Err(refusal) => refused(&refusal, refusal.code()),
    }
}

#[test]
fn redeeming_follows_its_table() {
    covers!("RFC7636-4.6-01", "ATK-087", "ATK-088", "ATK-090", "OAUTH21-4.1.3-02", "ATK-095");
    check("redeem", judge);
}
