//! The ledgers: what can be covered.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Every entry of every ledger, by id.
#[derive(Default)]
pub(super) struct Ledger {
    pub(super) entries: BTreeMap<String, Entry>,
    pub(super) declared_twice: Vec<String>,
}

/// One requirement of a specification, or one known attack.
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) kind: Kind,
    /// What it says, in a sentence.
    pub(super) text: String,
}

/// What sort of entry it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Requirement(Level),
    /// An attack, with its group in the catalogue.
    Attack(char),
}

/// How binding a requirement is (BCP 14).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
pub(super) enum Level {
    #[serde(rename = "MUST", alias = "MUST NOT")]
    Must,
    #[serde(rename = "SHOULD", alias = "SHOULD NOT", alias = "MAY")]
    Optional,
}

/// A declaration that an entry does not bind what is built.
#[derive(Deserialize)]
pub(super) struct NotApplicable {
    pub(super) id: String,
    #[serde(default)]
    pub(super) reason: String,
}

impl Ledger {
    /// Reads two files of requirements and one of attacks.
    ///
    /// # Errors
    ///
    /// If one of them is not TOML of that form.
    pub(super) fn read(core: &str, advanced: &str, attacks: &str) -> Result<Self, toml::de::Error> {
        let mut ledger = Self::default();
        for text in [core, advanced] {
            for Requirement { id, level, text } in toml::from_str::<Requirements>(text)?.requirement {
                ledger.add(Entry { id, kind: Kind::Requirement(level), text });
            }
        }
        for Attack { id, group, title } in toml::from_str::<Attacks>(attacks)?.attack {
            ledger.add(Entry { id, kind: Kind::Attack(group), text: title });
        }
        Ok(ledger)
    }

    fn add(&mut self, entry: Entry) {
        let id = entry.id.clone();
        if self.entries.insert(id.clone(), entry).is_some() {
            self.declared_twice.push(id);
        }
    }
}

impl Entry {
    /// The specification that a requirement is from: its id without section and number.
    pub(super) fn specification(&self) -> &str {
        self.id.rsplitn(3, '-').last().unwrap_or(&self.id)
    }

    /// Whether it is a MUST or MUST NOT of a specification that the core implements.
    pub(super) fn is_must_of_the_core(&self) -> bool {
        self.kind == Kind::Requirement(Level::Must) && CORE.contains(&self.specification())
    }

    /// Whether it is an attack on what the core implements.
    pub(super) fn is_attack_on_the_core(&self) -> bool {
        matches!(self.kind, Kind::Attack(group) if GROUPS.contains(&group))
    }
}

/// The declarations of a file.
///
/// # Errors
///
/// If it is not TOML of that form.
pub(super) fn not_applicable(text: &str) -> Result<Vec<NotApplicable>, toml::de::Error> {
    Ok(toml::from_str::<Declarations>(text)?.not_applicable)
}

/// The specifications that the core implements.
pub(super) const CORE: [&str; 12] = [
    "RFC6749", "RFC6750", "RFC7009", "RFC7636", "RFC7662", "RFC8252", "RFC8414", "RFC8707", "RFC9207", "RFC9700",
    "FORMPOST", "OAUTH21",
];

/// The groups of attacks on what the core implements.
pub(super) const GROUPS: [char; 8] = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'N'];

#[derive(Deserialize)]
struct Requirements {
    requirement: Vec<Requirement>,
}

#[derive(Deserialize)]
struct Requirement {
    id: String,
    level: Level,
    text: String,
}

#[derive(Deserialize)]
struct Attacks {
    attack: Vec<Attack>,
}

#[derive(Deserialize)]
struct Attack {
    id: String,
    group: char,
    title: String,
}

#[derive(Deserialize)]
struct Declarations {
    #[serde(default)]
    not_applicable: Vec<NotApplicable>,
}
