//! A way to a cluster that is made anew when its driver stands still.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use redis::aio::ConnectionLike as _;
use redis::cluster_async::ClusterConnection;
use redis::{Cmd, Pipeline, RedisError, RedisResult, Value};
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::timeout;

/// A driver of the cluster that is given few commands at a time, and replaced if it keeps one too long.
///
/// The driver is one task. While it learns which node has which slot, it does not look after its commands; but what
/// they were waiting for can still be given to them: a place in the queue of a node, or the lock on the table of slots if
/// the task had used up its turn in the middle of them. The driver then waits for what it has itself, for ever.
/// It takes many commands at once to come to that.
pub(super) struct Lane<C = ClusterConnection> {
    connect: Box<Connect<C>>,
    patience: Duration,
    driver: Mutex<Arc<Driver<C>>>,
}

type Connect<C> = dyn Fn() -> BoxFuture<'static, RedisResult<C>> + Send + Sync;

struct Driver<C> {
    /// Made when it is first needed.
    connection: OnceCell<C>,
    /// Closed when the driver was replaced.
    places: Arc<Semaphore>,
}

impl Lane {
    pub(super) async fn send(self: &Arc<Self>, command: &Cmd) -> RedisResult<Value> {
        let command = command.clone();
        self.ask(async move |mut connection| connection.req_packed_command(&command).await).await?.extract_error()
    }

    pub(super) async fn send_all(self: &Arc<Self>, pipeline: &Pipeline, count: usize) -> RedisResult<Vec<Value>> {
        let pipeline = pipeline.clone();
        self.ask(async move |mut connection| connection.req_packed_commands(&pipeline, 0, count).await).await
    }
}

impl<C: Clone + Send + Sync + 'static> Lane<C> {
    /// `patience` is longer than the driver may take for a command with everything it tries.
    pub(super) async fn open(connect: Box<Connect<C>>, patience: Duration) -> RedisResult<Arc<Self>> {
        let driver = Driver::new();
        driver.connection.get_or_try_init(&connect).await?;
        Ok(Arc::new(Self { connect, patience, driver: Mutex::new(Arc::new(driver)) }))
    }

    /// A caller that gives up leaves its place to nobody before the driver is done with what it was given.
    async fn ask<T: Send + 'static, F: Future<Output = RedisResult<T>> + Send + 'static>(
        self: &Arc<Self>,
        question: impl FnOnce(C) -> F,
    ) -> RedisResult<T> {
        let (driver, place) = loop {
            let driver = self.driver();
            if let Ok(place) = Arc::clone(&driver.places).acquire_owned().await {
                break (driver, place);
            }
        };
        let connection = driver.connection.get_or_try_init(&self.connect).await?.clone();
        let (lane, answering) = (Arc::clone(self), timeout(self.patience, question(connection)));
        let answered = tokio::spawn(async move {
            let answer = answering.await;
            if answer.is_err() {
                lane.replace(&driver);
            }
            drop(place);
            answer
        });
        match answered.await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(failed("the driver does not answer")),
            Err(_) => Err(failed("the runtime is shutting down")),
        }
    }

    fn driver(&self) -> Arc<Driver<C>> {
        Arc::clone(&self.driver.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, driver: &Arc<Driver<C>>) {
        let mut current = self.driver.lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&current, driver) {
            *current = Arc::new(Driver::new());
        }
        // Whoever waits for a place goes to the other one.
        driver.places.close();
    }
}

impl<C> Driver<C> {
    fn new() -> Self {
        Self { connection: OnceCell::new(), places: Arc::new(Semaphore::new(PLACES)) }
    }
}

fn failed(why: &'static str) -> RedisError {
    RedisError::from(io::Error::new(io::ErrorKind::TimedOut, why))
}

/// Each takes the driver a few steps at a time, of tokio's 128 for a turn.
const PLACES: usize = 8;

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::FutureExt as _;
    use futures_util::future::{join_all, ready};

    use super::*;

    /// A lane whose connections are numbers, counted from zero.
    async fn lane(patience: Duration) -> Arc<Lane<usize>> {
        let next = AtomicUsize::new(0);
        let connect = move || ready(Ok(next.fetch_add(1, Ordering::SeqCst))).boxed();
        Lane::open(Box::new(connect), patience).await.unwrap()
    }

    async fn stuck_if_first(connection: usize) -> RedisResult<usize> {
        if connection == 0 { pending().await } else { Ok(connection) }
    }

    #[tokio::test]
    async fn a_driver_that_keeps_a_command_is_replaced_for_everybody_who_waits() {
        let lane = lane(Duration::from_millis(20)).await;

        let answers = join_all((0..5 * PLACES).map(|_| lane.ask(stuck_if_first))).await;

        let failures = answers.iter().filter(|answer| answer.is_err()).count();
        assert_eq!(failures, PLACES);
        assert!(answers.into_iter().flatten().all(|connection| connection == 1));
    }

    #[tokio::test]
    async fn a_driver_that_answers_is_kept() {
        let lane = lane(Duration::from_secs(60)).await;

        let answers = join_all((0..5 * PLACES).map(|_| lane.ask(async |connection| Ok(connection)))).await;

        assert!(answers.into_iter().all(|answer| answer.unwrap() == 0));
    }

    #[tokio::test]
    async fn who_gives_up_leaves_the_driver_with_as_many_commands_as_before() {
        let lane = lane(Duration::from_secs(60)).await;
        let given = Arc::new(AtomicUsize::new(0));

        for _ in 0..5 * PLACES {
            let given = Arc::clone(&given);
            let asked = lane.ask(async move |connection| {
                given.fetch_add(1, Ordering::SeqCst);
                stuck_if_first(connection).await
            });
            assert!(timeout(Duration::from_millis(1), asked).await.is_err());
        }

        assert_eq!(given.load(Ordering::SeqCst), PLACES);
    }

    #[tokio::test]
    async fn a_connection_that_cannot_be_made_fails_and_is_tried_again() {
        let attempts = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&attempts);
        let connect = move || {
            let attempt = counted.fetch_add(1, Ordering::SeqCst);
            ready(if attempt == 1 { Err(failed("refused")) } else { Ok(attempt) }).boxed()
        };
        let lane = Lane::open(Box::new(connect), Duration::from_millis(20)).await.unwrap();
        assert!(lane.ask(stuck_if_first).await.is_err());

        assert!(lane.ask(stuck_if_first).await.is_err());
        assert_eq!(lane.ask(stuck_if_first).await.unwrap(), 2);
    }
}
