//! Decision tables: facts in, verdict out. `tests/vectors/*.toml` hold the rows; here is what they are run against.
//!
//! What a row does not say is the ordinary case: the right client, the right credential, one second after approval.

mod client_authentication;
mod facts;
mod introspect;
mod redeem;
mod redirect_uri;
mod refresh;
mod revoke;
mod scope;

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// One row: facts, and the verdict that they lead to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, bound = "Facts: DeserializeOwned + Default")]
struct Row<Facts> {
    /// What the row shows.
    name: String,
    verdict: String,
    #[serde(default)]
    given: Facts,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, bound = "Facts: DeserializeOwned + Default")]
struct Table<Facts> {
    row: Vec<Row<Facts>>,
}

/// Runs every row of a table, and says of all of them which ones differ.
#[track_caller]
fn check<Facts: DeserializeOwned + Default>(table: &str, judge: impl Fn(&Facts) -> String) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(format!("{table}.toml"));
    let text = fs::read_to_string(&file).unwrap();
    let rows = toml::from_str::<Table<Facts>>(&text).unwrap_or_else(|error| panic!("{table}: {error}")).row;
    assert!(!rows.is_empty(), "{table} has no rows");
    let differences: Vec<String> = rows
        .iter()
        .map(|row| (row, judge(&row.given)))
        .filter(|(row, verdict)| row.verdict != *verdict)
        .map(|(row, verdict)| format!("{table}: {}: {verdict}, not {}", row.name, row.verdict))
        .collect();
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
}
