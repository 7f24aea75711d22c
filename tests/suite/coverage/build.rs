//! What the tests are compiled with.
//!
//! The package depends on itself while it is tested, which turns on the features that the tests need. They are read from there.

use std::collections::BTreeSet;
use std::env::consts;

use toml::{Table, Value};

use crate::source_tree::condition::{Condition, Fact};

/// The facts that decide which tests exist.
pub(super) struct Build {
    features: BTreeSet<String>,
}

impl Build {
    /// A build with these features.
    pub(super) fn with_features<const N: usize>(features: [&str; N]) -> Self {
        Self { features: features.into_iter().map(String::from).collect() }
    }

    /// The build that `cargo test` makes of the package with this manifest.
    ///
    /// # Errors
    ///
    /// If the manifest is not TOML.
    pub(super) fn of(manifest: &str) -> Result<Self, toml::de::Error> {
        let manifest: Table = toml::from_str(manifest)?;
        let name = manifest.get("package").and_then(|package| package.get("name")).and_then(Value::as_str);
        let itself =
            manifest.get("dev-dependencies").and_then(|dependencies| dependencies.get(name.unwrap_or_default()));
        let mut waiting = strings(itself.and_then(|itself| itself.get("features")));
        waiting.push("default".into());
        let mut features = BTreeSet::new();
        while let Some(feature) = waiting.pop() {
            if features.insert(feature.clone()) {
                waiting.extend(strings(manifest.get("features").and_then(|features| features.get(&feature))));
            }
        }
        Ok(Self { features })
    }

    /// Whether something under these conditions is compiled.
    pub(super) fn compiles<'a>(&self, conditions: impl IntoIterator<Item = &'a Condition>) -> bool {
        conditions.into_iter().all(|condition| condition.holds(&|fact| Some(self.knows(fact))) == Some(true))
    }

    fn knows(&self, fact: &Fact) -> bool {
        match fact {
            Fact::Feature(name) => self.features.contains(name),
            Fact::Flag(name) => match name.as_str() {
                "test" => true,
                "debug_assertions" => cfg!(debug_assertions),
                family => family == consts::FAMILY,
            },
            Fact::Pair(key, value) => match key.as_str() {
                "target_os" => value == consts::OS,
                "target_arch" => value == consts::ARCH,
                "target_family" => value == consts::FAMILY,
                _ => false,
            },
            Fact::Unreadable => false,
        }
    }
}

fn strings(list: Option<&Value>) -> Vec<String> {
    let list = list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(Value::as_str).map(String::from).collect()
}

#[test]
fn the_features_come_from_the_packages_dependency_on_itself() {
    let build = Build::of(
        r#"
        [package]
        name = "example"
        [features]
        default = ["quick"]
        all = ["http"]
        [dev-dependencies]
        example = { path = ".", features = ["all"] }
        other = { version = "1", features = ["loud"] }
        "#,
    )
    .unwrap();

    let expected = ["all", "default", "http", "quick"];
    assert_eq!(build.features.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}
