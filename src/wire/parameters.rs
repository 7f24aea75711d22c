//! Request parameters: `application/x-www-form-urlencoded`, strictly.
//!
//! Nothing is lossy and nothing is guessed: a bad escape or a byte sequence that is not UTF-8 is refused, a parameter
//! that is asked for must not occur twice, an empty value counts as absent, and unknown parameters are ignored.
//!
//! [RFC 6749 §3.1](https://www.rfc-editor.org/rfc/rfc6749#section-3.1),
//! [appendix B](https://www.rfc-editor.org/rfc/rfc6749#appendix-B)

use std::borrow::Cow;
use std::fmt;

/// Checked request parameters. Values are decoded when they are asked for, and borrowed when nothing is encoded.
pub struct Parameters<'a> {
    input: &'a str,
    /// The pairs, where they are few, as in most requests.
    few: [Pair; INLINE_PAIRS],
    /// Otherwise all of them.
    more: Vec<Pair>,
    count: usize,
    /// A bit for each length that a name has, so that most names which do not occur are not looked for.
    name_lengths: u64,
}

/// Where a pair stands in the input, and which of its halves are encoded.
#[derive(Clone, Copy, Default)]
struct Pair {
    start: u16,
    equals: u16,
    end: u16,
    is_name_encoded: bool,
    is_value_encoded: bool,
}

impl Pair {
    fn name_length(self) -> usize {
        usize::from(self.equals - self.start)
    }
}

impl<'a> Parameters<'a> {
    /// Checks a form body or a query: at most 16 KiB and 64 pairs, valid escapes, valid UTF-8.
    ///
    /// # Errors
    ///
    /// [`MalformedParameters`] says which rule is broken.
    pub fn parse(input: &'a [u8]) -> Result<Self, MalformedParameters> {
        if input.len() > MOST_BYTES {
            return Err(MalformedParameters::TooLong);
        }
        let input = std::str::from_utf8(input).map_err(|_| MalformedParameters::NotUtf8)?;
        let few = [Pair::default(); INLINE_PAIRS];
        let mut parameters = Self { input, few, more: Vec::new(), count: 0, name_lengths: 0 };
        let mut pair = PairInProgress::default();
        let bytes = input.as_bytes();
        let mut from = 0;
        while from < bytes.len() {
            let mut found = meaningful(chunk_at(bytes, from));
            while found != 0 {
                let at = from + first_marked(found);
                found &= found - 1;
                match bytes.get(at) {
                    Some(b'&') => {
                        parameters.push(pair, at)?;
                        pair = PairInProgress { start: at + 1, ..PairInProgress::default() };
                    }
                    Some(b'=') if pair.equals.is_none() => pair.equals = Some(at),
                    Some(b'+') => pair.note_encoding(),
                    Some(b'%') => {
                        pair.note_encoding();
                        let digits = bytes.get(at + 1..).unwrap_or_default();
                        // Where every escape is ASCII, what is decoded is UTF-8 as the text is.
                        pair.is_ascii &= escaped(&mut digits.iter().copied())?.is_ascii();
                    }
                    _ => {}
                }
            }
            from += CHUNK;
        }
        parameters.push(pair, input.len())?;
        Ok(parameters)
    }

    fn push(&mut self, pair: PairInProgress, end: usize) -> Result<(), MalformedParameters> {
        if pair.start == end {
            return Ok(());
        }
        let offset = |at: usize| u16::try_from(at).map_err(|_| MalformedParameters::TooLong);
        let is_ascii = pair.is_ascii;
        let pair = Pair {
            start: offset(pair.start)?,
            equals: offset(pair.equals.unwrap_or(end))?,
            end: offset(end)?,
            is_name_encoded: pair.is_name_encoded,
            is_value_encoded: pair.is_value_encoded,
        };
        if !is_ascii {
            decode(self.name(pair))?;
            decode(self.value(pair))?;
        }
        if self.count == MOST_PAIRS {
            return Err(MalformedParameters::TooMany);
        }
        if let Some(slot) = self.few.get_mut(self.count) {
            *slot = pair;
        } else {
            if self.more.is_empty() {
                self.more.extend(self.few);
            }
            self.more.push(pair);
        }
        self.count += 1;
        // How long an encoded name is will be known when it is compared.
        self.name_lengths |= if pair.is_name_encoded { u64::MAX } else { length_bit(pair.name_length()) };
        Ok(())
    }

