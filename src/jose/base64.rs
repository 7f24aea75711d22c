//! base64url without padding: one text for each byte string, and no other.
//!
//! [RFC 7515 §2](https://www.rfc-editor.org/rfc/rfc7515#section-2)

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The bytes. `None` for padding, white space, the other alphabet, and surplus bits that are not zero.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

pub(super) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(super) fn append(bytes: &[u8], to: &mut String) {
    URL_SAFE_NO_PAD.encode_string(bytes, to);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_text_is_read() {
        covers!("ATK-260");
        assert_eq!(decode("AAE"), Some(vec![0, 1]));
        for text in ["AAE=", "AAF", "AA E", "AAE\n", " AAE", "AA+A", "AA/A", "A", "AAAAA", "AA\0A", "AAé", "===="] {
            assert_eq!(decode(text), None, "{text}");
        }
        assert_eq!(decode("-_-_"), Some(vec![0xfb, 0xff, 0xbf]));
        assert_eq!(encode(&[0xfb, 0xff, 0xbf]), "-_-_");
    }
}
