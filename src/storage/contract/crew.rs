//! Who makes the calls of a race: one task, threads, or tasks of the caller's runtime.

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Barrier, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use super::trial::{Broken, Outcome};

/// What [`Suite::spawning`](super::Suite::spawning) hands to a runtime.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A call that takes part in a race.
pub(super) type Call<T> = Pin<Box<dyn Future<Output = Outcome<T>> + Send>>;

/// Who makes the calls of a race.
#[derive(Clone)]
pub(super) enum Crew {
    /// The caller's task, which polls all of them in turn.
    OneTask,
    /// A thread for each.
    Threads,
    /// A task for each, on the caller's runtime.
    Tasks(Arc<dyn Fn(Task) + Send + Sync>),
}

impl Crew {
    /// Runs all calls at once; the answers are in the order of the calls.
    pub(super) async fn run<T: Send + 'static>(&self, calls: Vec<Call<T>>) -> Outcome<Vec<T>> {
        let answers = match self {
            Self::OneTask => polled_in_turn(calls).await,
            Self::Threads => in_threads(calls),
            Self::Tasks(spawn) => in_tasks(&**spawn, calls).await,
        };
        answers.into_iter().collect()
    }
}

impl fmt::Display for Crew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OneTask => "polled in one task",
            Self::Threads => "raced in threads",
            Self::Tasks(_) => "raced in spawned tasks",
        })
    }
}

async fn polled_in_turn<T>(calls: Vec<Call<T>>) -> Vec<Outcome<T>> {
    let mut calls: Vec<_> = calls.into_iter().map(|call| (call, None)).collect();
    poll_fn(|context| {
        for (call, answer) in &mut calls {
            if answer.is_none()
                && let Poll::Ready(ready) = call.as_mut().poll(context)
            {
                *answer = Some(ready);
            }
        }
        if calls.iter().all(|(_, answer)| answer.is_some()) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    calls.into_iter().filter_map(|(_, answer)| answer).collect()
}

fn in_threads<T: Send>(calls: Vec<Call<T>>) -> Vec<Outcome<T>> {
    let start = &Barrier::new(calls.len());
    thread::scope(|scope| {
        let threads: Vec<_> = calls
            .into_iter()
            .map(|call| {
                scope.spawn(move || {
                    start.wait();
                    block_on(call)
                })
            })
            .collect();
        let answers = threads.into_iter().map(thread::ScopedJoinHandle::join);
        answers.map(|answer| answer.unwrap_or_else(|_| Err(never_answered()))).collect()
    })
}

async fn in_tasks<T: Send + 'static>(spawn: &(dyn Fn(Task) + Send + Sync), calls: Vec<Call<T>>) -> Vec<Outcome<T>> {
    let meeting = Arc::new(Meeting::of(calls.len()));
    for (place, call) in calls.into_iter().enumerate() {
        let mut seat = Seat { meeting: Arc::clone(&meeting), place, is_taken: false, answer: None };
        spawn(Box::pin(async move {
            seat.wait_for_all().await;
            let answer = call.await;
            seat.give(answer);
        }));
    }
    poll_fn(|context| meeting.answers(context)).await
}

fn never_answered() -> Broken {
    Broken::new("a call panicked, or its task was dropped")
}

/// Where tasks wait for each other, and where their answers are collected.
struct Meeting<T>(Mutex<Answers<T>>);

struct Answers<T> {
    given: Vec<Option<Outcome<T>>>,
    missing: usize,
    absent: usize,
    waiting: Vec<Waker>,
}

/// The place of one task. When the task ends, however it ends, its place has an answer.
struct Seat<T> {
    meeting: Arc<Meeting<T>>,
    place: usize,
    is_taken: bool,
    answer: Option<Outcome<T>>,
}

impl<T> Meeting<T> {
    fn of(seats: usize) -> Self {
        let given = (0..seats).map(|_| None).collect();
        Self(Mutex::new(Answers { given, missing: seats, absent: seats, waiting: Vec::new() }))
    }

    fn state(&self) -> MutexGuard<'_, Answers<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answers(&self, context: &Context<'_>) -> Poll<Vec<Outcome<T>>> {
        let state = &mut *self.state();
        if state.missing > 0 {
            state.waiting.push(context.waker().clone());
            return Poll::Pending;
        }
        let answers = state.given.iter_mut().map(|answer| answer.take().unwrap_or_else(|| Err(never_answered())));
        Poll::Ready(answers.collect())
    }
}

impl<T> Answers<T> {
    fn wake_all(&mut self) {
        self.waiting.drain(..).for_each(Waker::wake);
    }
}

impl<T> Seat<T> {
    async fn wait_for_all(&mut self) {
        poll_fn(|context| {
            let state = &mut *self.meeting.state();
            if !self.is_taken {
                self.is_taken = true;
                state.absent -= 1;
            }
            if state.absent == 0 {
                state.wake_all();
                return Poll::Ready(());
            }
            state.waiting.push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn give(&mut self, answer: Outcome<T>) {
        self.answer = Some(answer);
    }
}

impl<T> Drop for Seat<T> {
    fn drop(&mut self) {
        let state = &mut *self.meeting.state();
        if let Some(place) = state.given.get_mut(self.place) {
            *place = self.answer.take();
        }
        state.absent -= usize::from(!self.is_taken);
        state.missing -= 1;
        state.wake_all();
    }
}

/// Runs a future on this thread.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(answer) => return answer,
            Poll::Pending => {
                // Whoever paused lets others go first.
                thread::yield_now();
                thread::park();
            }
        }
    }
}

/// Lets every other call of the race go first.
pub(super) async fn pause() {
    let mut is_ready = false;
    poll_fn(|context| {
        if is_ready {
            return Poll::Ready(());
        }
        is_ready = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(count: u32) -> Vec<Call<u32>> {
        (0..count).map(|number| -> Call<u32> { Box::pin(async move { Ok(number) }) }).collect()
    }

    fn tasks(spawn: impl Fn(Task) + Send + Sync + 'static) -> Crew {
        Crew::Tasks(Arc::new(spawn))
    }

    #[test]
    fn answers_come_in_the_order_of_the_calls() {
        let spawned = tasks(|task| drop(thread::spawn(|| block_on(task))));
        for crew in [Crew::OneTask, Crew::Threads, spawned] {
            let answers = block_on(crew.run(calls(8))).ok();
            assert_eq!(answers, Some((0..8).collect()), "{crew}");
        }
    }

    #[test]
    fn a_task_that_never_runs_or_panics_is_an_answer_too() {
        let forgotten = block_on(tasks(drop).run(calls(3)));
        assert!(forgotten.is_err());

        let panicking: Call<u32> = Box::pin(async { unreachable!("this call panics on purpose") });
        let crew = tasks(|task| drop(thread::spawn(|| block_on(task))));
        let answers = block_on(crew.run(calls(1).into_iter().chain([panicking]).collect()));
        assert!(answers.is_err());
    }
}
