//! What may be registered, and which requested URI is the registered one.

use grantsmith::value::{LocalhostRule, RedirectUri};
use serde::Deserialize;

use super::check;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Facts {
    registered: String,
    /// What the request says; the registered URI itself if it is not given.
    requested: Option<String>,
    is_native: bool,
    allows_localhost: bool,
}

fn judge(given: &Facts) -> String {
    let registered: RedirectUri = match given.registered.parse() {
        Ok(registered) => registered,
        Err(error) => return format!("refused, {error:?}"),
    };
    let requested = given.requested.as_ref().unwrap_or(&given.registered);
    let localhost = if given.allows_localhost { LocalhostRule::NameToo } else { LocalhostRule::LiteralsOnly };
    if registered.matches(requested, given.is_native, localhost) { "match".to_owned() } else { "no match".to_owned() }
}

#[test]
fn redirect_uris_follow_their_table() {
    covers!(
        "ATK-004", "ATK-007", "ATK-010", "ATK-013", "ATK-014", "ATK-016", "ATK-017", "ATK-018", "ATK-028", "ATK-029"
    );
    check("redirect_uri", judge);
}
