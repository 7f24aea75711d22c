//! One run: load, faults, and the reckoning.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rand::RngExt as _;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::broken::Flaw;
use crate::clients::Clients;
use crate::database::{Database, Store};
use crate::faults;
use crate::fleet::Fleet;
use crate::ledger::{Held, Ledger, Rule, Standing, described};
use crate::protocol::{Answer, Issuer, Request};
use crate::story::{self, draw_of};
use crate::tally::{Kind, Tally};
use crate::world::{Outcome, World};

/// What is to be run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    pub(crate) store: Store,
    pub(crate) flaw: Option<Flaw>,
    pub(crate) length: Duration,
    pub(crate) seed: u64,
    pub(crate) least: Least,
}

/// What a run goes on for, even if its time is up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Least {
    pub(crate) kills: u64,
    /// Stops of the database, if it has a server.
    pub(crate) stops: u64,
    /// Acknowledged operations of each kind, as [`Kind::least`] weighs them.
    pub(crate) operations: u64,
    /// Acknowledged operations of all kinds.
    pub(crate) together: u64,
}

/// Runs, and says whether all was as it must be. `None`: the store is left out on this machine.
pub(crate) async fn run(order: Order) -> Option<bool> {
    let database = Database::start(order.store).await?;
    let world = Arc::new(begin(&order, &database).await);
    let begun_at = Instant::now();
    let ended = timeout(order.hard_limit(), play(&order, &world, &database)).await;
    report(&order, &world, &database, begun_at.elapsed());
    if ended.is_err() {
        println!("failed: the run was stopped at its hard limit of {} s", order.hard_limit().as_secs());
    }
    let is_reached = ended.unwrap_or(false);
    Some(order.is_as_it_must_be(is_reached, &world.ledger.violations()))
}

/// Load and faults until the order is met or its time is over, and the reckoning. Says whether the order was met.
async fn play(order: &Order, world: &Arc<World>, database: &Database) -> bool {
    let begun_at = Instant::now();
    let mut load = JoinSet::new();
    start_load(&mut load, world, order.seed);
    let mut draw = draw_of(order.seed, u64::MAX);
    let mut faults = 0;
    let is_reached = loop {
        let (pause, fault) = faults::next(&mut draw, database.has_server());
        sleep(pause).await;
        let elapsed = begun_at.elapsed();
        if order.is_reached(elapsed, world, database) {
            break true;
        }
        if elapsed > order.soft_limit() {
            break false;
        }
        fault.strike(world, database).await;
        await_progress(world, &mut faults, begun_at + order.soft_limit()).await;
    };
    world.is_over.store(true, Ordering::SeqCst);
    load.join_all().await;
    if order.flaw.is_none() {
        reckon(world, order.seed).await;
    }
    is_reached
}

/// Lets some users get through before the next fault, and now and then a sweep, however slow the machine is.
async fn await_progress(world: &World, faults: &mut u64, until: Instant) {
    *faults += 1;
    let sweeps = u64::from(faults.is_multiple_of(FAULTS_FOR_A_SWEEP));
    let wanted = [(Kind::Approve, APPROVALS), (Kind::Sweep, sweeps)];
    let wanted = wanted.map(|(kind, count)| (kind, world.tally.acknowledged(kind) + count));
    while wanted.iter().any(|(kind, count)| world.tally.acknowledged(*kind) < *count) && Instant::now() < until {
        sleep(Duration::from_millis(10)).await;
    }
}

impl Order {
    fn is_reached(&self, elapsed: Duration, world: &World, database: &Database) -> bool {
        if let Some(flaw) = self.flaw {
            // The flaw is shown as soon as somebody has noticed it.
            return world.ledger.violations().contains_key(&flaw.breaks());
        }
        let acknowledged = |kind| world.tally.acknowledged(kind);
        elapsed >= self.length
            && world.tally.kills.load(Ordering::Relaxed) >= self.least.kills
            && (!database.has_server() || world.tally.stops.load(Ordering::Relaxed) >= self.least.stops)
            && Kind::ALL.into_iter().all(|kind| acknowledged(kind) >= kind.least(self.least.operations))
            && Kind::ALL.into_iter().map(acknowledged).sum::<u64>() >= self.least.together
    }

    fn is_as_it_must_be(&self, is_reached: bool, violations: &BTreeMap<Rule, u64>) -> bool {
        if !is_reached {
            println!("failed: the run did not reach what it must, {:?}", self.least);
        }
        is_reached && (self.flaw.is_some() || violations.is_empty())
    }

    /// So long a run goes on to reach what it must.
    fn soft_limit(&self) -> Duration {
        self.length.max(SHORTEST) * 10
    }

    /// So long it may take with everything that comes after, on whatever machine. Then something is stuck.
    fn hard_limit(&self) -> Duration {
        self.length.max(SHORTEST) * 20
    }
}

