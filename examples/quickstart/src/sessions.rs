//! Who is logged in: the application's own users and sessions. The authorization server only asks about them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use grantsmith::host::{Clock as _, Entropy as _, EntropyError, SystemClock, SystemEntropy};
use grantsmith::record::Authentication;
use grantsmith::server::UserSession;

/// The open sessions. In memory, so that everybody is logged out when the program ends.
#[derive(Default)]
pub struct Sessions(Mutex<HashMap<String, UserSession>>);

impl Sessions {
    /// Opens a session, if the password is right. Answers the cookie to set.
    ///
    /// The cookie is new each time, so a value that somebody planted in the browser earlier is worth nothing.
    pub fn log_in(&self, username: &str, password: &str) -> Result<Option<HeaderValue>, EntropyError> {
        if (username, password) != (DEMO_USER, DEMO_PASSWORD) {
            return Ok(None);
        }
        let Ok(subject) = username.parse() else { return Ok(None) };
        let authentication = Authentication::at(SystemClock.now());
        let secret = random_word()?;
        let cookie = HeaderValue::from_str(&format!("{COOKIE}={secret}; {ATTRIBUTES}")).ok();
        self.open().insert(secret, UserSession { subject, authentication });
        Ok(cookie)
    }

    /// Ends the browser's session, if it has one. Answers the cookie to set.
    pub fn log_out(&self, headers: &HeaderMap) -> HeaderValue {
        if let Some(secret) = cookie(headers, COOKIE) {
            self.open().remove(secret);
        }
        HeaderValue::from_static("quickstart_session=; Path=/; Max-Age=0")
    }

    /// The session of the browser that sent these headers.
    pub fn of(&self, headers: &HeaderMap) -> Option<UserSession> {
        self.open().get(cookie(headers, COOKIE)?).cloned()
    }

    fn open(&self) -> MutexGuard<'_, HashMap<String, UserSession>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The value of a cookie.
pub fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// 256 random bits as text.
pub fn random_word() -> Result<String, EntropyError> {
    let mut bytes = [0; 32];
    SystemEntropy.fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Whether a form was sent by a page of `origin`, so that no other site can log a user in or out.
pub fn is_own_form(headers: &HeaderMap, origin: &str) -> bool {
    headers.get(header::ORIGIN).is_some_and(|sent| sent == origin)
}

/// The one user. A real application keeps a slow hash of each password and limits how often one may be tried.
pub const DEMO_USER: &str = "alice";
pub const DEMO_PASSWORD: &str = "wonderland";

const COOKIE: &str = "quickstart_session";
/// With TLS, add `Secure` and call the cookie `__Host-session`.
const ATTRIBUTES: &str = "Path=/; HttpOnly; SameSite=Lax";
