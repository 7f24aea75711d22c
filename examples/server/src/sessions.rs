//! Who is logged in. The authorization server only asks about it.
//!
//! Sessions are kept in memory: whoever logs out is logged out at once, and everybody is when the server ends. What was
//! granted stays. Servers that share a database would keep sessions there.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::{HeaderMap, HeaderValue};
use grantsmith::host::{Clock as _, EntropyError, SystemClock};
use grantsmith::record::Authentication;
use grantsmith::server::UserSession;
use grantsmith::value::{Subject, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::config::SessionsSection;
use crate::cookies::{Cookie, random_word};

/// The open sessions.
pub struct Sessions {
    /// Found by the digest of the cookie, so that nobody who reads the memory can use one.
    open: Mutex<HashMap<[u8; 32], Open>>,
    limits: SessionsSection,
    cookie: Cookie,
}

struct Open {
    session: UserSession,
    last_seen: Timestamp,
}

impl Sessions {
    pub fn new(limits: SessionsSection, is_secure: bool) -> Self {
        let cookie = Cookie::new("__Host-grantsmith-session", "grantsmith-session", is_secure);
        Self { open: Mutex::default(), limits, cookie }
    }

    /// Opens a session in place of the one that the browser has. Answers the cookie to set.
    ///
    /// The cookie is new each time, so a value that somebody planted in the browser earlier is worth nothing. The name
    /// stays if the user stays, so that what is asked in another tab can still be answered.
    ///
    /// # Errors
    ///
    /// The system gives no random bytes.
    pub fn open(&self, headers: &HeaderMap, subject: Subject) -> Result<Option<HeaderValue>, EntropyError> {
        let now = SystemClock.now();
        let mut session = session_at(now, subject)?;
        let secret = random_word()?;
        let mut open = self.lock();
        let former = self.cookie.read(headers).and_then(|secret| open.remove(&digest(secret)));
        if let Some(former) =
            former.filter(|former| former.session.subject == session.subject && self.is_live(former, now))
        {
            session.authentication.session = former.session.authentication.session;
        }
        open.retain(|_, other| self.is_live(other, now));
        let of_user = open.values().filter(|other| other.session.subject == session.subject).count();
        if of_user >= self.limits.most_of_a_user {
            forget_idlest(&mut open, |other| other.session.subject == session.subject);
        } else if open.len() >= self.limits.most {
            forget_idlest(&mut open, |_| true);
        }
        open.insert(digest(&secret), Open { session, last_seen: now });
        Ok(self.cookie.set(&secret))
    }

    /// Ends the browser's session, if it has one. Answers the cookie to set.
    pub fn close(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        if let Some(secret) = self.cookie.read(headers) {
            self.lock().remove(&digest(secret));
        }
        self.cookie.remove()
    }

    /// The session of the browser that sent these headers.
    pub fn of(&self, headers: &HeaderMap) -> Option<UserSession> {
        let key = digest(self.cookie.read(headers)?);
        let now = SystemClock.now();
        let mut open = self.lock();
        let found = open.get_mut(&key)?;
        if !self.is_live(found, now) {
            open.remove(&key);
            return None;
        }
        found.last_seen = now;
        Some(found.session.clone())
    }

    fn is_live(&self, open: &Open, now: Timestamp) -> bool {
        let opened_at = open.session.authentication.at;
        !opened_at.after(self.limits.lifetime.lifetime()).is_past(now)
            && !open.last_seen.after(self.limits.idle_lifetime.lifetime()).is_past(now)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A session that begins now, with a password. Its name is not its secret.
///
/// # Errors
///
/// The system gives no random bytes.
pub fn session_at(now: Timestamp, subject: Subject) -> Result<UserSession, EntropyError> {
    let mut authentication = Authentication::at(now);
    authentication.amr = vec!["pwd".to_owned()];
    authentication.session = random_word()?.parse().ok();
    Ok(UserSession { subject, authentication })
}

fn forget_idlest(open: &mut HashMap<[u8; 32], Open>, is_meant: impl Fn(&Open) -> bool) {
    let idlest = open.iter().filter(|(_, other)| is_meant(other)).min_by_key(|(_, other)| other.last_seen);
    if let Some(key) = idlest.map(|(key, _)| *key) {
        open.remove(&key);
    }
}

fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}