/// The clients are registered, and the workers run.
async fn begin(order: &Order, database: &Database) -> World {
    let ledger = Arc::new(Ledger::default());
    let opened = timeout(SHORTEST * 5, database.address(0).open_when_it_answers()).await;
    let storage = opened.expect("the database does not answer");
    let strict = Clients::register(Issuer::Strict, &storage).await;
    let patient = Clients::register(Issuer::Patient, &storage).await;
    drop(storage);
    let addresses = [database.address(0), database.address(1)];
    let fleet = Fleet::start(addresses, order.flaw, Arc::clone(&ledger)).await;
    World { fleet, strict, patient, ledger, tally: Tally::default(), is_over: false.into() }
}

fn start_load(load: &mut JoinSet<()>, world: &Arc<World>, seed: u64) {
    let next = Arc::new(AtomicU64::new(0));
    for task in 0..USERS + MACHINES {
        let (world, next) = (Arc::clone(world), Arc::clone(&next));
        load.spawn(async move {
            while !world.is_over() {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if task < USERS {
                    story::user(&world, seed, number).await;
                } else {
                    story::machine(&world, seed, number).await;
                }
            }
        });
    }
    for task in 0..VISITORS {
        let (world, mut draw) = (Arc::clone(world), draw_of(seed, u64::MAX / 2 + task));
        load.spawn(async move {
            while !world.is_over() {
                // They look all the time, and leave the others room.
                sleep(Duration::from_millis(5)).await;
                let Some(mut held) = world.ledger.take(draw.random_range(0..usize::MAX / 2)) else { continue };
                story::revisit(&world, &mut draw, &mut held).await;
                world.ledger.keep(held);
            }
        });
    }
    for task in 0..SWEEPERS {
        let (world, mut draw) = (Arc::clone(world), draw_of(seed, u64::MAX / 3 + task));
        load.spawn(async move {
            while !world.is_over() {
                story::sweep(&world, &mut draw).await;
            }
        });
    }
}

/// When nothing goes wrong any more: every token of every grant is what its client was told.
async fn reckon(world: &Arc<World>, seed: u64) {
    let grants = Arc::new(std::sync::Mutex::new(world.ledger.take_all()));
    let mut tasks = JoinSet::new();
    for task in 0..USERS {
        let (world, grants) = (Arc::clone(world), Arc::clone(&grants));
        let mut draw = draw_of(seed, u64::MAX / 4 + task);
        tasks.spawn(async move {
            loop {
                let Some(mut held) = grants.lock().unwrap().pop() else { return };
                for token in 0..held.access.len() {
                    world.introspect(&mut draw, &mut held, token).await;
                }
                refresh_for_the_last_time(&world, &mut draw, &held).await;
            }
        });
    }
    tasks.join_all().await;
}

async fn refresh_for_the_last_time(world: &World, draw: &mut rand::rngs::StdRng, held: &Held) {
    if held.standing == Standing::Ended && draw.random_bool(0.2) {
        return story::refresh_what_ended(world, draw, held).await;
    }
    let Some(token) = held.refresh.as_ref().filter(|_| held.standing == Standing::Alive) else { return };
    let request = Request::Token(world.clients(held.issuer).refresh(held.role, token));
    let outcome = world.ask_any(draw, Kind::Refresh, held.issuer, request).await;
    let is_refreshed = matches!(outcome, Outcome::Done(Answer::Tokens { .. }));
    world.ledger.check(is_refreshed, Rule::WhatWasGrantedExists, || format!("not refreshed, {}", described(held)));
}

fn report(order: &Order, world: &World, database: &Database, elapsed: Duration) {
    let Order { store, seed, .. } = order;
    let flaw = order.flaw.map(|flaw| format!(", broken: {}", flaw.name())).unwrap_or_default();
    println!("\n{}{flaw}, seed {seed}, {} s", store.name(), elapsed.as_secs());
    print!("{}", world.tally.table());
    let violations = world.ledger.violations();
    println!(
        "workers killed: {}, database stopped: {}, connections cut: {}, checks: {}, violations: {}",
        world.tally.kills.load(Ordering::Relaxed),
        world.tally.stops.load(Ordering::Relaxed),
        database.cut_connections(),
        world.ledger.checks(),
        violations.values().sum::<u64>(),
    );
    for (rule, count) in violations {
        println!("violated {count} times: {rule}");
    }
}

/// Limits are not for less, because processes and databases take their time to start.
const SHORTEST: Duration = Duration::from_secs(12);
/// Users that do something at the same time.
const USERS: u64 = 96;
/// Machines that do.
const MACHINES: u64 = 16;
/// Resource servers that ask about grants which are not new.
const VISITORS: u64 = 2;
/// Hosts that sweep. Two at once would only be slower, each by as much.
const SWEEPERS: u64 = 1;
/// So many approvals there are between two faults; everything else that users do follows from one.
const APPROVALS: u64 = 25;
/// After so many faults, the next one waits for a sweep.
const FAULTS_FOR_A_SWEEP: u64 = 16;
