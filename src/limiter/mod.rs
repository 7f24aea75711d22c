//! Ready-made rate limiters: in memory for one process, on Redis for many.
//!
//! Both keep the budgets of [`Limits`] across all endpoints together, so that nobody starts anew at another one. A
//! budget is a [`Rate`]: so many attempts at once, which come back one by one.
//!
//! Give the server a [`Caller`](crate::wire::FormRequest::caller), or over HTTP an extension of that name: without one,
//! strangers cannot be told apart, and what one of them does would count for all. So then only
//! [`Limits::client_failures`] is kept.

#[cfg(feature = "limiter")]
mod memory;
#[cfg(feature = "redis")]
mod redis;

use std::num::NonZeroU32;

#[cfg(feature = "limiter")]
pub use memory::MemoryLimiter;

#[cfg(feature = "redis")]
pub use self::redis::{RedisLimiter, WhenUnreachable};
use crate::host::Attempt;

/// How often somebody may try. `None` does not count at all.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Requests of one caller. Default: 600 a minute, which one busy machine stays below.
    pub caller: Option<Rate>,
    /// Failed authentications of one caller as one client. Default: 10 a minute; a client that is configured well has
    /// none, and a 256-bit secret is not guessed at any rate.
    pub failures: Option<Rate>,
    /// Failed authentications as one client, whoever calls. Default: not counted, because a stranger could spend this
    /// budget and so lock the client out. Set it where imported secrets are weak enough to be guessed from many addresses.
    pub client_failures: Option<Rate>,
}

impl Default for Limits {
    fn default() -> Self {
        const CALLS: NonZeroU32 = NonZeroU32::new(600).unwrap();
        const FAILURES: NonZeroU32 = NonZeroU32::new(10).unwrap();
        Self {
            caller: Some(Rate::per_minute(CALLS)),
            failures: Some(Rate::per_minute(FAILURES)),
            client_failures: None,
        }
    }
}

/// So many attempts at once; each comes back after its share of the time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rate {
    attempts: NonZeroU32,
    seconds: NonZeroU32,
}

impl Rate {
    /// So many attempts a second.
    #[must_use]
    pub const fn per_second(attempts: NonZeroU32) -> Self {
        Self { attempts, seconds: NonZeroU32::MIN }
    }

    /// So many attempts a minute.
    #[must_use]
    pub const fn per_minute(attempts: NonZeroU32) -> Self {
        Self { attempts, seconds: MINUTE }
    }

    /// So many attempts an hour.
    #[must_use]
    pub const fn per_hour(attempts: NonZeroU32) -> Self {
        Self { attempts, seconds: HOUR }
    }
}

const MINUTE: NonZeroU32 = NonZeroU32::new(60).unwrap();
const HOUR: NonZeroU32 = NonZeroU32::new(3600).unwrap();

/// A budget that an attempt draws on, with the names that it belongs to.
struct Budget<'a> {
    kind: Kind,
    #[cfg_attr(not(feature = "redis"), expect(dead_code, reason = "in memory, each kind has a table of its rate"))]
    rate: Rate,
    names: [&'a str; 2],
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Kind {
    Caller,
    Failures,
    ClientFailures,
}

impl Limits {
    /// What a request draws on.
    fn of_request<'a>(&self, attempt: &Attempt<'a>) -> Option<Budget<'a>> {
        Some(Budget { kind: Kind::Caller, rate: self.caller?, names: [attempt.caller?, ""] })
    }

    /// What a failure draws on, and what a request needs something left of.
    fn of_failure<'a>(&self, attempt: &Attempt<'a>) -> impl Iterator<Item = Budget<'a>> {
        let Attempt { client, caller, .. } = *attempt;
        let of_caller = self.failures.zip(client).zip(caller);
        let of_caller = of_caller.map(|((rate, client), caller)| (Kind::Failures, rate, [client, caller]));
        let of_client = self.client_failures.zip(client);
        let of_client = of_client.map(|(rate, client)| (Kind::ClientFailures, rate, [client, ""]));
        of_caller.into_iter().chain(of_client).map(|(kind, rate, names)| Budget { kind, rate, names })
    }
}
