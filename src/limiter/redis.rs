//! Budgets that several processes share, on Redis.

use std::fmt;
use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::join_all;
use redis::aio::ConnectionLike;
use redis::{RedisResult, Script};
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;

use super::{Budget, Kind, Limits};
use crate::host::{Attempt, RateLimited, RateLimiter};
use crate::value::Lifetime;

/// A [`RateLimiter`] for several processes.
///
/// Over any connection of the `redis` crate that can be shared by cloning it: a `ConnectionManager`, or that of a
/// cluster. Each budget is one key of one script, named by a digest, so that no address of a caller is stored; it expires
/// when it is full again. Time is the server's.
pub struct RedisLimiter<C> {
    connection: C,
    limits: Limits,
    prefix: String,
    unreachable: WhenUnreachable,
    time_limit: Duration,
}

/// What happens to requests while Redis does not answer in time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum WhenUnreachable {
    /// They go on, uncounted.
    Admit,
    /// They are answered with 429.
    Refuse,
}

impl<C> RedisLimiter<C> {
    /// A limiter whose keys begin with `prefix`. Limiters with one prefix share their budgets.
    ///
    /// While Redis does not answer within 250 milliseconds, requests are admitted: a limiter that is down should not be
    /// an outage, and no secret that this library mints can be guessed.
    #[must_use]
    pub fn new(connection: C, prefix: &str, limits: Limits) -> Self {
        let time_limit = Duration::from_millis(250);
        Self { connection, limits, prefix: prefix.to_owned(), unreachable: WhenUnreachable::Admit, time_limit }
    }

    /// What happens while Redis does not answer.
    #[must_use]
    pub fn when_unreachable(self, unreachable: WhenUnreachable) -> Self {
        Self { unreachable, ..self }
    }

    /// How long Redis may take to answer.
    #[must_use]
    pub fn time_limit(self, time_limit: Duration) -> Self {
        Self { time_limit, ..self }
    }

    fn key(&self, budget: &Budget<'_>) -> String {
        let kind = match budget.kind {
            Kind::Caller => "caller",
            Kind::Failures => "failures",
            Kind::ClientFailures => "client",
        };
        let mut digest = Sha256::new();
        for name in budget.names {
            // What a name may hold is not ours to know: its length keeps it apart from the next.
            digest.update(name.len().to_string());
            digest.update([0]);
            digest.update(name);
        }
        format!("{}:{kind}:{}", self.prefix, URL_SAFE_NO_PAD.encode(digest.finalize()))
    }
}

impl<C: ConnectionLike + Clone + Send + Sync> RedisLimiter<C> {
    /// How many milliseconds to wait before the budget has something left; 0 if it has.
    async fn draw(&self, budget: &Budget<'_>, spends: bool) -> RedisResult<u64> {
        let each = u64::from(budget.rate.seconds.get()) * 1_000_000 / u64::from(budget.rate.attempts.get());
        let mut connection = self.connection.clone();
        let mut call = DRAW.key(self.key(budget));
        call.arg(each.max(1)).arg(budget.rate.attempts.get()).arg(u8::from(spends));
        call.invoke_async(&mut connection).await
    }

    async fn draw_all<'a>(&self, draws: impl Iterator<Item = (Budget<'a>, bool)>) -> Result<(), RateLimited> {
        let draws = draws.map(|(budget, spends)| async move { self.draw(&budget, spends).await });
        let waits = timeout(self.time_limit, join_all(draws)).await;
        let waits: Option<Vec<u64>> = waits.ok().and_then(|waits| waits.into_iter().collect::<RedisResult<_>>().ok());
        let longest = match (waits, self.unreachable) {
            (Some(waits), _) => waits.into_iter().max().unwrap_or_default(),
            (None, WhenUnreachable::Admit) => 0,
            (None, WhenUnreachable::Refuse) => 1,
        };
        match longest.div_ceil(1000) {
            0 => Ok(()),
            seconds => Err(RateLimited { retry_after: Lifetime::seconds(seconds) }),
        }
    }
}

#[async_trait]
impl<C: ConnectionLike + Clone + Send + Sync> RateLimiter for RedisLimiter<C> {
    async fn check(&self, attempt: &Attempt<'_>) -> Result<(), RateLimited> {
        let looked_at = self.limits.of_failure(attempt).map(|budget| (budget, false));
        let spent = self.limits.of_request(attempt).map(|budget| (budget, true));
        self.draw_all(looked_at.chain(spent)).await
    }

    async fn failed(&self, attempt: &Attempt<'_>) {
        // Nothing is left of a budget that cannot be drawn on; there is nobody to tell.
        let _ = self.draw_all(self.limits.of_failure(attempt).map(|budget| (budget, true))).await;
    }
}

impl<C> fmt::Debug for RedisLimiter<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisLimiter({}, {:?})", self.prefix, self.limits)
    }
}

static DRAW: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("draw.lua")));
