//! What a caller learns of a token.

use grantsmith::introspection::introspect;
use grantsmith::record::CredentialKind;
use grantsmith::wire::IntrospectionResponse;
use serde::Deserialize;

use super::check;
use super::facts::{self, Key, Phase, Who, at};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Facts {
    /// `access_token`, `refresh_token` or `code`.
    token: String,
    /// Serial or generation of the token.
    number: u32,
    phase: Phase,
    /// What the access token was narrowed to.
    audience: Option<Vec<String>>,
    /// What the caller is.
    identifies: Vec<String>,
    caller: Who,
    may_see_own: bool,
    /// `registered`, `gone`, `disabled` or `replaced`.
    holder: String,
    rotations: u32,
    at: i64,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            token: "access_token".to_owned(),
            number: 0,
            phase: Phase::Active,
            audience: None,
            identifies: vec!["https://api.example".to_owned()],
            caller: Who::Another,
            may_see_own: false,
            holder: "registered".to_owned(),
            rotations: 0,
            at: 1,
        }
    }
}

fn judge(given: &Facts) -> String {
    let kind = match given.token.as_str() {
        "code" => CredentialKind::Code,
        "refresh_token" => CredentialKind::RefreshToken,
        _ => CredentialKind::AccessToken,
    };
    let (presented, locator) = facts::presented(kind, given.number);
    let audience = given.audience.as_deref().map(facts::resources);
    let grant = facts::grant(given.phase, facts::chain(given.rotations, Key::None), Key::None, audience);
    let mut holder = facts::client(if given.holder == "replaced" { Who::Replaced } else { Who::Owner }, false);
    holder.is_disabled = given.holder == "disabled";
    let holder = (given.holder != "gone").then_some(&holder);
    let mut caller = facts::client(given.caller, true);
    caller.identifies = facts::resources(&given.identifies);
    caller.may_introspect_own_tokens = given.may_see_own;
    let issuer = "https://as.example".parse().unwrap();
    match introspect(&presented, &locator, &grant, holder, &caller, &issuer, at(given.at)) {
        IntrospectionResponse::Active(token) => {
            let audience: Vec<_> = token.audience.iter().map(ToString::to_string).collect();
            format!("active, {}, for {}", token.scope, audience.join(" "))
        }
        IntrospectionResponse::Inactive => "inactive".to_owned(),
        _ => "another answer".to_owned(),
    }
}

#[test]
fn introspection_follows_its_table() {
    covers!("ATK-095");
    check("introspect", judge);
}
