//! Who is calling: what is presented, and what is registered.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use grantsmith::authentication::{Judgement, Refusal, authenticate};
use grantsmith::record::{ClientSecretForm, StoredClientSecret};
use grantsmith::value::{AuthenticationMethod, ClientSecret};
use grantsmith::wire::{Parameters, PresentedClient};
use serde::Deserialize;

use super::check;
use super::facts::{self, Who, at, refused};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Facts {
    /// `client_secret_basic`, `client_secret_post`, `none`; empty if there is no such client.
    registered: String,
    /// The secrets that were minted for the client.
    secrets: Vec<String>,
    /// What the host stored of imported ones.
    imported: Vec<String>,
    /// When all of them expire.
    secrets_expire_at: Option<i64>,
    is_disabled: bool,
    /// Name and secret for a Basic header.
    basic: Option<String>,
    /// Any other header.
    header: Option<String>,
    body: String,
}

impl Default for Facts {
    fn default() -> Self {
        Self {
            registered: "client_secret_basic".to_owned(),
            secrets: vec!["secret".to_owned()],
            imported: Vec::new(),
            secrets_expire_at: None,
            is_disabled: false,
            basic: None,
            header: None,
            body: String::new(),
        }
    }
}

fn judge(given: &Facts) -> String {
    let mut client = facts::client(Who::Owner, true);
    client.authentication = match given.registered.as_str() {
        "client_secret_basic" => AuthenticationMethod::ClientSecretBasic,
        "client_secret_post" => AuthenticationMethod::ClientSecretPost,
        _ => AuthenticationMethod::None,
    };
    let minted =
        given.secrets.iter().map(|text| ClientSecretForm::Digest(text.parse::<ClientSecret>().unwrap().digest()));
    let imported = given.imported.iter().map(|stored| ClientSecretForm::Verifier(stored.clone()));
    let expires_at = given.secrets_expire_at.map(at);
    client.secrets = minted.chain(imported).map(|form| StoredClientSecret { form, expires_at }).collect();
    client.is_disabled = given.is_disabled;
    let client = (!given.registered.is_empty()).then(|| Arc::new(client));
    let basic = given.basic.as_ref().map(|pair| format!("Basic {}", STANDARD.encode(pair)));
    let header = basic.or_else(|| given.header.clone());
    let parameters = Parameters::parse(given.body.as_bytes()).unwrap();
    let judged = PresentedClient::read(header.as_deref().map(str::as_bytes), &parameters)
        .map_err(Refusal::from)
        .and_then(|presented| authenticate(presented.method, client, at(0)));
    match judged {
        Ok(Judgement::Authenticated(client)) => format!("authenticated {}", client.client().id()),
        Ok(Judgement::CheckSecret(check)) => format!("ask about {}", check.stored().collect::<Vec<_>>().join(" ")),
        Ok(_) => "another judgement".to_owned(),
        Err(refusal) => refused(&refusal, refusal.code()),
    }
}

#[test]
fn client_authentication_follows_its_table() {
    covers!("ATK-115", "ATK-118");
    check("client_authentication", judge);
}