    /// The value of `name`. An empty value counts as absent.
    ///
    /// # Errors
    ///
    /// [`MalformedParameters::Repeated`] if the parameter occurs more than once.
    pub fn get(&self, name: &str) -> Result<Option<Cow<'a, str>>, MalformedParameters> {
        match self.find(name)? {
            Some(value) => value.decoded().map(Some),
            None => Ok(None),
        }
    }

    /// The same, not decoded yet.
    #[inline]
    pub(super) fn find(&self, name: &str) -> Result<Option<Value<'a>>, MalformedParameters> {
        if self.may_have(name) { self.find_among_pairs(name) } else { Ok(None) }
    }

    fn find_among_pairs(&self, name: &str) -> Result<Option<Value<'a>>, MalformedParameters> {
        let mut found = None;
        for pair in self.pairs() {
            if self.is_named(*pair, name) {
                if found.is_some() {
                    return Err(MalformedParameters::Repeated);
                }
                found = Some(*pair);
            }
        }
        Ok(found.map(|pair| self.value_of(pair)).filter(|value| !value.is_empty()))
    }

    /// Every value of a parameter that may be repeated, empty ones left out.
    ///
    /// # Errors
    ///
    /// None that [`parse`](Self::parse) has not found already.
    pub fn get_all(&self, name: &str) -> Result<Vec<Cow<'a, str>>, MalformedParameters> {
        let named = self.pairs().iter().filter(|pair| self.is_named(**pair, name));
        named.map(|pair| self.value_of(*pair)).filter(|value| !value.is_empty()).map(Value::decoded).collect()
    }

    /// Whether the parameter occurs at all, be it empty.
    #[inline]
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.may_have(name) && self.pairs().iter().any(|pair| self.is_named(*pair, name))
    }

    /// Whether a name of that length occurs, or one whose length is not known.
    #[inline]
    fn may_have(&self, name: &str) -> bool {
        self.name_lengths & length_bit(name.len()) != 0
    }

    fn pairs(&self) -> &[Pair] {
        if self.more.is_empty() { self.few.get(..self.count).unwrap_or_default() } else { &self.more }
    }

    #[inline]
    fn is_named(&self, pair: Pair, name: &str) -> bool {
        if pair.is_name_encoded {
            return self.name_of(pair).is(name);
        }
        // The length first: it rules out most names.
        let at = usize::from(pair.start)..usize::from(pair.equals);
        at.len() == name.len() && self.input.as_bytes().get(at) == Some(name.as_bytes())
    }

    fn name(&self, pair: Pair) -> &'a str {
        self.input.get(usize::from(pair.start)..usize::from(pair.equals)).unwrap_or_default()
    }

    fn value(&self, pair: Pair) -> &'a str {
        // Without an equals sign there is nothing behind it.
        self.input.get(usize::from(pair.equals) + 1..usize::from(pair.end)).unwrap_or_default()
    }

    fn name_of(&self, pair: Pair) -> Value<'a> {
        Value { text: self.name(pair), is_encoded: pair.is_name_encoded }
    }

    fn value_of(&self, pair: Pair) -> Value<'a> {
        Value { text: self.value(pair), is_encoded: pair.is_value_encoded }
    }
}

/// A name or a value that is decoded when it must be.
#[derive(Clone, Copy)]
pub(super) struct Value<'a> {
    text: &'a str,
    is_encoded: bool,
}

impl<'a> Value<'a> {
    pub(super) fn decoded(self) -> Result<Cow<'a, str>, MalformedParameters> {
        if self.is_encoded { undo_encoding(self.text).map(Cow::Owned) } else { Ok(Cow::Borrowed(self.text)) }
    }

    /// Whether the decoded value is that text, which takes no allocation to find out.
    #[inline]
    pub(super) fn is(self, expected: &str) -> bool {
        if self.is_encoded { self.after(expected).is_some_and(Self::is_empty) } else { self.text == expected }
    }

    /// What comes after that text, if the decoded value begins with it.
    #[inline]
    pub(super) fn after(self, expected: &str) -> Option<Self> {
        if !self.is_encoded {
            return self.text.strip_prefix(expected).map(|text| Self { text, ..self });
        }
        let mut bytes = self.text.bytes();
        for expected in expected.bytes() {
            let byte = match bytes.next()? {
                b'+' => b' ',
                b'%' => escaped(&mut bytes).ok()?,
                other => other,
            };
            if byte != expected {
                return None;
            }
        }
        Some(Self { text: self.text.get(self.text.len() - bytes.len()..)?, ..self })
    }

    pub(super) fn is_empty(self) -> bool {
        self.text.is_empty()
    }
}

/// A pair whose end is not found yet.
#[derive(Clone, Copy)]
struct PairInProgress {
    start: usize,
    equals: Option<usize>,
    is_name_encoded: bool,
    is_value_encoded: bool,
    is_ascii: bool,
}

