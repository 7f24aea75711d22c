//! Forms that only our own pages can send.
//!
//! Each form carries a word that is derived from a cookie of the browser, from what the form does, and from the session
//! that it is for. Another site can make the browser send the cookie, but cannot know the word.

use axum::http::{HeaderMap, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantsmith::server::UserSession;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::cookies::{Cookie, random_word};

/// Marks forms, and knows them again.
pub struct Forms {
    key: Zeroizing<[u8; 32]>,
    cookie: Cookie,
    origin: String,
}

/// What a form does.
#[derive(Clone, Copy)]
pub enum Purpose {
    /// Whoever is logged in already may well log in again.
    LogIn,
    LogOut,
    Disconnect,
}

/// The mark for forms of one page.
pub struct Mark<'a> {
    forms: &'a Forms,
    browser: String,
    session: String,
    is_new: bool,
}

impl Forms {
    /// `secret` is the keyring's; `origin` is where the forms are from.
    pub fn new(secret: &[u8; 32], origin: &str, is_secure: bool) -> Self {
        let key = Zeroizing::new(mac(secret, &[b"grantsmith-server forms"]));
        let cookie = Cookie::new("__Host-grantsmith-form", "grantsmith-form", is_secure);
        Self { key, cookie, origin: origin.to_owned() }
    }

    /// The mark for a page that this browser gets. A browser without the cookie gets one along.
    pub fn mark(&self, headers: &HeaderMap, session: Option<&UserSession>) -> Mark<'_> {
        let known = self.cookie.read(headers).filter(|value| value.len() == WORD).map(str::to_owned);
        let is_new = known.is_none();
        // Without random bytes there is no mark, and the form will be refused.
        let browser = known.or_else(|| random_word().ok()).unwrap_or_default();
        Mark { forms: self, browser, session: name_of(session), is_new }
    }

    /// Whether a form is one that this browser got from us, for this session.
    pub fn are_ours(&self, headers: &HeaderMap, purpose: Purpose, session: Option<&UserSession>, word: &str) -> bool {
        let Some(browser) = self.cookie.read(headers).filter(|value| value.len() == WORD) else { return false };
        self.is_from_here(headers)
            && bool::from(self.word(purpose, browser, &name_of(session)).as_bytes().ct_eq(word.as_bytes()))
    }

    /// Browsers say where a form is from. Those that do not, and those that conceal it, have the word only.
    fn is_from_here(&self, headers: &HeaderMap) -> bool {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let is_own_origin = text("origin").is_none_or(|origin| origin == self.origin || origin == "null");
        is_own_origin && text("sec-fetch-site").is_none_or(|site| site == "same-origin" || site == "none")
    }

    fn word(&self, purpose: Purpose, browser: &str, session: &str) -> String {
        let (purpose, session): (&[u8], _) = match purpose {
            Purpose::LogIn => (b"log in", ""),
            Purpose::LogOut => (b"log out", session),
            Purpose::Disconnect => (b"disconnect", session),
        };
        URL_SAFE_NO_PAD.encode(mac(&self.key, &[purpose, b"\0", browser.as_bytes(), b"\0", session.as_bytes()]))
    }
}

impl Mark<'_> {
    /// What a form of that purpose carries.
    pub fn word(&self, purpose: Purpose) -> String {
        self.forms.word(purpose, &self.browser, &self.session)
    }

    /// The cookie to set, if the browser has none.
    pub fn cookie(&self) -> Option<HeaderValue> {
        if self.is_new { self.forms.cookie.set(&self.browser) } else { None }
    }
}

fn name_of(session: Option<&UserSession>) -> String {
    let session = session.and_then(|session| session.authentication.session.as_ref());
    session.map(|name| name.as_str().to_owned()).unwrap_or_default()
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // A key of any length is accepted by HMAC, so `new_from_slice` cannot fail.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&[0; 64].into()));
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// How long 32 bytes are in base64url.
const WORD: usize = 43;
