//! JSON from elsewhere, read strictly: no member twice at any depth, nothing after the end, bounds on depth and number.

use serde_json::{Map, Value};

/// One JSON object, each name once wherever it stands.
pub(super) type Object = Map<String, Value>;

/// Reads an object.
///
/// # Errors
///
/// [`InvalidJson`] says which rule it breaks.
pub(super) fn object(text: &[u8]) -> Result<Object, InvalidJson> {
    let text = std::str::from_utf8(text).map_err(|_| InvalidJson::Malformed)?;
    ensure_shallow(text)?;
    let Ok(Value::Object(object)) = serde_json::from_str(text) else { return Err(InvalidJson::Malformed) };
    ensure_distinct(text)?;
    Ok(object)
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

/// Before anything recurses into it.
fn ensure_shallow(text: &str) -> Result<(), InvalidJson> {
    let mut depth = 0_usize;
    for piece in Pieces::of(text) {
        match piece {
            Piece::Opens(_) if depth == MOST_LEVELS => return Err(InvalidJson::TooDeep),
            Piece::Opens(_) => depth += 1,
            Piece::Closes => depth = depth.saturating_sub(1),
            Piece::Text(_) | Piece::Comma | Piece::Colon => {}
        }
    }
    Ok(())
}

/// The text is known to be JSON here, so what a piece is follows from the pieces before it.
fn ensure_distinct(text: &str) -> Result<(), InvalidJson> {
    // Of each level that is open: the names so far, if it is an object.
    let mut levels: Vec<Option<Vec<String>>> = Vec::new();
    let mut is_name = false;
    for piece in Pieces::of(text) {
        match piece {
            Piece::Opens(is_object) => {
                levels.push(is_object.then(Vec::new));
                is_name = is_object;
            }
            Piece::Closes => {
                levels.pop();
                is_name = false;
            }
            Piece::Comma => is_name = matches!(levels.last(), Some(Some(_))),
            Piece::Colon => is_name = false,
            Piece::Text(quoted) => {
                // What has no backslash holds no U+0000: JSON allows control characters as escapes only.
                let is_plain = !quoted.contains('\\');
                if is_plain && !is_name {
                    continue;
                }
                let text: String = serde_json::from_str(quoted).map_err(|_| InvalidJson::Malformed)?;
                if text.contains('\0') {
                    return Err(InvalidJson::NullCharacter);
                }
                if let (true, Some(Some(names))) = (is_name, levels.last_mut()) {
                    if names.contains(&text) {
                        return Err(InvalidJson::DuplicateMember);
                    }
                    if names.len() == MOST_MEMBERS {
                        return Err(InvalidJson::TooManyMembers);
                    }
                    names.push(text);
                }
            }
        }
    }
    Ok(())
}

/// A piece of JSON that matters for its structure.
enum Piece<'a> {
    /// An object, if true; otherwise an array.
    Opens(bool),
    Closes,
    Comma,
    Colon,
    /// A string with its quotation marks.
    Text(&'a str),
}

struct Pieces<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Pieces<'a> {
    fn of(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The rest of a string whose opening quotation mark is at `from`.
    fn string(&mut self, from: usize) -> Option<Piece<'a>> {
        let mut is_escaped = false;
        for byte in self.text.as_bytes().get(self.at..)? {
            self.at += 1;
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => return self.text.get(from..self.at).map(Piece::Text),
                _ => {}
            }
        }
        None
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        loop {
            let from = self.at;
            let byte = self.text.as_bytes().get(from)?;
            self.at += 1;
            match byte {
                b'{' => return Some(Piece::Opens(true)),
                b'[' => return Some(Piece::Opens(false)),
                b'}' | b']' => return Some(Piece::Closes),
                b',' => return Some(Piece::Comma),
                b':' => return Some(Piece::Colon),
                b'"' => return self.string(from),
                _ => {}
            }
        }
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
