//! Reading a request body: in one piece without a copy, in several pieces within the cap.

use std::future::poll_fn;
use std::pin::pin;

use bytes::{Buf, Bytes};
use http_body::Body;

/// Reads a body of at most so many bytes. Trailers are ignored.
///
/// # Errors
///
/// [`UnreadableBody`]: too long, or the connection broke.
pub(super) async fn read<B: Body>(body: B, longest: u64) -> Result<Bytes, UnreadableBody> {
    let announced = body.size_hint().lower();
    if announced > longest {
        return Err(UnreadableBody::TooLong);
    }
    let mut body = pin!(body);
    let mut first = Bytes::new();
    let mut pieces = Vec::new();
    while !body.is_end_stream() {
        let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await else { break };
        let Ok(mut piece) = frame.map_err(|_| UnreadableBody::Broken)?.into_data() else { continue };
        let length = first.len() + pieces.len() + piece.remaining();
        if u64::try_from(length).is_ok_and(|length| length > longest) {
            return Err(UnreadableBody::TooLong);
        }
        if length == piece.remaining() {
            first = piece.copy_to_bytes(length);
            continue;
        }
        if !first.is_empty() {
            pieces.reserve(usize::try_from(announced).unwrap_or_default().max(length));
            pieces.extend_from_slice(&std::mem::take(&mut first));
        }
        while piece.has_remaining() {
            pieces.extend_from_slice(piece.chunk());
            piece.advance(piece.chunk().len());
        }
    }
    Ok(if pieces.is_empty() { first } else { pieces.into() })
}

/// A body that is there already, if it is not too long.
///
/// # Errors
///
/// [`UnreadableBody::TooLong`].
pub(super) fn within(body: Bytes, longest: u64) -> Result<Bytes, UnreadableBody> {
    if u64::try_from(body.len()).is_ok_and(|length| length <= longest) {
        Ok(body)
    } else {
        Err(UnreadableBody::TooLong)
    }
}

/// Why there is no body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum UnreadableBody {
    /// The connection broke.
    Broken,
    /// It is no form, or its parameters are in the query too. It was not read.
    NotAForm,
    /// Longer than allowed.
    TooLong,
}

/// As long as a form can be that the parser takes.
pub(super) const LONGEST_FORM: u64 = 16 * 1024;

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use http::HeaderMap;
    use http_body::{Frame, SizeHint};
    use http_body_util::Full;

    use super::*;

    /// A body of several frames that announces nothing.
    struct Pieces(VecDeque<Frame<Bytes>>);

    impl Pieces {
        fn of(pieces: &[&'static [u8]]) -> Self {
            Self(pieces.iter().map(|piece| Frame::data(Bytes::from_static(piece))).collect())
        }
    }

    impl Body for Pieces {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Ready(self.0.pop_front().map(Ok))
        }
    }

    /// A body that announces a length and must not be read.
    struct Announced(u64);

    impl Body for Announced {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            panic!("the body was read")
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::with_exact(self.0)
        }
    }

    fn read_now<B: Body>(body: B) -> Result<Bytes, UnreadableBody> {
        pollster::block_on(read(body, LONGEST_FORM))
    }

    #[test]
    fn one_frame_is_not_copied() {
        let sent = Bytes::from(b"grant_type=client_credentials".to_vec());
        let address = sent.as_ptr();

        let read = read_now(Full::new(sent)).unwrap();

        assert_eq!(read.as_ptr(), address);
        assert_eq!(read, "grant_type=client_credentials");
    }

    #[test]
    fn several_frames_are_joined() {
        assert_eq!(read_now(Pieces::of(&[b"", b"a=", b"", b"1&b", b"=2"])).unwrap(), "a=1&b=2");
    }

    #[test]
    fn nothing_is_empty() {
        assert!(read_now(Pieces::of(&[])).unwrap().is_empty());
    }

    #[test]
    fn trailers_are_ignored() {
        let mut body = Pieces::of(&[b"a=1"]);
        body.0.push_back(Frame::trailers(HeaderMap::new()));

        assert_eq!(read_now(body).unwrap(), "a=1");
    }

    #[test]
    fn sixteen_kibibytes_are_read_and_one_byte_more_is_not() {
        static MOST: [u8; 16 * 1024] = [b'a'; 16 * 1024];

        assert_eq!(read_now(Pieces::of(&[&MOST])).unwrap().len(), MOST.len());
        assert_eq!(read_now(Pieces::of(&[&MOST, b"a"])), Err(UnreadableBody::TooLong));
        assert_eq!(read_now(Pieces::of(&[b"a", &MOST])), Err(UnreadableBody::TooLong));
    }

    #[test]
    fn a_body_announced_too_long_is_not_read() {
        assert_eq!(read_now(Announced(16 * 1024 + 1)), Err(UnreadableBody::TooLong));
    }
}
