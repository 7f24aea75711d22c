//! What the clients ask a worker, and what it answers: a line of JSON each, over a Unix socket.

use serde::{Deserialize, Serialize};

/// Which of the worker's two servers is meant. They share the storage and the keyring.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Issuer {
    /// Its retry window is zero: to repeat a refresh is to use a spent token.
    Strict,
    /// It repeats a lost answer for a minute.
    Patient,
}

impl Issuer {
    pub(crate) const ALL: [Self; 2] = [Self::Strict, Self::Patient];

    pub(crate) fn url(self) -> &'static str {
        match self {
            Self::Strict => "https://strict.example",
            Self::Patient => "https://patient.example",
        }
    }
}

/// A question to a worker, under a number that its answer repeats.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Question {
    pub(crate) number: u64,
    pub(crate) issuer: Issuer,
    pub(crate) request: Request,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) enum Request {
    Token(Form),
    Introspect(Form),
    Revoke(Form),
    Authorize {
        query: String,
        user: User,
    },
    /// The user agrees.
    Decide {
        handle: String,
        binding: String,
        user: User,
    },
    EndSubject(String),
    EndSession(String),
    Sweep,
}

/// A form with its `Authorization` header.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Form {
    pub(crate) body: String,
    pub(crate) authorization: Option<String>,
}

/// Who sits in front of the browser.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct User {
    pub(crate) subject: String,
    pub(crate) session: String,
    pub(crate) logged_in_at: i64,
}

/// What a worker says.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) enum Line {
    Answer {
        number: u64,
        answer: Answer,
    },
    /// A grant ended because a credential was in two hands, or because the storage went back in time.
    Accused {
        subject: Option<String>,
        reason: String,
    },
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) enum Answer {
    Tokens {
        access: String,
        refresh: Option<String>,
    },
    /// What the resource server is told of a token.
    Active(bool),
    /// The user is asked, with what belongs into the page and the cookie.
    Asked {
        handle: String,
        binding: String,
    },
    Code(String),
    Done,
    /// A definite no.
    Refused(String),
    /// The server cannot say. It may have happened.
    Failed(String),
}
