//! JSON from elsewhere, read strictly: no member twice at any depth, nothing after the end, bounds on depth and number.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// One JSON object, each name once wherever it stands.
pub(crate) type Object = Map<String, Value>;

/// Reads an object.
///
/// # Errors
///
/// [`InvalidJson`] says which rule it breaks.
pub(crate) fn object(text: &[u8]) -> Result<Object, InvalidJson> {
    ensure_strict(text)?;
    serde_json::from_slice(text).map_err(|_| InvalidJson::Malformed)
}

/// Why a text is not taken as a JSON object.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidJson {
    /// It is not UTF-8, not JSON, not an object, or something follows the object.
    #[error("not a JSON object")]
    Malformed,
    /// A member occurs twice.
    #[error("a member occurs twice")]
    DuplicateMember,
    /// A name or value contains U+0000.
    #[error("a name or value contains U+0000")]
    NullCharacter,
    /// More than 16 levels.
    #[error("nested too deeply")]
    TooDeep,
    /// More than 128 members in one object.
    #[error("too many members")]
    TooManyMembers,
}

/// Goes through the text without keeping anything, so that what is kept afterwards is known to be small and flat.
fn ensure_strict(text: &[u8]) -> Result<(), InvalidJson> {
    let broken = Cell::new(InvalidJson::Malformed);
    let mut json = serde_json::Deserializer::from_slice(text);
    let read = Strict { levels: MOST_LEVELS, broken: &broken }.deserialize(&mut json);
    read.and_then(|()| json.end()).map_err(|_| broken.get())
}

/// A value that keeps the rules, with that many levels below it.
#[derive(Clone, Copy)]
struct Strict<'a> {
    levels: usize,
    /// Which rule is broken, if that is not the grammar of JSON.
    broken: &'a Cell<InvalidJson>,
}

impl Strict<'_> {
    fn below<E: Error>(self) -> Result<Self, E> {
        let levels = self.levels.checked_sub(1).ok_or_else(|| self.refusal(InvalidJson::TooDeep))?;
        Ok(Self { levels, ..self })
    }

    fn refusal<E: Error>(self, rule: InvalidJson) -> E {
        self.broken.set(rule);
        E::custom(rule)
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        if text.contains('\0') { Err(self.refusal(InvalidJson::NullCharacter)) } else { Ok(()) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        let below = self.below()?;
        while values.next_element_seed(below)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let below = self.below()?;
        let mut names = BTreeSet::new();
        while let Some(name) = members.next_key::<String>()? {
            self.visit_str(&name)?;
            if names.len() == MOST_MEMBERS {
                return Err(self.refusal(InvalidJson::TooManyMembers));
            }
            if !names.insert(name) {
                return Err(self.refusal(InvalidJson::DuplicateMember));
            }
            members.next_value_seed(below)?;
        }
        Ok(())
    }
}

const MOST_LEVELS: usize = 16;
const MOST_MEMBERS: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_read_with_everything_in_it() {
        covers!("RFC7519-4-02");
        let text = r#" {"a":[1,{"b":"x,{\"}:"}],"c":{"b":null,"a":{}},"":true,"é":"\ud83e\udd80"} "#;

        assert_eq!(Value::Object(object(text.as_bytes()).unwrap()), serde_json::from_str::<Value>(text).unwrap());
        assert_eq!(object(b"{}"), Ok(Map::new()));
    }

    #[test]
    fn a_member_that_occurs_twice_is_refused_however_it_is_written() {
        covers!("RFC7515-4-01", "RFC7519-4-01", "RFC7517-4-01", "RFC7515-5.3-01");
        for text in [
            r#"{"alg":"ES256","alg":"none"}"#,
            r#"{"alg":1,"b":2,"\u0061lg":3}"#,
            r#"{"a":{"b":1,"b":1}}"#,
            r#"{"a":[[{"b":1,"c":[{}],"b":1}]]}"#,
            r#"{"":1,"":2}"#,
        ] {
            assert_eq!(object(text.as_bytes()), Err(InvalidJson::DuplicateMember), "{text}");
        }
        for text in [r#"{"a":1,"A":2}"#, r#"{"a":"a","b":["a","a"]}"#, r#"{"a":{"a":1},"b":{"a":1}}"#] {
            assert!(object(text.as_bytes()).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_not_one_object_in_utf_8_is_refused() {
        covers!("RFC7515-10.12-01", "RFC8725-3.7-01", "ATK-261");
        for text in [
            &b""[..],
            b"[]",
            b"1",
            b"\"a\"",
            b"null",
            b"{",
            b"{}{}",
            b"{},",
            b"{\"a\":1}x",
            b"{\"a\":1,}",
            b"{a:1}",
            b"{\"a\":NaN}",
            b"{\"a\":1e999}",
            b"{\"a\":01}",
            b"{\"a\":'b'}",
            b"\xef\xbb\xbf{}",
            b"\xff\xfe{\0}\0",
            b"{\0}\0",
            b"{\"a\":\"\xc0\xaf\"}",
            b"{\"a\":\"\xed\xa0\x80\"}",
            b"{\"a\":\"\\ud800\"}",
            b"{\"a\":\"\\udc00\\ud800\"}",
            b"{\"a\":\"\x01\"}",
            b"{\"a\":\"\0\"}",
            b"{\"a",
            b"{\"a\\",
        ] {
            assert_eq!(object(text), Err(InvalidJson::Malformed), "{}", String::from_utf8_lossy(text));
        }
        for text in [r#"{"a":"b\u0000"}"#, r#"{"\u0000":1}"#, r#"{"a":["\\\u0000"]}"#] {
            assert_eq!(object(text.as_bytes()), Err(InvalidJson::NullCharacter), "{text}");
        }
        assert!(object(br#"{"a":"\\u0000"}"#).is_ok());
    }

    #[test]
    fn depth_and_number_of_members_are_bounded() {
        covers!("ATK-262");
        let nested = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
        assert!(object(nested(16).as_bytes()).is_ok());
        assert_eq!(object(nested(17).as_bytes()), Err(InvalidJson::TooDeep));
        assert_eq!(object("[".repeat(1_000_000).as_bytes()), Err(InvalidJson::TooDeep));
        assert_eq!(object("{\"a\":".repeat(100_000).as_bytes()), Err(InvalidJson::TooDeep));

        let wide = |members: usize| {
            format!("{{{}}}", (0..members).map(|name| format!("\"{name}\":0")).collect::<Vec<_>>().join(","))
        };
        assert!(object(wide(128).as_bytes()).is_ok());
        assert_eq!(object(wide(129).as_bytes()), Err(InvalidJson::TooManyMembers));
        assert_eq!(object(wide(100_000).as_bytes()), Err(InvalidJson::TooManyMembers));
    }
}
