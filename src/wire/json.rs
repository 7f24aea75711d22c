//! JSON objects of known size.

/// Writes one flat JSON object into a buffer that is allocated once, if the caller knew the size.
pub(super) struct Object(Vec<u8>);

impl Object {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        let mut buffer = Vec::with_capacity(bytes);
        buffer.push(b'{');
        Self(buffer)
    }

    /// A member whose value is a string, escaped where it must be.
    #[inline]
    pub(super) fn text(&mut self, name: &'static str, value: &str) -> &mut Self {
        self.name(name);
        self.quoted(value);
        self
    }

    /// A member whose value is a string that needs no escape: of a grammar without `"`, `\` and control characters.
    #[inline]
    pub(super) fn plain(&mut self, name: &'static str, value: &str) -> &mut Self {
        debug_assert!(!needs_escape(value), "the value of {name} needs an escape");
        self.name(name);
        self.0.push(b'"');
        self.0.extend_from_slice(value.as_bytes());
        self.0.push(b'"');
        self
    }

    /// A member whose value is a number.
    #[inline]
    pub(super) fn number(&mut self, name: &'static str, value: &Digits) -> &mut Self {
        self.name(name);
        self.0.extend_from_slice(value.as_bytes());
        self
    }

    /// A member whose value is `true` or `false`.
    #[inline]
    pub(super) fn truth(&mut self, name: &'static str, value: bool) -> &mut Self {
        self.name(name);
        self.0.extend_from_slice(if value { b"true" } else { b"false" });
        self
    }

    /// A member whose value is a list of strings.
    pub(super) fn texts<'a>(&mut self, name: &'static str, values: impl Iterator<Item = &'a str>) -> &mut Self {
        self.name(name);
        self.0.push(b'[');
        for (index, value) in values.enumerate() {
            if index > 0 {
                self.0.push(b',');
            }
            self.quoted(value);
        }
        self.0.push(b']');
        self
    }

    /// The finished object, with capacity for nothing more.
    pub(super) fn end(self) -> Vec<u8> {
        let mut buffer = self.0;
        buffer.push(b'}');
        buffer.shrink_to_fit();
        buffer
    }

    #[inline]
    fn name(&mut self, name: &'static str) {
        debug_assert!(!needs_escape(name), "the name {name} needs an escape");
        self.0.extend_from_slice(if self.0.len() > 1 { b",\"" } else { b"\"" });
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    fn quoted(&mut self, text: &str) {
        self.0.push(b'"');
        if needs_escape(text) {
            for byte in text.bytes() {
                match byte {
                    b'"' | b'\\' => self.0.extend_from_slice(&[b'\\', byte]),
                    0..0x20 => self.0.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
                    _ => self.0.push(byte),
                }
            }
        } else {
            self.0.extend_from_slice(text.as_bytes());
        }
        self.0.push(b'"');
    }
}

/// A number as text, without an allocation.
#[derive(Clone, Copy)]
pub(super) struct Digits {
    text: [u8; Self::MOST],
    from: usize,
}

impl Digits {
    /// As many as `i64::MIN` has, with its sign.
    const MOST: usize = 20;

    pub(super) fn of(value: i64) -> Self {
        let mut text = [b'-'; Self::MOST];
        let mut from = Self::MOST;
        let mut rest = value.unsigned_abs();
        for slot in text.iter_mut().rev() {
            *slot = b'0' + u8::try_from(rest % 10).unwrap_or_default();
            from -= 1;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        // What is in front of the digits is a sign already.
        Self { text, from: from - usize::from(value < 0) }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.text.get(self.from..).unwrap_or_default()
    }

    pub(super) fn length(&self) -> usize {
        Self::MOST - self.from
    }
}

/// Whether a quotation mark, a backslash or a control character is in it. Looks at eight bytes at once.
fn needs_escape(text: &str) -> bool {
    const TOP_BITS: u64 = u64::from_ne_bytes([0x80; 8]);
    const fn all(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; 8])
    }
    // Where a byte is less, the subtraction borrows its top bit; what that does to its neighbours no longer matters.
    let any_below = |word: u64, least: u8| word.wrapping_sub(all(least)) & !word & TOP_BITS;
    let found = |chunk: &[u8; 8]| {
        let word = u64::from_le_bytes(*chunk);
        any_below(word, 0x20) | any_below(word ^ all(b'"'), 1) | any_below(word ^ all(b'\\'), 1)
    };
    let (chunks, rest) = text.as_bytes().as_chunks();
    let mut last = [b' '; 8];
    last.split_at_mut(rest.len()).0.copy_from_slice(rest);
    chunks.iter().fold(found(&last), |so_far, chunk| so_far | found(chunk)) != 0
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(object: Object) -> Value {
        serde_json::from_slice(&object.end()).unwrap()
    }

    #[test]
    fn every_kind_of_member_is_read_back() {
        let mut object = Object::with_capacity(0);
        object.text("a", "b").number("c", &Digits::of(7)).truth("d", true).truth("e", false);
        object.texts("f", ["g", "h"].into_iter()).texts("i", [].into_iter());

        assert_eq!(read(object), json!({"a": "b", "c": 7, "d": true, "e": false, "f": ["g", "h"], "i": []}));
        assert_eq!(Object::with_capacity(0).end(), b"{}");
    }

    #[test]
    fn what_would_end_a_string_is_escaped() {
        let hostile: String = (0..=0xff).filter_map(char::from_u32).chain("\u{2028}\u{1f980}".chars()).collect();
        let mut object = Object::with_capacity(0);
        object.text("a", &hostile).texts("b", [hostile.as_str()].into_iter());

        assert_eq!(read(object), json!({"a": hostile.as_str(), "b": [hostile.as_str()]}));
    }

    #[test]
    fn an_escape_is_needed_for_each_of_the_bytes_that_need_one_wherever_it_stands() {
        for byte in 0..0x80 {
            let is_special = byte < 0x20 || byte == b'"' || byte == b'\\';
            for length in 1..20 {
                for at in 0..length {
                    let mut text = vec![b'~'; length];
                    text[at] = byte;
                    let text = String::from_utf8(text).unwrap();
                    assert_eq!(needs_escape(&text), is_special, "{byte} at {at} of {length}");
                }
            }
        }
        for text in ["", "\u{80}", "\u{7ff}", "\u{2028}", "\u{1f980}\u{1f980}", "\u{a2}\u{22e}\u{dc}"] {
            assert!(!needs_escape(text), "{text}");
        }
    }

    #[test]
    fn every_number_is_written_in_full() {
        for number in [0, 1, -1, 9, 10, 1_700_000_000, i64::MAX, i64::MIN] {
            let mut object = Object::with_capacity(0);
            object.number("a", &Digits::of(number));
            assert_eq!(read(object), json!({"a": number}));
            assert_eq!(Digits::of(number).length(), number.to_string().len());
        }
    }

    #[test]
    fn a_finished_object_has_capacity_for_nothing_more() {
        for capacity in [0, 9, 1000] {
            let mut object = Object::with_capacity(capacity);
            object.text("a", "b");
            let bytes = object.end();
            assert_eq!(bytes.capacity(), bytes.len());
        }
    }
}
