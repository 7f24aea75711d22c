//! Who is there, and what they decide: what the host tells the server.

use std::fmt;

use crate::record::Authentication;
use crate::value::{ResourceSet, ScopeSet, Subject};

/// The browser that is there, as the host knows it.
#[derive(Clone, Copy, Default)]
#[expect(clippy::exhaustive_structs, reason = "hosts build it for each request")]
pub struct Visitor<'a> {
    /// The user's login session, if the host has one for this browser.
    pub session: Option<&'a UserSession>,
    /// The value of the binding cookie, as the browser sent it.
    pub binding: Option<&'a str>,
    /// Who calls, as the host knows it, for the rate limiter.
    pub caller: Option<&'a str>,
}

impl fmt::Debug for Visitor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let session = if self.session.is_some() { "with" } else { "without" };
        write!(f, "Visitor({session} session, redacted)")
    }
}

/// A login session of the host's.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "hosts build it from their session")]
pub struct UserSession {
    /// The user.
    pub subject: Subject,
    /// When and how the user authenticated, and under which name grants end with the session.
    pub authentication: Authentication,
}

/// What the user decided.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a user says yes or no")]
pub enum Decision {
    /// Yes.
    Approve(Approved),
    /// No.
    Deny,
}

/// What the user agreed to. The default: everything that was asked, this once.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "hosts build it from their form")]
pub struct Approved {
    /// The scope, if it is less than what was asked.
    pub scope: Option<ScopeSet>,
    /// The resources, if they are fewer than what was asked.
    pub resources: Option<ResourceSet>,
    /// Whether to remember the consent, so that the policy may skip the question next time.
    pub remember: bool,
}
