//! One request and its answer, as they are on the wire.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use bytes::Bytes;
use hyper::HeaderMap;
use hyper::header::{CONTENT_LENGTH, DATE, HeaderName, HeaderValue};

use crate::Mistake;
use crate::operation::Call;

/// What a server answered with 200, without what hyper adds by itself.
pub(crate) struct Answer {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// Reads an answer.
    ///
    /// # Errors
    ///
    /// It is none, or not a good one.
    pub(crate) fn parse(wire: &[u8]) -> Result<Self, Mistake> {
        let end = wire.windows(4).position(|four| four == b"\r\n\r\n").ok_or("no answer")?;
        let mut lines = std::str::from_utf8(&wire[..end])?.split("\r\n");
        let status = lines.next().unwrap_or_default();
        if !status.starts_with("HTTP/1.1 200 ") {
            return Err(format!("answered {status}").into());
        }
        let mut headers = HeaderMap::new();
        for line in lines {
            let (name, value) = line.split_once(": ").ok_or("a header is none")?;
            let name = HeaderName::try_from(name)?;
            if name != CONTENT_LENGTH && name != DATE {
                headers.append(name, HeaderValue::try_from(value)?);
            }
        }
        Ok(Self { headers, body: Bytes::copy_from_slice(&wire[end + 4..]) })
    }
}

/// Sends one call to a server, and gives back the answer as it came.
///
/// # Errors
///
/// The server cannot be reached, or said that something is wrong.
pub(crate) fn send(url: &str, call: &Call, credential: &str) -> Result<Vec<u8>, Mistake> {
    let authority = url.strip_prefix("http://").ok_or("no http URL")?;
    let body = call.body.replace("%s", credential);
    let authorization = match &call.authorization {
        Some(value) => format!("Authorization: {value}\r\n"),
        None => String::new(),
    };
    let request = format!(
        "POST {} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n{authorization}\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        call.path,
        body.len()
    );
    let port = authority.rsplit(':').next().unwrap_or_default().parse()?;
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let text = String::from_utf8_lossy(&answer);
    // The control is asked to keep connections open.
    let answer = text.replace("connection: close\r\n", "").into_bytes();
    Answer::parse(&answer)?;
    Ok(answer)
}
