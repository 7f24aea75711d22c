//! ECDSA signatures as key managers give them.
//!
//! [RFC 3279 §2.2.3](https://www.rfc-editor.org/rfc/rfc3279#section-2.2.3),
//! [RFC 7518 §3.4](https://www.rfc-editor.org/rfc/rfc7518#section-3.4)

use crate::value::JwsAlgorithm;

/// The signature as it stands in a JWS, of one in DER: most key managers answer with DER.
///
/// # Errors
///
/// [`MalformedSignature`] if it is not the DER of two numbers that fit the algorithm, or the algorithm is not ECDSA.
pub fn ecdsa_signature_from_der(der: &[u8], algorithm: JwsAlgorithm) -> Result<Vec<u8>, MalformedSignature> {
    let length = match algorithm {
        JwsAlgorithm::Es256 => 32,
        JwsAlgorithm::Es384 => 48,
        JwsAlgorithm::Es512 => 66,
        _ => return Err(MalformedSignature),
    };
    let (sequence, rest) = element(der, SEQUENCE)?;
    let (r, more) = element(sequence, INTEGER)?;
    let (s, end) = element(more, INTEGER)?;
    if !(rest.is_empty() && end.is_empty()) {
        return Err(MalformedSignature);
    }
    let mut signature = Vec::with_capacity(2 * length);
    for number in [r, s] {
        let number = positive(number)?;
        let zeros = length.checked_sub(number.len()).ok_or(MalformedSignature)?;
        signature.resize(signature.len() + zeros, 0);
        signature.extend_from_slice(number);
    }
    Ok(signature)
}

/// The content of the element that the bytes begin with, and what follows it.
fn element(bytes: &[u8], tag: u8) -> Result<(&[u8], &[u8]), MalformedSignature> {
    let (length, content) = match bytes {
        [first, length @ 0..=0x7f, content @ ..] if *first == tag => (length, content),
        // The long form is right only for what the short form cannot say, and no signature needs more than one byte.
        [first, 0x81, length @ 0x80..=0xff, content @ ..] if *first == tag => (length, content),
        _ => return Err(MalformedSignature),
    };
    content.split_at_checked(usize::from(*length)).ok_or(MalformedSignature)
}

/// The digits of a number that is more than zero, written as short as it can be.
fn positive(number: &[u8]) -> Result<&[u8], MalformedSignature> {
    match number {
        [0, digits @ ..] if digits.first().is_some_and(|first| *first >= 0x80) => Ok(digits),
        [1..=0x7f, ..] => Ok(number),
        _ => Err(MalformedSignature),
    }
}

/// A signature that is not what its algorithm makes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not the DER of an ECDSA signature of this algorithm")]
#[non_exhaustive]
pub struct MalformedSignature;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;

#[cfg(test)]
mod tests {
    use super::*;

    fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
        let integer = |number: &[u8]| [&[INTEGER, u8::try_from(number.len()).unwrap()], number].concat();
        let content = [integer(r), integer(s)].concat();
        let length = u8::try_from(content.len()).unwrap();
        let head: &[u8] = if length < 0x80 { &[SEQUENCE, length] } else { &[SEQUENCE, 0x81, length] };
        [head, &content].concat()
    }

    #[test]
    fn both_numbers_are_brought_to_full_length() {
        covers!("RFC7518-3.4-01");
        let high = [&[0], &[0xff; 32][..]].concat();

        let signature = ecdsa_signature_from_der(&der(&[1], &high), JwsAlgorithm::Es256).unwrap();
        assert_eq!(signature, [&[0; 31][..], &[1], &[0xff; 32]].concat());

        let signature = ecdsa_signature_from_der(&der(&[0x7f; 66], &[1, 0]), JwsAlgorithm::Es512).unwrap();
        assert_eq!(signature, [&[0x7f; 66][..], &[0; 64], &[1, 0]].concat());
    }

    #[test]
    fn what_is_not_the_one_encoding_of_two_positive_numbers_is_refused() {
        let good = der(&[1], &[2]);
        assert!(ecdsa_signature_from_der(&good, JwsAlgorithm::Es256).is_ok());
        let trailing = [&good[..], &[0]].concat();
        let three = [&[SEQUENCE, 9], &[2, 1, 1].repeat(3)[..]].concat();
        let long_form = [&[SEQUENCE, 0x81, 6], &good[2..]].concat();
        for bad in [
            Vec::new(),
            der(&[], &[1]),
            der(&[0], &[1]),
            der(&[0, 1], &[1]),
            der(&[0x80], &[1]),
            der(&[1; 33], &[1]),
            good[..good.len() - 1].to_vec(),
            [&[0x31], &good[1..]].concat(),
            trailing,
            three,
            long_form,
        ] {
            assert_eq!(ecdsa_signature_from_der(&bad, JwsAlgorithm::Es256), Err(MalformedSignature), "{bad:02x?}");
        }
        assert_eq!(ecdsa_signature_from_der(&good, JwsAlgorithm::Ed25519), Err(MalformedSignature));
    }
}
