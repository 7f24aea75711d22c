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
        let mut parameters = Self { input, few: [Pair::default(); INLINE_PAIRS], more: Vec::new(), count: 0 };
        let mut pair = PairInProgress::default();
        let mut at = 0;
        for byte in input.bytes() {
            at += 1;
            // A look into a table, because comparing would guess wrong at every digit of a token.
            if !MEANINGFUL.get(usize::from(byte)).is_some_and(|is_meaningful| *is_meaningful) {
                continue;
            }
            let at = at - 1;
            match byte {
                b'&' => {
                    parameters.push(pair, at)?;
                    pair = PairInProgress { start: at + 1, ..PairInProgress::default() };
                }
                b'=' if pair.equals.is_none() => pair.equals = Some(at),
                b'=' => {}
                _ if pair.equals.is_none() => pair.is_name_encoded = true,
                _ => pair.is_value_encoded = true,
            }
        }
        parameters.push(pair, at)?;
        Ok(parameters)
    }

    fn push(&mut self, pair: PairInProgress, end: usize) -> Result<(), MalformedParameters> {
        if pair.start == end {
            return Ok(());
        }
        let offset = |at: usize| u16::try_from(at).map_err(|_| MalformedParameters::TooLong);
        let pair = Pair {
            start: offset(pair.start)?,
            equals: offset(pair.equals.unwrap_or(end))?,
            end: offset(end)?,
            is_name_encoded: pair.is_name_encoded,
            is_value_encoded: pair.is_value_encoded,
        };
        // What is borrowed needs no check; what is encoded must decode.
        if pair.is_name_encoded {
            ensure_decodable(self.name(pair))?;
        }
        if pair.is_value_encoded {
            ensure_decodable(self.value(pair))?;
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
        Ok(())
    }

    /// The value of `name`. An empty value counts as absent.
    ///
    /// # Errors
    ///
    /// [`MalformedParameters::Repeated`] if the parameter occurs more than once.
    pub fn get(&self, name: &str) -> Result<Option<Cow<'a, str>>, MalformedParameters> {
        let mut found = None;
        for pair in self.pairs() {
            if self.is_named(*pair, name) && found.replace(*pair).is_some() {
                return Err(MalformedParameters::Repeated);
            }
        }
        match found {
            Some(pair) if !self.value(pair).is_empty() => self.decoded(pair).map(Some),
            _ => Ok(None),
        }
    }

    /// Every value of a parameter that may be repeated, empty ones left out.
    ///
    /// # Errors
    ///
    /// None that [`parse`](Self::parse) has not found already.
    pub fn get_all(&self, name: &str) -> Result<Vec<Cow<'a, str>>, MalformedParameters> {
        let named = self.pairs().iter().filter(|pair| self.is_named(**pair, name) && !self.value(**pair).is_empty());
        named.map(|pair| self.decoded(*pair)).collect()
    }

    /// Whether the parameter occurs at all, be it empty.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.pairs().iter().any(|pair| self.is_named(*pair, name))
    }

    fn pairs(&self) -> &[Pair] {
        if self.more.is_empty() { self.few.get(..self.count).unwrap_or_default() } else { &self.more }
    }

    fn is_named(&self, pair: Pair, name: &str) -> bool {
        if pair.is_name_encoded {
            return decode(self.name(pair)).is_ok_and(|decoded| decoded == name);
        }
        // The length first: it rules out most names.
        usize::from(pair.equals - pair.start) == name.len() && self.name(pair) == name
    }

    fn name(&self, pair: Pair) -> &'a str {
        self.input.get(usize::from(pair.start)..usize::from(pair.equals)).unwrap_or_default()
    }

    fn value(&self, pair: Pair) -> &'a str {
        // Without an equals sign there is nothing behind it.
        self.input.get(usize::from(pair.equals) + 1..usize::from(pair.end)).unwrap_or_default()
    }

    fn decoded(&self, pair: Pair) -> Result<Cow<'a, str>, MalformedParameters> {
        let value = self.value(pair);
        if pair.is_value_encoded { undo_encoding(value).map(Cow::Owned) } else { Ok(Cow::Borrowed(value)) }
    }
}

/// A pair whose end is not found yet.
#[derive(Clone, Copy, Default)]
struct PairInProgress {
    start: usize,
    equals: Option<usize>,
    is_name_encoded: bool,
    is_value_encoded: bool,
}

/// Names and values are the client's, and some are secret.
impl fmt::Debug for Parameters<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Parameters({} pairs, redacted)", self.count)
    }
}

/// Undoes form encoding: `+` is a space, `%` takes two hexadecimal digits, the result is UTF-8.
pub(crate) fn decode(text: &str) -> Result<Cow<'_, str>, MalformedParameters> {
    if text.bytes().any(|byte| byte == b'%' || byte == b'+') {
        undo_encoding(text).map(Cow::Owned)
    } else {
        Ok(Cow::Borrowed(text))
    }
}

fn undo_encoding(text: &str) -> Result<String, MalformedParameters> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => escaped(&mut bytes)?,
            other => other,
        });
    }
    String::from_utf8(decoded).map_err(|_| MalformedParameters::NotUtf8)
}

/// Finds what [`undo_encoding`] would refuse. Where every escape is ASCII, the result is UTF-8 as the text is.
fn ensure_decodable(text: &str) -> Result<(), MalformedParameters> {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' && !escaped(&mut bytes)?.is_ascii() {
            return undo_encoding(text).map(drop);
        }
    }
    Ok(())
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

const MOST_BYTES: usize = 16 * 1024;
const MOST_PAIRS: usize = 64;
const INLINE_PAIRS: usize = 12;

/// The bytes that mean something in a form.
#[expect(clippy::as_conversions, clippy::indexing_slicing, reason = "evaluated at compile time")]
static MEANINGFUL: [bool; 256] = {
    let mut table = [false; 256];
    [table[b'%' as usize], table[b'&' as usize], table[b'+' as usize], table[b'=' as usize]] = [true; 4];
    table
};

#[cfg(test)]
mod tests;
