//! The text of a scope parameter.

use grantsmith::value::ScopeSet;
use serde::Deserialize;

use super::check;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Facts {
    text: String,
    /// How often the text is repeated.
    times: usize,
}

impl Default for Facts {
    fn default() -> Self {
        Self { text: String::new(), times: 1 }
    }
}

fn judge(given: &Facts) -> String {
    match given.text.repeat(given.times).parse::<ScopeSet>() {
        Ok(scope) if given.times > 1 => format!("{} bytes", scope.as_str().len()),
        Ok(scope) => scope.to_string(),
        Err(error) => format!("refused, {error:?}"),
    }
}

#[test]
fn scopes_follow_their_table() {
    covers!("RFC6749-3.3-01", "ATK-070");
    check("scope", judge);
}