impl PairInProgress {
    fn note_encoding(&mut self) {
        if self.equals.is_none() {
            self.is_name_encoded = true;
        } else {
            self.is_value_encoded = true;
        }
    }
}

impl Default for PairInProgress {
    fn default() -> Self {
        Self { start: 0, equals: None, is_name_encoded: false, is_value_encoded: false, is_ascii: true }
    }
}

/// Names and values are the client's, and some are secret.
impl fmt::Debug for Parameters<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Parameters({} pairs, redacted)", self.count)
    }
}

/// Undoes form encoding: `+` is a space, `%` takes two hexadecimal digits, the result is UTF-8.
pub(crate) fn decode(text: &str) -> Result<Cow<'_, str>, MalformedParameters> {
    let (chunks, rest) = text.as_bytes().as_chunks();
    let found = chunks.iter().fold(meaningful(chunk_at(rest, 0)), |found, chunk| found | meaningful(*chunk));
    // Only where something may mean something is it looked at again.
    let is_encoded = found != 0 && text.bytes().any(|byte| matches!(byte, b'%' | b'+'));
    Value { text, is_encoded }.decoded()
}

fn undo_encoding(text: &str) -> Result<String, MalformedParameters> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'%' | b'+')) {
        let (plain, encoded) = rest.split_at(at);
        decoded.extend_from_slice(plain);
        let mut bytes = encoded.iter();
        decoded.push(match bytes.next() {
            Some(b'%') => escaped(&mut bytes.by_ref().copied())?,
            _ => b' ',
        });
        rest = bytes.as_slice();
    }
    decoded.extend_from_slice(rest);
    String::from_utf8(decoded).map_err(|_| MalformedParameters::NotUtf8)
}

fn escaped(digits: &mut impl Iterator<Item = u8>) -> Result<u8, MalformedParameters> {
    let mut digit = || digits.next().and_then(hexadecimal).ok_or(MalformedParameters::BadEscape);
    Ok((digit()? << 4) | digit()?)
}

fn hexadecimal(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// The bit for a length. Long ones share the last.
#[inline]
fn length_bit(length: usize) -> u64 {
    1 << length.min(63)
}

/// Eight bytes from there on. Behind the end is what means nothing.
#[inline]
fn chunk_at(bytes: &[u8], from: usize) -> [u8; CHUNK] {
    let rest = bytes.get(from..).unwrap_or_default();
    rest.first_chunk().copied().unwrap_or_else(|| {
        let mut chunk = [b'~'; CHUNK];
        chunk.split_at_mut(rest.len()).0.copy_from_slice(rest);
        chunk
    })
}

/// Marks in the top bit of each byte whether it may mean something in a form: all of `%`, `&`, `+`, `=` are marked, and
/// hardly anything else that occurs in one. Eight bytes at once, because most bytes mean nothing.
fn meaningful(chunk: [u8; CHUNK]) -> u64 {
    const TOP_BITS: u64 = u64::from_ne_bytes([0x80; 8]);
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const EQUALS: u64 = u64::from_ne_bytes([b'='; 8]);
    const BEHIND_PLUS: u64 = u64::from_ne_bytes([b'+' + 1; 8]);
    let word = u64::from_le_bytes(chunk);
    // The top bits are lent, so nothing is borrowed from the next byte; where one is not given back, the byte is less.
    let is_at_least = |word: u64, least: u64| (word | TOP_BITS) - least;
    let (other_than_equals, behind_plus) = (is_at_least(word ^ EQUALS, ONES), is_at_least(word, BEHIND_PLUS));
    !(other_than_equals & behind_plus) & TOP_BITS
}

/// The number of the first byte that is marked.
fn first_marked(marks: u64) -> usize {
    usize::try_from(marks.trailing_zeros() / 8).unwrap_or_default()
}

/// Why request parameters cannot be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MalformedParameters {
    /// A percent sign without two hexadecimal digits.
    #[error("a parameter has a percent sign without two hexadecimal digits")]
    BadEscape,
    /// Bytes that are not UTF-8.
    #[error("a parameter is not UTF-8")]
    NotUtf8,
    /// A parameter that must not be repeated is.
    #[error("a parameter is repeated")]
    Repeated,
    /// More than 16 KiB.
    #[error("the parameters are longer than 16 KiB")]
    TooLong,
    /// More than 64 pairs.
    #[error("there are more than 64 parameters")]
    TooMany,
}

const CHUNK: usize = 8;
const MOST_BYTES: usize = 16 * 1024;
const MOST_PAIRS: usize = 64;
const INLINE_PAIRS: usize = 8;

#[cfg(test)]
mod tests;
