//! JSON objects from elsewhere, read strictly: no member twice, nothing after the end, a bounded size.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::Value;

/// The members of one JSON object, each name once.
pub(super) struct Members(Vec<(String, Value)>);

impl Members {
    /// Reads an object of at most `most_bytes` bytes and 64 members. `None` if the text is anything else.
    pub(super) fn read(text: &[u8], most_bytes: usize) -> Option<Self> {
        if text.len() > most_bytes {
            return None;
        }
        serde_json::from_slice(text).ok()
    }

    /// The member of that name. `null` is a value like any other.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(member, _)| member == name).map(|(_, value)| value)
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object without repeated members")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members: Vec<(String, Value)> = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if members.len() == MOST_MEMBERS || members.iter().any(|(earlier, _)| *earlier == name) {
                return Err(A::Error::custom("a member too many"));
            }
            members.push((name, value));
        }
        Ok(Members(members))
    }
}

const MOST_MEMBERS: usize = 64;
