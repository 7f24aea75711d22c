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
    /// The first pairs are kept inline: few requests have more.
    pairs: [Pair; INLINE_PAIRS],
    more: Vec<Pair>,
    count: usize,
}

/// Where a pair stands in the input.
#[derive(Clone, Copy, Default)]
struct Pair {
    start: u16,
    equals: u16,
    end: u16,
    is_name_encoded: bool,
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
        let mut parameters = Self { input, pairs: [Pair::default(); INLINE_PAIRS], more: Vec::new(), count: 0 };
        let mut start = 0;
        for text in input.split('&') {
            let end = start + text.len();
            if !text.is_empty() {
                parameters.push(text, start, end)?;
            }
            start = end + 1;
        }
        Ok(parameters)
    }

    fn push(&mut self, text: &str, start: usize, end: usize) -> Result<(), MalformedParameters> {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        let is_name_encoded = is_encoded(name);
        // What is borrowed needs no check; what is encoded must decode.
        if is_name_encoded {
            decode(name)?;
        }
        if is_encoded(value) {
            decode(value)?;
        }
        if self.count == MOST_PAIRS {
            return Err(MalformedParameters::TooMany);
        }
        let offset = |at: usize| u16::try_from(at).map_err(|_| MalformedParameters::TooLong);
        let pair =
            Pair { start: offset(start)?, equals: offset(start + name.len())?, end: offset(end)?, is_name_encoded };
        match self.pairs.get_mut(self.count) {
            Some(slot) => *slot = pair,
            None => self.more.push(pair),
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
        let mut values = self.values(name);
        let first = values.next();
        if values.next().is_some() {
            return Err(MalformedParameters::Repeated);
        }
        match first {
            None | Some("") => Ok(None),
            Some(value) => decode(value).map(Some),
        }
    }

    /// Every value of a parameter that may be repeated, empty ones left out.
    ///
    /// # Errors
    ///
    /// None that [`parse`](Self::parse) has not found already.
    pub fn get_all(&self, name: &str) -> Result<Vec<Cow<'a, str>>, MalformedParameters> {
        self.values(name).filter(|value| !value.is_empty()).map(decode).collect()
    }

    /// Whether the parameter occurs at all, be it empty.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.values(name).next().is_some()
    }

    fn values(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().chain(&self.more).take(self.count).filter_map(move |pair| {
            let text = |from: usize, to: usize| self.input.get(from..to).unwrap_or_default();
            let (start, equals, end) = (usize::from(pair.start), usize::from(pair.equals), usize::from(pair.end));
            let candidate = text(start, equals);
            let is_same = if pair.is_name_encoded {
                decode(candidate).is_ok_and(|decoded| decoded == name)
            } else {
                candidate == name
            };
            is_same.then(|| text((equals + 1).min(end), end))
        })
    }
}

/// Names and values are the client's, and some are secret.
impl fmt::Debug for Parameters<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Parameters({} pairs, redacted)", self.count)
    }
}

fn is_encoded(text: &str) -> bool {
    text.bytes().any(|byte| byte == b'%' || byte == b'+')
}

/// Undoes form encoding: `+` is a space, `%` takes two hexadecimal digits, the result is UTF-8.
pub(crate) fn decode(text: &str) -> Result<Cow<'_, str>, MalformedParameters> {
    if !is_encoded(text) {
        return Ok(Cow::Borrowed(text));
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || bytes.next().and_then(hexadecimal).ok_or(MalformedParameters::BadEscape);
                (digit()? << 4) | digit()?
            }
            other => other,
        });
    }
    String::from_utf8(decoded).map(Cow::Owned).map_err(|_| MalformedParameters::NotUtf8)
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

#[cfg(test)]
mod tests;
