//! One request after another on one thread: what an operation costs.
//!
//! In every round each library starts afresh, gets the same number of live grants and answers the same number of
//! requests; the libraries take turns, and the best round of each counts. Only the answering is timed.

use std::slice;
use std::time::Duration;

use memchr::memmem::Finder;

use crate::clock::cpu_time_of;
use crate::subject::{Operation, Request, Subject};

/// How much work one round is.
#[derive(Clone, Copy)]
pub struct Load {
    /// Redeemed grants in the storage besides those that the requests spend.
    pub live_grants: usize,
    /// Requests that are answered but not timed.
    pub warm_up: usize,
    /// Requests that are timed.
    pub timed: usize,
}

impl Load {
    pub const STANDARD: Self = Self { live_grants: 1_000, warm_up: 64, timed: 512 };
}

/// The best cost of one request so far, in nanoseconds.
#[derive(Clone, Copy, Default)]
pub struct Best(Option<f64>);

impl Best {
    pub fn offer(&mut self, cost: f64) {
        self.0 = Some(self.0.map_or(cost, |best| best.min(cost)));
    }

    pub fn nanoseconds(self) -> Option<f64> {
        self.0
    }
}

/// One round of one library: nanoseconds of CPU time for each request.
pub fn round<S: Subject>(operation: Operation, load: Load) -> f64 {
    let subject = S::start();
    subject.populate(load.live_grants);
    let mut warm_up = subject.prepare(operation, load.warm_up + load.timed);
    let timed = warm_up.split_off(load.warm_up);
    answer_all(&subject, operation, &warm_up);
    let spent = answer_all(&subject, operation, &timed);
    per_request(spent, timed.len())
}

/// Like [`round`], unless the library lacks the operation.
pub fn round_if_offered<S: Subject>(operation: Operation, load: Load, best: &mut Best) {
    if S::offers(operation) {
        best.offer(round::<S>(operation, load));
    }
}

/// Answers a request for everything that is to be spent, and says how much CPU time the answers took.
///
/// Requests are made a few at a time, so that one that is answered is in the cache, as it would be behind a socket.
pub fn answer_all<S: Subject>(subject: &S, operation: Operation, spent: &[String]) -> Duration {
    let expected = Finder::new(operation.expected());
    let mut total = Duration::ZERO;
    for chunk in spent.chunks(CHUNK) {
        let requests: Vec<Request> = chunk.iter().map(|spent| subject.request(operation, spent)).collect();
        let ((), time) = cpu_time_of(|| answer_each(subject, operation, requests, &expected));
        total += time;
    }
    total
}

/// Answers every request.
///
/// # Panics
///
/// If an answer is not a success: the cost of failing is not what is asked. Every library pays for this check alike.
///
/// Never inlined, so that a profiler can tell the answering from the preparing.
#[inline(never)]
pub fn answer_each<S: Subject>(subject: &S, operation: Operation, requests: Vec<Request>, expected: &Finder<'_>) {
    for request in requests {
        let reply = subject.answer(request);
        assert!(
            reply.has(expected),
            "{} failed at {}: {} {}",
            S::NAME,
            operation.name(),
            reply.status,
            String::from_utf8_lossy(&reply.body)
        );
    }
}

const CHUNK: usize = 32;

pub fn per_request(spent: Duration, count: usize) -> f64 {
    let count = u32::try_from(count).expect("a round is small");
    spent.as_secs_f64() * 1e9 / f64::from(count)
}

/// Panics unless the library does what is measured: tokens that were spent or revoked must be dead.
pub fn ensure_honest<S: Subject>() {
    let subject = S::start();
    for operation in Operation::ALL {
        if S::offers(operation) {
            answer_all(&subject, operation, &subject.prepare(operation, 3));
        }
    }
    if S::offers(Operation::RevokeRefreshToken) {
        let tokens = subject.grant("user-of-a-revoked-grant");
        answer_all(&subject, Operation::RevokeRefreshToken, slice::from_ref(&tokens.refresh_token));
        let reply = subject.answer(subject.refresh_request(&tokens.refresh_token));
        assert!(!reply.is_good(Operation::Refresh), "{} refreshes a revoked token", S::NAME);
    }
    let code = subject.approve("user-of-a-replayed-code");
    answer_all(&subject, Operation::RedeemCode, slice::from_ref(&code));
    let reply = subject.answer(subject.redeem_request(&code));
    assert!(!reply.is_good(Operation::RedeemCode), "{} redeems a code twice", S::NAME);

    let tokens = subject.grant("user-of-a-reused-token");
    answer_all(&subject, Operation::Refresh, slice::from_ref(&tokens.refresh_token));
    let reply = subject.answer(subject.refresh_request(&tokens.refresh_token));
    assert!(!reply.is_good(Operation::Refresh), "{} does not rotate refresh tokens", S::NAME);
}
