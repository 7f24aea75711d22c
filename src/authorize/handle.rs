//! The handle: a judged request on its way through the browser, while its user logs in and decides.
//!
//! ```text
//! handle = base64url( format(1) ‖ key(1) ‖ HMAC-SHA-256(32) ‖ JSON )
//! ```
//!
//! Nothing is stored for a visitor who has not decided yet. The handle is authenticated, not secret: it holds what the
//! browser brought, a fresh grant id, and digests of who may go on with it.

use hmac::{Hmac, KeyInit as _, Mac as _};
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::{Reply, Validated};
use crate::value::{
    ClientId, Digest, GrantId, InstanceId, RealmFingerprint, SessionId, Subject, SymmetricKey, Timestamp, equal,
};
use crate::wire::ErrorCode;

/// A request that waits for its user.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "what travels; the driver builds it")]
pub struct Paused {
    /// The grant that the decision will write: a second decision finds the first.
    pub grant: GrantId,
    /// When the request arrived.
    pub asked_at: Timestamp,
    /// Until when it may be decided.
    pub expires_at: Timestamp,
    /// The browser that may go on.
    pub binding: Digest,
    /// The user whom the consent page was shown to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_to: Option<Digest>,
    /// What waits.
    pub question: Question,
}

/// What waits for the user.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Question {
    /// A request that may be put before the user.
    Request(Box<Validated>),
    /// A refused one, whose client hears of it when somebody has logged in.
    Refused(Refused),
}

/// A refusal that waits for its user.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "what travels; the driver builds it")]
pub struct Refused {
    /// The client that asked.
    pub client: ClientId,
    /// The client's registration.
    pub client_instance: InstanceId,
    /// Where the refusal goes.
    pub reply: Reply,
    /// What it says.
    pub code: ErrorCode,
}

impl Paused {
    /// The client that asked, and its registration.
    #[must_use]
    pub fn client(&self) -> (&ClientId, InstanceId) {
        match &self.question {
            Question::Request(request) => (&request.client, request.client_instance),
            Question::Refused(refused) => (&refused.client, refused.client_instance),
        }
    }

    /// Where the answer goes.
    #[must_use]
    pub fn reply(&self) -> &Reply {
        match &self.question {
            Question::Request(request) => &request.reply,
            Question::Refused(refused) => &refused.reply,
        }
    }

    /// The handle's text. `None` only if a value cannot be written, which no request causes.
    #[must_use]
    pub fn seal(&self, number: u8, key: &SymmetricKey, realm: &RealmFingerprint) -> Option<String> {
        let content = serde_json::to_vec(self).ok()?;
        let tag = authenticator(number, key, realm, &content).finalize().into_bytes();
        let mut bytes = Vec::with_capacity(HEAD + TAG + content.len());
        bytes.extend_from_slice(&[FORMAT, number]);
        bytes.extend_from_slice(&tag);
        bytes.extend_from_slice(&content);
        Some(URL_SAFE_NO_PAD.encode(bytes))
    }
}

/// A handle as a browser presented it: well-formed, nothing more.
pub struct PresentedHandle {
    number: u8,
    tag: [u8; TAG],
    content: Vec<u8>,
}

impl PresentedHandle {
    /// Reads a handle of at most 32 KiB.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let ([FORMAT, number], rest) = bytes.split_first_chunk()? else { return None };
        let (tag, content) = rest.split_first_chunk()?;
        Some(Self { number: *number, tag: *tag, content: content.to_vec() })
    }

    /// Which of the keyring's keys authenticates it.
    #[must_use]
    pub fn key_number(&self) -> u8 {
        self.number
    }

    /// What waits, if this server wrote it and nobody changed it.
    #[must_use]
    pub fn open(&self, key: &SymmetricKey, realm: &RealmFingerprint) -> Option<Paused> {
        let tag = authenticator(self.number, key, realm, &self.content).finalize().into_bytes();
        if !equal(&tag, &self.tag) {
            return None;
        }
        serde_json::from_slice(&self.content).ok()
    }
}

impl fmt::Debug for PresentedHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresentedHandle(redacted)")
    }
}

/// What a handle keeps of the binding cookie.
#[must_use]
pub fn binding_digest(realm: &RealmFingerprint, cookie: &str) -> Digest {
    Digest::of(&[b"grantsmith binding", realm, cookie.as_bytes()])
}

/// What a handle keeps of the user whom a consent page was shown to.
#[must_use]
pub fn shown_to_digest(realm: &RealmFingerprint, subject: &Subject, session: Option<&SessionId>) -> Digest {
    let length = subject.as_str().len().to_be_bytes();
    let session = session.map_or("", SessionId::as_str);
    Digest::of(&[b"grantsmith shown to", realm, &length, subject.as_str().as_bytes(), session.as_bytes()])
}

fn authenticator(number: u8, key: &SymmetricKey, realm: &RealmFingerprint, content: &[u8]) -> Hmac<Sha256> {
    // A key of any length is accepted by HMAC; ours has 32 bytes, so `new_from_slice` cannot fail.
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose()).unwrap_or_else(|_| Hmac::new(&[0; 64].into()));
    mac.update(b"grantsmith handle");
    mac.update(&[FORMAT, number]);
    mac.update(realm);
    mac.update(content);
    mac
}

const FORMAT: u8 = 1;
const HEAD: usize = 2;
const TAG: usize = 32;
const LONGEST: usize = 32 * 1024;
