//! What goes wrong, and when: a plan that follows from the seed.

use std::sync::atomic::Ordering;
use std::time::Duration;

use rand::RngExt as _;
use rand::rngs::StdRng;

use crate::database::Database;
use crate::servers::postgres::Stop;
use crate::servers::postgres::proxy::Cut;
use crate::world::World;

/// One thing that goes wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// A worker is killed, and another one starts.
    Kill(usize),
    /// Both at once, so that nobody is left who knows more than the database.
    KillBoth,
    /// The connections of a worker end: before its requests arrive, or before their answers do.
    Cut(usize, Cut, Duration),
    /// The database stops, and starts again after a while.
    Stop(Stop, Duration),
}

/// The next thing that goes wrong, and how long after the one before.
pub(crate) fn next(draw: &mut StdRng, has_server: bool) -> (Duration, Fault) {
    let pause = Duration::from_millis(draw.random_range(300..900));
    let worker = draw.random_range(0..2);
    let length = Duration::from_millis(draw.random_range(5..100));
    let is_even = draw.random_bool(0.5);
    let fault = match draw.random_range(0..100) {
        0..10 => Fault::KillBoth,
        10..30 if has_server => Fault::Cut(worker, if is_even { Cut::Requests } else { Cut::Answers }, length),
        30..38 if has_server => Fault::Stop(if is_even { Stop::Fast } else { Stop::Kill }, length),
        _ => Fault::Kill(worker),
    };
    (pause, fault)
}

impl Fault {
    /// Lets it go wrong, and returns when everything is up again.
    pub(crate) async fn strike(self, world: &World, database: &Database) {
        match self {
            Self::Kill(worker) => replace(world, &[worker]).await,
            Self::KillBoth => replace(world, &[0, 1]).await,
            Self::Cut(worker, cut, length) => database.cut(worker, cut, length).await,
            Self::Stop(how, length) => {
                world.tally.stops.fetch_add(1, Ordering::Relaxed);
                database.restart(how, length).await;
            }
        }
    }
}

async fn replace(world: &World, workers: &[usize]) {
    for worker in workers {
        world.fleet.kill(*worker);
        world.tally.kills.fetch_add(1, Ordering::Relaxed);
    }
    for worker in workers {
        world.fleet.launch(*worker).await;
    }
}
