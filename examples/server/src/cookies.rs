//! Reading and writing cookies.

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantsmith::host::{Entropy as _, EntropyError, SystemEntropy};

/// A cookie of this server: for this host only, hidden from scripts, and not sent along when other sites post here.
pub struct Cookie {
    name: &'static str,
    is_secure: bool,
}

impl Cookie {
    /// `secure` is the name with TLS, whose prefix keeps every other host from setting it; `insecure` the one without,
    /// because browsers refuse the prefix there.
    pub fn new(secure: &'static str, insecure: &'static str, is_secure: bool) -> Self {
        Self { name: if is_secure { secure } else { insecure }, is_secure }
    }

    /// The value that the browser sent.
    pub fn read<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| *name == self.name).map(|(_, value)| value)
    }

    /// The header that sets it, until the browser is closed.
    pub fn set(&self, value: &str) -> Option<HeaderValue> {
        self.header(value, "")
    }

    /// The header that removes it.
    pub fn remove(&self) -> Option<HeaderValue> {
        self.header("", "; Max-Age=0")
    }

    fn header(&self, value: &str, more: &str) -> Option<HeaderValue> {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{more}", self.name);
        HeaderValue::try_from(text).ok()
    }
}

/// 256 random bits as text.
///
/// # Errors
///
/// The system gives none.
pub fn random_word() -> Result<String, EntropyError> {
    let mut bytes = [0; 32];
    SystemEntropy.fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
