//! Base64 for what every request carries: credentials, and the `Authorization` header. Nothing but the exact text that
//! encoding gives is decoded.
//!
//! A bad character is only noted on the way, so decoding takes the same time whatever the secret in the text is, and
//! about two thirds of what a decoder for every purpose takes.
//!
//! [RFC 4648 §4, §5](https://www.rfc-editor.org/rfc/rfc4648#section-4)

use std::sync::LazyLock;

/// Writes `bytes` in base64url without padding to the beginning of `text`, and says how much was written: nothing, if
/// there is no room.
pub(crate) fn encode_url(bytes: &[u8], text: &mut [u8]) -> usize {
    let length = (bytes.len() * 4).div_ceil(3);
    let Some(text) = text.get_mut(..length) else { return 0 };
    let (triples, last) = bytes.as_chunks();
    let (quads, last_text) = text.as_chunks_mut();
    for (quad, triple) in quads.iter_mut().zip(triples) {
        *quad = encoded(*triple);
    }
    let mut triple = [0; 3];
    triple.split_at_mut(last.len()).0.copy_from_slice(last);
    for (to, from) in last_text.iter_mut().zip(encoded(triple)) {
        *to = from;
    }
    length
}

/// Reads base64url without padding into the beginning of `bytes`, and says how much was read.
pub(crate) fn decode_url(text: &[u8], bytes: &mut [u8]) -> Option<usize> {
    decode(text, bytes, &FROM_URL)
}

/// The same for base64 with padding.
pub(crate) fn decode_standard(text: &[u8], bytes: &mut [u8]) -> Option<usize> {
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let text = text.strip_suffix(b"=").unwrap_or(text);
    let text = text.strip_suffix(b"=").unwrap_or(text);
    decode(text, bytes, &FROM_STANDARD)
}

fn encoded([a, b, c]: [u8; 3]) -> [u8; 4] {
    let word = u32::from_be_bytes([0, a, b, c]);
    [word >> 18, word >> 12, word >> 6, word].map(|digit| {
        let digit = usize::try_from(digit & 0x3f).unwrap_or_default();
        URL_ALPHABET.get(digit).copied().unwrap_or_default()
    })
}

fn decode(text: &[u8], bytes: &mut [u8], from: &[u8; 256]) -> Option<usize> {
    let bytes = bytes.get_mut(..text.len() * 3 / 4)?;
    let (quads, last) = text.as_chunks();
    let (triples, last_bytes) = bytes.as_chunks_mut();
    let mut bad = 0;
    for (triple, quad) in triples.iter_mut().zip(quads) {
        let (decoded, bits) = decoded(*quad, from);
        *triple = decoded;
        bad |= bits;
    }
    if last.len() == 1 {
        return None;
    }
    // `A` is zero.
    let mut quad = [b'A'; 4];
    quad.split_at_mut(last.len()).0.copy_from_slice(last);
    let (triple, bits) = decoded(quad, from);
    let (whole, surplus) = triple.split_at(last_bytes.len());
    last_bytes.copy_from_slice(whole);
    let is_exact = bad | bits == 0 && surplus.iter().all(|byte| *byte == 0);
    is_exact.then_some(last_bytes.len() + 3 * quads.len())
}

/// Three bytes, and bits where a character was bad.
fn decoded(quad: [u8; 4], from: &[u8; 256]) -> ([u8; 3], u8) {
    let [a, b, c, d] = quad.map(|character| from.get(usize::from(character)).copied().unwrap_or(BAD));
    let word = u32::from(a) << 18 | u32::from(b) << 12 | u32::from(c) << 6 | u32::from(d);
    let [_, first, second, third] = word.to_be_bytes();
    ([first, second, third], (a | b | c | d) & BAD)
}

const URL_ALPHABET: [u8; 64] = *b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const STANDARD_ALPHABET: [u8; 64] = *b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// The bits that no digit has.
const BAD: u8 = 0xc0;

/// The digit of every character, all bits for what is none.
static FROM_URL: LazyLock<[u8; 256]> = LazyLock::new(|| digits_of(&URL_ALPHABET));
static FROM_STANDARD: LazyLock<[u8; 256]> = LazyLock::new(|| digits_of(&STANDARD_ALPHABET));

fn digits_of(alphabet: &[u8; 64]) -> [u8; 256] {
    std::array::from_fn(|character| {
        let digit = alphabet.iter().position(|other| usize::from(*other) == character);
        digit.and_then(|digit| u8::try_from(digit).ok()).unwrap_or(u8::MAX)
    })
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    use super::*;

    type Decode = fn(&[u8], &mut [u8]) -> Option<usize>;

    /// What the function reads, however much room there is.
    fn read(decode: Decode, text: &[u8]) -> Option<Vec<u8>> {
        let mut bytes = [0xaa; 300];
        let length = decode(text, &mut bytes)?;
        let mut exact = vec![0; length];
        assert_eq!(decode(text, &mut exact), Some(length));
        assert_eq!(exact, bytes[..length]);
        if let Some(less) = length.checked_sub(1) {
            assert_eq!(decode(text, &mut vec![0; less]), None);
        }
        Some(exact)
    }

    #[test]
    fn what_is_written_is_base64url_and_is_read_back() {
        for length in 0..=200_u8 {
            let bytes: Vec<u8> = (0..length).map(|number| number.wrapping_mul(167).wrapping_add(length)).collect();
            let mut text = [0; 300];
            let written = encode_url(&bytes, &mut text);
            let expected = URL_SAFE_NO_PAD.encode(&bytes);

            assert_eq!(&text[..written], expected.as_bytes());
            assert_eq!(encode_url(&bytes, &mut vec![0; written]), written);
            if let Some(less) = written.checked_sub(1) {
                assert_eq!(encode_url(&bytes, &mut vec![0; less]), 0);
            }
            assert_eq!(read(decode_url, expected.as_bytes()), Some(bytes.clone()));
            assert_eq!(read(decode_standard, STANDARD.encode(&bytes).as_bytes()), Some(bytes));
        }
    }

    #[test]
    fn every_character_at_every_place_is_read_as_others_read_it() {
        for whole in
            [&b"AAAA"[..], b"AAA", b"AA", b"A", b"", b"-_9zAAAA", b"AAAAAAA", b"AAA=", b"AA==", b"A===", b"===="]
        {
            for at in 0..whole.len() {
                for character in 0..=u8::MAX {
                    let mut text = whole.to_vec();
                    text[at] = character;
                    assert_eq!(read(decode_url, &text), URL_SAFE_NO_PAD.decode(&text).ok(), "{text:?}");
                    assert_eq!(read(decode_standard, &text), STANDARD.decode(&text).ok(), "{text:?}");
                }
            }
        }
    }
}
