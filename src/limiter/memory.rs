//! Budgets in the memory of one process, in constant space.

use std::convert::Infallible;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use async_trait::async_trait;
use governor::clock::{Clock, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed, StateStore};
use governor::{Quota, RateLimiter as Governor};

use super::{Budget, Kind, Limits, Rate};
use crate::host::{Attempt, RateLimited, RateLimiter};
use crate::value::Lifetime;

/// A [`RateLimiter`] for one process.
///
/// Each kind of budget has 65,536 places (512 KiB), and chance, new in each process, decides which names share one. So
/// no flood of names makes it grow, and nobody can choose to spend the budget of somebody else.
pub struct MemoryLimiter(Budgets<MonotonicClock>);

impl MemoryLimiter {
    /// A limiter with these budgets, all of them full.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self(Budgets::new(limits, &MonotonicClock))
    }
}

impl fmt::Debug for MemoryLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryLimiter({:?})", self.0.limits)
    }
}

#[async_trait]
impl RateLimiter for MemoryLimiter {
    async fn check(&self, attempt: &Attempt<'_>) -> Result<(), RateLimited> {
        self.0.check(attempt)
    }

    async fn failed(&self, attempt: &Attempt<'_>) {
        self.0.failed(attempt);
    }
}

struct Budgets<C: Clock> {
    limits: Limits,
    chance: RandomState,
    caller: Option<Table<C>>,
    failures: Option<Table<C>>,
    client_failures: Option<Table<C>>,
}

type Table<C> = Governor<Draw, Places, C, NoOpMiddleware<<C as Clock>::Instant>>;

impl<C: Clock + Clone> Budgets<C> {
    fn new(limits: Limits, clock: &C) -> Self {
        let table = |rate: Option<Rate>| Some(Table::<C>::new(quota(rate?)?, Places::all_full(), clock.clone()));
        let (caller, failures) = (table(limits.caller), table(limits.failures));
        let client_failures = table(limits.client_failures);
        Self { limits, chance: RandomState::new(), caller, failures, client_failures }
    }

    /// Failures are looked at first, so that who is stopped for those spends nothing else.
    fn check(&self, attempt: &Attempt<'_>) -> Result<(), RateLimited> {
        for budget in self.limits.of_failure(attempt) {
            self.draw(&budget, false)?;
        }
        self.limits.of_request(attempt).map_or(Ok(()), |budget| self.draw(&budget, true))
    }

    /// Nothing is left of a budget that cannot be drawn on; there is nobody to tell.
    fn failed(&self, attempt: &Attempt<'_>) {
        for budget in self.limits.of_failure(attempt) {
            let _ = self.draw(&budget, true);
        }
    }

    fn draw(&self, budget: &Budget<'_>, spends: bool) -> Result<(), RateLimited> {
        let table = match budget.kind {
            Kind::Caller => &self.caller,
            Kind::Failures => &self.failures,
            Kind::ClientFailures => &self.client_failures,
        };
        let Some(table) = table else { return Ok(()) };
        let draw = Draw { place: self.chance.hash_one((budget.kind, budget.names)), spends };
        table.check_key(&draw).map_err(|until| {
            let wait = until.wait_time_from(table.clock().now());
            RateLimited { retry_after: Lifetime::seconds(wait.as_secs().saturating_add(1)) }
        })
    }
}

fn quota(rate: Rate) -> Option<Quota> {
    let each = Duration::from_secs(rate.seconds.get().into()).checked_div(rate.attempts.get())?;
    Some(Quota::with_period(each)?.allow_burst(rate.attempts))
}

/// An attempt to draw on the budget at a place, or a look at whether that would succeed.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
struct Draw {
    place: u64,
    spends: bool,
}

struct Places(Box<[InMemoryState]>);

impl Places {
    fn all_full() -> Self {
        Self(std::iter::repeat_with(InMemoryState::default).take(PLACES).collect())
    }
}

impl StateStore for Places {
    type Key = Draw;

    fn measure_and_replace<T, F, E>(&self, draw: &Draw, judge: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let [low, high, ..] = draw.place.to_le_bytes();
        let Some(place) = self.0.get(usize::from(u16::from_le_bytes([low, high]))) else {
            return judge(None).map(|(outcome, _)| outcome);
        };
        if draw.spends {
            return place.measure_and_replace(&NotKeyed::NonKey, judge);
        }
        // An error replaces nothing.
        match place.measure_and_replace(&NotKeyed::NonKey, |state| Err::<(Infallible, Nanos), _>(judge(state))) {
            Ok(never) => match never {},
            Err(judged) => judged.map(|(outcome, _)| outcome),
        }
    }
}

/// As many as a `u16` can name.
const PLACES: usize = 1 << 16;

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use governor::clock::FakeRelativeClock;

    use super::*;
    use crate::host::Endpoint;

    struct World {
        clock: FakeRelativeClock,
        budgets: Budgets<FakeRelativeClock>,
    }

    impl World {
        fn new(caller: u32, failures: u32) -> Self {
            let limits = Limits {
                caller: NonZeroU32::new(caller).map(Rate::per_minute),
                failures: NonZeroU32::new(failures).map(Rate::per_minute),
                client_failures: None,
            };
            Self::with(limits)
        }

        fn with(limits: Limits) -> Self {
            let clock = FakeRelativeClock::default();
            Self { budgets: Budgets::new(limits, &clock), clock }
        }

        fn check(&self, attempt: &Attempt<'_>) -> Result<(), u64> {
            self.budgets.check(attempt).map_err(|limited| limited.retry_after.as_seconds())
        }
    }

    fn attempt<'a>(client: &'a str, caller: &'a str) -> Attempt<'a> {
        Attempt { endpoint: Endpoint::Token, client: Some(client), caller: Some(caller) }
    }

    #[test]
    fn a_caller_has_one_budget_for_all_endpoints_and_clients() {
        let world = World::new(3, 0);
        let at = |endpoint, client| world.check(&Attempt { endpoint, client: Some(client), caller: Some("10.0.0.1") });

        assert_eq!(at(Endpoint::Token, "a"), Ok(()));
        assert_eq!(at(Endpoint::Introspection, "b"), Ok(()));
        assert_eq!(at(Endpoint::Revocation, "c"), Ok(()));
        assert!(at(Endpoint::Authorization, "d").is_err());
        assert_eq!(world.check(&attempt("a", "10.0.0.2")), Ok(()));
    }

    #[test]
    fn a_budget_comes_back_one_by_one_and_says_when() {
        let world = World::new(3, 0);
        for _ in 0..3 {
            world.check(&attempt("a", "x")).unwrap();
        }
        let wait = world.check(&attempt("a", "x")).unwrap_err();
        assert!((1..=21).contains(&wait), "{wait}");

        world.clock.advance(Duration::from_secs(wait));

        assert_eq!(world.check(&attempt("a", "x")), Ok(()));
        assert!(world.check(&attempt("a", "x")).is_err());
        world.clock.advance(Duration::from_secs(3600));
        for _ in 0..3 {
            assert_eq!(world.check(&attempt("a", "x")), Ok(()));
        }
        assert!(world.check(&attempt("a", "x")).is_err());
    }

    #[test]
    fn one_who_guesses_is_stopped_and_the_client_itself_is_not() {
        let world = World::new(0, 2);
        for _ in 0..2 {
            assert_eq!(world.check(&attempt("web", "thief")), Ok(()));
            world.budgets.failed(&attempt("web", "thief"));
        }

        assert!(world.check(&attempt("web", "thief")).is_err());
        assert_eq!(world.check(&attempt("web", "owner")), Ok(()));
        assert_eq!(world.check(&attempt("other", "thief")), Ok(()));
    }

    #[test]
    fn asking_whether_there_were_too_many_failures_is_no_failure() {
        let world = World::new(0, 1);
        for _ in 0..100 {
            assert_eq!(world.check(&attempt("web", "owner")), Ok(()));
        }
    }

    #[test]
    fn failures_as_a_client_are_counted_over_all_callers_where_that_is_wanted() {
        let mut limits =
            Limits { caller: None, failures: None, client_failures: NonZeroU32::new(5).map(Rate::per_hour) };
        let world = World::with(limits.clone());
        for caller in ["a", "b", "c", "d", "e"] {
            world.budgets.failed(&attempt("web", caller));
        }
        assert!(world.check(&attempt("web", "f")).is_err());
        assert!(world.check(&Attempt { caller: None, ..attempt("web", "") }).is_err());

        limits.client_failures = None;
        let world = World::with(limits);
        for caller in ["a", "b", "c", "d", "e"] {
            world.budgets.failed(&attempt("web", caller));
        }
        assert_eq!(world.check(&attempt("web", "f")), Ok(()));
    }

    #[test]
    fn callers_that_nobody_knows_are_not_taken_for_one() {
        let world = World::new(1, 1);
        for _ in 0..10 {
            let unknown = Attempt { caller: None, ..attempt("web", "") };
            world.budgets.failed(&unknown);
            assert_eq!(world.check(&unknown), Ok(()));
        }
    }
}
